"""Reads of suggestions."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.suggestions.models import Standing, Suggestion, SuggestionSettings, What


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


def get_settings(session: Session, brand_id: int) -> SuggestionSettings:
    """What the brand lets be applied by itself; nothing as long as it did not choose. Not added to the session."""
    return session.get(SuggestionSettings, brand_id) or SuggestionSettings(brand_id=brand_id, tags=None, products=None)
