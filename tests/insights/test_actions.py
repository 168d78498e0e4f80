"""Credits and roll-ups on a real database: idempotent, in any order, and equal to a recount of the log (I7)."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.make import NOON
from tests.tracking import sent
from ugc.insights import actions, jobs, queries
from ugc.insights.models import Credit, ItemDay, ItemRevenueDay, Model
from ugc.kit import jobs as kit_jobs
from ugc.kit.errors import Invalid, NotFound
from ugc.orders import actions as orders
from ugc.orders.reading import read_order
from ugc.runtime import Runtime
from ugc.tracking import actions as tracking

TODAY = NOON.date()
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(session: Session, runtime: Runtime) -> sent.Shop:
    made = sent.shop(session, runtime)
    session.commit()
    return made


def buy(session: Session, shop: sent.Shop, *skus: str, minutes: int = 0, **facts: Any) -> int:
    lines = [{"id": str(n), "sku": sku, "quantity": 1, "price": "20.00"} for n, sku in enumerate(skus)]
    placed = (NOON + minutes * MINUTE).isoformat()
    total = str(20 * len(skus))
    given = sent.order(lines=lines, placed_at=placed, updated_at=placed, total=total, shipping="0", visitor="visitor-1") | facts
    order_id = orders.put_order(session, shop.brand.id, "generic", read_order(sent.as_bytes(given)), now=NOON).order_id
    session.commit()
    assert order_id
    return order_id


def look(runtime: Runtime, shop: sent.Shop, item: int, type: str = "item_view", minutes: int = -5, **facts: Any) -> None:
    at = NOON + minutes * MINUTE
    sent.collect(runtime, sent.beacon(shop.key, sent.event(type, at, item=item), **facts), max(at, NOON))


def revenue(session: Session) -> list[tuple[int, str, int, int, Decimal]]:
    rows = session.execute(select(ItemRevenueDay).order_by(ItemRevenueDay.item_id, ItemRevenueDay.model, ItemRevenueDay.currency))
    session.expire_all()
    return [(row.item_id, f"{row.model}:{row.currency}", row.orders, row.units, row.revenue) for row in rows.scalars()]


def test_attribution_again_changes_nothing(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    look(runtime, shop, shop.item.id, "item_open")
    order_id = buy(session, shop, shop.dress.sku)
    for _ in range(3):
        actions.attribute_order(session, shop.brand.id, order_id)
    expected = [(shop.item.id, model, 1, 1, Decimal("20.00")) for model in ("last_click:EUR", "same_product:EUR")]
    assert revenue(session) == expected


def test_a_refund_takes_the_credit_back(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    look(runtime, shop, shop.item.id, "item_open")
    order_id = buy(session, shop, shop.dress.sku, shop.hat.sku, id="A")
    actions.attribute_order(session, shop.brand.id, order_id)
    assert (shop.item.id, "last_click:EUR", 1, 2, Decimal("40.00")) in revenue(session)
    part = {"id": "r1", "at": NOON.isoformat(), "amount": "20.00", "lines": [{"id": "1", "quantity": 1, "amount": "20.00"}]}
    later = (NOON + MINUTE).isoformat()
    buy(session, shop, shop.dress.sku, shop.hat.sku, id="A", updated_at=later, refunds=[part])
    actions.attribute_order(session, shop.brand.id, order_id)
    expected = [(shop.item.id, model, 1, 1, Decimal("20.00")) for model in ("last_click:EUR", "same_product:EUR")]
    assert revenue(session) == expected
    whole = [part, {"id": "r2", "at": NOON.isoformat(), "amount": "20.00"}]
    latest = (NOON + 2 * MINUTE).isoformat()
    buy(session, shop, shop.dress.sku, shop.hat.sku, id="A", updated_at=latest, refunds=whole)
    actions.attribute_order(session, shop.brand.id, order_id)
    assert revenue(session) == []
    report = queries.report_items(session, shop.brand.id, since=TODAY, until=TODAY)
    assert (report.totals.orders, report.totals.revenue) == (0, {})


def test_order_join_and_touch_in_any_order_end_in_the_same_credit(session: Session, runtime: Runtime) -> None:
    ends = set()
    for steps in permutations(["touch", "order", "join"]):
        shop = sent.shop(session, runtime)
        session.commit()
        order_id = 0
        for step in steps:
            if step == "touch":
                look(runtime, shop, shop.item.id, "item_open")
            elif step == "join":
                sent.collect(runtime, sent.beacon(shop.key, sent.event("purchase", order="A")))
            else:
                order_id = buy(session, shop, shop.dress.sku, id="A", visitor="")
                actions.attribute_order(session, shop.brand.id, order_id)
        waiting = session.scalars(
            text("delete from procrastinate_jobs where task_name = 'insights.attribute_order' returning args ->> 'order_id'")
        ).all()
        for order in waiting:
            jobs.attribute_order(runtime, brand_id=shop.brand.id, order_id=int(order))
        credits = session.scalars(select(Credit).where(Credit.order_id == order_id)).all()
        ends.add(tuple(sorted((credit.model, credit.item_id - shop.item.id, credit.amount) for credit in credits)))
    assert ends == {((Model.LAST_CLICK, 0, Decimal("20.00")), (Model.SAME_PRODUCT, 0, Decimal("20.00")))}


def test_an_earlier_order_that_comes_late_cuts_the_path_of_the_next(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    look(runtime, shop, shop.item.id, "item_open", minutes=-60)
    second = buy(session, shop, shop.dress.sku)
    actions.attribute_order(session, shop.brand.id, second)
    assert len(revenue(session)) == 2
    first = buy(session, shop, shop.hat.sku, minutes=-30)
    session.execute(text("delete from procrastinate_jobs"))
    session.commit()
    jobs.attribute_order(runtime, brand_id=shop.brand.id, order_id=first)
    session.expire_all()
    assert [credit.order_id for credit in session.scalars(select(Credit))] == [first]


def test_an_order_that_comes_late_cuts_the_path_behind_a_cancelled_one_too(
    session: Session, runtime: Runtime, shop: sent.Shop
) -> None:
    look(runtime, shop, shop.item.id, "item_open", minutes=-60)
    last = buy(session, shop, shop.dress.sku)
    actions.attribute_order(session, shop.brand.id, last)
    buy(session, shop, shop.hat.sku, minutes=-20, status="cancelled")
    first = buy(session, shop, shop.hat.sku, minutes=-30)
    jobs.attribute_order(runtime, brand_id=shop.brand.id, order_id=first)
    session.expire_all()
    assert [credit.order_id for credit in session.scalars(select(Credit))] == [first]


def test_a_job_takes_along_what_waits_of_its_brand_and_nothing_else(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    other = sent.shop(session, runtime)
    session.commit()
    waiting = []
    for n in range(3):
        look(runtime, shop, shop.item.id, "item_open", visitor=f"v{n}")
        waiting.append(buy(session, shop, shop.dress.sku, visitor=f"v{n}"))
    session.execute(text("delete from procrastinate_jobs"))
    for order_id in (*waiting, waiting[0], 10**12):
        kit_jobs.enqueue(session, "insights.attribute_order", brand_id=shop.brand.id, order_id=order_id)
    kit_jobs.enqueue(session, "insights.attribute_order", brand_id=other.brand.id, order_id=waiting[0])
    kit_jobs.enqueue(session, "scoring.score_item", brand_id=shop.brand.id, item_id=shop.item.id)
    session.commit()
    jobs.attribute_order(runtime, brand_id=shop.brand.id, order_id=waiting[1])
    assert (shop.item.id, "same_product:EUR", 3, 3, Decimal("60.00")) in revenue(session)
    left = session.execute(text("select task_name, (args ->> 'brand_id')::bigint from procrastinate_jobs order by 1")).all()
    assert [tuple(row) for row in left] == [("insights.attribute_order", other.brand.id), ("scoring.score_item", shop.brand.id)]


def test_jobs_taken_along_wait_again_when_the_one_that_took_them_dies(live: Runtime) -> None:
    with live.transaction() as session:
        shop = sent.shop(session, live)
    look(live, shop, shop.item.id, "item_open")
    with live.transaction() as session:
        order_id = buy(session, shop, shop.dress.sku)
        session.execute(text("delete from procrastinate_jobs"))
        kit_jobs.enqueue(session, "insights.attribute_order", brand_id=shop.brand.id, order_id=order_id)
    with live.sessions() as dying:
        actions.attribute_waiting(dying, shop.brand.id, order_id)
        assert len(revenue(dying)) == 2
        kill(live, dying)
    with live.transaction() as session:
        assert revenue(session) == []
        assert session.scalar(text("select count(*) from procrastinate_jobs where status = 'todo'")) == 1
    jobs.attribute_order(live, brand_id=shop.brand.id, order_id=order_id)
    with live.transaction() as session:
        assert len(revenue(session)) == 2
        assert session.scalar(text("select count(*) from procrastinate_jobs where status = 'todo'")) == 0


def test_a_roll_up_that_dies_between_taking_and_adding_loses_and_doubles_nothing(live: Runtime) -> None:
    with live.transaction() as session:
        shop = sent.shop(session, live)
    for n in range(3):
        look(live, shop, shop.item.id, "item_view", visitor=f"v{n}")
    with live.sessions() as dying:
        assert tracking.take_counts(dying, most=2)
        kill(live, dying)
    with live.sessions() as dying:
        assert actions.roll_up(dying)
        kill(live, dying)
    jobs.roll_up(live)
    jobs.roll_up(live)
    with live.transaction() as session:
        rolled_up = days(session, shop.brand.id)
        assert rolled_up == {(TODAY, shop.item.id, ""): (0, 3, 0, 0, 0, 3), (TODAY, 0, ""): (0, 0, 0, 0, 0, 3)}
        actions.recount(session, shop.brand.id)
        assert days(session, shop.brand.id) == rolled_up


def test_two_brands_with_equal_order_and_visitor_ids_stay_apart(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    other = sent.shop(session, runtime)
    session.commit()
    look(runtime, shop, shop.item.id, "item_open", minutes=-60)
    look(runtime, other, other.item.id, "item_open", minutes=-20)
    for one in (shop, other):
        sent.collect(runtime, sent.beacon(one.key, sent.event("purchase", order="1001")))
    buy(session, other, other.dress.sku, id="1000", minutes=-30)  # would cut the first shop's path
    made = [buy(session, one, one.dress.sku, one.hat.sku, id="1001", visitor="") for one in (shop, other)]
    for one, order_id in zip((shop, other), made, strict=True):
        jobs.attribute_order(runtime, brand_id=one.brand.id, order_id=order_id)
    for one in (shop, other):
        report = queries.report_items(session, one.brand.id, since=TODAY, until=TODAY)
        assert [(row.item_id, row.orders, row.revenue) for row in report.rows] == [(one.item.id, 1, {"EUR": Decimal("20.00")})]


@pytest.mark.parametrize(
    ("kind", "before", "earns"),
    [
        ("item_view", timedelta(hours=24), True),
        ("item_view", timedelta(hours=24, microseconds=1), False),
        ("item_open", timedelta(hours=72), True),
        ("item_open", timedelta(hours=72, microseconds=1), False),
    ],
)
def test_windows_end_to_the_microsecond_as_stored(
    session: Session, runtime: Runtime, shop: sent.Shop, kind: str, before: timedelta, earns: bool
) -> None:
    sent.collect(runtime, sent.beacon(shop.key, sent.event(kind, NOON - before, item=shop.item.id)), NOON)
    credits = actions.attribute_order(session, shop.brand.id, buy(session, shop, shop.dress.sku))
    assert [credit.model for credit in credits if credit.model is Model.SAME_PRODUCT] == [Model.SAME_PRODUCT] * earns


def test_an_order_counts_on_the_day_it_was_placed_in_utc(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    look(runtime, shop, shop.item.id, "item_view", minutes=-13 * 60)  # 23:00 of the day before
    placed = "2026-11-21T03:30:00+04:00"  # 23:30 of the day before, in UTC
    order_id = buy(session, shop, shop.dress.sku, placed_at=placed)
    actions.attribute_order(session, shop.brand.id, order_id)
    actions.roll_up(session)
    days_of = queries.series(session, shop.brand.id, TODAY - timedelta(days=1), TODAY)
    assert [(day.views, day.sessions, day.orders, day.revenue) for day in days_of] == [
        (1, 1, 1, {"EUR": Decimal("20.00")}), (0, 0, 0, {}),
    ]  # fmt: skip


def test_a_part_of_the_money_back_without_lines_is_spread_and_the_order_stays_one(
    session: Session, runtime: Runtime, shop: sent.Shop
) -> None:
    look(runtime, shop, shop.item.id)
    look(runtime, shop, shop.hat_item.id)
    back = [{"id": "r1", "at": NOON.isoformat(), "amount": "10.01"}]
    actions.attribute_order(session, shop.brand.id, buy(session, shop, shop.dress.sku, shop.hat.sku, refunds=back))
    report = queries.report_items(session, shop.brand.id, since=TODAY, until=TODAY)
    assert sorted(row.revenue["EUR"] for row in report.rows) == [Decimal("14.99"), Decimal("15.00")]
    assert (report.totals.orders, report.totals.revenue) == (1, {"EUR": Decimal("29.99")})


def test_an_order_that_changes_its_currency_or_day_leaves_nothing_behind(
    session: Session, runtime: Runtime, shop: sent.Shop
) -> None:
    look(runtime, shop, shop.item.id, "item_open", minutes=-60)
    order_id = buy(session, shop, shop.dress.sku, id="A")
    actions.attribute_order(session, shop.brand.id, order_id)
    later: dict[str, Any] = {"id": "A", "currency": "USD", "placed_at": (NOON + timedelta(hours=13)).isoformat()}
    buy(session, shop, shop.dress.sku, updated_at=(NOON + MINUTE).isoformat(), **later)
    actions.attribute_order(session, shop.brand.id, order_id)
    expected = [(shop.item.id, model, 1, 1, Decimal("20.00")) for model in ("last_click:USD", "same_product:USD")]
    assert revenue(session) == expected
    assert set(session.scalars(select(ItemRevenueDay.day))) == {TODAY + timedelta(days=1)}


def test_a_purchase_told_while_its_order_is_being_written_finds_it(live: Runtime) -> None:
    """Both come within milliseconds at a checkout; whoever is second sees the first."""
    with live.transaction() as session:
        shop = sent.shop(session, live)
    with live.sessions() as writing, ThreadPoolExecutor(1) as pool:
        data = read_order(sent.as_bytes(sent.order(id="A")))
        order_id = orders.put_order(writing, shop.brand.id, "generic", data, now=NOON).order_id
        telling = pool.submit(sent.collect, live, sent.beacon(shop.key, sent.event("purchase", order="A")))
        waits = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        while not telling.done() and not writing.scalar(text(waits)):
            pass
        writing.commit()
        assert telling.result().accepted == 1
    with live.transaction() as session:
        waiting = "select (args ->> 'order_id')::bigint from procrastinate_jobs where task_name = 'insights.attribute_order'"
        assert session.scalars(text(waiting)).all() == [order_id]


def kill(live: Runtime, dying: Session) -> None:
    """End a transaction from outside, as the death of its process does, and wait until nothing of it is left."""
    backend = dying.scalar(text("select pg_backend_pid()"))
    with live.transaction() as session:
        assert session.scalar(text("select pg_terminate_backend(:backend, 10000)"), {"backend": backend})
    dying.invalidate()


def test_a_cancelled_order_cuts_nothing(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    look(runtime, shop, shop.item.id, "item_open", minutes=-60)
    buy(session, shop, shop.dress.sku, minutes=-30, status="cancelled")
    second = buy(session, shop, shop.dress.sku)
    assert len(actions.attribute_order(session, shop.brand.id, second)) == 2


def test_several_visitors_of_one_order_bring_their_touches(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    look(runtime, shop, shop.item.id, "item_open", visitor="phone")
    look(runtime, shop, shop.hat_item.id, "item_view", visitor="laptop")
    for visitor in ("phone", "laptop", "phone"):
        sent.collect(runtime, sent.beacon(shop.key, sent.event("purchase", order="A"), visitor=visitor))
    order_id = buy(session, shop, shop.dress.sku, shop.hat.sku, id="A", visitor="")
    credits = actions.attribute_order(session, shop.brand.id, order_id)
    assert {credit.item_id for credit in credits if credit.model is Model.SAME_PRODUCT} == {shop.item.id, shop.hat_item.id}
    assert queries.explain_order(session, shop.brand.id, order_id).visitors == 2


def test_another_brands_touches_and_orders_are_out_of_reach(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    other = sent.shop(session, runtime)
    session.commit()
    look(runtime, other, other.item.id, "item_open")
    order_id = buy(session, shop, shop.dress.sku)
    assert actions.attribute_order(session, shop.brand.id, order_id) == []
    for reach in (queries.explain_order, actions.attribute_order):
        with pytest.raises(NotFound):
            reach(session, other.brand.id, order_id)
    assert queries.report_items(session, other.brand.id, since=TODAY, until=TODAY).rows == []


def test_currencies_stand_beside_each_other(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    look(runtime, shop, shop.item.id, "item_open")
    look(runtime, shop, shop.item.id, "item_open", minutes=1)
    for minutes, currency in ((0, "EUR"), (5, "USD")):
        actions.attribute_order(session, shop.brand.id, buy(session, shop, shop.dress.sku, minutes=minutes, currency=currency))
    report = queries.report_items(session, shop.brand.id, since=TODAY, until=TODAY)
    both = {"EUR": Decimal("20.00"), "USD": Decimal("20.00")}
    assert (report.rows[0].revenue, report.totals.revenue, report.totals.orders) == (both, both, 2)


def test_an_order_that_credits_two_items_counts_once_in_the_totals(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    look(runtime, shop, shop.item.id)
    look(runtime, shop, shop.hat_item.id)
    actions.attribute_order(session, shop.brand.id, buy(session, shop, shop.dress.sku, shop.hat.sku))
    actions.roll_up(session)
    report = queries.report_items(session, shop.brand.id, since=TODAY, until=TODAY)
    assert [(row.orders, row.sessions, row.views) for row in report.rows] == [(1, 1, 1), (1, 1, 1)]
    totals = report.totals
    assert (totals.orders, totals.sessions, totals.views, totals.units) == (1, 1, 2, 2)
    assert (totals.revenue, totals.conversion_rate) == ({"EUR": Decimal("40.00")}, 1.0)
    days = queries.series(session, shop.brand.id, TODAY - timedelta(days=1), TODAY)
    assert [(day.day, day.orders, day.sessions, day.views) for day in days] == [
        (TODAY - timedelta(days=1), 0, 0, 0),
        (TODAY, 1, 1, 2),
    ]
    assert queries.series(session, shop.brand.id, TODAY, TODAY, shop.item.id)[0].revenue == {"EUR": Decimal("20.00")}
    assist = queries.report_items(session, shop.brand.id, since=TODAY, until=TODAY, model="assisted", sort="orders")
    assert [(row.orders, sum(row.revenue.values())) for row in assist.rows] == [(1, 0), (1, 0)]


def test_the_report_pages_sorts_and_compares(session: Session, runtime: Runtime, shop: sent.Shop) -> None:
    yesterday = TODAY - timedelta(days=1)
    for n, item in enumerate((shop.item.id, shop.hat_item.id)):
        for day in (yesterday, TODAY):
            session.add(ItemDay(brand_id=shop.brand.id, day=day, item_id=item, gallery="home", views=10 * (n + 1), sessions=4))
    session.flush()
    key = b"k" * 32
    for sort, order in (("views", [shop.hat_item.id, shop.item.id]), ("-views", [shop.item.id, shop.hat_item.id])):
        seen, cursor = [], None
        for _ in range(2):
            page = queries.report_items(
                session,
                shop.brand.id,
                since=TODAY,
                until=TODAY,
                sort=sort,
                limit=1,
                cursor=cursor,
                key=key,
                compare=(yesterday, yesterday),
            )
            seen += [row.item_id for row in page.rows]
            cursor = page.next
        assert (seen, cursor) == (order, None)
        assert page.rows[0].previous
        assert page.rows[0].previous.views == page.rows[0].views
    for sort in queries.SORTS:
        assert (
            len(queries.report_items(session, shop.brand.id, since=yesterday, until=TODAY, sort=sort, limit=1, key=key).rows) == 1
        )
    for wrong in ({"sort": "price"}, {"model": "magic"}):
        with pytest.raises(Invalid):
            queries.report_items(session, shop.brand.id, since=TODAY, until=TODAY, **wrong)  # type: ignore[arg-type]
    assert queries.report_item(session, shop.brand.id, shop.item.id, yesterday, TODAY).views == 20
    assert queries.report_item(session, shop.brand.id, 10**12, yesterday, TODAY).views == 0


def days(session: Session, brand_id: int) -> dict[tuple[date, int, str], tuple[int, ...]]:
    session.expire_all()
    rows = session.scalars(select(ItemDay).where(ItemDay.brand_id == brand_id))
    return {(row.day, row.item_id, row.gallery): tuple(getattr(row, name) for name in actions.COLUMNS) for row in rows}


def test_roll_ups_equal_a_recount_of_the_log_after_repeats_and_reordering(
    session: Session, runtime: Runtime, shop: sent.Shop
) -> None:
    """I7: a year of mixed beacons in small, a fifth of them sent twice, in any order, rolled up in between."""
    chance = random.Random(7)
    types = ("item_impression", "item_view", "item_open", "product_click", "add_to_cart", "hotspot_open", "page_view")
    beacons = []
    for number in range(60):
        start = NOON - timedelta(minutes=chance.randrange(3 * 24 * 60))
        visitor = chance.choice(["a", "b", "c", ""])
        events = []
        for _ in range(chance.randrange(1, 12)):
            type = chance.choice(types)
            facts = {} if type == "page_view" else {"item": chance.choice([shop.item.id, shop.hat_item.id])}
            events.append(
                sent.event(type, start + timedelta(seconds=chance.randrange(120)), gallery=chance.choice(["", "home"]), **facts)
            )
        session_id = f"s{number % 5}" if visitor else ""
        beacons.append((start, sent.beacon(shop.key, *events, visitor=visitor, session=session_id)))
    beacons.sort(key=lambda pair: pair[0])
    for place, (_, beacon) in enumerate(beacons):
        for _ in range(2 if chance.random() < 0.2 else 1):
            sent.collect(runtime, beacon, NOON)
        if place % 9 == 0:
            actions.roll_up(session, most=3)
    while actions.roll_up(session):
        pass
    rolled_up = days(session, shop.brand.id)
    assert sum(sum(row) for row in rolled_up.values()) > 100
    actions.recount(session, shop.brand.id)
    assert days(session, shop.brand.id) == rolled_up


def test_two_workers_and_a_flow_of_beacons_lose_and_double_nothing(live: Runtime) -> None:
    with live.transaction() as session:
        shop = sent.shop(session, live)
    beacons = [
        sent.beacon(
            shop.key, *(sent.event("item_impression", item=item) for item in (shop.item.id, shop.hat_item.id)), visitor=f"v{n}"
        )
        for n in range(60)
    ]
    with ThreadPoolExecutor(4) as pool:
        flow = [pool.submit(sent.collect, live, beacon) for beacon in beacons * 2]
        while not all(part.done() for part in flow):
            for done in [pool.submit(jobs.roll_up, live) for _ in range(2)]:
                done.result()
        for part in flow:
            part.result()
    jobs.roll_up(live)
    with live.transaction() as session:
        report = queries.report_items(session, shop.brand.id, since=TODAY, until=TODAY, sort="impressions")
        assert [row.impressions for row in report.rows] == [60, 60]


def test_orders_attributed_at_once_sum_to_all_of_them(live: Runtime) -> None:
    with live.transaction() as session:
        shop = sent.shop(session, live)
    look(live, shop, shop.item.id, "item_open")
    made = []
    for n in range(24):
        sent.collect(live, sent.beacon(shop.key, sent.event("item_open", NOON - MINUTE, item=shop.item.id), visitor=f"v{n}"))
        with live.transaction() as session:
            made.append(buy(session, shop, shop.dress.sku, visitor=f"v{n}"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda order: jobs.attribute_order(live, brand_id=shop.brand.id, order_id=order), made * 2))
    with live.transaction() as session:
        expected = [(shop.item.id, model, 24, 24, Decimal("480.00")) for model in ("last_click:EUR", "same_product:EUR")]
        assert revenue(session) == expected
