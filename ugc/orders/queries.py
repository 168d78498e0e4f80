"""Reads of orders and of webhook deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from ugc.kit import db, paging
from ugc.kit.errors import NotFound
from ugc.orders import rules
from ugc.orders.models import Order, Refund, WebhookDelivery
from ugc.orders.rules import LineData, OrderData, RefundData, RefundLineData


class NoSuchOrder(NotFound):
    """There is no such order."""


def get_order(session: Session, brand_id: int, order_id: int) -> Order:
    """The order with its lines and refunds; raises NoSuchOrder."""
    chosen = select(Order).where(Order.brand_id == brand_id, Order.id == order_id)
    order = session.scalars(chosen.options(*whole())).one_or_none()
    if order is None:
        raise NoSuchOrder()
    return order


def whole() -> tuple[Any, ...]:
    """Loads lines and refunds along."""
    return selectinload(Order.lines), selectinload(Order.refunds).selectinload(Refund.lines)


def find_orders(
    session: Session, brand_id: int, *, cursor: str | None = None, limit: int = 30, key: bytes
) -> tuple[list[Order], str | None]:
    """A page of orders, newest placed first, and the cursor of the next."""
    chosen = select(Order).where(Order.brand_id == brand_id, Order.status != rules.WITHDRAWN)
    if cursor:
        placed_at, order_id = paging.read_cursor(cursor, key)
        chosen = chosen.where(
            (Order.placed_at < datetime.fromisoformat(placed_at))
            | ((Order.placed_at == datetime.fromisoformat(placed_at)) & (Order.id < order_id))
        )
    rows = list(session.scalars(chosen.options(*whole()).order_by(Order.placed_at.desc(), Order.id.desc()).limit(limit + 1)))
    more = paging.make_cursor([rows[limit - 1].placed_at.isoformat(), rows[limit - 1].id], key) if len(rows) > limit else None
    return rows[:limit], more


def find_by_ids(session: Session, brand_id: int, order_ids: Iterable[int], *, lock: bool = False) -> list[Order]:
    """These orders with their lines and refunds, by id; those that are another brand's are left out.

    With `lock`, nobody else changes them until the transaction ends.
    """
    chosen = select(Order).where(Order.brand_id == brand_id, db.among(Order.id, order_ids)).order_by(Order.id)
    if lock:
        chosen = chosen.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(chosen.options(*whole())))


def find_by_external_id(session: Session, brand_id: int, external_id: str) -> list[Order]:
    """The orders of this id, one per source at most."""
    return list(session.scalars(select(Order).where(Order.brand_id == brand_id, Order.external_id == external_id)))


def count_orders(session: Session, brand_id: int) -> int:
    """All orders of the brand."""
    return session.scalar(select(func.count()).select_from(Order).where(Order.brand_id == brand_id)) or 0


def find_deliveries(session: Session, brand_id: int, *, dead: bool = False, limit: int = 100) -> list[WebhookDelivery]:
    """The newest deliveries; `dead` = only those that could not be worked on, with their error."""
    chosen = select(WebhookDelivery).where(WebhookDelivery.brand_id == brand_id)
    if dead:
        chosen = chosen.where(WebhookDelivery.done_at.is_(None))
    return list(session.scalars(chosen.order_by(WebhookDelivery.id.desc()).limit(limit)))


def as_data(order: Order) -> OrderData:
    """The stored order in the shape that rules read."""
    return OrderData(
        id=order.external_id, updated_at=order.updated_at, placed_at=order.placed_at, status=order.status,
        currency=order.currency, total=order.total, tax=order.tax, shipping=order.shipping, discount=order.discount,
        coupon=order.coupon, visitor=order.visitor, customer_id=order.customer_id, email_sha256=order.email_sha256,
        lines=tuple(LineData(line.external_id, line.sku, line.quantity, line.price) for line in order.lines),
        refunds=tuple(
            RefundData(
                refund.external_id, refund.at, refund.amount,
                tuple(RefundLineData(line.line_external_id, line.quantity, line.amount) for line in refund.lines),
            )
            for refund in order.refunds
        ),
    )  # fmt: skip
