"""What sells, on a real database: counted by place from the log, kept where it is news, copied, and scored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.make import NOON
from tests.tracking import sent
from ugc.accounts.models import Brand
from ugc.galleries import queries as galleries_queries
from ugc.galleries.models import Sort
from ugc.insights import jobs, measuring
from ugc.insights.models import ItemPlace, PlaceCurve
from ugc.kit import clock
from ugc.library.models import Item
from ugc.runtime import Runtime
from ugc.scoring import actions as scoring_actions
from ugc.scoring import queries as scoring_queries
from ugc.tracking.reading import BadEvents

SECOND = timedelta(seconds=1)
TODAY = NOON.date()


@dataclass(frozen=True)
class Shop:
    """A brand with a key and two approved items."""

    brand: Brand
    key: str
    hat: int
    shirt: int


@pytest.fixture
def shop(session: Session, runtime: Runtime) -> Shop:
    made = sent.shop(session, runtime)
    session.commit()
    return Shop(made.brand, made.key, hat=made.item.id, shirt=made.hat_item.id)


def places(session: Session, shop: Shop) -> list[tuple[int, int, int, int]]:
    """(item, place, impressions, clicks) as they are counted now."""
    measuring.count_places(session, shop.brand.id, TODAY - timedelta(days=1), TODAY)
    rows = session.scalars(select(ItemPlace).order_by(ItemPlace.item_id, ItemPlace.position)).all()
    return [(row.item_id, row.position, row.impressions, row.clicks) for row in rows]


def visit(runtime: Runtime, shop: Shop, visitor: str, *events: dict[str, Any]) -> None:
    """A visitor's beacon."""
    sent.collect(runtime, sent.beacon(shop.key, *events, visitor=visitor, session=f"{visitor}-s"), NOON)


def seen(item: int, position: Any, seconds: int = -600, **facts: Any) -> dict[str, Any]:
    """An impression in a place of the gallery."""
    return sent.event("item_impression", NOON + seconds * SECOND, item=item, gallery="home", position=position, **facts)


def opened(item: int, seconds: int = -590, **facts: Any) -> dict[str, Any]:
    """A click on the item."""
    return sent.event("item_open", NOON + seconds * SECOND, item=item, gallery="home", **facts)


def test_a_click_belongs_to_the_place_where_the_item_was_last_seen(session: Session, runtime: Runtime, shop: Shop) -> None:
    visit(runtime, shop, "one", seen(shop.hat, 1), seen(shop.shirt, 2), opened(shop.shirt))
    visit(
        runtime,
        shop,
        "two",
        seen(shop.shirt, 1, -900),
        seen(shop.shirt, 7, -700),
        opened(shop.shirt, -690),
        opened(shop.shirt, -640),
    )
    visit(runtime, shop, "late", seen(shop.hat, 3, -2400), opened(shop.hat, -300))
    visit(runtime, shop, "elsewhere", opened(shop.hat, -300))
    assert places(session, shop) == [
        (shop.hat, 1, 1, 0), (shop.hat, 3, 1, 0), (shop.shirt, 1, 1, 0), (shop.shirt, 2, 1, 1), (shop.shirt, 7, 1, 1),
    ]  # fmt: skip


def test_counting_again_changes_nothing_and_robots_and_old_widgets_do_not_count(
    session: Session, runtime: Runtime, shop: Shop
) -> None:
    visit(runtime, shop, "one", seen(shop.hat, 1), opened(shop.hat))
    visit(runtime, shop, "far", seen(shop.hat, 999))
    visit(runtime, shop, "old", sent.event("item_impression", NOON, item=shop.hat, gallery="home"))
    session.execute(text("update events set ivt_reason = 'automation' where visitor = 'far'"))
    first = places(session, shop)
    assert first == [(shop.hat, 1, 1, 1)]
    assert places(session, shop) == first


def fill(session: Session, shop: Shop, *, hat: tuple[int, int], shirt: tuple[int, int]) -> None:
    """So many impressions and clicks of two items in the second place, and of the hat in the first."""
    rows = [(shop.hat, 2, *hat), (shop.shirt, 2, *shirt), (shop.hat, 1, 50, 3)]
    session.add_all(
        ItemPlace(brand_id=shop.brand.id, day=TODAY, item_id=item, position=place, impressions=shown, clicks=clicks)
        for item, place, shown, clicks in rows
    )
    session.flush()


def test_what_sells_is_kept_copied_and_scored_with_its_reason(session: Session, runtime: Runtime, shop: Shop) -> None:
    scoring_actions.score_items(session, shop.brand.id, [shop.hat, shop.shirt], now=NOON)
    fill(session, shop, hat=(4000, 60), shirt=(4000, 240))
    found = measuring.measure(session, shop.brand.id, now=NOON)
    measuring.keep(session, shop.brand.id, found.items(), now=NOON)
    hat, shirt = (
        scoring_queries.map_performances(session, shop.brand.id, [shop.hat, shop.shirt])[id] for id in (shop.hat, shop.shirt)
    )
    assert shirt.low > 1 > hat.high
    assert shirt.low <= shirt.lift <= shirt.high
    assert [session.get_one(Item, id).performance for id in (shop.hat, shop.shirt)] == [hat.value, shirt.value]
    score = scoring_queries.get_score(session, shop.brand.id, shop.shirt)
    assert score is not None
    part = next(part for part in score.parts if part.signal == "performance")
    assert part.value is not None
    assert part.value > 0.6
    sure = f"{shirt.low:.1f} and {shirt.high:.1f}"
    assert part.reason.startswith(f"Clicked {shirt.lift:.1f}× as often as others in the same place; 95 % sure between {sure}")
    curve = session.get_one(PlaceCurve, shop.brand.id)
    assert (curve.impressions, curve.clicks, curve.examined[0]) == (8050, 303, 1.0)
    assert measuring.measure(session, shop.brand.id, now=NOON) == {}, "nothing new, nothing written"


def test_little_evidence_is_no_part_of_the_score(session: Session, runtime: Runtime, shop: Shop) -> None:
    fill(session, shop, hat=(4000, 200), shirt=(20, 2))
    found = measuring.measure(session, shop.brand.id, now=NOON)
    measuring.keep(session, shop.brand.id, found.items(), now=NOON)
    scoring_actions.score_items(session, shop.brand.id, [shop.shirt], now=NOON)
    score = scoring_queries.get_score(session, shop.brand.id, shop.shirt)
    assert score is not None
    part = next(part for part in score.parts if part.signal == "performance")
    assert (part.value, part.points) == (None, 0)
    assert part.reason == "Too early to say: 20 impressions, 2 clicks"


def test_what_was_measured_is_no_reason_for_itself(session: Session, runtime: Runtime, shop: Shop) -> None:
    """The prior rests on the score without its measured part: measuring the same visitors again and again moves nothing."""
    scoring_actions.score_items(session, shop.brand.id, [shop.hat, shop.shirt], now=NOON)
    fill(session, shop, hat=(4000, 60), shirt=(4000, 240))
    before = measuring.scores_without(session, shop.brand.id, [shop.hat, shop.shirt])
    first = measuring.measure(session, shop.brand.id, now=NOON)
    for _ in range(3):
        measuring.keep(session, shop.brand.id, first.items(), now=NOON)
        session.flush()
        again = measuring.load(session, shop.brand.id, since=TODAY)
        assert again.scores.tolist() == before.tolist()
    totals = scoring_queries.map_totals(session, shop.brand.id, [shop.shirt])
    assert totals[shop.shirt] > before[1], "the score itself did rise"
    session.execute(text("delete from item_performances"))
    assert measuring.measure(session, shop.brand.id, now=NOON) == first


def test_galleries_in_order_of_performance_follow(session: Session, runtime: Runtime, shop: Shop) -> None:
    fill(session, shop, hat=(4000, 60), shirt=(4000, 240))
    measuring.keep(session, shop.brand.id, measuring.measure(session, shop.brand.id, now=NOON).items(), now=NOON)
    found = galleries_queries.find_sorted(
        session, [Item.brand_id == shop.brand.id], Sort.PERFORMANCE, galleries_queries.Place("all"), 2
    )
    assert [item.id for _, item in found] == [shop.shirt, shop.hat]
    waiting = session.execute(text("select count(*) from procrastinate_jobs where task_name = 'galleries.drop_ordered'"))
    assert waiting.scalar_one() == 1


def test_a_brand_without_visitors_and_another_brands_items_have_no_performance(
    session: Session, runtime: Runtime, shop: Shop
) -> None:
    stranger = sent.shop(session, runtime)
    fill(session, shop, hat=(4000, 60), shirt=(4000, 240))
    assert measuring.measure(session, stranger.brand.id, now=NOON) == {}
    found = measuring.measure(session, shop.brand.id, now=NOON)
    measuring.keep(session, stranger.brand.id, found.items(), now=NOON)
    assert session.get_one(Item, shop.hat).performance is None


def test_the_job_counts_measures_and_keeps_brand_by_brand(session: Session, runtime: Runtime, shop: Shop) -> None:
    fill(session, shop, hat=(4000, 60), shirt=(4000, 240))
    session.execute(text("update item_places set day = :day"), {"day": clock.now().date() - timedelta(days=20)})
    session.commit()
    jobs.measure_performance(runtime)
    args = session.scalars(text("select args from procrastinate_jobs where task_name = 'insights.measure_brand'")).all()
    assert {one["brand_id"] for one in args} >= {shop.brand.id}
    jobs.measure_brand(runtime, brand_id=shop.brand.id, days=1)
    session.expire_all()
    assert (session.get_one(Item, shop.shirt).performance or 0) > 1


def test_a_place_that_is_no_number_is_refused_with_its_beacon(runtime: Runtime, shop: Shop) -> None:
    with pytest.raises(BadEvents):
        visit(runtime, shop, "one", seen(shop.hat, "first"))


def test_what_stops_being_proven_leaves_the_score_again(session: Session, runtime: Runtime, shop: Shop) -> None:
    """Old visits fall out of the window: the part must not go on saying what nobody can check any more."""
    fill(session, shop, hat=(4000, 60), shirt=(4000, 240))
    measuring.keep(session, shop.brand.id, measuring.measure(session, shop.brand.id, now=NOON).items(), now=NOON)
    proven = scoring_queries.map_totals(session, shop.brand.id, [shop.shirt])
    session.execute(text("update item_places set impressions = 20, clicks = 2 where item_id = :id"), {"id": shop.shirt})
    measuring.keep(session, shop.brand.id, measuring.measure(session, shop.brand.id, now=NOON).items(), now=NOON)
    score = scoring_queries.get_score(session, shop.brand.id, shop.shirt)
    assert score is not None
    part = next(part for part in score.parts if part.signal == "performance")
    assert (part.value, part.reason) == (None, "Too early to say: 20 impressions, 2 clicks")
    assert score.total != proven[shop.shirt]
