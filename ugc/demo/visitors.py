"""Some days of invented visitors, so that reports are not empty: through the event door and signed orders, like real ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ugc.accounts import queries as accounts_queries
from ugc.demo import content
from ugc.kit import jobs
from ugc.library import queries as library_queries
from ugc.orders import actions as orders_actions
from ugc.runtime import Runtime
from ugc.tracking import actions as tracking_actions

# The event door takes nothing older than seven days.
DAYS = 6
VISITORS = 160
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
AT_ONCE = 20
# Most visitors see no more than the first of a gallery, so that some items are soon seen often enough to be judged.
FRONT = 24


@dataclass(frozen=True)
class Shown:
    """An item that visitors may meet: its id, its products for sale, how much it appeals (0–1)."""

    item_id: int
    skus: tuple[str, ...]
    appeal: float


@dataclass(frozen=True)
class Visit:
    """What one invented visitor did: events by time and perhaps an order."""

    visitor: str
    events: tuple[dict[str, Any], ...]
    order: dict[str, Any] | None


def visit(runtime: Runtime, key: str, secret: str, *, now: datetime, seed: int = 11) -> int:
    """Let the sample visitors in; the number of orders. A second run changes nothing: every id comes from the seed."""
    shown = find_shown(runtime, now)
    if not shown:
        return 0
    chance = random.Random(seed)  # noqa: S311  # chance for sample figures, not for secrets
    base, orders = runtime.settings.base_url, 0
    for number in range(VISITORS):
        made = invent(chance, number, shown, now)
        for start in range(0, len(made.events), AT_ONCE):
            tracking_actions.collect(
                runtime,
                beacon(key, made, made.events[start : start + AT_ONCE], base),
                origin=base,
                user_agent=BROWSER,
                headers={},
                now=now,
            )
        if made.order is not None:
            send_order(runtime, secret, made.order, now=now)
            orders += 1
    measure(runtime)
    return orders


def measure(runtime: Runtime) -> None:
    """What sells is measured by the hour; whoever tries the demo should not have to wait for that."""
    with runtime.transaction() as session:
        brand_id = accounts_queries.get_brand(session, content.BRAND).id
        jobs.enqueue(session, "insights.measure_brand", once=f"insights.measure_brand:{brand_id}", brand_id=brand_id, days=DAYS + 1)


def find_shown(runtime: Runtime, now: datetime) -> list[Shown]:
    """The best hundred pictures that the shop shows."""
    wanted = library_queries.read_filter({"public": "yes", "media": "yes"})
    with runtime.sessions() as session:
        brand = accounts_queries.get_brand(session, content.BRAND)
        page = library_queries.find_items(session, brand.id, wanted, sort="score", limit=100, key=runtime.key("cursor"), now=now)
        return [
            Shown(item.id, tuple(tag.product.sku for tag in item.products if tag.product.price), (item.score or 50) / 100)
            for item in page.items
        ]


def invent(chance: random.Random, number: int, shown: Sequence[Shown], now: datetime) -> Visit:
    """A visit: looks at some items, opens a few, clicks a product now and then, sometimes buys it."""
    at = now - timedelta(days=DAYS * chance.random(), hours=1)
    events: list[dict[str, Any]] = []
    wanted: str | None = None

    def happen(kind: str, **facts: Any) -> None:
        nonlocal at
        at += timedelta(seconds=chance.uniform(2, 25))
        made = uuid.UUID(int=chance.getrandbits(128), version=4)
        events.append({"id": str(made), "type": kind, "at": at.isoformat(), "gallery": "home", **facts})

    happen("page_view")
    happen("gallery_view")
    met = shown[:FRONT] if chance.random() < 0.75 else shown
    for place, item in enumerate(chance.sample(met, min(len(met), chance.randint(4, 11))), start=1):
        happen("item_impression", item=item.item_id, position=place)
        if chance.random() < 0.35 + 0.5 * item.appeal:
            happen("item_view", item=item.item_id)
        if chance.random() < 0.6 * item.appeal / math.sqrt(place):
            happen("item_open", item=item.item_id)
            if item.skus and chance.random() < 0.55:
                wanted = chance.choice(item.skus)
                happen("product_click", item=item.item_id, sku=wanted)
    if wanted is None or chance.random() < 0.45:
        return Visit(f"sample-{number:04}", tuple(events), None)
    happen("add_to_cart", sku=wanted, quantity=1)
    if chance.random() < 0.35:
        return Visit(f"sample-{number:04}", tuple(events), None)
    at += timedelta(minutes=chance.uniform(1, 200))
    order = order_of(f"SAMPLE-{number:04}", f"sample-{number:04}", {wanted: chance.choice((1, 1, 1, 2))}, min(at, now))
    return Visit(f"sample-{number:04}", tuple(events), order)


def order_of(
    order_id: str, visitor: str, quantities: dict[str, int], placed: datetime, prices: dict[str, Decimal] | None = None
) -> dict[str, Any]:
    """A paid order in the generic form, without tax and with shipping for nothing."""
    known = prices or {sample.sku: Decimal(sample.price) for sample in content.CATALOGUE}
    lines = [
        {"id": f"{order_id}-{place}", "sku": sku, "quantity": quantity, "price": str(known.get(sku, Decimal("25.00")))}
        for place, (sku, quantity) in enumerate(quantities.items(), start=1)
    ]
    total = sum((Decimal(str(line["price"])) * int(str(line["quantity"])) for line in lines), Decimal(0))
    return {
        "id": order_id, "updated_at": placed.isoformat(), "placed_at": placed.isoformat(), "status": "paid", "currency": "EUR",
        "total": str(total), "tax": "0.00", "shipping": "0.00", "discount": "0.00", "visitor": visitor, "lines": lines,
        "refunds": [],
    }  # fmt: skip


def beacon(key: str, made: Visit, events: Sequence[dict[str, Any]], base: str) -> bytes:
    """What the shop's page would have sent."""
    body = {
        "key": key, "visitor": made.visitor, "session": f"{made.visitor}-1",
        "page": {"url": f"{base}/demo/shop/", "referrer": "", "title": content.BRAND_NAME}, "events": list(events),
    }  # fmt: skip
    return json.dumps(body).encode()


def send_order(runtime: Runtime, secret: str, order: dict[str, Any], *, now: datetime) -> None:
    """Deliver an order as the shop's own server would: signed after Standard Webhooks, checked by the same code."""
    body = json.dumps(order).encode()
    headers = sign(secret, f"msg_{order['id']}_{order['updated_at']}", body, now)
    orders_actions.receive_webhook(runtime, content.BRAND, "generic", headers, body, now=now)


def sign(secret: str, message: str, body: bytes, now: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`."""
    stamp = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": message, "webhook-timestamp": stamp, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
