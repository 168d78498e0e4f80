"""Scores on a real database: kept with their parts, copied to items, made anew when something changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.kit import clock
from ugc.library import actions as library_actions
from ugc.library.models import Item, Kind, RightsState
from ugc.library.rules import ItemData, NewItem, ProductTag
from ugc.media.models import FileState
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
    assert kept == rules.score_of(queries.map_facts(session, item.brand_id, [item.id], NOON)[item.id])
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
    jobs.score_file_items(runtime, brand_id=item.brand_id, file_ids=[item.media[0].file_id])
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


def test_what_time_alone_changed_is_measured_anew_at_night(runtime: Runtime, session: Session) -> None:
    brand, now = make.brand(session), clock.now()
    rows = {
        "old": NewItem(ItemData(Kind.REVIEW, body="Lovely hat", published_at=now - timedelta(days=400))),
        "ancient": NewItem(ItemData(Kind.REVIEW, body="Nice hat", published_at=now - timedelta(days=4_000))),
        "begun": NewItem(ItemData(Kind.REVIEW, body="Soft hat", published_at=now - timedelta(days=10))),
        "fresh": NewItem(ItemData(Kind.REVIEW, body="New hat", published_at=now - timedelta(days=10))),
    }
    added = library_actions.add_items(session, brand.id, list(rows.values()), actor="system", now=now)
    ids = {name: row.item_id for name, row in zip(rows, added, strict=True)}
    begun = session.get_one(Item, ids["begun"])
    begun.rights_state, begun.rights_from = RightsState.GRANTED, now - timedelta(hours=2)
    actions.score_items(session, brand.id, [ids["old"], ids["ancient"]], now=now - timedelta(days=40))
    actions.score_items(session, brand.id, [ids["begun"], ids["fresh"]], now=now - timedelta(days=1))
    session.commit()
    assert queries.find_aged(session, brand.id, now=now, limit=9) == [ids["old"], ids["begun"]]
    before = queries.map_scores(session, brand.id, ids.values())
    jobs.measure_aged(runtime)
    after = queries.map_scores(session, brand.id, ids.values())
    assert {id for id in before if before[id] != after[id]} == {ids["old"], ids["begun"]}
    assert parts(after[ids["old"]])["freshness"] < parts(before[ids["old"]])["freshness"]
    assert (parts(before[ids["begun"]])["rights_readiness"], parts(after[ids["begun"]])["rights_readiness"]) == (0.5, 1.0)
    assert queries.find_aged(session, brand.id, now=now, limit=9) == [], "nothing is left for the next night"


def parts(score: rules.Score) -> dict[str, float]:
    """Signal → its value."""
    return {part.signal: part.value for part in score.parts if part.value is not None}


def test_the_first_finished_picture_and_all_products_are_what_a_score_rests_on(session: Session) -> None:
    brand = make.brand(session)
    files = [
        make.file(session, brand, state=state, width=width) for state, width in ((FileState.PENDING, 1), (FileState.READY, 900))
    ]
    files.append(make.file(session, brand, width=2_000))
    for sku in ("HAT", "BAG"):
        make.product(session, brand, sku=sku, title=sku.title())
    item, _ = library_actions.add_item(session, brand.id, ItemData(Kind.PHOTO, body="Mine"), files=files, actor="system", now=NOON)
    library_actions.set_products(session, item, [ProductTag("HAT"), ProductTag("BAG", 0.2, 0.4)], actor="person:1", now=NOON)
    bare, _ = library_actions.add_item(session, brand.id, ItemData(Kind.REVIEW, body="Fits"), actor="system", now=NOON)
    found = queries.map_facts(session, brand.id, [item.id, bare.id], NOON)
    assert (found[item.id].width, found[item.id].products, found[item.id].hotspots) == (900, ("Hat", "Bag"), 1)
    assert (found[bare.id].width, found[bare.id].products, found[bare.id].measures) == (None, (), {})
    assert queries.map_facts(session, make.brand(session).id, [item.id], NOON) == {}
