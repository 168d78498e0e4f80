"""From a beacon and an order to the report."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from tests.make import NOON
from tests.tracking import sent
from ugc.insights import actions, queries
from ugc.orders import actions as orders
from ugc.runtime import Runtime


def test_a_purchase_is_credited_to_the_item_that_was_clicked(runtime: Runtime, session: Session) -> None:
    shop = sent.shop(session, runtime)
    session.commit()
    facts = {"gallery": "home", "item": shop.item.id}
    before = NOON - timedelta(minutes=5)
    events = [sent.event(type, before, **facts) for type in ("item_impression", "item_view", "item_open", "hotspot_open")]
    events.append(sent.event("product_click", before, sku=shop.dress.sku, **facts))
    events.append(
        sent.event("add_to_cart", before + timedelta(seconds=9), sku=shop.dress_red.sku, quantity=2, price="20.00", currency="EUR")
    )
    result = sent.collect(runtime, sent.beacon(shop.key, *events))
    assert (result.accepted, result.dropped) == (6, 0)
    order = sent.order(lines=[{"id": "1", "sku": shop.dress_red.sku, "quantity": 2, "price": "20.00"}], total="40.00", shipping="0")
    body = sent.as_bytes(order)
    receipt = orders.receive_webhook(runtime, shop.brand.slug, "generic", sent.signed(shop.secret, body), body, now=NOON)
    assert receipt.outcome == "stored"
    assert receipt.order_id
    assert actions.attribute_order(session, shop.brand.id, receipt.order_id) == []
    sent.collect(runtime, sent.beacon(shop.key, sent.event("purchase", order=order["id"])))
    actions.attribute_order(session, shop.brand.id, receipt.order_id)
    assert actions.roll_up(session) > 0
    today = NOON.date()
    report = queries.report_items(session, shop.brand.id, since=today, until=today)
    row = report.rows[0]
    assert row.item_id == shop.item.id
    assert (row.impressions, row.views, row.opens, row.clicks, row.carts, row.sessions) == (1, 1, 1, 1, 1, 1)
    assert (row.orders, row.units, row.revenue, row.conversion_rate) == (1, 2, {"EUR": Decimal("40.00")}, 1.0)
    assert report.totals.revenue == {"EUR": Decimal("40.00")}
    assert queries.series(session, shop.brand.id, today - timedelta(days=2), today)[-1].orders == 1
    story = queries.explain_order(session, shop.brand.id, receipt.order_id)
    assert [touch.reason for touch in story.touches if touch.credits] == ["last click of an item that shows what was bought"]
