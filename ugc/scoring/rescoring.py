"""Runs: a brand's items scored anew in portions, each a commit, so that a killed run goes on where it was."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.kit import jobs
from ugc.library import actions as library_actions
from ugc.scoring import queries, rules, weighing
from ugc.scoring.models import Cause, RunState, ScoringRun

PORTION = 2_000
"""Items weighed anew in one transaction; what of the library is written takes about half a second then."""
MOVED = 5
"""A change of more points than this is worth telling."""

NEXT = text("""
select item_id from item_values
where brand_id = :brand and item_id > :after and weights <> :weights and signals = :signals
order by item_id limit :most
""")

WRITE = text("""
update item_values v set score = r.score, weights = :weights
from unnest(cast(:ids as bigint[]), cast(:scores as bigint[])) as r (id, score) where v.item_id = r.id and v.brand_id = :brand
""")


def start(
    session: Session, brand_id: int, cause: Cause, *, key: int, before: int | None, actor: str, now: datetime
) -> ScoringRun:  # fmt: skip
    """Begin a run under the brand's lock; one that goes on ends, since this one covers what it had left."""
    session.execute(
        update(ScoringRun)
        .where(ScoringRun.brand_id == brand_id, ScoringRun.state == RunState.RUNNING)
        .values(state=RunState.SUPERSEDED, finished_at=now)
    )
    measures = cause is not Cause.WEIGHTS or queries.has_other_signals(session, brand_id)
    total = queries.count_items(session, brand_id) if measures else queries.count_stale(session, brand_id, key)
    run = ScoringRun(
        brand_id=brand_id, cause=cause, measures=measures, weights=key, weights_before=before, actor=actor, total=total,
        started_at=now, state=RunState.RUNNING, done=0, changed=0, moved=0, after_id=0,
    )  # fmt: skip
    session.add(run)
    session.flush()
    enqueue(session, run)
    return run


def enqueue(session: Session, run: ScoringRun) -> None:
    """Have the run go on; runs of one brand follow one another."""
    jobs.enqueue(session, "scoring.rescore", lock=f"scoring.rescore:{run.brand_id}", brand_id=run.brand_id, run_id=run.id)


def go_on(session: Session, brand_id: int, run_id: int) -> ScoringRun | None:
    """The run, under the brand's lock, if it still is the one to do."""
    library_actions.hold(session, brand_id)
    run = session.get(ScoringRun, run_id, populate_existing=True)
    return run if run and run.brand_id == brand_id and run.state is RunState.RUNNING else None


def weigh_portion(session: Session, run: ScoringRun, *, now: datetime) -> bool:
    """Weigh the run's next stored values anew; False when there are none left."""
    facts = {"brand": run.brand_id, "after": run.after_id, "weights": run.weights, "signals": rules.fingerprint(), "most": PORTION}
    ids = list(session.scalars(NEXT, facts))
    if not ids:
        finish(session, run, now=now)
        return False
    found = queries.load_values_of(session, run.brand_id, ids)
    scores = weighing.weigh(found.table, queries.get_weight_set(session, run.brand_id, run.weights))
    session.execute(WRITE, {"brand": run.brand_id, "weights": run.weights, "ids": found.ids.tolist(), "scores": scores.tolist()})
    changed = scores != found.scores
    library_actions.copy_scores(
        session, run.brand_id, dict(zip(found.ids[changed].tolist(), scores[changed].tolist(), strict=True))
    )
    note(run, ids, changed=int(changed.sum()), moved=int((np.abs(scores - found.scores) > MOVED).sum()))
    return True


def note(run: ScoringRun, ids: list[int], *, changed: int, moved: int) -> None:
    """How far the run has come."""
    run.after_id = ids[-1]
    run.done += len(ids)
    run.changed += changed
    run.moved += moved


def finish(session: Session, run: ScoringRun, *, now: datetime) -> None:
    """The run is through; galleries that are in order of the score are rendered anew, all at once."""
    run.state, run.finished_at, run.total = RunState.DONE, now, run.done
    if run.changed:
        accounts_actions.bump_content(session, run.brand_id)
        jobs.enqueue(session, "galleries.drop_ordered", queue="events", brand_id=run.brand_id)
