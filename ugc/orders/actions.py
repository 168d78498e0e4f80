"""Takes webhook deliveries in and keeps the newest version of each order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.catalog import queries as catalog_queries
from ugc.kit import db, jobs
from ugc.kit.errors import Invalid, NotFound
from ugc.orders import queries, rules
from ugc.orders.models import Order, OrderLine, Refund, RefundLine, WebhookDelivery
from ugc.orders.reading import read_order
from ugc.orders.rules import OrderData, WrongSignature
from ugc.runtime import Runtime

GENERIC = "generic"
OWN_FIELDS = (
    "updated_at", "placed_at", "status", "currency", "total", "tax", "shipping", "discount", "coupon", "visitor", "customer_id",
    "email_sha256",
)  # fmt: skip


TAKE_TURN = text("select pg_advisory_xact_lock(hashtextextended(:name, 7243004))")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery: `stored`, `older` (a newer version is there) or `duplicate`."""

    outcome: str
    order_id: int | None = None


def receive_webhook(
    runtime: Runtime, brand: str, source: str, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> Receipt:
    """Check the signature over the raw bytes, put the delivery into the inbox and work on it, all in one commit.

    Raises WrongSignature (also for an unknown brand or source; nothing is stored) and UnreadableOrder (the delivery is
    kept with its error).
    """
    names = {name.lower(): value for name, value in headers.items()}
    with runtime.transaction() as session:
        brand_id, message = check(runtime, session, brand, source, names, body, now)
        try:
            order = read_order(body)
        except Invalid as error:
            session.rollback()
            reason = error.detail
            db.record(runtime.sessions, lambda other: keep_dead(other, brand_id, source, message, body, reason, now))
            raise
        delivery = enter(session, brand_id, source, message, body, now)
        if delivery is None:
            return Receipt("duplicate")
        receipt = put_order(session, brand_id, source, order, now=now)
        finish(session, delivery, now)
    return receipt


def check(
    runtime: Runtime, session: Session, brand: str, source: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> tuple[int, str]:
    """The brand and the message's id, if the source is known here and signed this; one answer for all that is wrong (T-80)."""
    try:
        brand_id = accounts_queries.get_brand(session, brand).id
    except NotFound as cause:
        raise WrongSignature() from cause
    secrets = []
    if source == GENERIC:
        secrets = accounts_queries.find_webhook_secrets(session, brand_id, source, seal_key=runtime.key("webhooks"))
    return brand_id, rules.check_standard_signature(headers, body, secrets, now=now)


def enter(session: Session, brand_id: int, source: str, message: str, body: bytes, now: datetime) -> int | None:
    """The delivery's row in the inbox; nothing if it was worked on already (F-28). A dead one gets another chance."""
    row = {
        "brand_id": brand_id, "source": source, "delivery_id": message, "body": body, "received_at": now,
        "body_sha256": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip
    made = insert(WebhookDelivery).values(row).on_conflict_do_nothing().returning(WebhookDelivery.id)
    entered = session.scalar(made)
    if entered is not None:
        return entered
    chosen = select(WebhookDelivery.id).where(
        WebhookDelivery.brand_id == brand_id, WebhookDelivery.source == source,
        WebhookDelivery.delivery_id == message, WebhookDelivery.done_at.is_(None),
    )  # fmt: skip
    return session.scalar(chosen.with_for_update())


def finish(session: Session, delivery: int, now: datetime) -> None:
    """Mark a delivery as worked on."""
    session.execute(update(WebhookDelivery).where(WebhookDelivery.id == delivery).values(done_at=now, error=""))


def keep_dead(session: Session, brand_id: int, source: str, message: str, body: bytes, reason: str, now: datetime) -> None:
    """Keep a signed delivery that can't be read, so that somebody sees it."""
    delivery = enter(session, brand_id, source, message, body, now)
    if delivery is not None:
        session.execute(update(WebhookDelivery).where(WebhookDelivery.id == delivery).values(error=reason))


def put_order(session: Session, brand_id: int, source: str, data: OrderData, *, now: datetime) -> Receipt:
    """Keep this version if it is the newest, and announce the change; safe to repeat, in any order, in parallel."""
    take_turn(session, brand_id, data.id)
    order = lock_order(session, brand_id, source, data, now)
    known = order.lines or order.refunds or order.status
    if known and rules.version_of(queries.as_data(order)) >= rules.version_of(data):
        return Receipt("older", order.id)
    apply(session, order, data)
    session.flush()
    jobs.announce(session, "orders.order_changed", brand_id=brand_id, order_id=order.id)
    return Receipt("stored", order.id)


def take_back(session: Session, brand_id: int, source: str, after: OrderData, before: OrderData | None, *, now: datetime) -> bool:
    """Put the version from before an import in the place of the import's; False where a newer one has come since.

    Without an earlier version the order earns nothing and is shown to nobody; the same file may bring it again.
    """
    take_turn(session, brand_id, after.id)
    order = lock_order(session, brand_id, source, after, now)
    if rules.version_of(queries.as_data(order)) != rules.version_of(after):
        return False
    if before is not None:
        apply(session, order, before)
    else:
        order.status, order.updated_at = rules.WITHDRAWN, datetime(1, 1, 1, tzinfo=UTC)
    session.flush()
    jobs.announce(session, "orders.order_changed", brand_id=brand_id, order_id=order.id)
    return True


def take_turn(session: Session, brand_id: int, external_id: str) -> None:
    """Wait for whoever writes about this order right now: either its visitor finds the order, or the order its visitor."""
    session.execute(TAKE_TURN, {"name": f"{brand_id}:{external_id}"})


def lock_order(session: Session, brand_id: int, source: str, data: OrderData, now: datetime) -> Order:
    """The order's row under a lock; an empty one with no status where it is new."""
    row = {
        "brand_id": brand_id, "source": source, "external_id": data.id, "updated_at": datetime(1, 1, 1, tzinfo=UTC),
        "placed_at": data.placed_at, "status": "", "currency": "", "total": rules.ZERO,
    }  # fmt: skip
    session.execute(insert(Order).values(row).on_conflict_do_nothing())
    chosen = select(Order).where(Order.brand_id == brand_id, Order.source == source, Order.external_id == data.id)
    locked = chosen.with_for_update().execution_options(populate_existing=True).options(*queries.whole())
    return session.scalars(locked).one()


def apply(session: Session, order: Order, data: OrderData) -> None:
    """Make the rows say what the data says."""
    for name in OWN_FIELDS:
        setattr(order, name, getattr(data, name))
    put_lines(session, order, data)
    order.refunds.clear()
    session.flush()  # the old refunds go before the new ones come under the same ids
    for refund in data.refunds:
        made = Refund(external_id=refund.id, at=refund.at, amount=refund.amount)
        made.lines = [RefundLine(line_external_id=line.id, quantity=line.quantity, amount=line.amount) for line in refund.lines]
        order.refunds.append(made)


def put_lines(session: Session, order: Order, data: OrderData) -> None:
    """Lines keep their rows by their ids, since credits point at them."""
    there = {line.external_id: line for line in order.lines}
    products = catalog_queries.map_products(session, order.brand_id, [line.sku for line in data.lines if line.sku])
    order.lines = [there.get(line.id) or OrderLine(external_id=line.id) for line in data.lines]
    for row, line in zip(order.lines, data.lines, strict=True):
        row.sku, row.quantity, row.price = line.sku, line.quantity, line.price
        row.product_id = products[line.sku].id if line.sku in products else None


def forget_bodies(session: Session, *, now: datetime, keep: timedelta = timedelta(days=30)) -> int:
    """Empty the bodies of old deliveries that were worked on: a shop may have sent more about people than we read."""
    old = update(WebhookDelivery).where(
        WebhookDelivery.done_at < now - keep, func.length(WebhookDelivery.body) > 0
    )  # fmt: skip
    return len(session.scalars(old.values(body=b"").returning(WebhookDelivery.id)).all())
