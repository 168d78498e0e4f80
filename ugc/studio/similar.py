"""The strip of items that look or read like one, on its own page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ugc import web
from ugc.library import queries as library_queries
from ugc.library.models import Item
from ugc.library.queries import ItemFilter
from ugc.similarity import resembling
from ugc.similarity.models import TEXT
from ugc.studio import shapes


@dataclass(frozen=True, slots=True)
class Like:
    """An item of the strip, and how alike it is, in per cent."""

    card: shapes.Card
    alike: int


@dataclass(frozen=True, slots=True)
class Strip:
    """What resembles an item: by its picture, or by what it says."""

    title: str
    likes: tuple[Like, ...]


def panel(session: Session, brand_id: int, items: Sequence[Item]) -> Mapping[int, Any]:
    """The strip of one item; the inbox shows many items, and nobody looks for others there."""
    if len(items) != 1:
        return {}
    found = resembling.find_resembling(session, brand_id, items[0], ItemFilter(), limit=resembling.STRIP, now=web.now())
    cosines = dict(found.items)
    others = library_queries.map_items(session, brand_id, cosines)
    cards = {card.item.id: card for card in shapes.cards(session, others.values())}
    likes = tuple(Like(cards[id], round(100 * cosine)) for id, cosine in found.items if id in cards)
    title = "Reads like this" if found.space == TEXT else "Looks like this"
    return {items[0].id: Strip(title, likes)} if likes else {}
