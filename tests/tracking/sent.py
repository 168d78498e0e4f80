"""Beacons and orders as shops and browsers send them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from tests import make
from ugc.accounts import actions as accounts
from ugc.accounts.models import Brand, KeyKind
from ugc.catalog.models import Product
from ugc.galleries.models import Gallery
from ugc.library.models import Item, ItemProduct, State
from ugc.runtime import Runtime
from ugc.tracking import actions
from ugc.tracking.actions import CollectResult

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
numbers = count(1)


def event_id() -> str:
    """An id that no other event of this run has, growing."""
    return str(UUID(int=(0x7E57 << 112) + next(numbers)))


def event(type: str, at: datetime = make.NOON, **facts: Any) -> dict[str, Any]:
    """An event as the widget makes it."""
    return {"id": event_id(), "type": type, "at": at.isoformat()} | facts


def beacon(key: str, *events: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A beacon of one visitor on one page."""
    page = {"url": "https://shop.test/p/1?utm_source=x#top", "referrer": "https://www.instagram.com/p/abc", "title": "A product"}
    return {
        "key": key,
        "visitor": "visitor-1",
        "session": "session-1",
        "consent": True,
        "page": page,
        "events": list(events),
    } | facts


def as_bytes(value: Any) -> bytes:
    """JSON in UTF-8."""
    return json.dumps(value).encode()


@dataclass(frozen=True)
class Shop:
    """A brand with a key, a webhook secret, a gallery, two products of one family, a third, and an item for each."""

    brand: Brand
    key: str
    secret: str
    dress: Product
    dress_red: Product
    hat: Product
    item: Item
    hat_item: Item
    gallery: str = "home"


def shop(session: Session, runtime: Runtime) -> Shop:
    """A shop of its own."""
    brand = make.brand(session)
    _, key = accounts.add_key(session, brand, KeyKind.PUBLISHABLE, seal_key=b"")
    _, secret = accounts.add_key(session, brand, KeyKind.WEBHOOK, source="generic", seal_key=runtime.key("webhooks"))
    session.add(Gallery(brand_id=brand.id, slug="home", name="Home"))
    dress, dress_red = (make.product(session, brand, family="dress") for _ in range(2))
    hat = make.product(session, brand)
    item, hat_item = (make.item(session, brand, state=State.APPROVED) for _ in range(2))
    session.add_all([ItemProduct(item_id=item.id, product_id=dress.id), ItemProduct(item_id=hat_item.id, product_id=hat.id)])
    session.flush()
    return Shop(brand, key, secret, dress, dress_red, hat, item, hat_item)


def collect(runtime: Runtime, sent: dict[str, Any] | bytes, now: datetime = make.NOON, **facts: Any) -> CollectResult:
    """Send a beacon from a shopper's browser."""
    facts = {"origin": "", "user_agent": CHROME, "headers": {}} | facts
    return actions.collect(runtime, sent if isinstance(sent, bytes) else as_bytes(sent), now=now, **facts)


def order(**facts: Any) -> dict[str, Any]:
    """An order of one line for 20.00 EUR, placed at noon."""
    return {
        "id": f"order-{next(numbers)}", "updated_at": make.NOON.isoformat(), "placed_at": make.NOON.isoformat(), "status": "paid",
        "currency": "EUR", "total": "24.90", "tax": "3.19", "shipping": "4.90", "discount": "0.00",
        "lines": [{"id": "1", "sku": "SKU", "quantity": 1, "price": "20.00"}], "refunds": [],
    } | facts  # fmt: skip


def signed(secret: str, body: bytes, now: datetime = make.NOON, message: str | None = None) -> dict[str, str]:
    """The headers of a Standard Webhook, made independently of the code under test."""
    message = message or f"msg_{next(numbers)}"
    stamp = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": message, "webhook-timestamp": stamp, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
