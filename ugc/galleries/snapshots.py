"""Answers of galleries, kept as files in the storage. A file never outlives a change of what it shows (decision 0003)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, and_, cast, delete, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.catalog import queries as catalog_queries
from ugc.catalog.models import Product
from ugc.galleries import queries, render, rules
from ugc.galleries.models import Gallery, Snapshot
from ugc.galleries.render import Page
from ugc.galleries.rules import Format
from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.kit.storage.base import Storage
from ugc.library.models import Item, ItemProduct, State
from ugc.runtime import Runtime

# A change that keeps coming between reading and storing must not keep the visitor waiting: the last reading is answered unstored.
MAX_RENDERS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a visitor gets."""

    body: bytes
    etag: str
    content_type: str
    valid_until: datetime | None
    stored: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that was rendered and is not stored yet, with what must still be true to store it."""

    answer: Answer
    brand_id: int
    version: int
    snapshot_id: int | None
    key: str


def answer(
    runtime: Runtime, brand: str, gallery: str, sku: str | None, cursor: str | None, kind: Format, now: datetime, *,
    limit: int | None = None,
) -> Answer:  # fmt: skip
    """A gallery's answer: from the storage where it lies there, else rendered and stored; a further page is never stored."""
    if cursor is not None or limit is not None:
        return draft(runtime, brand, gallery, sku, kind, now, cursor=cursor, limit=limit).answer
    found = read_stored(runtime.snapshots, brand, gallery, sku, kind, now)
    if found is not None:
        return found
    for _ in range(MAX_RENDERS):
        made = draft(runtime, brand, gallery, sku, kind, now)
        if made.snapshot_id is None or store(runtime, made):
            break
    return made.answer


def read_stored(storage: Storage, brand: str, gallery: str, sku: str | None, kind: Format, now: datetime) -> Answer | None:
    """The stored answer that still holds now, if there is one; asks no database."""
    for key in rules.storage_keys(brand, gallery, sku, kind):
        with contextlib.suppress(NotFound):
            body = storage.read(key)
            until = rules.valid_until_of(body)
            if until is None or now < until:
                return Answer(body, rules.etag_of(body), render.CONTENT_TYPES[kind], until, stored=True)
    return None


def draft(
    runtime: Runtime, brand: str, gallery: str, sku: str | None, kind: Format, now: datetime, *,
    cursor: str | None = None, limit: int | None = None,
) -> Draft:  # fmt: skip
    """First transaction: note the brand's content version, select, and write into the index what the answer will hold."""
    with runtime.sessions() as session:
        owner = accounts_queries.get_brand(session, brand)
        version = read_version(session, owner.id)
        shown = queries.get_gallery(session, owner.id, gallery)
        product = find_product(session, owner.id, sku)
        chosen = queries.select_items(session, shown, product, now, sku=sku, cursor=cursor, limit=limit, key=runtime.key("cursor"))
        page = make_page(session, runtime, owner, shown, sku, product, chosen)
        body = render.render(page, kind)
        made = Answer(body, rules.etag_of(body), render.CONTENT_TYPES[kind], chosen.valid_until, stored=False)
        key = rules.storage_key(owner.slug, shown.slug, sku, kind, timed=chosen.valid_until is not None)
        if cursor is not None or limit is not None or (sku is not None and product is None):
            return Draft(made, owner.id, version, None, key)  # no file for a SKU outside the catalogue, nor for a further page
        row = Snapshot(
            brand_id=owner.id, gallery_id=shown.id, sku=sku or "", storage_key=key, item_ids=[item.id for item in chosen.items],
            etag=made.etag, valid_until=chosen.valid_until, rendered_at=now, **chosen.watched,
        )  # fmt: skip
        snapshot_id = put_in_index(session, row)
        session.commit()
        return Draft(made, owner.id, version, snapshot_id, key)


def make_page(
    session: Session, runtime: Runtime, brand: Brand, gallery: Gallery, sku: str | None, product: Product | None,
    chosen: queries.Selection,
) -> Page:  # fmt: skip
    """All that the answer is made of."""
    return Page(
        brand=brand.slug,
        brand_name=brand.name,
        gallery=rules.data_of(gallery),
        key=accounts_queries.get_publishable_key(session, brand.id),
        sku=sku,
        product=product,
        matched=chosen.scope.level.value if chosen.scope else None,
        items=chosen.items,
        next=chosen.next,
        valid_until=chosen.valid_until,
        base_url=runtime.settings.base_url,
    )


def find_product(session: Session, brand_id: int, sku: str | None) -> Product | None:
    """The product of a SKU that is still in the catalogue."""
    if sku is None or "\0" in sku:  # PostgreSQL's text holds no NUL, so no product has one
        return None
    try:
        product = catalog_queries.get_product(session, brand_id, sku)
    except NotFound:
        return None
    return product if product.removed_at is None else None


def read_version(session: Session, brand_id: int) -> int:
    """The brand's content version as committed now."""
    return session.scalars(select(Brand.content_version).where(Brand.id == brand_id)).one()


def put_in_index(session: Session, row: Snapshot) -> int:
    """Write or replace the index row of one stored answer; returns its id."""
    facts = {name: getattr(row, name) for name in Snapshot.__table__.columns.keys() if name != "id"}  # noqa: SIM118  # not a dict
    statement = insert(Snapshot).values(facts)
    changed = {name: statement.excluded[name] for name in facts if name not in {"gallery_id", "storage_key"}}
    statement = statement.on_conflict_do_update(index_elements=["gallery_id", "storage_key"], set_=changed)
    return session.scalars(statement.returning(Snapshot.id)).one()


def store(runtime: Runtime, made: Draft) -> bool:
    """Second transaction: move the finished file into place if nothing changed since the first; False = something did.

    The share lock lets a change wait until the file and its index row are both there to be dropped; the lock on the index
    row does the same for a drop.
    """
    path = runtime.snapshots.temporary()
    try:
        path.write_bytes(made.answer.body)
        with runtime.sessions() as session:
            version = session.scalar(select(Brand.content_version).where(Brand.id == made.brand_id).with_for_update(read=True))
            indexed = session.scalar(
                select(Snapshot.id).where(Snapshot.id == made.snapshot_id, Snapshot.etag == made.answer.etag).with_for_update()
            )
            if version != made.version or indexed is None:
                return False
            runtime.snapshots.adopt(made.key, path)
            session.commit()
            return True
    finally:
        path.unlink(missing_ok=True)


def drop(runtime: Runtime, *conditions: ColumnElement[bool]) -> int:
    """Delete the files of matching index rows, then the rows; returns how many.

    Files go first and within the transaction: a kill in between leaves rows without files, never files without rows.
    """
    with runtime.sessions() as session:
        rows = session.scalars(delete(Snapshot).where(*conditions).returning(Snapshot.storage_key)).all()
        runtime.snapshots.delete_all(rows)
        session.commit()
        return len(rows)


def drop_items(runtime: Runtime, item_ids: Iterable[int]) -> int:
    """Drop the answers that hold the items, and those that would hold one of them now."""
    ids = sorted(set(item_ids))
    if not ids:
        return 0
    with runtime.sessions() as session:
        entering = where_entering(session, ids)
    return drop(runtime, or_(Snapshot.item_ids.overlap(cast(ids, ARRAY(BigInteger))), *entering))


def drop_product(runtime: Runtime, product: Product) -> int:
    """Drop the answers that show a product, as their subject or on an item, and those that would take items of its kin."""
    tagged = select(func.array_agg(ItemProduct.item_id)).where(ItemProduct.product_id == product.id).scalar_subquery()
    waiting = where_of_products(product.brand_id, [(product.sku, product.family, product.type)])
    return drop(runtime, Snapshot.brand_id == product.brand_id, or_(Snapshot.item_ids.overlap(tagged), *waiting))


def drop_gallery(runtime: Runtime, brand_id: int, gallery_id: int) -> int:
    """Drop all answers of a gallery."""
    return drop(runtime, Snapshot.brand_id == brand_id, Snapshot.gallery_id == gallery_id)


def drop_brand(runtime: Runtime, brand_id: int) -> int:
    """Drop all answers of a brand, for what every one of them shows: its name, its publishable key."""
    return drop(runtime, Snapshot.brand_id == brand_id)


def purge(storage: Storage, brand: str, gallery: str) -> None:
    """Delete every file of a gallery whose index rows are gone with it."""
    for folder in (rules.OPEN, rules.TIMED):
        storage.delete_all(f"{folder}/{brand}/{gallery}.{kind}" for kind in rules.FORMATS)
        storage.delete_all(list(storage.keys(f"{folder}/{brand}/{gallery}/")))


def where_entering(session: Session, ids: list[int]) -> list[ColumnElement[bool]]:
    """Which index rows wait for one of the items: only approved ones can come in."""
    approved = select(Item.id).where(among(Item.id, ids), Item.state == State.APPROVED)
    # A brand without an answer has none to drop: one that is being rendered now is not stored under an older content version.
    answered = select(Snapshot.brand_id).where(Snapshot.brand_id == Item.brand_id).exists()
    brands = session.scalars(select(Item.brand_id).where(Item.id.in_(approved), answered).distinct()).all()
    waiting: list[ColumnElement[bool]] = []
    for brand_id in brands:
        tagged = (
            select(Product.sku, Product.family, Product.type)
            .join(ItemProduct, ItemProduct.product_id == Product.id)
            .where(ItemProduct.item_id.in_(approved), Product.brand_id == brand_id)
            .distinct()
        )
        waiting.append(and_(Snapshot.brand_id == brand_id, Snapshot.takes_all))
        waiting += where_of_products(brand_id, [(sku, family, kind) for sku, family, kind in session.execute(tagged)])
    return waiting


def where_of_products(brand_id: int, rows: Iterable[tuple[str, str, str]]) -> list[ColumnElement[bool]]:
    """Which index rows wait for items of the products, each given as SKU, family and type."""
    columns = (Snapshot.sku, Snapshot.family, Snapshot.type)
    values = [sorted({value for value in column if value}) for column in zip(*rows, strict=True)]
    return [and_(Snapshot.brand_id == brand_id, column.in_(found)) for column, found in zip(columns, values, strict=False) if found]
