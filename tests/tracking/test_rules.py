"""What counts and whose session it is, in tables."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.make import NOON
from tests.tracking import sent
from ugc.tracking import rules
from ugc.tracking.models import TouchKind
from ugc.tracking.rules import Beacon, EventData, Facts, Judged, Stay

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ITEMS = frozenset({1, 2})


def event(type: str, at: datetime = NOON, item: int | None = 1, **facts: Any) -> EventData:
    return EventData(UUID(sent.event_id()), type, at, item_id=item, **facts)


def judge(*events: EventData, facts: Facts | None = None, reason: str = "", **beacon: Any) -> list[Judged]:
    sent = Beacon("pk", events, **({"visitor": "v", "session": "s"} | beacon))
    return list(rules.judge(sent, facts or Facts(items=ITEMS), reason=reason, now=NOON).events)


@pytest.mark.parametrize(
    ("type", "touch", "column"),
    [
        ("item_impression", None, ["impressions"]),
        ("item_view", TouchKind.VIEW, ["views", "sessions", "sessions"]),
        ("item_open", TouchKind.CLICK, ["opens"]),
        ("hotspot_open", TouchKind.CLICK, []),
        ("product_click", TouchKind.CLICK, ["clicks"]),
        ("add_to_cart", TouchKind.CLICK, ["carts"]),
        ("share", None, []), ("like", None, []), ("dislike", None, []), ("wish", None, []), ("creator_click", None, []),
        ("item_close", None, []),
    ],
)  # fmt: skip
def test_an_event_brings_its_touch_and_fills_its_column(type: str, touch: TouchKind | None, column: list[str]) -> None:
    (judged,) = judge(event(type))
    assert (judged.touch, [what for _, what in judged.counts]) == (touch, column)


@pytest.mark.parametrize("reason", ["bot", "prefetch", "automation", "origin"])
def test_what_is_in_doubt_is_kept_and_counts_nowhere(reason: str) -> None:
    for judged in judge(event("item_view"), event("purchase", item=None), reason=reason):
        assert (judged.ivt_reason, judged.touch, judged.counts) == (reason, None, ())


@pytest.mark.parametrize(("gap", "counts"), [(0, False), (29, False), (30, True), (31, True)])
def test_the_same_within_thirty_seconds_counts_once(gap: int, counts: bool) -> None:
    first, second = judge(event("item_view", NOON - MINUTE), event("item_view", NOON - MINUTE + gap * SECOND))
    assert (first.ivt_reason, second.ivt_reason) == ("", "" if counts else "rate")
    stored = Facts(items=ITEMS, recent={("item_view", 1): [NOON - gap * SECOND]})
    assert judge(event("item_view"), facts=stored)[0].ivt_reason == ("" if counts else "rate")


def test_another_item_or_type_is_not_a_repeat() -> None:
    judged = judge(
        event("item_view"),
        event("item_view", item=2),
        event("item_open"),
        event("page_view", item=None),
        event("page_view", item=None),
    )
    assert [one.ivt_reason for one in judged] == [""] * 5


def test_a_visitor_counts_for_so_much_an_hour_and_no_more() -> None:
    full = Facts(items=ITEMS, last_hour=rules.HOURLY_CAP - 1)
    first, second = judge(event("item_view"), event("item_open"), facts=full)
    assert (first.ivt_reason, second.ivt_reason) == ("", "rate")


def test_unknown_things_are_dropped_by_reason_and_repeats_by_their_id() -> None:
    again = event("item_view")
    events = (
        event("item_view", item=3),
        event("gallery_view", item=None, gallery="gone"),
        event("item_view", NOON - timedelta(days=8)),
        again,
        again,
    )
    stored = event("item_open")
    facts = Facts(items=ITEMS, galleries=frozenset({"home"}), stored=frozenset({stored.id}))
    verdict = rules.judge(Beacon("pk", (*events, stored), "v", "s"), facts, reason="", now=NOON)
    assert verdict.dropped == {"unknown_item": 1, "unknown_gallery": 1, "too_old": 1}
    assert (verdict.duplicates, [judged.event for judged in verdict.events]) == (2, [again])


def test_a_clock_that_runs_ahead_is_set_back_for_the_whole_beacon() -> None:
    events = rules.settle_times(
        [event("item_open", NOON + 2 * timedelta(hours=1)), event("item_view", NOON + timedelta(hours=1))], NOON
    )
    assert [(one.type, one.at) for one in events] == [("item_view", NOON - timedelta(hours=1)), ("item_open", NOON)]
    behind = event("item_view", NOON - timedelta(hours=1))
    assert rules.settle_times([behind], NOON) == [behind]


@pytest.mark.parametrize(
    ("stays", "at", "session", "started"),
    [
        ([], 0, "s", 0),
        ([("s", -10, -5)], 0, "s", -10),
        ([("s", -60, -30)], 0, "s", -60),  # 30 minutes exactly: still the same
        ([("s", -60, -31)], 0, f"s~{int(NOON.timestamp())}", 0),
        ([("s", -90, -60), ("s~1", -25, -20)], 0, "s~1", -25),
        ([("s", -5, 0)], -8, "s", -8),  # what comes late opens the session earlier
        ([("other", -1, 0)], 0, "s", 0),
    ],
)
def test_a_session_ends_after_thirty_idle_minutes(stays: list[tuple[str, int, int]], at: int, session: str, started: int) -> None:
    known = [Stay(name, NOON + first * MINUTE, NOON + last * MINUTE) for name, first, last in stays]
    found = rules.find_stay("s", known, [event("item_view", NOON + at * MINUTE)])
    assert (found.session, found.started_at) == (session, NOON + started * MINUTE)


def test_a_session_with_a_view_counts_once_per_item_and_once_for_all() -> None:
    facts = Facts(
        items=ITEMS,
        stays=[Stay("s", NOON - 10 * MINUTE, NOON - MINUTE)],
        viewed={1: NOON - 5 * MINUTE},
        last_view=NOON - 5 * MINUTE,
    )
    again, other = judge(event("item_view"), event("item_view", item=2), facts=facts)
    assert again.counts == ((1, "views"),)
    assert other.counts == ((2, "views"), (2, "sessions"))
    yesterday = Facts(items=ITEMS, viewed={1: NOON - 600 * MINUTE}, last_view=NOON - 600 * MINUTE)
    assert judge(event("item_view"), facts=yesterday)[0].counts == ((1, "views"), (1, "sessions"), (0, "sessions"))


def test_without_a_visitor_there_is_no_touch_and_no_session_but_a_count() -> None:
    (judged,) = judge(event("item_view"), visitor="", session="")
    assert (judged.touch, judged.counts) == (None, ((1, "views"),))


def test_a_cart_goes_to_the_item_last_clicked_of_that_product_in_the_session() -> None:
    stays = [Stay("s", NOON - 10 * MINUTE, NOON - MINUTE)]
    clicks = [(NOON - 300 * MINUTE, 2), (NOON - 5 * MINUTE, 1)]
    facts = Facts(items=ITEMS, stays=stays, clicks=clicks, tagged={"A": frozenset({1, 2})})
    cart = event("add_to_cart", item=None, sku="A")
    (judged,) = judge(cart, facts=facts)
    assert (judged.event.item_id, judged.counts, judged.touch) == (1, ((1, "carts"),), None)
    within = judge(event("item_open", NOON - MINUTE, item=2), cart, facts=facts)
    assert within[1].event.item_id == 2
    assert judge(event("add_to_cart", item=None, sku="B"), facts=facts)[0].event.item_id is None
    later = judge(event("add_to_cart", NOON - MINUTE, item=None, sku="A"), event("item_open", item=2), facts=facts)
    assert later[0].event.item_id == 1


@pytest.mark.parametrize(
    ("origin", "homes", "foreign"),
    [
        ("https://shop.test", ["shop.test"], False),
        ("https://www.shop.test", ["shop.test"], False),
        ("https://m.shop.test:8443", ["shop.test"], False),
        ("https://evilshop.test", ["shop.test"], True),
        ("https://shop.test.evil.test", ["shop.test"], True),
        ("null", ["shop.test"], False),
        ("", ["shop.test"], False),
        ("https://anything.test", [], False),
        ("http://localhost:8000", ["localhost"], False),
        ("http://127.0.0.1:9000", ["localhost"], False),
    ],
)
def test_only_a_known_other_site_is_foreign(origin: str, homes: list[str], foreign: bool) -> None:
    assert rules.is_foreign(origin, homes) is foreign
