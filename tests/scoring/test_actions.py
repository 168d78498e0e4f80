"""Scores on a real database: kept with their parts, copied to items, made anew when something changes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.library import actions as library_actions
from ugc.library.models import Item, Kind, RightsState
from ugc.library.rules import ItemData, NewItem, ProductTag
from ugc.rights import actions as rights_actions
from ugc.runtime import Runtime
from ugc.scoring import actions, jobs, queries, rules
from ugc.scoring.models import ItemScore, RunState

MEASURES = {
    "sharpness": 900.0,
    "brightness": 120.0,
    "contrast": 50.0,
    "colourfulness": 40.0,
    "clipped_dark": 0.0,
    "clipped_light": 0.0,
}


def queued(session: Session, name: str) -> list[dict[str, Any]]:
    """The arguments of waiting jobs of one name."""
    rows = session.execute(text("select args from procrastinate_jobs where task_name = :name order by id"), {"name": name})
    return [row[0] for row in rows]


def pictured(session: Session) -> Item:
    """An item with a measured picture."""
    brand = make.brand(session)
    file = make.file(session, brand, measures=MEASURES)
    item, _ = library_actions.add_item(
        session, brand.id, ItemData(Kind.PHOTO, body="My new hat"), files=[file], actor="system", now=NOON
    )
    return item


def test_a_score_is_kept_with_its_parts_and_copied_to_the_item(session: Session) -> None:
    item = pictured(session)
    total = actions.score_item(session, item, now=NOON)
    kept = queries.get_score(session, item.brand_id, item.id)
    assert kept == rules.score_of(rules.facts_of(item, NOON))
    assert kept is not None
    assert (item.score, kept.total, sum(part.points for part in kept.parts)) == (total, total, total)
    assert queries.get_score(session, make.brand(session).id, item.id) is None


def test_scoring_twice_changes_nothing(session: Session) -> None:
    item = pictured(session)
    actions.score_item(session, item, now=NOON)
    announced = len(queued(session, "galleries.drop_items"))
    session.info.clear()
    actions.score_item(session, item, now=NOON)
    assert session.info == {}
    assert len(queued(session, "galleries.drop_items")) == announced
    assert session.scalars(select(ItemScore.item_id)).all() == [item.id]


def test_a_tag_a_product_and_a_right_ask_for_a_new_score_and_raise_it(runtime: Runtime, session: Session) -> None:
    item = pictured(session)
    make.product(session, session.get_one(Brand, item.brand_id), sku="HAT", title="Hat of straw")
    before = actions.score_item(session, item, now=NOON)
    asked = len(queued(session, "library.item_changed"))
    library_actions.set_products(session, item, [ProductTag("HAT", 0.5, 0.5)], actor="person:1", now=NOON)
    tagged = actions.score_item(session, item, now=NOON)
    rights_actions.record(runtime, session, item, RightsState.GRANTED, text="Yes", actor="person:1", now=NOON)
    allowed = actions.score_item(session, item, now=NOON)
    assert before < tagged < allowed
    assert len(queued(session, "library.item_changed")) == asked + 2


def test_a_finished_file_scores_its_items(runtime: Runtime, session: Session) -> None:
    item = pictured(session)
    session.commit()
    jobs.score_file_items(runtime, brand_id=item.brand_id, file_id=item.media[0].file_id)
    session.refresh(item)
    assert item.score is not None


def test_another_brands_job_scores_nothing(runtime: Runtime, session: Session) -> None:
    item, stranger = pictured(session), make.brand(session)
    session.commit()
    jobs.score_item(runtime, brand_id=stranger.id, item_id=item.id)
    jobs.score_item(runtime, brand_id=stranger.id, item_id=10**9)
    session.refresh(item)
    assert item.score is None


def test_new_weights_score_the_brand_in_the_background(runtime: Runtime, session: Session) -> None:
    item = pictured(session)
    first = actions.score_item(session, item, now=NOON)
    weights = dict.fromkeys(rules.DEFAULT_WEIGHTS, 0.0) | {"rights_readiness": 3.5}
    run = actions.set_weights(session, item.brand_id, weights, actor="person:1", now=NOON)
    assert queries.get_weights(session, item.brand_id) == weights
    assert run is not None
    assert (run.total, run.done, run.measures) == (1, 0, False)
    session.commit()
    [arguments] = queued(session, "scoring.rescore")
    jobs.rescore(runtime, **arguments)
    session.expire_all()
    assert item.score == 20 != first
    assert (run.state, run.done, run.changed, run.moved) == (RunState.DONE, 1, 1, 1)
    assert actions.set_weights(session, item.brand_id, weights, actor="person:1", now=NOON) is None
    with pytest.raises(rules.BadWeight):
        actions.set_weights(session, item.brand_id, {"stars": 1.0}, actor="person:1", now=NOON)


def test_many_items_cost_no_more_queries_than_few(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        brand = make.brand(session)
        rows = [NewItem(ItemData(Kind.REVIEW, body=f"Review number {n} of a nice hat")) for n in range(60)]
        ids = [row.item_id for row in library_actions.add_items(session, brand.id, rows, actor="system", now=NOON)]
    counts = []
    for some in (ids[:2], ids[2:]):
        statements: list[str] = []

        def note(*facts: Any, statements: list[str] = statements) -> None:
            statements.append(str(facts[2]))

        event.listen(runtime.engine, "before_cursor_execute", note)
        jobs.score_items(runtime, brand_id=brand.id, item_ids=some)
        event.remove(runtime.engine, "before_cursor_execute", note)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 21


def test_the_nightly_job_puts_copies_right(runtime: Runtime, session: Session) -> None:
    item = pictured(session)
    score = actions.score_item(session, item, now=NOON)
    session.execute(text("update items set score = 1 where id = :id"), {"id": item.id})
    session.commit()
    assert queries.find_differing(session, item.brand_id, limit=9) == [(item.id, 1, score)]
    jobs.check_copies(runtime)
    session.expire_all()
    assert item.score == score
