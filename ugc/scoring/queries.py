"""Reads of weights and scores."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ugc.library.models import Item
from ugc.scoring import rules
from ugc.scoring.models import ItemScore, SignalWeight


def get_weights(session: Session, brand_id: int) -> dict[str, float]:
    """Every signal's weight for a brand: its own where set, else the signal's default."""
    query = select(SignalWeight.signal, SignalWeight.weight).where(SignalWeight.brand_id == brand_id)
    own = {signal: weight for signal, weight in session.execute(query)}  # noqa: C416  # dict() can't see that the rows are pairs
    return {name: own.get(name, weight) for name, weight in rules.DEFAULT_WEIGHTS.items()}


def get_score(session: Session, brand_id: int, item_id: int) -> rules.Score | None:
    """The newest score of an item with its parts; None before the first."""
    row = session.scalar(select(ItemScore).where(ItemScore.item_id == item_id, ItemScore.brand_id == brand_id))
    return rules.Score(row.score, tuple(rules.Part(**part) for part in row.parts)) if row else None


def map_scores(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, rules.Score]:
    """The newest scores of many items."""
    query = select(ItemScore).where(ItemScore.brand_id == brand_id, ItemScore.item_id.in_(list(item_ids)))
    return {row.item_id: rules.Score(row.score, tuple(rules.Part(**part) for part in row.parts)) for row in session.scalars(query)}


def find_ids(session: Session, brand_id: int, *, after: int, limit: int) -> list[int]:
    """The brand's next items by id."""
    query = select(Item.id).where(Item.brand_id == brand_id, Item.id > after).order_by(Item.id).limit(limit)
    return list(session.scalars(query))


def find_differing(session: Session, brand_id: int, *, limit: int) -> list[tuple[int, int | None, int | None]]:
    """Items whose copy of the score differs from its source: id, the copy, the source."""
    query = (
        select(Item.id, Item.score, ItemScore.score)
        .outerjoin(ItemScore, ItemScore.item_id == Item.id)
        .where(Item.brand_id == brand_id, or_(Item.score.is_distinct_from(ItemScore.score)))
        .order_by(Item.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query.limit(limit))]
