"""Writes of products: one by one and from feeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts.models import Brand
from ugc.catalog import feeds, queries, rules
from ugc.catalog.formats.base import Entry, Feed
from ugc.catalog.models import Availability, Product
from ugc.catalog.rules import ProductChange, ProductData, Refused
from ugc.kit import clock, jobs
from ugc.kit.reports import Report
from ugc.runtime import Runtime

# Rows in one transaction: long enough to be quick, short enough not to hold anyone up.
BATCH = 500
FACTS = tuple(item.name for item in fields(ProductData) if item.name != "sku")


def put_product(session: Session, brand_id: int, data: ProductData, *, now: datetime) -> str:
    """Add a product or bring it up to date: `added`, `updated` or `duplicate` (nothing new in it)."""
    return put_products(session, brand_id, [data], now=now)[0]


def put_products(
    session: Session, brand_id: int, batch: Sequence[ProductData], *, now: datetime, changes: list[ProductChange] | None = None
) -> list[str]:
    """Many products in a few statements, an outcome for each; of two with one SKU the later updates the earlier.

    What was written over what is added to `changes`, for `take_back`.
    """
    known = queries.map_products(session, brand_id, (data.sku for data in batch))
    outcomes, changed = [], set()
    for data in batch:
        product = known.get(data.sku)
        if product is None:
            known[data.sku] = product = new_product(brand_id, data)
            session.add(product)
            outcomes.append("added")
            note(changes, ProductChange(data.sku, None, {}))
        elif before := apply(product, data, now):
            changed.add(product)
            outcomes.append("updated")
            note(changes, ProductChange(data.sku, before, facts_of(product, before)))
        else:
            outcomes.append("duplicate")
    session.flush()
    announced = [{"brand_id": brand_id, "product_id": product.id} for product in sorted(changed, key=lambda row: row.id)]
    jobs.enqueue_many(session, "catalog.product_changed", announced, queue="events")
    return outcomes


def new_product(brand_id: int, data: ProductData) -> Product:
    """A row for data that is seen the first time; a product without a title goes by its SKU."""
    given = {name: value for name in FACTS if (value := getattr(data, name)) not in ("", None)}
    return Product(brand_id=brand_id, sku=data.sku, **({"title": data.sku} | given))


def note(changes: list[ProductChange] | None, change: ProductChange) -> None:
    """Keep a change where somebody keeps them."""
    if changes is not None:
        changes.append(change)


def facts_of(product: Product, names: Iterable[str]) -> dict[str, str | None]:
    """Facts of a row as text, None where there is none."""
    return {name: None if (value := getattr(product, name)) is None else str(value) for name in names}


def apply(product: Product, data: ProductData, now: datetime) -> dict[str, str | None]:
    """Write what the data says and the row does not; the facts that were written over, none where nothing was."""
    news = {name: value for name in FACTS if (value := getattr(data, name)) not in ("", None) and value != getattr(product, name)}
    if not news and product.removed_at is None:
        return {}
    before = facts_of(product, [*news, "removed_at"])
    for name, value in news.items():
        setattr(product, name, value)
    product.removed_at = None
    product.updated = now
    return before


def take_back(session: Session, brand_id: int, changes: Sequence[ProductChange], *, now: datetime) -> int:
    """Undo what an import wrote, the newest change first; what was changed again since stays. Says how many products it touched.

    A product that the import added is taken out of the catalogue; items and orders that name it keep it.
    """
    known = queries.map_products(session, brand_id, (change.sku for change in changes))
    touched = set()
    for change in changes:
        product = known.get(change.sku)
        if product is not None and restore(product, change, now):
            touched.add(product)
    session.flush()
    announced = [{"brand_id": brand_id, "product_id": product.id} for product in sorted(touched, key=lambda row: row.id)]
    jobs.enqueue_many(session, "catalog.product_changed", announced, queue="events")
    return len(touched)


def restore(product: Product, change: ProductChange, now: datetime) -> bool:
    """Write the facts from before a change back; whether anything was."""
    if change.before is None:
        if product.removed_at is not None:
            return False
        product.removed_at = product.updated = now
        return True
    stands = facts_of(product, change.before)
    back = {name: value for name, value in change.before.items() if stands[name] == change.after[name] != value}
    for name, value in back.items():
        setattr(product, name, READ_FACT.get(name, str)(value) if value is not None else None)
    product.updated = now if back else product.updated
    return bool(back)


READ_FACT: dict[str, Callable[[str], Any]] = {
    "price": Decimal, "availability": Availability, "removed_at": datetime.fromisoformat,
}  # fmt: skip
"""Facts that are no text in the row."""


def add_missing(session: Session, brand_id: int, batch: Sequence[ProductData]) -> list[str]:
    """Add those products that the catalogue does not have and leave the others alone; the SKUs that were added.

    One that was removed from the catalogue comes back as it was.
    """
    known = queries.find_skus(session, brand_id, (data.sku for data in batch))
    fresh = {data.sku: row_of(brand_id, data) for data in reversed(batch) if data.sku not in known}
    if not fresh:
        return []
    rows = [fresh[sku] for sku in sorted(fresh)]  # sorted, so that two imports at once don't deadlock
    added = insert(Product)
    added = added.on_conflict_do_update(
        index_elements=["brand_id", "sku"], set_={"removed_at": None}, where=Product.removed_at.is_not(None)
    )
    return list(session.scalars(added.returning(Product.sku), rows))


def row_of(brand_id: int, data: ProductData) -> dict[str, object]:
    """A product as one row of an insert of many."""
    facts = {name: getattr(data, name) for name in FACTS}
    return facts | {
        "brand_id": brand_id,
        "sku": data.sku,
        "title": data.title or data.sku,
        "availability": data.availability or "in_stock",
    }


def import_catalog(
    runtime: Runtime, brand: Brand, path: Path, *, identifier: str | None = None, format: str = "auto",
    mapping: Mapping[str, str] | None = None, dry_run: bool = False, progress: Callable[[int], None] | None = None,
    changed: Callable[[Session, Sequence[ProductChange]], None] | None = None,
) -> Report:  # fmt: skip
    """Bring a feed's products in, batch by batch; raises NotAFeed for a file that is none. The same feed again changes nothing.

    `changed` is told what was written over what, in the transaction that wrote it.
    """
    feed = feeds.open_feed(path, format, mapping)
    report = Report(format=feed.format, dry_run=dry_run, notes=feed.notes)
    now = clock.now()
    untitled = 0
    seen: dict[str, ProductData] = {}
    while entries := list(islice(feed.entries, BATCH)):
        batch = list(read_products(own_entries(feed, entries, brand), identifier or brand.product_identifier, now, report))
        untitled += sum(not data.title for data in batch)
        with writing(runtime, dry_run) as session:
            if dry_run:  # what earlier batches would have stored; each was rolled back
                put_products(session, brand.id, [seen[data.sku] for data in batch if data.sku in seen], now=now)
                seen |= {data.sku: data for data in batch}
            changes: list[ProductChange] = []
            for outcome in put_products(session, brand.id, batch, now=now, changes=changes):
                report.take(outcome)
            if changed and not dry_run:
                changed(session, changes)
        if progress:
            progress(len(entries))
    if untitled:
        report.notes.append(
            f"{untitled} rows have no title: a supplement to another feed; a product that is new goes by its identifier"
        )
    return report


def own_entries(feed: Feed, entries: Sequence[Entry], brand: Brand) -> Sequence[Entry]:
    """The entries with what a feed of the shop's own takes for granted: its currency and the address that paths are below."""
    if not feed.of_the_shop:
        return entries
    shop = brand.shop_url.rstrip("/")
    own = []
    for entry in entries:
        link = shop + entry.attributes["path"] if shop and entry.attributes.get("path") else ""
        own.append(replace(entry, attributes={"currency": brand.currency, "link": link} | dict(entry.attributes)))
    return own


def read_products(entries: Sequence[Entry], identifier: str, now: datetime, report: Report) -> Iterator[ProductData]:
    """The products of a batch; what is wrong goes into the report."""
    for entry in entries:
        if entry.fault:
            report.reject(entry.line, "unreadable_row", entry.fault)
            continue
        try:
            yield rules.product_of(entry.attributes, identifier, now)
        except Refused as refused:
            report.reject(entry.line, refused.code, refused.reason)


@contextmanager
def writing(runtime: Runtime, dry_run: bool) -> Iterator[Session]:
    """A transaction that commits, or one that never does."""
    if not dry_run:
        with runtime.transaction() as session:
            yield session
        return
    with runtime.sessions() as session:
        yield session
        session.rollback()
