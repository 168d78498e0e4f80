"""Beacons on a real database: stored once, counted once, nobody's address kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.make import NOON
from tests.tracking import sent
from ugc.accounts.rules import WrongKey
from ugc.orders import actions as orders
from ugc.orders.reading import read_order
from ugc.runtime import Runtime
from ugc.tracking import actions, queries
from ugc.tracking.models import Event, PurchaseJoin, Touch, VisitorSession

SECOND = timedelta(seconds=1)


@pytest.fixture
def shop(session: Session, runtime: Runtime) -> sent.Shop:
    made = sent.shop(session, runtime)
    session.commit()
    return made


def count(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def reasons(session: Session, shop: sent.Shop) -> dict[str, int]:
    return queries.count_events(session, shop.brand.id)


def waiting(session: Session) -> list[str]:
    return list(session.scalars(text("select args::text from procrastinate_jobs where task_name = 'insights.attribute_order'")))


def test_a_beacon_is_stored_with_its_touch_session_and_counts(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    view = sent.event("item_view", NOON - SECOND, item=shop.item.id, gallery="home")
    assert sent.collect(runtime, sent.beacon(shop.key, view, sent.event("page_view"))).accepted == 2
    event = session.scalars(select(Event).where(Event.type == "item_view")).one()
    assert (str(event.id), event.at, event.received_at, event.page_url) == (
        view["id"],
        NOON - SECOND,
        NOON,
        "https://shop.test/p/1",
    )
    touch = session.scalars(select(Touch)).one()
    assert (touch.visitor, touch.item_id, touch.kind, touch.gallery) == ("visitor-1", shop.item.id, "view", "home")
    stay = session.scalars(select(VisitorSession)).one()
    assert (stay.session, stay.referrer_host, stay.landing_url) == ("session-1", "www.instagram.com", "https://shop.test/p/1")
    counted = {(one.item_id, one.what, one.number) for one in actions.take_counts(session)}
    assert counted == {(shop.item.id, "views", 1), (shop.item.id, "sessions", 1), (0, "sessions", 1)}
    assert actions.take_counts(session) == []


def test_the_same_event_a_thousand_times_is_one(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    """T-72."""
    view = sent.event("item_view", item=shop.item.id)
    for _ in range(50):
        result = sent.collect(runtime, sent.beacon(shop.key, *[view] * 20))
        assert result.accepted + result.duplicates == 20
    assert (count(session, Event), count(session, Touch), reasons(session, shop)) == (1, 1, {"": 1})


def test_a_resent_event_is_known_even_after_its_clock_was_set_back(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    ahead = sent.beacon(shop.key, sent.event("item_view", NOON + timedelta(hours=3), item=shop.item.id))
    assert sent.collect(runtime, ahead).accepted == 1
    assert sent.collect(runtime, ahead, NOON + 5 * SECOND).duplicates == 1
    assert session.scalars(select(Event.at)).one() == NOON


def test_five_hundred_clicks_a_minute_count_as_two(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    """T-72."""
    clicks = [sent.event("product_click", NOON - timedelta(seconds=59.9 * n / 500), item=shop.item.id) for n in range(500)]
    for start in range(0, 500, 20):
        sent.collect(runtime, sent.beacon(shop.key, *clicks[start : start + 20]))
    assert reasons(session, shop) == {"": 2, "rate": 498}
    assert count(session, Touch) == 2


def test_one_visitor_counts_up_to_the_hourly_cap(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    for number in range(62):
        events = [sent.event("page_view", NOON + number * SECOND) for _ in range(20)]
        sent.collect(runtime, sent.beacon(shop.key, *events), NOON + number * SECOND)
    assert reasons(session, shop) == {"": 1_200, "rate": 40}
    later = NOON + timedelta(hours=2)
    sent.collect(runtime, sent.beacon(shop.key, sent.event("page_view", later)), later)
    assert reasons(session, shop)[""] == 1_201


def test_unknown_items_and_galleries_are_dropped_and_counted(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    other = sent.shop(session, runtime)
    session.commit()
    events = [
        sent.event("item_view", item=shop.item.id, gallery="home"),
        sent.event("item_view", item=other.item.id),
        sent.event("item_view", item=10**15),
        sent.event("gallery_view", gallery="nowhere"),
        sent.event("page_view", NOON - timedelta(days=8)),
    ]
    result = sent.collect(runtime, sent.beacon(shop.key, *events))
    assert (result.accepted, result.dropped) == (1, 4)
    assert result.reasons == {"unknown_item": 2, "unknown_gallery": 1, "too_old": 1}


def test_a_key_of_nobody_or_of_another_kind_is_refused(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    for key in ("pk_nobody", "", shop.secret):
        with pytest.raises(WrongKey):
            sent.collect(runtime, sent.beacon(key, sent.event("page_view")))
    assert count(session, Event) == 0


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, "bot"),
        ({"user_agent": ""}, "bot"),
        ({"headers": {"sec-purpose": "prefetch"}}, "prefetch"),
        ({"origin": "https://evil.test"}, "origin"),
        ({"origin": "https://www.shop.test"}, ""),
    ],
)
def test_doubtful_beacons_are_kept_and_bring_nothing(
    session: Session, runtime: Runtime, shop: sent.Shop, facts: dict[str, Any], reason: str
) -> None:
    shop.brand.shop_url = "https://shop.test"
    session.merge(shop.brand)
    session.commit()
    sent.collect(
        runtime, sent.beacon(shop.key, sent.event("item_view", item=shop.item.id), sent.event("purchase", order="1")), **facts
    )
    assert reasons(session, shop) == {reason: 2}
    expected = 0 if reason else 1
    assert [count(session, model) for model in (Touch, VisitorSession, PurchaseJoin)] == [expected] * 3


def test_an_automated_browser_counts_nowhere_but_in_the_demo(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    driven = {"webdriver": True}
    sent.collect(runtime, sent.beacon(shop.key, sent.event("page_view"), **driven))
    demo = replace(runtime, settings=replace(runtime.settings, demo=True))
    sent.collect(demo, sent.beacon(shop.key, sent.event("page_view"), **driven))
    assert reasons(session, shop) == {"automation": 1, "": 1}


def test_a_claimed_purchase_makes_no_revenue(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    """T-71."""
    bought = sent.event("purchase", order="order-x", value=1e9, price="1000000000")
    assert sent.collect(runtime, sent.beacon(shop.key, bought)).accepted == 1
    assert session.scalars(select(Event.data)).one() == {"order": "order-x"}
    assert [row[0] for row in session.execute(text("select count(*) from orders union all select count(*) from credits"))] == [0, 0]
    assert session.scalars(select(PurchaseJoin.visitor)).one() == "visitor-1"
    assert waiting(session) == []


def test_a_join_and_a_late_touch_have_the_order_attributed_again(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    data = read_order(sent.as_bytes(sent.order()))
    orders.put_order(session, shop.brand.id, "generic", data, now=NOON)
    session.commit()
    sent.collect(runtime, sent.beacon(shop.key, sent.event("purchase", order=data.id)))
    assert len(waiting(session)) == 1
    session.execute(text("delete from procrastinate_jobs"))
    sent.collect(
        runtime, sent.beacon(shop.key, sent.event("item_view", NOON - timedelta(hours=1), item=shop.item.id)), NOON + SECOND
    )
    assert len(waiting(session)) == 1
    session.execute(text("delete from procrastinate_jobs"))
    after = NOON + timedelta(hours=1)
    sent.collect(runtime, sent.beacon(shop.key, sent.event("item_view", after, item=shop.item.id)), after)
    assert waiting(session) == []


def test_neither_address_nor_browser_nor_query_is_stored_anywhere(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    """T-75."""
    agent = f"{sent.CHROME} UniqueAgent"
    headers = {"x-forwarded-for": "203.0.113.77", "user-agent": agent, "cookie": "c=UniqueCookie"}
    events = [
        sent.event("item_view", item=shop.item.id, ip="203.0.113.77"),
        sent.event("purchase", order="1", email="ada@example.com"),
    ]
    page = {
        "url": "https://shop.test/p?email=ada@example.com",
        "referrer": "https://x.test/?q=ada@example.com",
        "title": "UniqueTitle",
    }
    sent.collect(runtime, sent.beacon(shop.key, *events, page=page), user_agent=agent, headers=headers)
    tables = session.scalars(
        text("select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'")
    )
    for table in tables.all():
        dump = session.scalar(text(f'select string_agg(t::text, $$ $$) from "{table}" t')) or ""
        for secret in ("203.0.113.77", "UniqueAgent", "UniqueCookie", "ada@example.com", "UniqueTitle"):
            assert secret not in dump, table


def test_partitions_are_made_ahead_and_take_what_lay_in_the_default(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    sent.collect(runtime, sent.beacon(shop.key, sent.event("page_view")))
    assert session.scalar(text("select count(*) from events_default")) == 1
    assert actions.make_partitions(session, now=NOON) == ["events_2026_11", "events_2026_12", "events_2027_01"]
    assert actions.make_partitions(session, now=NOON) == []
    assert session.scalar(text("select count(*) from events_default")) == 0
    assert session.scalar(text("select count(*) from events_2026_11")) == 1
    december = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    sent.collect(runtime, sent.beacon(shop.key, sent.event("page_view", december)), december)
    assert session.scalar(text("select count(*) from events_2026_12")) == 1


def test_one_visitors_beacons_at_once_count_once(live: Runtime) -> None:
    """The same view from two tabs, and resends that cross each other."""
    with live.transaction() as session:
        shop = sent.shop(session, live)
    beacons = [sent.beacon(shop.key, *(sent.event("item_view", item=shop.item.id) for _ in range(3))) for _ in range(20)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda one: sent.collect(live, one), beacons * 2))
    assert sum(result.accepted for result in results) == 60
    assert sum(result.duplicates for result in results) == 60
    with live.transaction() as session:
        assert reasons(session, shop) == {"": 1, "rate": 59}
        assert (count(session, Touch), count(session, VisitorSession)) == (1, 1)
