"""Writes of scores and weights."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.kit import jobs
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item
from ugc.scoring import queries, rules


def score_item(session: Session, item: Item, *, now: datetime) -> int:
    """Score one item and keep the parts; the score."""
    return score_items(session, item.brand_id, [item.id], now=now)[item.id]


def score_items(session: Session, brand_id: int, item_ids: Iterable[int], *, now: datetime) -> dict[int, int]:
    """Score items in a few queries, however many; those that are gone are left out. Doing it twice changes nothing."""
    session.flush()
    items = library_queries.map_items(session, brand_id, item_ids)
    weights = queries.get_weights(session, brand_id)
    scores = {id: rules.score_of(rules.facts_of(item, now), weights) for id, item in items.items()}
    if not scores:
        return {}
    rows = [{"item_id": id, "score": score.total, "parts": score.as_json()} for id, score in scores.items()]
    library_actions.hold(session, brand_id)
    session.execute(
        text("""
            insert into item_scores (item_id, brand_id, score, parts, computed_at)
            select r.item_id, :brand, r.score, r.parts, :now
            from jsonb_to_recordset(cast(:rows as jsonb)) as r (item_id bigint, score bigint, parts jsonb)
            on conflict (item_id) do update
            set score = excluded.score, parts = excluded.parts, computed_at = excluded.computed_at
        """),
        {"brand": brand_id, "now": now, "rows": json.dumps(rows)},
    )
    totals = {id: score.total for id, score in scores.items()}
    library_actions.set_scores(session, brand_id, totals)
    return totals


def set_weights(session: Session, brand_id: int, weights: Mapping[str, float], *, actor: str, now: datetime) -> None:
    """Change what signals count for a brand; its items are scored anew in the background. Raises BadWeight."""
    rules.check_weights({**queries.get_weights(session, brand_id), **weights})
    session.execute(
        text("""
            insert into signal_weights (brand_id, signal, weight, updated)
            select :brand, key, value::float8, :now from jsonb_each_text(cast(:weights as jsonb))
            on conflict (brand_id, signal) do update set weight = excluded.weight, updated = excluded.updated
        """),
        {"brand": brand_id, "weights": json.dumps(dict(weights)), "now": now},
    )
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="scoring.set_weights", subject_type="brand", subject_id=brand_id, now=now,
        **weights,
    )  # fmt: skip
    jobs.enqueue(session, "scoring.score_brand", once=f"scoring.score_brand:{brand_id}", brand_id=brand_id)


def repair_copies(session: Session, brand_id: int, *, limit: int = 500) -> list[int]:
    """Copy scores onto items that say something else; which they were. An item without a score is scored by its own job."""
    library_actions.hold(session, brand_id)
    differing = queries.find_differing(session, brand_id, limit=limit)
    library_actions.set_scores(session, brand_id, {id: score for id, _, score in differing})
    return [id for id, _, _ in differing]
