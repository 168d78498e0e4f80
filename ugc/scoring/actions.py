"""Writes of scores, weights and what was measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.library import actions as library_actions
from ugc.library.models import Item
from ugc.scoring import queries, rescoring, rules, weighing
from ugc.scoring.models import Cause, ScoringRun
from ugc.scoring.rules import Finding
from ugc.scoring.signals.base import Performance

MEASURED_AT_ONCE = 500
"""Items measured in one transaction."""

# One statement: why an item scores as it does, and the bare values of that, are stored together.
STORE = text("""
with found as (
  select * from jsonb_to_recordset(cast(:rows as jsonb)) as r (item_id bigint, kind text, score bigint, parts jsonb, measured text)
), explained as (
  insert into item_scores (item_id, brand_id, parts, computed_at) select item_id, :brand, parts, :now from found
  on conflict (item_id) do update set parts = excluded.parts, computed_at = excluded.computed_at
)
insert into item_values (item_id, brand_id, kind, signals, weights, score, measured)
select item_id, :brand, kind, :signals, :weights, score, decode(measured, 'hex') from found
on conflict (item_id) do update set kind = excluded.kind, signals = excluded.signals, weights = excluded.weights,
  score = excluded.score, measured = excluded.measured
""")

SET_PERFORMANCES = text("""
insert into item_performances (item_id, brand_id, impressions, clicks, expected, orders, orders_expected, prior, lift, low, high,
  value, measured_at)
select r.item_id, :brand, r.impressions, r.clicks, r.expected, r.orders, r.orders_expected, r.prior, r.lift, r.low, r.high, r.value,
  :now
from jsonb_to_recordset(cast(:rows as jsonb)) as r (item_id bigint, impressions bigint, clicks bigint, expected float8,
  orders bigint, orders_expected float8, prior float8, lift float8, low float8, high float8, value float8)
join items i on i.id = r.item_id and i.brand_id = :brand
on conflict (item_id) do update set impressions = excluded.impressions, clicks = excluded.clicks, expected = excluded.expected,
  orders = excluded.orders, orders_expected = excluded.orders_expected, prior = excluded.prior, lift = excluded.lift,
  low = excluded.low, high = excluded.high, value = excluded.value, measured_at = excluded.measured_at
""")


def score_item(session: Session, item: Item, *, now: datetime) -> int:
    """Score one item and keep the parts; the score."""
    return score_items(session, item.brand_id, [item.id], now=now)[item.id]


def score_items(session: Session, brand_id: int, item_ids: Iterable[int], *, now: datetime) -> dict[int, int]:
    """Score items in a few queries, however many; those that are gone are left out. Doing it twice changes nothing."""
    totals = keep_scores(session, brand_id, measure_items(session, brand_id, item_ids, now), now=now)
    library_actions.set_scores(session, brand_id, totals)
    return totals


def measure_items(
    session: Session, brand_id: int, item_ids: Iterable[int], now: datetime
) -> dict[int, tuple[str, tuple[Finding, ...]]]:
    """Item → its kind and what the signals say of it."""
    session.flush()
    found = queries.map_facts(session, brand_id, item_ids, now)
    return {id: (facts.kind, rules.measure(facts)) for id, facts in found.items()}


def keep_scores(
    session: Session, brand_id: int, found: Mapping[int, tuple[str, Sequence[Finding]]], *, now: datetime
) -> dict[int, int]:
    """Weigh what the signals said and store it; the scores. Weights are read under the brand's lock, so that no run of newer ones
    can have come by in between.
    """
    if not found:
        return {}
    library_actions.hold(session, brand_id)
    weights = queries.get_weights(session, brand_id)
    packed = {id: weighing.pack(findings) for id, (_, findings) in found.items()}
    totals = dict(zip(found, weighing.weigh(weighing.table_of(packed.values()), weights).tolist(), strict=True))
    rows = [
        {"item_id": id, "kind": kind, "score": totals[id], "parts": parts_of(findings), "measured": packed[id].hex()}
        for id, (kind, findings) in found.items()
    ]
    session.execute(
        STORE,
        {
            "brand": brand_id, "now": now, "rows": json.dumps(rows), "signals": rules.fingerprint(),
            "weights": keep_weights(session, brand_id, weights, now),
        },
    )  # fmt: skip
    return totals


def parts_of(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """What the signals said, as it is stored; by hand, since `asdict` copies deeply and took a fifth of the time."""
    return [{"signal": one.signal, "value": one.value, "reason": one.reason} for one in findings]


def keep_weights(session: Session, brand_id: int, weights: Mapping[str, float], now: datetime) -> int:
    """Keep the weights under their key, so that scores made with them can be explained and gone back to; the key."""
    key = rules.key_of(weights)
    session.execute(
        text("""
            insert into weight_sets (brand_id, key, weights, created) values (:brand, :key, cast(:weights as jsonb), :now)
            on conflict do nothing
        """),
        {"brand": brand_id, "key": key, "weights": json.dumps(dict(weights)), "now": now},
    )
    return key


def set_weights(
    session: Session, brand_id: int, weights: Mapping[str, float], *, actor: str, now: datetime
) -> ScoringRun | None:  # fmt: skip
    """Change what signals count for a brand; its items are scored anew in the background. The run that does it, None where nothing
    changed. Raises BadWeight.
    """
    library_actions.hold(session, brand_id)
    before = queries.get_weights(session, brand_id)
    wanted = {**before, **{name: rules.kept(weight) for name, weight in weights.items()}}
    rules.check_weights(wanted)
    key_before, key = keep_weights(session, brand_id, before, now), keep_weights(session, brand_id, wanted, now)
    if key == key_before:
        return None
    session.execute(
        text("""
            insert into signal_weights (brand_id, signal, weight, updated)
            select :brand, key, value::float8, :now from jsonb_each_text(cast(:weights as jsonb))
            on conflict (brand_id, signal) do update set weight = excluded.weight, updated = excluded.updated
        """),
        {"brand": brand_id, "weights": json.dumps(wanted), "now": now},
    )
    changed = {name: weight for name, weight in wanted.items() if weight != before[name]}
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="scoring.set_weights", subject_type="brand", subject_id=brand_id, now=now,
        **changed,
    )  # fmt: skip
    return rescoring.start(session, brand_id, Cause.WEIGHTS, key=key, before=key_before, actor=actor, now=now)


def rescore(session: Session, brand_id: int, cause: Cause, *, actor: str, now: datetime) -> ScoringRun:
    """Score all of a brand's items anew in the background, measuring them where that is what changed."""
    library_actions.hold(session, brand_id)
    key = keep_weights(session, brand_id, queries.get_weights(session, brand_id), now)
    return rescoring.start(session, brand_id, cause, key=key, before=None, actor=actor, now=now)


def measure_portion(session: Session, run: ScoringRun, *, now: datetime) -> bool:
    """Measure the run's next items anew; False when there are none left."""
    ids = queries.find_ids(session, run.brand_id, after=run.after_id, limit=MEASURED_AT_ONCE)
    if not ids:
        rescoring.finish(session, run, now=now)
        return False
    before = queries.map_totals(session, run.brand_id, ids)
    totals = keep_scores(session, run.brand_id, measure_items(session, run.brand_id, ids, now), now=now)
    changed = library_actions.copy_scores(session, run.brand_id, totals)
    far = [id for id in changed if abs(totals[id] - before.get(id, totals[id])) > rescoring.MOVED]
    rescoring.note(run, ids, changed=len(changed), moved=len(far))
    return True


def catch_up(session: Session, brand_id: int, *, now: datetime) -> ScoringRun | None:
    """Start a run where scores rest on signals or weights of an older release and none goes on."""
    if queries.find_running(session, brand_id):
        return None
    if queries.has_other_signals(session, brand_id):
        return rescore(session, brand_id, Cause.SIGNALS, actor="system", now=now)
    key = rules.key_of(queries.get_weights(session, brand_id))
    return (
        rescore(session, brand_id, Cause.WEIGHTS, actor="system", now=now) if queries.count_stale(session, brand_id, key) else None
    )


def repair_copies(session: Session, brand_id: int, *, limit: int = 500) -> list[int]:
    """Copy scores onto items that say something else; which they were. An item without a score is scored by its own job."""
    library_actions.hold(session, brand_id)
    differing = queries.find_differing(session, brand_id, limit=limit)
    library_actions.set_scores(session, brand_id, {id: score for id, _, score in differing})
    return [id for id, _, _ in differing]


def set_performances(session: Session, brand_id: int, found: Mapping[int, Performance], *, now: datetime) -> None:
    """Keep what items were measured to do, copy it to them, and score those anew of which it says something, or did."""
    if not found:
        return
    before = queries.map_performances(session, brand_id, found)
    rows = [{"item_id": id, **asdict(one)} for id, one in found.items()]
    session.execute(SET_PERFORMANCES, {"brand": brand_id, "now": now, "rows": json.dumps(rows)})
    library_actions.set_performances(session, brand_id, {id: one.value for id, one in found.items()})
    telling = [id for id, one in found.items() if one.is_proven or (id in before and before[id].is_proven)]
    score_items(session, brand_id, telling, now=now)
