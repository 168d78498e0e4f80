"""Pure decisions about orders: which of two versions is newer, what each line earned, what a signature proves."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from ugc.kit.errors import Unauthorised

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
# Standard Webhooks: a message signed longer ago, or further ahead, than this is refused (T-81).
TOLERANCE = timedelta(seconds=300)
WITHDRAWN = "withdrawn"
"""Our own word for an order whose import was undone: nobody sees it, and any version of it may come again."""
# Words for an order that never became a sale; it keeps its rows and earns nothing.
CANCELLED = frozenset({"cancelled", "canceled", "voided", "failed", WITHDRAWN})
VOID = CANCELLED | {"refunded"}


class WrongSignature(Unauthorised):
    """The webhook is not signed with a live secret of this address."""


@dataclass(frozen=True, slots=True)
class LineData:
    """One product in an order; `price` is per unit."""

    id: str
    sku: str
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class RefundLineData:
    """The part of a refund that belongs to the line `id`."""

    id: str
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RefundData:
    """Money given back; without lines it is spread over the order."""

    id: str
    at: datetime
    amount: Decimal
    lines: tuple[RefundLineData, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderData:
    """A whole order as one delivery tells it."""

    id: str
    updated_at: datetime
    placed_at: datetime
    status: str
    currency: str
    total: Decimal
    tax: Decimal = ZERO
    shipping: Decimal = ZERO
    discount: Decimal = ZERO
    coupon: str = ""
    visitor: str = ""
    customer_id: str = ""
    email_sha256: str = ""
    lines: tuple[LineData, ...] = ()
    refunds: tuple[RefundData, ...] = ()


@dataclass(frozen=True, slots=True)
class NetLine:
    """What is left of a line after discount and refunds."""

    id: str
    sku: str
    quantity: int
    amount: Decimal
    returned: bool
    """All of it went back; it earns nothing and counts nowhere."""


def is_void(order: OrderData) -> bool:
    """Whether nothing of the order remains a sale: cancelled, or all its money given back."""
    given_back = refunded(order)
    return order.status in VOID or (given_back > 0 and given_back >= order.total)


def refunded(order: OrderData) -> Decimal:
    """All money given back."""
    return sum((refund.amount for refund in order.refunds), ZERO)


def version_of(order: OrderData) -> tuple[datetime, Decimal, bool, str]:
    """What orders the versions of one order: newest `updated_at` wins.

    Shops stamp whole seconds, so two versions may share one; then more money back wins, then cancelled, then any order
    that is the same for everybody, so that all orders of delivery end in the same state (T-82).
    """
    return order.updated_at, refunded(order), order.status in VOID, repr(order)


def net_lines(order: OrderData) -> list[NetLine]:
    """Each line after its part of the discount and of the refunds, without shipping; cents add up exactly."""
    gross = [line.price * line.quantity for line in order.lines]
    paid = subtract(gross, split(open_discount(order), gross))
    backs = [back for refund in order.refunds for back in refund.lines]
    left = subtract(paid, [sum((back.amount for back in backs if back.id == line.id), ZERO) for line in order.lines])
    left = subtract(left, split(sum((refund.amount for refund in order.refunds if not refund.lines), ZERO), left))
    void = is_void(order)
    made = []
    for line, before, after in zip(order.lines, paid, left, strict=True):
        quantity = max(0, line.quantity - sum(back.quantity for back in backs if back.id == line.id))
        returned = void or quantity == 0 or (after == 0 and before > 0)
        made.append(NetLine(line.id, line.sku, 0 if returned else quantity, ZERO if returned else after, returned))
    return made


def open_discount(order: OrderData) -> Decimal:
    """The discount that the lines' prices do not hold yet.

    Some shops send prices before the order's discount, some after it; the total tells which. Where it fits neither,
    prices are taken as before the discount.
    """
    goods = sum((line.price * line.quantity for line in order.lines), ZERO) + order.shipping
    holds_it_already = order.total in {goods, goods + order.tax}
    return ZERO if holds_it_already else order.discount


def split(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """The amount in cents by weight: largest remainder, ties to the earliest (peers A17). Never more than the weights' sum."""
    whole = sum(weights, ZERO)
    if whole <= 0 or amount <= 0:
        return [ZERO for _ in weights]
    amount = min(amount, whole).quantize(CENT, ROUND_HALF_UP)
    exact = [amount * weight / whole for weight in weights]
    parts = [share.quantize(CENT, ROUND_FLOOR) for share in exact]
    missing = int((amount - sum(parts, ZERO)) / CENT)
    by_remainder = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[:missing]:
        parts[place] += CENT
    return parts


def subtract(amounts: Sequence[Decimal], less: Sequence[Decimal]) -> list[Decimal]:
    """Each amount less its part, never below zero."""
    return [max(ZERO, amount - part) for amount, part in zip(amounts, less, strict=True)]


def check_standard_signature(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now: datetime) -> str:
    """The message's id, if a live secret signed these raw bytes within the tolerance (Standard Webhooks); else WrongSignature."""
    message, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message or len(message) > 256 or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise WrongSignature()
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise WrongSignature()
    signed = f"{message}.{stamp}.".encode() + body
    given = [part for part in headers.get("webhook-signature", "").split(" ") if part.startswith("v1,")]
    # Every pair is compared, so that the time taken says nothing about which secret is live.
    matches = [hmac.compare_digest(sign(secret, signed).encode(), part.encode()) for secret in secrets for part in given[:8]]
    if not any(matches):
        raise WrongSignature()
    return message


def sign(secret: str, signed: bytes) -> str:
    """`v1,` and the HMAC-SHA256 in base64; nothing that a header can hold where the secret is empty."""
    key = key_of(secret)
    if not key:
        return "no secret"
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def key_of(secret: str) -> bytes:
    """The key's bytes: `whsec_` announces base64, anything else stands for itself."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return b""
