"""Deliveries on a real database: one effect, any order, in parallel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice, permutations
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from tests.tracking import sent
from ugc.orders import actions, queries
from ugc.orders.actions import Receipt
from ugc.orders.models import Order, OrderLine, WebhookDelivery
from ugc.orders.reading import UnreadableOrder, read_order
from ugc.orders.rules import WrongSignature
from ugc.runtime import Runtime


def deliver(runtime: Runtime, shop: sent.Shop, order: dict[str, Any], message: str | None = None) -> Receipt:
    body = sent.as_bytes(order)
    headers = sent.signed(shop.secret, body, message=message)
    return actions.receive_webhook(runtime, shop.brand.slug, "generic", headers, body, now=NOON)


def count(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def story() -> list[dict[str, Any]]:
    """An order's life: create, update, fulfil, refund, cancel."""
    first = sent.order(total="40.00", shipping="0", lines=[{"id": "1", "sku": "A", "quantity": 2, "price": "20.00"}])
    refund = {"id": "r1", "at": NOON.isoformat(), "amount": "20.00", "lines": [{"id": "1", "quantity": 1, "amount": "20.00"}]}
    added = [*first["lines"], {"id": "2", "sku": "B", "quantity": 1, "price": "5.00"}]
    steps: list[dict[str, Any]] = [
        {}, {"lines": added, "total": "45.00", "visitor": "v1"}, {"status": "fulfilled", "lines": added, "total": "45.00"},
        {"status": "fulfilled", "lines": added, "total": "45.00", "refunds": [refund]},
        {"status": "cancelled", "lines": first["lines"], "refunds": [refund]},
    ]  # fmt: skip
    return [first | step | {"updated_at": (NOON + timedelta(minutes=n)).isoformat()} for n, step in enumerate(steps)]


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])
def test_every_order_of_delivery_ends_in_the_same_state(session: Session, step: int) -> None:
    """Each fifth of the 120 orders; all of them in the long run."""
    brand = make.brand(session)
    versions = [read_order(sent.as_bytes(version)) for version in story()]
    for number, shuffled in enumerate(islice(permutations(versions), 0, None, step)):
        for data in shuffled:
            order_id = actions.put_order(session, brand.id, f"source-{number}", data, now=NOON).order_id
        assert order_id
        assert queries.as_data(queries.get_order(session, brand.id, order_id)) == versions[-1]


def test_two_versions_of_one_second_end_in_the_same_state(session: Session) -> None:
    brand = make.brand(session)
    same = [version | {"updated_at": NOON.isoformat()} for version in story()[:4]]
    versions = [read_order(sent.as_bytes(version)) for version in same]
    ends = set()
    for number, shuffled in enumerate(permutations(versions)):
        for data in shuffled:
            order_id = actions.put_order(session, brand.id, f"source-{number}", data, now=NOON).order_id
        assert order_id
        ends.add(queries.as_data(queries.get_order(session, brand.id, order_id)))
    assert len(ends) == 1


def test_a_line_keeps_its_row_through_updates(session: Session) -> None:
    brand = make.brand(session)
    versions = [read_order(sent.as_bytes(version)) for version in story()]
    order_id = actions.put_order(session, brand.id, "generic", versions[0], now=NOON).order_id
    before = session.scalars(select(OrderLine.id)).all()
    actions.put_order(session, brand.id, "generic", versions[3], now=NOON)
    assert session.scalars(select(OrderLine.id).where(OrderLine.external_id == "1")).all() == before
    assert order_id


def test_a_line_knows_its_product(session: Session, runtime: Runtime) -> None:
    shop = sent.shop(session, runtime)
    order = sent.order(lines=[{"id": "1", "sku": shop.hat.sku, "quantity": 1, "price": "20.00"}])
    deliver(runtime, shop, order)
    assert session.scalars(select(OrderLine.product_id)).all() == [shop.hat.id]


def test_the_same_delivery_again_changes_nothing(session: Session, runtime: Runtime) -> None:
    shop = sent.shop(session, runtime)
    session.commit()
    order = sent.order()
    assert [deliver(runtime, shop, order, "msg_1").outcome for _ in range(3)] == ["stored", "duplicate", "duplicate"]
    assert deliver(runtime, shop, order, "msg_2").outcome == "older"
    assert (count(session, Order), count(session, WebhookDelivery)) == (1, 2)
    announced = session.scalar(text("select count(*) from procrastinate_jobs where task_name = 'orders.order_changed'"))
    assert announced == 1


@pytest.mark.parametrize(
    ("brand", "source", "spoil"),
    [
        ("", "generic", {"webhook-signature": "v1,AAAA"}), ("nobody", "generic", {}), ("", "shopify", {}), ("", "unheard-of", {}),
        ("", "generic", {"webhook-timestamp": "1"}),
    ],
)  # fmt: skip
def test_a_wrong_signature_leaves_nothing(
    session: Session, runtime: Runtime, brand: str, source: str, spoil: dict[str, str]
) -> None:
    shop = sent.shop(session, runtime)
    session.commit()
    body = sent.as_bytes(sent.order())
    with pytest.raises(WrongSignature):
        actions.receive_webhook(runtime, brand or shop.brand.slug, source, sent.signed(shop.secret, body) | spoil, body, now=NOON)
    assert (count(session, Order), count(session, WebhookDelivery)) == (0, 0)


def test_another_brands_secret_opens_nothing(session: Session, runtime: Runtime) -> None:
    ours, theirs = sent.shop(session, runtime), sent.shop(session, runtime)
    session.commit()
    body = sent.as_bytes(sent.order())
    with pytest.raises(WrongSignature):
        actions.receive_webhook(runtime, ours.brand.slug, "generic", sent.signed(theirs.secret, body), body, now=NOON)


def test_a_signed_delivery_that_cannot_be_read_is_kept_with_its_reason(session: Session, runtime: Runtime) -> None:
    shop = sent.shop(session, runtime)
    session.commit()
    for _ in range(2):
        with pytest.raises(UnreadableOrder):
            deliver(runtime, shop, {"id": "1"}, "msg_1")
    (dead,) = queries.find_deliveries(session, shop.brand.id, dead=True)
    assert dead.error == "updated_at must be a time with an offset, as 2026-11-21T12:00:00Z"
    assert count(session, Order) == 0


def test_bodies_are_forgotten_after_a_month(session: Session, runtime: Runtime) -> None:
    shop = sent.shop(session, runtime)
    session.commit()
    deliver(runtime, shop, sent.order())
    assert actions.forget_bodies(session, now=NOON + timedelta(days=29)) == 0
    assert actions.forget_bodies(session, now=NOON + timedelta(days=31)) == 1
    assert actions.forget_bodies(session, now=NOON + timedelta(days=31)) == 0


def test_orders_come_in_pages(session: Session) -> None:
    brand = make.brand(session)
    key = b"k" * 32
    for _ in range(5):
        actions.put_order(session, brand.id, "generic", read_order(sent.as_bytes(sent.order())), now=NOON)
    seen: list[int] = []
    cursor: str | None = None
    for _ in range(3):
        rows, cursor = queries.find_orders(session, brand.id, limit=2, cursor=cursor, key=key)
        seen += [row.id for row in rows]
    assert len(set(seen)) == 5
    assert cursor is None


def test_ten_times_each_four_at_once_have_one_effect(live: Runtime) -> None:
    """F-28."""
    with live.transaction() as session:
        shop = sent.shop(session, live)
    orders = [sent.order() for _ in range(5)]
    jobs = [(order, f"msg_{number}") for number, order in enumerate(orders) for _ in range(10)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = [receipt.outcome for receipt in pool.map(lambda job: deliver(live, shop, *job), jobs)]
    assert sorted(outcomes) == ["duplicate"] * 45 + ["stored"] * 5
    with live.transaction() as session:
        assert (count(session, Order), count(session, OrderLine), count(session, WebhookDelivery)) == (5, 5, 5)


def test_versions_that_arrive_at_once_end_in_the_newest(live: Runtime) -> None:
    with live.transaction() as session:
        shop = sent.shop(session, live)
    versions = story()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda version: deliver(live, shop, version), versions * 4))
    with live.transaction() as session:
        (order,) = queries.find_by_external_id(session, shop.brand.id, versions[0]["id"])
        assert queries.as_data(queries.get_order(session, shop.brand.id, order.id)) == read_order(sent.as_bytes(versions[-1]))
