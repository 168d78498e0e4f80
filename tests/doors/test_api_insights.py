"""/api/v1/insights: figures of the brand's own items."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import Caller, caller, problem
from tests.doors.test_api_resources import ORDER
from tests.make import NOON
from tests.tracking import sent
from ugc.accounts import actions as accounts
from ugc.accounts.models import KeyKind
from ugc.insights import actions as insights
from ugc.orders import actions as orders
from ugc.orders.reading import read_order
from ugc.runtime import Runtime


@pytest.fixture
def shop(app: OpenAPI, runtime: Runtime, session: Session) -> Caller:
    return caller(app, runtime, session)


def test_an_item_that_nobody_saw_has_zeros(app: OpenAPI, runtime: Runtime, shop: Caller, session: Session) -> None:
    item = make.item(session, shop.brand)
    session.commit()
    figures = shop.send("GET", f"/insights/items/{item.id}?since=2026-11-01&until=2026-11-30").get_json()
    assert (figures["item_id"], figures["views"], figures["revenue"], figures["conversion_rate"]) == (item.id, 0, {}, None)
    stranger = caller(app, runtime, session)
    assert problem(stranger.send("GET", f"/insights/items/{item.id}")) == (404, "not_found")


def test_the_report_of_a_quiet_period_is_empty_with_its_totals(shop: Caller) -> None:
    report = shop.send("GET", "/insights/items?since=2026-11-01&until=2026-11-30").get_json()
    assert (report["items"], report["next"], report["totals"]["orders"], report["since"]) == ([], None, 0, "2026-11-01")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("since=2026-12-01&until=2026-11-01", 400), ("since=1990-01-01", 400), ("since=soon", 422), ("sort=luck", 400),
        ("since=9999-12-31", 400), ("model=luck", 400), ("cursor=x", 400), ("limit=0", 400), ("luck=1", 422),
    ],
)  # fmt: skip
def test_a_period_or_order_that_can_not_be_is_refused(shop: Caller, query: str, status: int) -> None:
    assert problem(shop.send("GET", f"/insights/items?{query}"))[0] == status


def test_the_first_and_last_days_of_the_calendar_are_periods_too(shop: Caller) -> None:
    for query in ("until=0001-01-02", "since=9999-12-30&until=9999-12-31"):
        assert shop.send("GET", f"/insights/items?{query}").status_code == 200


def test_a_rate_stands_beside_what_it_divides_and_totals_count_each_order_and_session_once(
    app: OpenAPI, runtime: Runtime, session: Session
) -> None:
    """Two items share one session and one order of two lines; a second order comes from a click without a view."""
    made = sent.shop(session, runtime)
    key = accounts.add_key(session, made.brand, KeyKind.SECRET, seal_key=b"")[1]
    session.commit()
    for visitor, kind in (("a", "item_view"), ("b", "item_open")):
        looks = [sent.event(kind, NOON - timedelta(minutes=5), item=item.id) for item in (made.item, made.hat_item)]
        sent.collect(runtime, sent.beacon(made.key, *looks, visitor=visitor, session=visitor))
        lines = [
            {"id": str(n), "sku": sku, "quantity": 1, "price": "20.00"} for n, sku in enumerate((made.dress.sku, made.hat.sku))
        ]
        bought = read_order(sent.as_bytes(sent.order(lines=lines, total="40.00", shipping="0", visitor=visitor)))
        order_id = orders.put_order(session, made.brand.id, "generic", bought, now=NOON).order_id
        insights.attribute_order(session, made.brand.id, order_id or 0)
    insights.roll_up(session)
    session.commit()
    answer = app.test_client().get(
        "/api/v1/insights/items?since=2026-11-21&until=2026-11-21",
        headers={"Authorization": f"Bearer {key}"},
        base_url="http://ugc.test",
    )
    report = answer.get_json()
    row = {"sessions": 1, "views": 1, "opens": 1, "orders": 2, "units": 2, "revenue": {"EUR": "40.00"}, "conversion_rate": 2.0}
    assert [{name: item[name] for name in row} for item in report["items"]] == [row, row]
    totals = {"sessions": 1, "views": 2, "opens": 2, "orders": 2, "units": 4, "revenue": {"EUR": "80.00"}, "conversion_rate": 2.0}
    assert {name: report["totals"][name] for name in totals} == totals


def test_an_order_tells_its_touches(app: OpenAPI, runtime: Runtime, shop: Caller, session: Session) -> None:
    number = shop.send("POST", "/orders", json=ORDER).get_json()["number"]
    assert shop.send("GET", f"/insights/orders/{number}").status_code == 200
    stranger = caller(app, runtime, session)
    assert problem(stranger.send("GET", f"/insights/orders/{number}")) == (404, "no_such_order")
