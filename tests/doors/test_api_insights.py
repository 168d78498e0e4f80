"""/api/v1/insights: figures of the brand's own items."""

from __future__ import annotations

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import Caller, caller, problem
from tests.doors.test_api_resources import ORDER
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
        ("model=luck", 400), ("cursor=x", 400), ("limit=0", 400), ("luck=1", 422),
    ],
)  # fmt: skip
def test_a_period_or_order_that_can_not_be_is_refused(shop: Caller, query: str, status: int) -> None:
    assert problem(shop.send("GET", f"/insights/items?{query}"))[0] == status


def test_an_order_tells_its_touches(app: OpenAPI, runtime: Runtime, shop: Caller, session: Session) -> None:
    number = shop.send("POST", "/orders", json=ORDER).get_json()["number"]
    assert shop.send("GET", f"/insights/orders/{number}").status_code == 200
    stranger = caller(app, runtime, session)
    assert problem(stranger.send("GET", f"/insights/orders/{number}")) == (404, "no_such_order")
