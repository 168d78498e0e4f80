"""Reads a beacon's bytes into a Beacon; what is not asked for is not kept (T-70, T-75)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from urllib.parse import urlsplit
from uuid import UUID

from ugc.kit.errors import Invalid, TooLarge
from ugc.tracking.rules import Beacon, EventData

# What a browser lets a page have in flight when it is left (fetch keepalive, sendBeacon).
MAX_BODY = 64 * 1024
MAX_EVENTS = 20
MAX_URL = 2_000
MAX_ITEM = 2**63 - 1

TYPES = frozenset(
    {
        "page_view", "product_view", "site_search", "compare", "begin_checkout", "checkout_step", "remove_from_cart",
        "gallery_load", "gallery_view", "item_impression", "item_view", "item_open", "item_close", "load_more",
        "creator_click", "hotspot_open", "product_click", "share", "like", "dislike", "wish", "add_to_cart", "lead",
        "page_time", "purchase",
    }
)  # fmt: skip
KEPT_TEXTS = {
    "share": ("network",),
    "site_search": ("query",),
    "checkout_step": ("step",),
    "purchase": ("order",),
    "lead": ("form",),
}
KEPT_AMOUNTS = {
    "page_time": ("seconds",), "add_to_cart": ("quantity", "price"), "remove_from_cart": ("quantity", "price"),
    "product_view": ("quantity", "price"), "item_impression": ("position",),
}  # fmt: skip
WITH_CURRENCY = frozenset({"add_to_cart", "remove_from_cart", "product_view"})
# A search may be typed by somebody who thinks he signs in.
PERSONAL = re.compile(r"\S+@\S+|\+?\d[\d /().-]{6,}\d")


class BadEvents(Invalid):
    """The events can't be read."""


class TooManyEvents(TooLarge):
    """A beacon may hold 20 events and 64 kB."""


def read_beacon(body: bytes) -> Beacon:
    """The beacon; raises BadEvents naming what is wrong, or TooManyEvents."""
    if len(body) > MAX_BODY:
        raise TooManyEvents()
    try:
        fields = json.loads(body.decode("utf-8"), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as cause:
        raise BadEvents("not JSON in UTF-8") from cause
    fields = as_object(fields, "the beacon")
    events = fields.get("events")
    if not isinstance(events, list) or not events:
        raise BadEvents("events must be a list of at least one")
    if len(events) > MAX_EVENTS:
        raise TooManyEvents()
    page = as_object(fields.get("page") or {}, "page")
    agreed = fields.get("consent") not in (False, "denied", "false", "none")
    return Beacon(
        key=text(fields, "key", 100),
        visitor=text(fields, "visitor", 100) if agreed else "",
        session=text(fields, "session", 100) if agreed else "",
        page_url=clean_url(text(page, "url", 20_000)),
        referrer_host=host_of(text(page, "referrer", 20_000)),
        webdriver=fields.get("webdriver") is True,
        events=tuple(read_event(as_object(event, "an event")) for event in events),
    )


def read_event(fields: Mapping[str, Any]) -> EventData:
    """One event, with only the fields that its type has."""
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise BadEvents("type is not one of docs/events.md")
    return EventData(
        id=identifier(fields),
        type=kind,
        at=moment(fields),
        gallery=text(fields, "gallery", 100),
        item_id=item(fields),
        sku=text(fields, "sku", 200) or text(fields, "product", 200),
        data=extras(kind, fields),
    )


def extras(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The type's own fields, in bounds."""
    made: dict[str, Any] = {name: text(fields, name, 200) for name in KEPT_TEXTS.get(kind, ()) if fields.get(name) is not None}
    made |= {name: number(fields, name) for name in KEPT_AMOUNTS.get(kind, ()) if fields.get(name) is not None}
    if kind in WITH_CURRENCY and fields.get("currency") is not None:
        made["currency"] = text(fields, "currency", 3).upper()
    if kind == "site_search":
        made["query"] = PERSONAL.sub("…", made.get("query", "")).lower()[:100]
    if kind == "purchase" and not made.get("order"):
        raise BadEvents("purchase needs the order's id")
    return made


def as_object(value: Any, name: str) -> dict[str, Any]:
    """The value as an object."""
    if not isinstance(value, dict):
        raise BadEvents(f"{name} must be an object")
    return value


def refuse_constant(word: str) -> Any:
    """NaN and Infinity are not JSON."""
    raise BadEvents(f"{word} is not a number")


def text(fields: Mapping[str, Any], name: str, most: int) -> str:
    """A short text; a number stands for its digits. PostgreSQL's text holds neither NUL nor half a surrogate pair."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise BadEvents(f"{name} must be a text of at most {most} characters")
    return value.replace("\0", "").encode("utf-8", "ignore").decode().strip()


def identifier(fields: Mapping[str, Any]) -> UUID:
    """The event's own UUID, by which a repeat is known."""
    value = fields.get("id")
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else refuse("id must be a UUID")
    except ValueError as cause:
        raise BadEvents("id must be a UUID") from cause


def moment(fields: Mapping[str, Any]) -> datetime:
    """When it happened, by the visitor's clock (RFC 3339 with an offset), in UTC."""
    value = fields.get("at")
    try:
        made = datetime.fromisoformat(value) if isinstance(value, str) else None
        return made.astimezone(UTC) if made is not None and made.tzinfo else refuse("at must be a time with an offset")
    except (ValueError, OverflowError) as cause:
        raise BadEvents("at must be a time with an offset") from cause


def item(fields: Mapping[str, Any]) -> int | None:
    """The item's id; one that no table can hold is unknown, not malformed."""
    value = fields.get("item")
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadEvents("item must be an item's id")
    return value if 0 < value <= MAX_ITEM else 0


def number(fields: Mapping[str, Any], name: str) -> str:
    """A quantity, price or duration, kept as the digits that were sent."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadEvents(f"{name} must be a number")
    try:
        made = Decimal(str(value))
    except InvalidOperation as cause:
        raise BadEvents(f"{name} must be a number") from cause
    if not made.is_finite() or not 0 <= made <= 10**9:
        raise BadEvents(f"{name} must be a number from 0 to a thousand million")
    return f"{made:f}"[:20]


def refuse(reason: str) -> NoReturn:
    """Say what is wrong with the beacon."""
    raise BadEvents(reason)


def clean_url(url: str) -> str:
    """An address without query, fragment, name and password (T-75); empty for what is no web page."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    return f"{parts.scheme}://{host}{port}{parts.path or '/'}"[:MAX_URL]


def host_of(url: str) -> str:
    """Only the host of a referrer."""
    return urlsplit(cleaned).hostname or "" if (cleaned := clean_url(url)) else ""
