"""Reads a webhook's raw bytes into an OrderData: strict JSON (T-85), then the fields of the generic shape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeVar

from ugc.kit.errors import Invalid
from ugc.orders.rules import CENT, ZERO, LineData, OrderData, RefundData, RefundLineData

MAX_DEPTH = 32
MAX_LINES = 1_000
# What numeric(14, 2) holds.
MOST = Decimal("999999999999.99")
Made = TypeVar("Made")


class UnreadableOrder(Invalid):
    """The order can't be read."""


def read_order(body: bytes) -> OrderData:
    """The order in a delivery's body; raises UnreadableOrder naming the field."""
    fields = as_object(read_json(body), "order")
    customer = as_object(fields.get("customer") or {}, "customer")
    return OrderData(
        id=text(fields, "id", required=True),
        updated_at=moment(fields, "updated_at"),
        placed_at=moment(fields, "placed_at"),
        status=text(fields, "status", required=True, most=40).lower(),
        currency=currency(fields),
        total=amount(fields, "total", required=True),
        tax=amount(fields, "tax"),
        shipping=amount(fields, "shipping"),
        discount=amount(fields, "discount"),
        coupon=text(fields, "coupon"),
        visitor=text(fields, "visitor", most=100),
        customer_id=text(customer, "id"),
        email_sha256=digest(customer, "email_sha256"),
        lines=many(fields, "lines", line),
        refunds=many(fields, "refunds", refund),
    )


def write_order(order: OrderData) -> dict[str, Any]:
    """The order in the generic shape, as `read_order` takes it."""
    fields = {name: str(getattr(order, name)) for name in ("id", "status", "currency", "coupon", "visitor")}
    fields |= {name: getattr(order, name).isoformat() for name in ("updated_at", "placed_at")}
    fields |= {name: str(getattr(order, name)) for name in ("total", "tax", "shipping", "discount")}
    lines = [{"id": each.id, "sku": each.sku, "quantity": each.quantity, "price": str(each.price)} for each in order.lines]
    refunds = [
        {
            "id": each.id, "at": each.at.isoformat(), "amount": str(each.amount),
            "lines": [{"id": part.id, "quantity": part.quantity, "amount": str(part.amount)} for part in each.lines],
        }
        for each in order.refunds
    ]  # fmt: skip
    customer = {"id": order.customer_id, "email_sha256": order.email_sha256}
    return fields | {"customer": customer, "lines": lines, "refunds": refunds}


def read_json(body: bytes) -> Any:
    """Strict JSON: UTF-8, no duplicate names, no NaN or infinity, at most MAX_DEPTH deep; NUL characters are dropped."""
    if nesting(body) > MAX_DEPTH:
        raise UnreadableOrder(f"nested deeper than {MAX_DEPTH}")
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=unique_names, parse_constant=refuse_constant, parse_float=Decimal)
    except UnreadableOrder:
        raise
    except (UnicodeDecodeError, ValueError, RecursionError) as cause:
        raise UnreadableOrder("not JSON in UTF-8") from cause


def nesting(body: bytes) -> int:
    """How deep brackets go outside strings, counted before any parser recurses."""
    depth = deepest = 0
    for mark in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body, flags=re.DOTALL):
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; two readers of one that repeats a name may see different orders, so it is refused."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise UnreadableOrder("an object repeats a name")
    return made


def refuse_constant(word: str) -> Any:
    """NaN and Infinity are not JSON."""
    raise UnreadableOrder(f"{word} is not a number")


def as_object(value: Any, name: str) -> dict[str, Any]:
    """The value as an object."""
    if not isinstance(value, dict):
        raise UnreadableOrder(f"{name} must be an object")
    return value


def text(fields: dict[str, Any], name: str, *, required: bool = False, most: int = 200) -> str:
    """A short text; shops send ids as numbers too."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise UnreadableOrder(f"{name} must be a text")
    # PostgreSQL's text holds neither NUL nor half a surrogate pair.
    value = value.replace("\0", "").encode("utf-8", "ignore").decode().strip()
    if len(value) > most or (required and not value):
        raise UnreadableOrder(f"{name} must have 1 to {most} characters" if required else f"{name} is longer than {most}")
    return value


def moment(fields: dict[str, Any], name: str) -> datetime:
    """An RFC 3339 time with its offset, in UTC."""
    value = fields.get(name)
    try:
        made = datetime.fromisoformat(value) if isinstance(value, str) else None
        if made is not None and made.tzinfo is not None:
            return made.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UnreadableOrder(f"{name} must be a time with an offset, as 2026-11-21T12:00:00Z")


def currency(fields: dict[str, Any]) -> str:
    """Three letters (ISO 4217)."""
    value = text(fields, "currency", required=True, most=3).upper()
    if not re.fullmatch("[A-Z]{3}", value):
        raise UnreadableOrder("currency must have three letters")
    return value


def amount(fields: dict[str, Any], name: str, *, required: bool = False) -> Decimal:
    """Money, not negative: a decimal string (or a number, whose digits are read as written), rounded to cents."""
    value = fields.get(name)
    if value is None and not required:
        return ZERO
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise UnreadableOrder(f'{name} must be an amount as "19.90"')
    try:
        made = Decimal(value) if not isinstance(value, str) or re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,10})?", value) else None
        if made is not None and made.is_finite() and 0 <= made <= MOST:
            return made.quantize(CENT, ROUND_HALF_UP)
    except (InvalidOperation, ValueError):
        pass
    raise UnreadableOrder(f'{name} must be an amount as "19.90", from 0 to {MOST}')


def whole(fields: dict[str, Any], name: str, *, least: int) -> int:
    """A count."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 1_000_000:
        raise UnreadableOrder(f"{name} must be a whole number from {least}")
    return value


def digest(fields: dict[str, Any], name: str) -> str:
    """A SHA-256 in hex, or nothing."""
    value = text(fields, name).lower()
    if value and not re.fullmatch("[0-9a-f]{64}", value):
        raise UnreadableOrder(f"{name} must be a SHA-256 in hex; never send an address itself")
    return value


def many(fields: dict[str, Any], name: str, read: Callable[[dict[str, Any]], Made]) -> tuple[Made, ...]:
    """A list of objects with ids of their own."""
    value = fields.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_LINES:
        raise UnreadableOrder(f"{name} must be a list of at most {MAX_LINES}")
    made = tuple(read(as_object(entry, name)) for entry in value)
    if len({getattr(entry, "id") for entry in made}) != len(made):  # noqa: B009  # all three shapes have an id, their union no name
        raise UnreadableOrder(f"{name} repeats an id")
    return made


def line(fields: dict[str, Any]) -> LineData:
    """One of the order's lines."""
    return LineData(
        id=text(fields, "id", required=True), sku=text(fields, "sku"),
        quantity=whole(fields, "quantity", least=0), price=amount(fields, "price", required=True),
    )  # fmt: skip


def refund(fields: dict[str, Any]) -> RefundData:
    """One of the order's refunds."""
    return RefundData(
        id=text(fields, "id", required=True), at=moment(fields, "at"),
        amount=amount(fields, "amount", required=True), lines=many(fields, "lines", refund_line),
    )  # fmt: skip


def refund_line(fields: dict[str, Any]) -> RefundLineData:
    """A refund's part of one line."""
    return RefundLineData(
        id=text(fields, "id", required=True), quantity=whole(fields, "quantity", least=0), amount=amount(fields, "amount")
    )
