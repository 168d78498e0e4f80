"""Items as the tag model and the evidence see them, read for many at once."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from ugc.library.models import Item
from ugc.media.models import FileState
from ugc.similarity import choosing
from ugc.similarity import queries as similarity_queries
from ugc.similarity.encoders.base import Vector
from ugc.suggestions.tagging import Seen
from ugc.suggestions.words import MAX_TEXT


def text_of(item: Item) -> str:
    """What an item says, as far as it is read: five thousand captions of 50 kB would fill the memory of a training."""
    return f"{item.title}\n{item.body}".strip()[:MAX_TEXT]


def colours_of(item: Item) -> tuple[str, ...]:
    """The main colours of its first finished picture."""
    return next((tuple(medium.file.colours) for medium in item.media if medium.file.state is FileState.READY), ())


def encoder_of(session: Session, brand_id: int) -> str:
    """By what pictures are compared now; what was learnt from other vectors is not used on these."""
    return choosing.key_of(choosing.present(session, brand_id, "picture"))


def map_seen(session: Session, brand_id: int, items: Mapping[int, Item]) -> dict[int, Seen]:
    """What the model sees of each item."""
    vectors = similarity_queries.map_vectors(session, brand_id, items, "picture")
    return {id: seen_of(item, vectors.get(id)) for id, item in items.items()}


def seen_of(item: Item, vector: Vector | None) -> Seen:
    """What the model sees of one item."""
    return Seen(text=text_of(item), vector=vector, colours=colours_of(item), kind=item.kind.value)
