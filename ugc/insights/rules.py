"""Pure attribution: which item earns which line of an order, and why every other touch does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from ugc.insights.models import Model
from ugc.tracking.models import TouchKind

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Windows:
    """How long before an order a touch still counts; an edge is inside."""

    view: timedelta = timedelta(hours=24)
    click: timedelta = timedelta(hours=72)
    assisted: timedelta = timedelta(days=30)


DEFAULT = Windows()


class Outcome(StrEnum):
    """What became of a touch."""

    ON_PATH = "on_path"
    AFTER_ORDER = "after_order"
    BEFORE_PREVIOUS_ORDER = "before_previous_order"
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class TouchFacts:
    """A view or click of an item."""

    event_id: str
    at: datetime
    kind: TouchKind
    item_id: int
    gallery: str = ""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of an order after discount and refunds."""

    id: int
    sku: str
    family: str
    quantity: int
    amount: Decimal
    returned: bool = False


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What attribution reads of an order."""

    placed_at: datetime
    currency: str
    lines: tuple[LineFacts, ...]
    void: bool = False
    """Cancelled or wholly refunded: earns nothing and counts nowhere."""
    previous_at: datetime | None = None
    """When the same visitor ordered before; the path begins after it."""
    event_id: str = ""
    """The browser's own purchase event, if there was one; settles touches of the very same moment."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """What an item shows."""

    skus: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()

    def shows(self, line: LineFacts) -> bool:
        """Whether the line's product, or another of its family, is tagged."""
        return line.sku in self.skus or (bool(line.family) and line.family in self.families)


@dataclass(frozen=True, slots=True)
class CreditData:
    """An item's credit for one line, or (line 0) for the whole order."""

    model: Model
    item_id: int
    line_id: int
    amount: Decimal
    quantity: int
    touch: TouchFacts


def outcome_of(touch: TouchFacts, order: OrderFacts, windows: Windows = DEFAULT) -> Outcome:
    """Whether a touch lies on the order's path: after the previous order, up to this one, within 30 days.

    A touch at the very time of the order is before it only if its event sorts before the purchase event (peers A18);
    where the browser sent none, it is before.
    """
    if touch.at > order.placed_at or (touch.at == order.placed_at and order.event_id and touch.event_id >= order.event_id):
        return Outcome.AFTER_ORDER
    if touch.at < order.placed_at - windows.assisted:
        return Outcome.TOO_OLD
    if order.previous_at is not None and touch.at <= order.previous_at:
        return Outcome.BEFORE_PREVIOUS_ORDER
    return Outcome.ON_PATH


def path_of(touches: Iterable[TouchFacts], order: OrderFacts, windows: Windows = DEFAULT) -> list[TouchFacts]:
    """The order's touches, earliest first."""
    chosen = (touch for touch in touches if outcome_of(touch, order, windows) is Outcome.ON_PATH)
    return sorted(chosen, key=lambda touch: (touch.at, touch.event_id))


def attribute(
    order: OrderFacts, touches: Iterable[TouchFacts], tagged: Mapping[int, Tagged], windows: Windows = DEFAULT
) -> list[CreditData]:
    """All credits of an order under the three models; none for an order that is void."""
    if order.void:
        return []
    path = path_of(touches, order, windows)
    return [
        *same_product(order, path, tagged, windows),
        *last_click(order, path, windows),
        *assisted(order, path, windows),
    ]


def same_product(order: OrderFacts, path: Sequence[TouchFacts], tagged: Mapping[int, Tagged], windows: Windows) -> list[CreditData]:
    """Each line goes whole to the last click, else the last view, of an item that shows its product or family."""
    made = []
    for line in order.lines:
        showing = [touch for touch in path if tagged.get(touch.item_id, NOTHING).shows(line)]
        winner = last_within(showing, TouchKind.CLICK, order, windows) or last_within(showing, TouchKind.VIEW, order, windows)
        if winner and not line.returned:
            made.append(CreditData(Model.SAME_PRODUCT, winner.item_id, line.id, line.amount, line.quantity, winner))
    return made


NOTHING = Tagged()


def last_click(order: OrderFacts, path: Sequence[TouchFacts], windows: Windows) -> list[CreditData]:
    """The whole order goes to the last item clicked, whatever it shows; views never count."""
    winner = last_within(path, TouchKind.CLICK, order, windows)
    left = [line for line in order.lines if not line.returned]
    if winner is None or (order.lines and not left):
        return []
    amount = sum((line.amount for line in left), ZERO)
    return [CreditData(Model.LAST_CLICK, winner.item_id, 0, amount, sum(line.quantity for line in left), winner)]


def assisted(order: OrderFacts, path: Sequence[TouchFacts], windows: Windows) -> list[CreditData]:
    """Every other item on the path, once each, by its last touch: a count, never money."""
    winner = last_within(path, TouchKind.CLICK, order, windows)
    if order.lines and all(line.returned for line in order.lines):
        return []
    latest = {touch.item_id: touch for touch in path if winner is None or touch.item_id != winner.item_id}
    return [CreditData(Model.ASSISTED, item_id, 0, ZERO, 0, touch) for item_id, touch in latest.items()]


def last_within(path: Sequence[TouchFacts], kind: TouchKind, order: OrderFacts, windows: Windows) -> TouchFacts | None:
    """The latest touch of a kind inside its window; the window's edge is inside."""
    since = order.placed_at - (windows.view if kind is TouchKind.VIEW else windows.click)
    inside = [touch for touch in path if touch.kind is kind and touch.at >= since]
    return inside[-1] if inside else None


@dataclass(frozen=True)
class Figures:
    """What happened with one item, or with all, in a period."""

    impressions: int = 0
    views: int = 0
    opens: int = 0
    clicks: int = 0
    carts: int = 0
    sessions: int = 0
    """Sessions with a view."""
    orders: int = 0
    units: int = 0
    revenue: Mapping[str, Decimal] = field(default_factory=dict)
    """Currency → net amount; currencies are never added."""

    @property
    def conversion_rate(self) -> float | None:
        """Orders per session with a view; None where nobody viewed."""
        return self.orders / self.sessions if self.sessions else None


def previous_period(since: date, until: date) -> tuple[date, date]:
    """The period of the same length just before; both ends are inside."""
    length = until - since + timedelta(days=1)
    return since - length, until - length


def change(now: Decimal | float | int, before: Decimal | float | int) -> float | None:
    """The relative change; None from zero."""
    return float(now) / float(before) - 1 if before else None


REASONS = {
    Outcome.AFTER_ORDER: "came after the order",
    Outcome.BEFORE_PREVIOUS_ORDER: "belongs to the order before",
    Outcome.TOO_OLD: "more than 30 days before the order",
}


def reason_of(touch: TouchFacts, order: OrderFacts, shows: bool, models: Sequence[str], windows: Windows = DEFAULT) -> str:
    """Why a touch got credit or not, as a sentence's end."""
    outcome = outcome_of(touch, order, windows)
    if outcome in REASONS:
        return REASONS[outcome]
    if order.void:
        return "the order was cancelled or wholly refunded"
    if Model.SAME_PRODUCT in models:
        return f"last {touch.kind} of an item that shows what was bought"
    window = windows.view if touch.kind is TouchKind.VIEW else windows.click
    if touch.at < order.placed_at - window:
        return f"a {touch.kind} more than {int(window.total_seconds() // 3600)} hours before the order"
    if not shows:
        return "the item shows nothing that was bought"
    return "another touch came later, or a click took precedence"
