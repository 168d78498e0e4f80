"""More like this: the items nearest to one of them, with the library's other filters in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.kit.errors import Invalid
from ugc.library import queries as library_queries
from ugc.library.models import Item, Kind
from ugc.library.queries import ItemFilter
from ugc.similarity import queries
from ugc.similarity.models import PICTURE, SPACES, TEXT

MOST = 200
"""As many are found at most; farther ones have less and less to do with it."""
LEAST = {PICTURE: 0.2, TEXT: 0.15}
"""Cosines below are chance: two photos or two texts about different things."""
STRIP = 8
READ_FIRST = frozenset({Kind.REVIEW, Kind.POST})
"""Kinds that are compared by what they say, where they say something."""


@dataclass(frozen=True, slots=True)
class Resembling:
    """Items that resemble one, with their cosines, and in what: `picture` or `text`."""

    space: str
    items: tuple[tuple[int, float], ...]


def resolve(session: Session, brand_id: int, filter: ItemFilter, *, now: datetime) -> ItemFilter:
    """The filter with the items that its `similar_to` means; raises Invalid for an item that the brand does not have."""
    if filter.similar_to is None:
        return filter
    found = queries.find_items(session, brand_id, [filter.similar_to])
    if not found:
        raise Invalid(f"there is no item {filter.similar_to}", name="similar_to")
    others = replace(filter, similar_to=None, near=None)
    return replace(filter, near=find_resembling(session, brand_id, found[0], others, limit=MOST, now=now).items)


def find_resembling(
    session: Session, brand_id: int, item: Item, filter: ItemFilter, *, limit: int, now: datetime, space: str = ""
) -> Resembling:
    """Items of the filter nearest to an item, itself left out; in the given space, else in the one that suits its kind."""
    for each in [space] if space else order_of(item):
        vector = queries.map_vectors(session, brand_id, [item.id], each).get(item.id)
        if vector is None:
            continue
        if filter == ItemFilter():
            listed = queries.find_near(session, brand_id, vector, each, limit=limit, without=[item.id])
        else:
            configurations = library_queries.find_configurations(session, brand_id) if filter.q else []
            asked = library_queries.conditions(filter, brand_id, configurations, now)
            others = select(Item.id).where(*asked, Item.id != item.id)
            listed = queries.find_near_among(session, brand_id, vector, each, others, limit=limit)
        return Resembling(each, tuple((id, cosine) for id, cosine in listed if cosine >= LEAST[each]))
    return Resembling("", ())


def order_of(item: Item) -> Sequence[str]:
    """The spaces in which an item is compared, the first that has it."""
    return SPACES[::-1] if item.kind in READ_FIRST else SPACES
