"""Reads of readings, and of what a brand's texts are read with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.catalog.models import Product
from ugc.kit.db import among
from ugc.library.models import Creator, Item, Kind, State
from ugc.modelling import queries as modelling_queries
from ugc.texts import reading, vocabulary
from ugc.texts.base import Context, Finding, Reading, Text
from ugc.texts.models import TextReading

MOST_PRODUCTS = 5_000
"""Titles that a reader of names is told: names of a shop's goods are nobody's."""


def map_readings(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, Reading]:
    """What was found in the texts of items; those that were not read yet are left out."""
    query = select(TextReading.item_id, TextReading.reading).where(
        among(TextReading.item_id, item_ids), TextReading.brand_id == brand_id
    )
    return {item_id: reading.from_json(stored) for item_id, stored in session.execute(query)}


def map_texts(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, Text]:
    """The texts of items."""
    query = (
        select(Item.id, Item.title, Item.body, Item.kind, Item.language, Creator.handle)
        .outerjoin(Creator, Creator.id == Item.creator_id)
        .where(among(Item.id, item_ids), Item.brand_id == brand_id)
    )
    return {
        id: Text(title, body, kind.value, language, handle or "")
        for id, title, body, kind, language, handle in session.execute(query)
    }


def map_read(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, dict[str, object]]:
    """With which versions items were read last."""
    query = select(TextReading.item_id, TextReading.versions).where(
        among(TextReading.item_id, item_ids), TextReading.brand_id == brand_id
    )
    return dict(session.execute(query).all())


def map_versions(session: Session, brand_id: int) -> dict[str, int]:
    """The brand's own models that read its texts, by kind; 0 where only what ships reads. And its words, by their checksum."""
    models = {kind: modelling_queries.version_of(session, brand_id, kind) for kind in reading.models()}
    return models | {"words": vocabulary.own_of(session, brand_id).version}


def get_context(session: Session, brand_id: int) -> Context:
    """What is the brand's own of all that a text is read with."""
    loaded = {
        kind: modelling_queries.load(session, brand_id, kind, format=format) for kind, format in reading.models().items()
    }  # fmt: skip
    own, brand = vocabulary.own_of(session, brand_id), accounts_queries.get_brand_by_id(session, brand_id)
    return Context(
        models={kind: model for kind, model in loaded.items() if model is not None},
        topics=own.topics,
        competitors=own.competitors,
        words=own.words,
        products=tuple(session.scalars(select(Product.title).where(Product.brand_id == brand_id).limit(MOST_PRODUCTS))),
        own=tuple(name for name in (brand.name, brand.slug, host_of(brand.shop_url)) if name),
    )


def host_of(address: str) -> str:
    """The host of the shop, without www.; empty where none is known."""
    return (urlsplit(address).hostname or "").removeprefix("www.")


def find_ids(session: Session, brand_id: int, *, after: int, limit: int) -> list[int]:
    """The brand's next items by id."""
    query = select(Item.id).where(Item.brand_id == brand_id, Item.id > after).order_by(Item.id).limit(limit)
    return list(session.scalars(query))


def find_unread(session: Session, *, limit: int) -> list[tuple[int, int]]:
    """Brand and id of items that no reader of today has read, of all brands."""
    readers = reading.versions({})["readers"]
    query = (
        select(Item.brand_id, Item.id)
        .outerjoin(TextReading, TextReading.item_id == Item.id)
        .where(or_(TextReading.item_id.is_(None), TextReading.versions["readers"].as_string() != readers))
        .order_by(Item.brand_id, Item.id)
    )
    return [(brand_id, id) for brand_id, id in session.execute(query.limit(limit))]


def map_usefulness(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, Finding]:
    """How useful reviews are by the brand's own model; without one the score has a formula of its own."""
    learnt = TextReading.versions["models"]["usefulness"].as_integer() > 0
    query = select(TextReading.item_id, TextReading.reading["usefulness"]).where(
        among(TextReading.item_id, item_ids), TextReading.brand_id == brand_id, TextReading.usefulness.is_not(None), learnt
    )
    return {item_id: reading.finding(stored) for item_id, stored in session.execute(query)}


@dataclass(frozen=True, slots=True)
class Written:
    """A text with what it may teach."""

    text: Text
    rating: int | None
    helpful: int
    published_at: datetime


def find_written(session: Session, brand_id: int, *, reviews: bool, limit: int, letters: int) -> list[Written]:
    """The newest texts of a brand, the oldest of them first, cut to so many letters: its reviews alone, or all that is written.
    What was rejected, called spam or thrown away teaches nothing.
    """
    body = func.left(Item.body, letters)
    query = (
        select(Item.title, body, Item.kind, Item.language, Item.rating, Item.helpful_count, Item.published_at)
        .where(Item.brand_id == brand_id, Item.body != "", Item.state.in_((State.INBOX, State.APPROVED)))
        .order_by(Item.published_at.desc(), Item.id.desc())
        .limit(limit)
    )
    rows = session.execute(query.where(Item.kind == Kind.REVIEW) if reviews else query).all()
    return [
        Written(Text(title, body, kind.value, language), rating, helpful, at)
        for title, body, kind, language, rating, helpful, at in reversed(rows)
    ]
