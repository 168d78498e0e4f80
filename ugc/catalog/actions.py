"""Writes of products: one by one and from feeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts.models import Brand
from ugc.catalog import feeds, queries, rules
from ugc.catalog.models import Product
from ugc.catalog.rules import ProductData, Refused
from ugc.kit import clock, jobs
from ugc.kit.reports import Report
from ugc.runtime import Runtime

# Rows in one transaction: long enough to be quick, short enough not to hold anyone up.
BATCH = 500
FACTS = tuple(item.name for item in fields(ProductData) if item.name != "sku")


def put_product(session: Session, brand_id: int, data: ProductData, *, now: datetime) -> str:
    """Add a product or bring it up to date: `added`, `updated` or `duplicate` (nothing new in it)."""
    return put_products(session, brand_id, [data], now=now)[0]


def put_products(session: Session, brand_id: int, batch: Sequence[ProductData], *, now: datetime) -> list[str]:
    """Many products in a few statements, an outcome for each; of two with one SKU the later updates the earlier."""
    known = queries.map_products(session, brand_id, (data.sku for data in batch))
    outcomes, changed = [], set()
    for data in batch:
        product = known.get(data.sku)
        if product is None:
            known[data.sku] = product = new_product(brand_id, data)
            session.add(product)
            outcomes.append("added")
        elif apply(product, data, now):
            changed.add(product)
            outcomes.append("updated")
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


def apply(product: Product, data: ProductData, now: datetime) -> bool:
    """Write what the data says and the row does not; whether anything was."""
    news = {name: value for name in FACTS if (value := getattr(data, name)) not in ("", None) and value != getattr(product, name)}
    if not news and product.removed_at is None:
        return False
    for name, value in news.items():
        setattr(product, name, value)
    product.removed_at = None
    product.updated = now
    return True


def add_missing(session: Session, brand_id: int, batch: Sequence[ProductData]) -> int:
    """Add those products whose SKU is new and leave the others alone; how many were added."""
    known = queries.find_skus(session, brand_id, (data.sku for data in batch))
    fresh = {data.sku: row_of(brand_id, data) for data in reversed(batch) if data.sku not in known}
    if not fresh:
        return 0
    rows = [fresh[sku] for sku in sorted(fresh)]  # sorted, so that two imports at once don't deadlock
    added = insert(Product).on_conflict_do_nothing(index_elements=["brand_id", "sku"]).returning(Product.id)
    return len(session.scalars(added, rows).all())


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
) -> Report:  # fmt: skip
    """Bring a feed's products in, batch by batch; raises NotAFeed for a file that is none. The same feed again changes nothing."""
    feed = feeds.open_feed(path, format, mapping)
    report = Report(format=feed.format, dry_run=dry_run, notes=feed.notes)
    now = clock.now()
    untitled = 0
    seen: dict[str, ProductData] = {}
    while entries := list(islice(feed.entries, BATCH)):
        batch = list(read_products(entries, identifier or brand.product_identifier, now, report))
        untitled += sum(not data.title for data in batch)
        with writing(runtime, dry_run) as session:
            if dry_run:  # what earlier batches would have stored; each was rolled back
                put_products(session, brand.id, [seen[data.sku] for data in batch if data.sku in seen], now=now)
                seen |= {data.sku: data for data in batch}
            for outcome in put_products(session, brand.id, batch, now=now):
                report.take(outcome)
        if progress:
            progress(len(entries))
    if untitled:
        report.notes.append(
            f"{untitled} rows have no title: a supplement to another feed; a product that is new goes by its identifier"
        )
    return report


def read_products(entries: Sequence[feeds.Entry], identifier: str, now: datetime, report: Report) -> Iterator[ProductData]:
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
