"""Runs that score a brand's items anew: from stored values, resumed, superseded, and measured anew where signals changed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from tests.scoring.test_actions import queued
from ugc.accounts.models import Brand
from ugc.library import actions as library_actions
from ugc.library.models import Item, Kind
from ugc.library.rules import ItemData, NewItem
from ugc.runtime import Runtime
from ugc.scoring import actions, jobs, queries, rescoring, rules
from ugc.scoring.models import Cause, RunState, ScoringRun

ONLY_TEXT = dict.fromkeys(rules.DEFAULT_WEIGHTS, 0.0) | {"review_text": 50.0, "freshness": 1.0}


def scored(session: Session, count: int = 7) -> Brand:
    """A brand with as many scored reviews of growing length."""
    brand = make.brand(session)
    rows = [NewItem(ItemData(Kind.REVIEW, body=" ".join(f"word{n}" for n in range(3 * length + 1)))) for length in range(count)]
    added = library_actions.add_items(session, brand.id, rows, actor="system", now=NOON)
    actions.score_items(session, brand.id, [row.item_id for row in added], now=NOON)
    session.commit()
    return brand


def begin(session: Session, brand: Brand, weights: dict[str, float] = ONLY_TEXT) -> ScoringRun:
    """A run for these weights."""
    run = actions.set_weights(session, brand.id, weights, actor="person:1", now=NOON)
    session.commit()
    assert run is not None
    return run


def totals(session: Session, brand: Brand) -> dict[int, int | None]:
    """Item → the score on the item itself."""
    session.expire_all()
    return {item.id: item.score for item in session.query(Item).filter_by(brand_id=brand.id)}


def test_a_run_gives_every_item_the_score_that_measuring_it_anew_would(runtime: Runtime, session: Session) -> None:
    brand = scored(session)
    run = begin(session, brand)
    jobs.rescore(runtime, brand_id=brand.id, run_id=run.id)
    fast = totals(session, brand)
    assert (run.state, run.done, run.total) == (RunState.DONE, 7, 7)
    assert run.changed >= run.moved > 0
    actions.score_items(session, brand.id, list(fast), now=NOON)
    assert totals(session, brand) == fast
    shown = queries.map_scores(session, brand.id, fast)
    assert {id: sum(part.points for part in score.parts) for id, score in shown.items()} == fast
    assert all(part.weight == ONLY_TEXT[part.signal] for score in shown.values() for part in score.parts)


def test_a_run_loads_no_item_and_enqueues_one_job_for_the_galleries(runtime: Runtime, session: Session) -> None:
    brand = scored(session)
    run = begin(session, brand)
    before = len(queued(session, "galleries.drop_items"))
    statements: list[str] = []

    def note(*facts: Any) -> None:
        statements.append(facts[2])

    event.listen(runtime.engine, "before_cursor_execute", note)
    jobs.rescore(runtime, brand_id=brand.id, run_id=run.id)
    event.remove(runtime.engine, "before_cursor_execute", note)
    assert not [one for one in statements if one.lower().startswith("select items.")]
    assert queued(session, "galleries.drop_ordered") == [{"brand_id": brand.id}]
    assert len(queued(session, "galleries.drop_items")) == before


def test_a_killed_run_goes_on_where_it_was(runtime: Runtime, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescoring, "PORTION", 3)
    brand = scored(session)
    run = begin(session, brand)
    assert jobs.rescore_some(runtime, brand.id, run.id)
    session.expire_all()
    assert (run.done, run.state) == (3, RunState.RUNNING)
    half = totals(session, brand)
    shown = queries.map_scores(session, brand.id, half)
    assert {id: score.total for id, score in shown.items()} == half, "half way through, every item's parts add up to its score"
    jobs.rescore(runtime, brand_id=brand.id, run_id=run.id)
    session.expire_all()
    assert (run.done, run.state) == (7, RunState.DONE)


def test_a_newer_change_takes_the_place_of_an_older_run(
    runtime: Runtime, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescoring, "PORTION", 3)
    brand = scored(session)
    older = begin(session, brand)
    jobs.rescore_some(runtime, brand.id, older.id)
    newer = begin(session, brand, rules.DEFAULT_WEIGHTS)
    jobs.rescore(runtime, brand_id=brand.id, run_id=older.id)
    session.expire_all()
    assert (older.state, older.done) == (RunState.SUPERSEDED, 3)
    assert newer.total == 3, "only what the older run had come to"
    jobs.rescore(runtime, brand_id=brand.id, run_id=newer.id)
    key = rules.key_of(rules.DEFAULT_WEIGHTS)
    assert queries.count_stale(session, brand.id, key) == 0


def test_values_of_another_releases_signals_are_measured_anew_in_the_background(runtime: Runtime, session: Session) -> None:
    brand = scored(session)
    before = totals(session, brand)
    session.execute(text("update item_values set signals = 1, measured = '', score = 1 where brand_id = :id"), {"id": brand.id})
    session.commit()
    jobs.catch_up(runtime)
    [run] = queries.find_runs(session, brand.id)
    assert (run.cause, run.measures, run.total) == (Cause.SIGNALS, True, 7)
    jobs.rescore(runtime, brand_id=brand.id, run_id=run.id)
    session.expire_all()
    assert totals(session, brand) == before
    assert (run.state, run.done) == (RunState.DONE, 7)
    assert not queries.has_other_signals(session, brand.id)
    jobs.catch_up(runtime)
    assert len(queries.find_runs(session, brand.id)) == 1, "there is nothing left to do"


def test_a_run_whose_job_is_gone_is_taken_up_again(runtime: Runtime, session: Session) -> None:
    brand = scored(session)
    run = begin(session, brand)
    session.execute(text("delete from procrastinate_jobs where task_name = 'scoring.rescore'"))
    session.commit()
    jobs.catch_up(runtime)
    jobs.catch_up(runtime)
    assert queued(session, "scoring.rescore") == [{"brand_id": brand.id, "run_id": run.id}]


def test_an_item_scored_in_the_middle_of_a_run_has_the_newest_weights(runtime: Runtime, session: Session) -> None:
    brand = scored(session)
    run = begin(session, brand)
    first = min(totals(session, brand))
    actions.score_items(session, brand.id, [first], now=NOON)
    session.commit()
    jobs.rescore(runtime, brand_id=brand.id, run_id=run.id)
    session.expire_all()
    assert (run.done, run.total) == (6, 6), "the one that was done already is left out"


def test_another_brands_run_is_nobodys_business(runtime: Runtime, session: Session) -> None:
    brand, stranger = scored(session, 2), scored(session, 2)
    run = begin(session, brand)
    jobs.rescore(runtime, brand_id=stranger.id, run_id=run.id)
    session.expire_all()
    assert (run.done, run.state) == (0, RunState.RUNNING)
    assert queries.find_runs(session, stranger.id) == []
