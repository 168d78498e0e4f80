"""Pure decisions about events: what counts, whose session it is, what is a view or a click of an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from ugc.tracking.models import TouchKind

SESSION_IDLE = timedelta(minutes=30)
# The same visitor, item and type within this time count once (T-72).
REPEAT = timedelta(seconds=30)
# One event every three seconds for a whole hour: more than a shopper does, and the most that one visitor can count for.
HOURLY_CAP = 1_200
# A phone that was offline reports late; beyond this an event says nothing that a report of that day could still take in.
OLDEST = timedelta(days=7)

TOUCHES = {
    "item_view": TouchKind.VIEW,
    "item_open": TouchKind.CLICK,
    "hotspot_open": TouchKind.CLICK,
    "product_click": TouchKind.CLICK,
    "add_to_cart": TouchKind.CLICK,
}
"""Which events bring attribution: presses on the item or its products, not likes, shares or a look at the creator."""

COUNTS = {
    "item_impression": "impressions",
    "item_view": "views",
    "item_open": "opens",
    "product_click": "clicks",
    "add_to_cart": "carts",
}
"""Which events fill which column of the report."""


@dataclass(frozen=True, slots=True)
class EventData:
    """One event as the browser told it."""

    id: UUID
    type: str
    at: datetime
    gallery: str = ""
    item_id: int | None = None
    sku: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Beacon:
    """What a page sent at once."""

    key: str
    events: tuple[EventData, ...]
    visitor: str = ""
    session: str = ""
    page_url: str = ""
    referrer_host: str = ""
    webdriver: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """A session as stored."""

    session: str
    started_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knows that a beacon's judgement needs."""

    items: frozenset[int] = frozenset()
    galleries: frozenset[str] = frozenset()
    stored: frozenset[UUID] = frozenset()
    recent: Mapping[tuple[str, int], Sequence[datetime]] = field(default_factory=dict)
    """(type, item) → when this visitor's counted events of it happened, around the beacon's time."""
    last_hour: int = 0
    stays: Sequence[Stay] = ()
    viewed: Mapping[int, datetime] = field(default_factory=dict)
    """Item → when this visitor last viewed it."""
    last_view: datetime | None = None
    late_orders: Sequence[int] = ()
    """This visitor's orders that were placed after the beacon's first event, which so comes late to them."""
    clicks: Sequence[tuple[datetime, int]] = ()
    """This visitor's clicks on items, loaded where something went into a cart."""
    tagged: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """SKU → items that show the product or its family, loaded where something went into a cart."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An event that is to be stored: whether it counts, and as what."""

    event: EventData
    ivt_reason: str = ""
    touch: TouchKind | None = None
    counts: tuple[tuple[int, str], ...] = ()
    """(item, column) of the report."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a beacon."""

    events: tuple[Judged, ...]
    stay: Stay | None
    duplicates: int
    dropped: Mapping[str, int]


def settle_times(events: Sequence[EventData], now: datetime) -> list[EventData]:
    """The events in the order of their times; where the visitor's clock runs ahead, all move back together, up to now."""
    ahead = max(event.at for event in events) - now
    if ahead > timedelta(0):
        events = [replace(event, at=event.at - ahead) for event in events]
    return sorted(events, key=lambda event: event.at)


def judge(beacon: Beacon, facts: Facts, *, reason: str, now: datetime) -> Verdict:
    """Sort out repeats and unknown things, find the session, flag what must not count."""
    dropped: dict[str, int] = {}
    kept: list[EventData] = []
    seen = set(facts.stored)
    duplicates = 0
    for event in settle_times(beacon.events, now):
        why = unknown(event, facts, now)
        if event.id in seen:
            duplicates += 1
        elif why:
            dropped[why] = dropped.get(why, 0) + 1
        else:
            seen.add(event.id)
            kept.append(event)
    stay = None if reason or not beacon.visitor or not kept else find_stay(beacon.session, facts.stays, kept)
    if stay:
        kept = credit_carts(kept, stay, facts)
    return Verdict(tuple(weigh(kept, stay, facts, bool(beacon.visitor), reason)), stay, duplicates, dropped)


def unknown(event: EventData, facts: Facts, now: datetime) -> str:
    """Why an event is dropped: its item or gallery is not this brand's, or it is too old; empty = it is kept."""
    if event.item_id is not None and event.item_id not in facts.items:
        return "unknown_item"
    if event.gallery and event.gallery not in facts.galleries:
        return "unknown_gallery"
    return "too_old" if event.at < now - OLDEST else ""


def find_stay(session: str, stays: Sequence[Stay], events: Sequence[EventData]) -> Stay:
    """The visitor's session: the browser's own id, continued unless 30 minutes passed since the last event.

    Pages that keep one id for longer get a new session here, named by its start.
    """
    first, last = events[0].at, events[-1].at
    own = [stay for stay in stays if stay.session == session or stay.session.startswith(f"{session}~")]
    near = [stay for stay in own if stay.started_at - SESSION_IDLE <= first <= stay.last_at + SESSION_IDLE]
    if near:
        stay = max(near, key=lambda stay: stay.last_at)
        return Stay(stay.session, min(stay.started_at, first), max(stay.last_at, last))
    name = session if all(stay.session != session for stay in own) else f"{session}~{int(first.timestamp())}"
    return Stay(name, first, last)


def credit_carts(events: Sequence[EventData], stay: Stay, facts: Facts) -> list[EventData]:
    """Name the item behind an add to cart of the shop's own button: the one last clicked of that product in the session."""
    clicks = [click for click in facts.clicks if click[0] >= stay.started_at]
    clicks += [
        (event.at, event.item_id) for event in events if event.item_id is not None and TOUCHES.get(event.type) is TouchKind.CLICK
    ]
    made = []
    for event in events:
        if event.type == "add_to_cart" and event.item_id is None:
            showing = facts.tagged.get(event.sku, frozenset())
            before = [click for click in clicks if click[0] <= event.at and click[1] in showing]
            if before:
                event = replace(event, item_id=max(before)[1], data={**event.data, "item_by": "click"})
        made.append(event)
    return made


def weigh(events: Sequence[EventData], stay: Stay | None, facts: Facts, known_visitor: bool, reason: str) -> list[Judged]:
    """Each event with its flag, touch and counts; what was counted in this beacon counts against what follows in it."""
    recent = {key: list(times) for key, times in facts.recent.items()}
    viewed = {item for item, at in facts.viewed.items() if stay and at >= stay.started_at}
    any_view = bool(stay and facts.last_view and facts.last_view >= stay.started_at)
    made = []
    for place, event in enumerate(events):
        flag = reason or (too_often(event, recent, facts.last_hour + place) if known_visitor else "")
        if flag or event.item_id is None:
            made.append(Judged(event, flag))
            continue
        recent.setdefault((event.type, event.item_id), []).append(event.at)
        counts = [(event.item_id, COUNTS[event.type])] if event.type in COUNTS else []
        if event.type == "item_view" and stay:
            counts += [(event.item_id, "sessions")] * (event.item_id not in viewed) + [(0, "sessions")] * (not any_view)
            viewed.add(event.item_id)
            any_view = True
        touch = TOUCHES.get(event.type) if known_visitor and "item_by" not in event.data else None
        made.append(Judged(event, "", touch, tuple(counts)))
    return made


def too_often(event: EventData, recent: Mapping[tuple[str, int], Sequence[datetime]], last_hour: int) -> str:
    """`rate` for a repeat within 30 s and for everything above the hourly cap."""
    if last_hour >= HOURLY_CAP:
        return "rate"
    if event.item_id is None:
        return ""
    times = recent.get((event.type, event.item_id), ())
    return "rate" if any(abs(event.at - at) < REPEAT for at in times) else ""


def is_foreign(origin: str, shop_hosts: Sequence[str]) -> bool:
    """Whether a page of another site sent it; unknown where the brand named no shop or the browser no origin (T-74)."""
    host = host_name(origin)
    homes = [home for home in shop_hosts if home]
    return bool(host and homes) and not any(host == home or host.endswith(f".{home}") for home in homes)


def host_name(url: str) -> str:
    """The host behind an address, without `www.`; the names of one's own machine are one."""
    try:
        host = (urlsplit(url).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""
    return "localhost" if host in {"127.0.0.1", "::1"} else host
