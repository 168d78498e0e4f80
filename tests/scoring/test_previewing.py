"""What other weights would change, before they do."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from tests.scoring.test_rescoring import ONLY_TEXT, scored
from ugc.accounts.models import Brand
from ugc.galleries import reordering
from ugc.galleries.models import Gallery
from ugc.library.models import Item, RightsState, State
from ugc.runtime import Runtime
from ugc.scoring import actions, jobs, presets, previewing, queries, rules


def order(session: Session, brand: Brand) -> list[int]:
    """The brand's usable items, best first."""
    session.expire_all()
    found = session.query(Item).filter(Item.brand_id == brand.id, Item.state.in_(previewing.SHOWN))
    return [item.id for item in found.order_by(Item.score.desc(), Item.id.desc())]


def test_the_preview_is_what_saving_then_does(runtime: Runtime, session: Session) -> None:
    brand = scored(session, 30)
    before = queries.map_totals(session, brand.id, order(session, brand))
    today = order(session, brand)[:20]
    found = previewing.preview(session, brand.id, ONLY_TEXT)
    assert [one.item_id for one in found.now] == today
    run = actions.set_weights(session, brand.id, ONLY_TEXT, actor="person:1", now=NOON)
    session.commit()
    assert run is not None
    jobs.rescore(runtime, brand_id=brand.id, run_id=run.id)
    after = queries.map_totals(session, brand.id, before)
    assert [one.item_id for one in found.new] == order(session, brand)[:20]
    assert {one.item_id: one.score for one in found.new} == {one.item_id: after[one.item_id] for one in found.new}
    assert found.moved == run.moved == sum(abs(after[id] - before[id]) > 5 for id in before)
    assert found.entering == set(order(session, brand)[:20]) - set(today)
    assert sum(bar.count for bar in found.bars) == found.total == 30
    assert [one.place for one in found.new] == list(range(1, 21))


def test_weights_as_they_are_change_nothing(session: Session) -> None:
    brand = scored(session, 5)
    found = previewing.preview(session, brand.id, {})
    assert (found.moved, found.entering, found.leaving) == (0, frozenset(), frozenset())
    assert [bar.count for bar in found.bars] == [0, 0, 0, 5, 0, 0, 0]
    assert {one.rose for one in found.new} == {0}


def test_rejected_items_are_not_among_the_first_however_many_they_are(session: Session) -> None:
    brand = scored(session, 12)
    best = order(session, brand)
    session.execute(update(Item).where(Item.id.in_(best[:9])).values(state=State.REJECTED))
    assert [one.item_id for one in previewing.preview(session, brand.id, {}).now] == best[9:]


def test_only_the_chosen_kinds_are_looked_at(session: Session) -> None:
    brand = scored(session, 4)
    photo = make.item(session, brand)
    actions.score_items(session, brand.id, [photo.id], now=NOON)
    found = previewing.preview(session, brand.id, {}, kinds=["photo"])
    assert ([one.item_id for one in found.now], found.total) == ([photo.id], 1)


def test_of_very_many_items_a_sample_and_todays_best_are_weighed_and_it_says_so(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand = scored(session, 30)
    exact = previewing.preview(session, brand.id, ONLY_TEXT)
    monkeypatch.setattr(previewing, "MOST", 10)
    found = previewing.preview(session, brand.id, ONLY_TEXT)
    assert found.is_estimate
    assert not exact.is_estimate
    assert 5 <= found.sampled <= 15
    assert found.total == 30
    assert [one.item_id for one in found.now] == [one.item_id for one in exact.now]
    assert abs(found.moved - exact.moved) <= 10


def test_an_empty_brand_and_values_of_another_release_are_no_error(session: Session) -> None:
    empty = previewing.preview(session, make.brand(session).id, ONLY_TEXT)
    assert (empty.total, empty.now, empty.new) == (0, (), ())
    brand = scored(session, 4)
    session.execute(text("update item_values set signals = 1, measured = '' where brand_id = :id"), {"id": brand.id})
    found = previewing.preview(session, brand.id, ONLY_TEXT)
    assert (found.total, found.unmeasured, found.now) == (4, 4, ())
    with pytest.raises(rules.BadWeight):
        previewing.preview(session, brand.id, dict.fromkeys(rules.DEFAULT_WEIGHTS, 0.0))


def test_galleries_whose_first_page_changes_are_named(session: Session) -> None:
    brand = scored(session, 30)
    session.execute(update(Item).where(Item.brand_id == brand.id).values(state=State.APPROVED, rights_state=RightsState.OWNED))
    for slug, sort in (("best", "score"), ("fresh", "newest")):
        make.added(session, Gallery(brand_id=brand.id, slug=slug, name=slug.title(), rule={}, sort=sort, page_size=6))
    draft = dict.fromkeys(rules.DEFAULT_WEIGHTS, 0.0) | {"freshness": 1.0}
    found = previewing.preview(session, brand.id, draft)
    changed, looked_at = reordering.find_reordered(session, brand.id, found, NOON)
    best = order(session, brand)[:6]
    assert looked_at == 1
    newest = sorted(order(session, brand), reverse=True)[:6]
    assert [(one.slug, one.size) for one in changed] == ([("best", 6)] if best != newest else [])
    assert all(one.places == sum(a != b for a, b in zip(best, newest, strict=True)) for one in changed)
    same = previewing.preview(session, brand.id, {})
    assert reordering.find_reordered(session, brand.id, same, NOON) == ([], 1)


def test_presets_name_every_signal_within_bounds_and_know_themselves() -> None:
    names = [signal.name for _, signals in presets.grouped() for signal in signals]
    assert sorted(names) == sorted(rules.DEFAULT_WEIGHTS)
    for preset in presets.PRESETS:
        rules.check_weights(preset.weights)
        assert preset.weights.keys() == rules.DEFAULT_WEIGHTS.keys()
        assert presets.preset_of(preset.weights) == preset.name
    assert presets.preset_of(rules.DEFAULT_WEIGHTS | {"freshness": 99.5}) == ""
