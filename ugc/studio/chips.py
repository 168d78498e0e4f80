"""The suggestions of items as chips, each with the key that accepts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ugc.catalog import queries as catalog_queries
from ugc.catalog.models import Product
from ugc.library.models import Item
from ugc.suggestions import queries
from ugc.suggestions.models import Suggestion, What
from ugc.suggestions.rules import MOST_OFFERED


@dataclass(frozen=True, slots=True)
class Chip:
    """A suggestion as a chip; its place is its key."""

    id: int
    key: int
    what: str
    words: str
    p: float
    why: str
    product: Product | None


def panel(session: Session, brand_id: int, items: Sequence[Item]) -> dict[int, list[Chip]]:
    """Products, then tags, as many as there are keys."""
    found = queries.map_open(session, brand_id, [item.id for item in items])
    products = catalog_queries.map_by_ids(
        session, brand_id, {each.product_id for some in found.values() for each in some if each.product_id}
    )
    return {id: chips for id, some in found.items() if (chips := chips_of(some, products))}


def chips_of(some: Sequence[Suggestion], products: dict[int, Product]) -> list[Chip]:
    """An item's suggestions in the order of their keys."""
    shown = [each for each in some if each.what is What.TAG or (each.what is What.PRODUCT and each.product_id in products)]
    ordered = sorted(shown, key=lambda each: (each.what is not What.PRODUCT, -each.p, each.id))[:MOST_OFFERED]
    made = []
    for key, each in enumerate(ordered, 1):
        product = products.get(each.product_id or 0)
        made.append(
            Chip(each.id, key, each.what.value, product.title if product else each.name, each.p, "; ".join(each.reasons), product)
        )
    return made
