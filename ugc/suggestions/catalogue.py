"""A brand's catalogue as an index of words, kept in the process until the catalogue changes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ugc.catalog.models import Availability, Product
from ugc.suggestions import matching
from ugc.suggestions.matching import Index, Listed

MOST_PRODUCTS = 200_000
"""Products of one index: the first ones by id; more would take the memory of a process."""
MOST_KEPT = 100_000
"""Products of all indexes that a process keeps; 20,000 take about 40 MB. The newest always stays."""
Stamp = tuple[int, ...]
KEPT_INDEXES: OrderedDict[int, tuple[Stamp, Index]] = OrderedDict()
LOCK = Lock()


def get_index(session: Session, brand_id: int) -> Index:
    """The index of the catalogue as it stands."""
    stamp = stamp_of(session, brand_id)
    with LOCK:
        kept = KEPT_INDEXES.get(brand_id)
    if kept is not None and kept[0] == stamp:
        return kept[1]
    made = matching.build(find_listed(session, brand_id))
    with LOCK:
        keep(brand_id, stamp, made)
    return made


def keep(brand_id: int, stamp: Stamp, made: Index) -> None:
    """Keep an index for the next time; what was made longest ago goes as soon as all of them are too many."""
    KEPT_INDEXES[brand_id] = (stamp, made)
    KEPT_INDEXES.move_to_end(brand_id)
    while len(KEPT_INDEXES) > 1 and sum(len(index.product_families) for _, index in KEPT_INDEXES.values()) > MOST_KEPT:
        KEPT_INDEXES.popitem(last=False)


def stamp_of(session: Session, brand_id: int) -> Stamp:
    """What differs once a product was added, changed, removed or brought back."""
    query = select(
        func.count(Product.id), func.count(Product.removed_at), func.coalesce(func.max(Product.id), 0),
        func.coalesce((func.extract("epoch", func.max(Product.updated)) * 1_000_000), 0),
        func.coalesce(func.sum(func.hashtext(Product.title)), 0),
    ).where(Product.brand_id == brand_id)  # fmt: skip
    return tuple(int(value) for value in session.execute(query).one())


def find_listed(session: Session, brand_id: int) -> list[Listed]:
    """The products of the catalogue, without those that were removed."""
    columns = (
        Product.id, Product.sku, Product.title, Product.family, Product.line, Product.type, Product.url, Product.gtin, Product.mpn,
        Product.availability,
    )  # fmt: skip
    query = select(*columns).where(Product.brand_id == brand_id, Product.removed_at.is_(None))
    return [
        Listed(
            product_id=row.id, sku=row.sku, title=row.title, family=row.family, line=row.line, type=row.type, url=row.url,
            codes=tuple(code for code in (row.gtin, row.mpn) if code), for_sale=row.availability is not Availability.OUT_OF_STOCK,
        )
        for row in session.execute(query.order_by(Product.id).limit(MOST_PRODUCTS))
    ]  # fmt: skip
