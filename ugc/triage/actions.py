"""Writes: train, predict, set bounds, decide within them, fall back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.kit import jobs
from ugc.kit.db import among
from ugc.library import actions as library_actions
from ugc.library.models import Reason, State
from ugc.modelling import actions as modelling_actions
from ugc.modelling import queries as modelling_queries
from ugc.modelling.models import TrainedModel
from ugc.triage import features, learning, queries, rules
from ugc.triage.features import Facts
from ugc.triage.models import ItemApproval, Mode, TriageBounds, TriageCheck, TriageRun
from ugc.triage.queries import Candidate, Decided
from ugc.triage.rules import Wanted

ACTOR = "triage"
NEW = 20
"""New decisions before it is learnt again: on fewer no two models can be told apart."""
PORTION = 500
TOLD = 3
"""Reasons for and against that are kept."""
FAINT = 0.08
"""Log-odds below which a group is no reason."""


# Learning.


def train(session: Session, brand_id: int, *, actor: str, now: datetime) -> TrainedModel | None:
    """Learn from the brand's decisions; None where there are too few, or too few new ones."""
    decided = queries.find_decided(session, brand_id)
    have, needed = rules.have_enough([one.approved for one in decided])
    if have < needed:
        modelling_actions.note_need(session, brand_id, learning.KIND, have=have, needed=needed, of="decisions", now=now)
        return None
    incumbent = queries.get_model(session, brand_id)
    through = int(incumbent.facts["through"]) if incumbent else 0
    fresh = sum(one.decision_id > through for one in decided)
    if incumbent and fresh < NEW:
        return None
    return consider(session, brand_id, decided, incumbent, through, actor, now)


def consider(
    session: Session, brand_id: int, decided: Sequence[Decided], incumbent: learning.Model | None, through: int, actor: str,
    now: datetime,
) -> TrainedModel:  # fmt: skip
    """Train a candidate and keep it; it is used when it foretells new decisions better than the one in use."""
    # scikit-learn takes a second and 100 MB to import: only a process that trains does.
    from ugc.triage import training

    taught = taught_of(session, brand_id, decided)
    by_item = {one.item_id: one for one in decided}
    model = training.train(taught)
    model = replace(model, facts={**model.facts, "through": max(one.decision_id for one in decided)})
    new = numpy.asarray([by_item[one.item_id].decision_id > through for one in taught])
    p, y = model.heldout["p"], model.heldout["y"]
    metrics = measures_of(p[new], y[new])
    rows = [one.row for one, is_new in zip(taught, new.tolist(), strict=True) if is_new]
    before = measures_of(incumbent.predict(rows), y[new]) if incumbent else None
    # Without one in use it must know more than the share of what is approved.
    limit = before["log_loss"] if before else rules.log_loss(numpy.full(len(y), y.mean()), y)
    better = metrics["log_loss"] < limit
    against = "the one in use" if before else "always saying how many are approved"
    why = f"{'Foretells' if better else 'Does not foretell'} {len(rows):,} decisions better than {against}"
    data = {
        "from": decided[0].at.isoformat(), "to": decided[-1].at.isoformat(), "approved": int(y.sum()),
        "rejected": int((1 - y).sum()), "split": "8 folds by creator", **model.facts,
    }  # fmt: skip
    return modelling_actions.consider(
        session, brand_id, learning.to_artefact(model), rows=len(taught), data=data, metrics=metrics, incumbent=before,
        better=better, why=why, actor=actor, now=now,
    )  # fmt: skip


def measures_of(p: Any, y: Any) -> dict[str, float]:
    """How predictions did on decisions."""
    return {
        "log_loss": round(rules.log_loss(p, y), 4),
        "accuracy": round(float(((p >= 0.5) == (y > 0.5)).mean()), 4),
        "calibration_error": round(rules.calibration_error(p, y), 4),
    }


def taught_of(session: Session, brand_id: int, decided: Sequence[Decided]) -> list[Any]:
    """Each decision with what was known of its item; of its creator, only what came before it."""
    # Its shape lives beside the training, which imports scikit-learn.
    from ugc.triage.training import Taught

    ids = [one.item_id for one in decided]
    creators = queries.map_creators(session, brand_id, ids)
    pasts = queries.pasts_in_order(decided, creators)
    facts: dict[int, Facts] = {}
    for start in range(0, len(ids), PORTION):
        facts |= queries.map_facts(session, brand_id, ids[start : start + PORTION])
    taught = []
    for one in decided:
        if one.item_id in facts:
            approved, rejected = pasts[one.item_id]
            known = replace(facts[one.item_id], approved=approved, rejected=rejected)
            group = creators.get(one.item_id, -one.item_id)
            taught.append(Taught(one.item_id, features.row_of(known), one.approved, known.kind, group))
    return taught


# Predicting.


def predict(session: Session, brand_id: int, item_ids: Iterable[int], *, now: datetime) -> int:
    """Say of those items that wait how likely they are approved, and why; how many. Doing it twice changes nothing."""
    model = queries.get_model(session, brand_id)
    ids = queries.keep_waiting(session, brand_id, item_ids)
    if model is None or not ids or queries.get_wanted(session, brand_id).mode is Mode.OFF:
        return 0
    facts = queries.with_pasts(session, brand_id, queries.map_facts(session, brand_id, ids))
    rows = [features.row_of(facts[id]) for id in ids]
    probabilities = [round(p, 4) for p in model.predict(rows).tolist()]
    whys = [reasons_of(added, facts[id]) for id, added in zip(ids, model.explain(rows), strict=True)]
    keep_approvals(session, brand_id, ids, probabilities, whys, now)
    creators = queries.map_creators(session, brand_id, ids)
    worth = rules.teaching(probabilities, [likes_of(facts[id], creators.get(id)) for id in ids])
    checked = queries.find_checked(session, brand_id, ids)
    told = {id: None if id in checked else p for id, p in zip(ids, probabilities, strict=True)}
    library_actions.set_approvals(session, brand_id, told, dict(zip(ids, worth, strict=True)))
    return len(ids)


def reasons_of(added: dict[str, float], facts: Facts) -> list[list[Any]]:
    """The strongest groups for and against, in words: `[group, words, log-odds]`."""
    ranked = sorted(added.items(), key=lambda pair: -abs(pair[1]))
    told = [(group, weight) for group, weight in ranked if abs(weight) >= FAINT]
    kept = [*[one for one in told if one[1] > 0][:TOLD], *[one for one in told if one[1] < 0][:TOLD]]
    return [[group, features.words_for(group, facts, weight > 0), round(weight, 3)] for group, weight in kept]


def likes_of(facts: Facts, creator_id: int | None) -> list[str]:
    """What an item shares with those that are like it: its creator, and its place among the pictures, roughly."""
    likes = [f"creator/{creator_id}"] if creator_id else []
    if facts.picture is not None:
        likes.append("look/" + "".join("1" if value > 0 else "0" for value in facts.picture[:6].tolist()))
    return likes


def keep_approvals(
    session: Session, brand_id: int, ids: Sequence[int], probabilities: Sequence[float], whys: Sequence[Any], now: datetime
) -> None:
    """Store the predictions in one statement."""
    rows = [{"item": id, "p": p, "why": why} for id, p, why in zip(ids, probabilities, whys, strict=True)]
    session.execute(
        text("""
            insert into item_approvals (item_id, brand_id, p, why, model_version, at)
            select r.item, :brand, r.p, r.why, :version, :now
            from jsonb_to_recordset(cast(:rows as jsonb)) as r (item bigint, p float8, why jsonb)
            on conflict (item_id) do update
            set p = excluded.p, why = excluded.why, model_version = excluded.model_version, at = excluded.at
        """),
        {
            "brand": brand_id, "now": now, "rows": json.dumps(rows),
            "version": modelling_queries.version_of(session, brand_id, learning.KIND),
        },
    )  # fmt: skip


def forget_predictions(session: Session, brand_id: int, item_ids: Collection[int]) -> None:
    """Take predictions back: there is no model any more, or the brand wants none."""
    session.execute(delete(ItemApproval).where(ItemApproval.brand_id == brand_id, among(ItemApproval.item_id, item_ids)))
    library_actions.set_approvals(session, brand_id, dict.fromkeys(item_ids))


# Bounds.


def set_wanted(session: Session, brand_id: int, wanted: Wanted, *, actor: str, now: datetime) -> None:
    """Say what the machine may do; raises BadBounds. What follows is done in the background."""
    rules.check_wanted(wanted)
    library_actions.hold(session, brand_id)
    keep_wanted(session, brand_id, wanted, now)
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="triage.set_bounds", subject_type="brand", subject_id=brand_id, now=now,
        mode=wanted.mode.value, agreement=wanted.agreement, kinds=list(wanted.kinds), decides=wanted.decides.value,
        per_day=wanted.per_day, note=wanted.note,
    )  # fmt: skip
    jobs.enqueue(session, "triage.predict_brand", once=f"triage.predict_brand:{brand_id}", brand_id=brand_id)


def keep_wanted(session: Session, brand_id: int, wanted: Wanted, now: datetime) -> None:
    """The brand's row."""
    row = {
        "brand_id": brand_id, "mode": wanted.mode.value, "agreement": wanted.agreement, "kinds": list(wanted.kinds),
        "decides": wanted.decides.value, "per_day": wanted.per_day, "note": wanted.note, "changed": now,
    }  # fmt: skip
    session.execute(insert(TriageBounds).values(row).on_conflict_do_update(index_elements=["brand_id"], set_=row))
    session.expire_all()


def fall_back(session: Session, brand_id: int, wanted: Wanted, live: queries.Live, *, now: datetime) -> None:
    """Only suggest from now on, and say why: people do not agree any more as the brand asked."""
    note = (
        f"People agreed with {live.agreed:,} of {live.checked:,} checks and changed {live.overturned:,} of {live.decided:,} "
        f"automatic decisions; you asked for {wanted.agreement:.1%}."
    )
    set_wanted(session, brand_id, replace(wanted, mode=Mode.SUGGEST, note=note), actor=ACTOR, now=now)


# Deciding.


def decide_some(session: Session, brand_id: int, *, after: int, now: datetime, limit: int = 200) -> int | None:
    """Decide on the next waiting items inside the bounds, one undoable batch; where to go on, None at the end."""
    library_actions.hold(session, brand_id)
    wanted, model = queries.get_wanted(session, brand_id), queries.get_model(session, brand_id)
    if wanted.mode is not Mode.AUTOMATIC or model is None:
        return None
    row = session.get_one(TriageBounds, brand_id)
    live = queries.get_live(session, brand_id, since=row.changed)
    if live.has_dropped(wanted.agreement):
        fall_back(session, brand_id, wanted, live, now=now)
        return None
    version = modelling_queries.version_of(session, brand_id, learning.KIND)
    left = wanted.per_day - queries.count_decided_since(session, brand_id, now - queries.DAY)
    bounds = queries.bounds_of(model, wanted)
    found = queries.find_candidates(session, brand_id, wanted, bounds, version, after=after, limit=limit) if left > 0 else []
    free = unbarred(session, brand_id, found)
    keep_checks(session, brand_id, [one for one in free if rules.is_checked(one.item_id)], version, now)
    carry_out(session, brand_id, [one for one in free if not rules.is_checked(one.item_id)][:left], version, now)
    return found[-1].item_id if len(found) == limit else None


def unbarred(session: Session, brand_id: int, found: Sequence[Candidate]) -> list[Candidate]:
    """Those on which nothing was found that a person must look at; a text must have been read before."""
    ids = [one.item_id for one in found]
    barred, read = queries.find_barriers(session, brand_id, ids), queries.find_read(session, brand_id, ids)
    return [one for one in found if not barred[one.item_id] and (not one.has_text or one.item_id in read)]


def keep_checks(session: Session, brand_id: int, found: Sequence[Candidate], version: int, now: datetime) -> None:
    """Leave these to a person, and remember what would have been decided."""
    session.add_all(
        TriageCheck(item_id=one.item_id, brand_id=brand_id, approves=one.approves, p=one.p, model_version=version, at=now)
        for one in found
    )
    session.flush()
    library_actions.set_approvals(session, brand_id, {one.item_id: None for one in found})


def carry_out(session: Session, brand_id: int, found: Sequence[Candidate], version: int, now: datetime) -> None:
    """Take the decisions in one batch; what a person decided meanwhile is his."""
    standing = library_actions.lock_items(session, brand_id, sorted(one.item_id for one in found)) if found else []
    waiting = {id for id, state, _, _ in standing if state is State.INBOX}
    chosen = [one for one in found if one.item_id in waiting]
    if not chosen:
        return
    batch, actor = secrets.token_urlsafe(12), f"{ACTOR}:v{version}"
    approved = [one.item_id for one in chosen if one.approves]
    if approved:
        library_actions.decide(session, brand_id, approved, State.APPROVED, None, "", actor, now, batch)
    for reason in (Reason.LOW_QUALITY, Reason.OFF_TOPIC):
        rejected = [one.item_id for one in chosen if not one.approves and reason_of(one) is reason]
        if rejected:
            library_actions.decide(session, brand_id, rejected, State.REJECTED, reason, "", actor, now, batch)
    counts = {"approved": len(approved), "rejected": len(chosen) - len(approved)}
    session.add(TriageRun(brand_id=brand_id, batch=batch, model_version=version, at=now, **counts))
    session.flush()


def reason_of(one: Candidate) -> Reason:
    """The reason code of a rejection, from what spoke against the item."""
    return rules.reason_of({str(group): float(weight) for group, _, weight in one.why})
