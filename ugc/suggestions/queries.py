"""Reads of suggestions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.library import colours
from ugc.suggestions.models import Standing, SuggestedItem, Suggestion, SuggestionSettings, What


class NoSuchSuggestion(NotFound):
    """There is no such suggestion."""


def get_suggestion(session: Session, brand_id: int, suggestion_id: int) -> Suggestion:
    """One suggestion; raises NoSuchSuggestion."""
    chosen = select(Suggestion).where(Suggestion.brand_id == brand_id, Suggestion.id == suggestion_id)
    found = session.scalar(chosen)
    if found is None:
        raise NoSuchSuggestion()
    return found


def map_open(session: Session, brand_id: int, item_ids: Iterable[int], what: What | None = None) -> dict[int, list[Suggestion]]:
    """The open suggestions of each item, the likeliest first; items with none are left out."""
    query = select(Suggestion).where(Suggestion.brand_id == brand_id, among(Suggestion.item_id, set(item_ids)))
    query = query.where(Suggestion.state == Standing.OPEN)
    if what is not None:
        query = query.where(Suggestion.what == what)
    found: dict[int, list[Suggestion]] = {}
    for suggestion in session.scalars(query.order_by(Suggestion.p.desc(), Suggestion.id)):
        found.setdefault(suggestion.item_id, []).append(suggestion)
    return found


def map_refused(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, set[int]]:
    """The products that were refused on each item; items with none are left out."""
    query = select(Suggestion.item_id, Suggestion.product_id).where(
        Suggestion.brand_id == brand_id, among(Suggestion.item_id, set(item_ids)), Suggestion.what == What.PRODUCT,
        Suggestion.state == Standing.REFUSED, Suggestion.product_id.is_not(None),
    )  # fmt: skip
    found: dict[int, set[int]] = {}
    for item_id, product_id in session.execute(query):
        found.setdefault(item_id, set()).add(product_id or 0)
    return found


def get_settings(session: Session, brand_id: int) -> SuggestionSettings:
    """What the brand lets be applied by itself; nothing as long as it did not choose. Not added to the session."""
    return session.get(SuggestionSettings, brand_id) or SuggestionSettings(brand_id=brand_id, tags=None, products=None)


def map_digests(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, str]:
    """What the items' suggestions rested on when they were last looked at."""
    query = select(SuggestedItem.item_id, SuggestedItem.digest).where(SuggestedItem.brand_id == brand_id)
    return dict(session.execute(query.where(among(SuggestedItem.item_id, set(item_ids)))).all())


def count_colours(session: Session, brand_id: int) -> tuple[int, int]:
    """How often colours by name were accepted and refused as tags."""
    query = select(Suggestion.state, func.count()).where(
        Suggestion.brand_id == brand_id, Suggestion.what == What.TAG, Suggestion.decided_at.is_not(None),
        Suggestion.name.in_(colours.NAMES),
    )  # fmt: skip
    counts = dict(session.execute(query.group_by(Suggestion.state)).all())
    return counts.get(Standing.ACCEPTED, 0), counts.get(Standing.REFUSED, 0)


@dataclass(frozen=True, slots=True)
class Batch:
    """Suggestions that were applied together, without a person."""

    name: str
    what: What
    at: datetime | None
    count: int
    items: int


def find_batches(session: Session, brand_id: int, *, limit: int = 20) -> list[Batch]:
    """What was applied by itself and still stands, the newest first."""
    latest = func.max(Suggestion.decided_at)
    query = (
        select(Suggestion.batch, Suggestion.what, latest, func.count(), func.count(Suggestion.item_id.distinct()))
        .where(Suggestion.brand_id == brand_id, Suggestion.batch != "", Suggestion.state == Standing.APPLIED)
        .group_by(Suggestion.batch, Suggestion.what)
    )
    return [
        Batch(name, what, at, count, items)
        for name, what, at, count, items in session.execute(query.order_by(latest.desc()).limit(limit))
    ]
