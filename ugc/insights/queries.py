"""Reads of credits and roll-ups: reports, series, and the story behind an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, distinct, func, literal, select, union
from sqlalchemy.orm import Session

from ugc.accounts.models import Brand
from ugc.catalog import queries as catalog_queries
from ugc.catalog.models import Product
from ugc.insights import rules
from ugc.insights.models import Credit, ItemDay, ItemRevenueDay, Model
from ugc.insights.rules import Figures, LineFacts, OrderFacts, Outcome, Tagged, TouchFacts
from ugc.kit import db, paging
from ugc.kit.errors import Invalid
from ugc.library.models import ItemProduct
from ugc.orders import queries as orders_queries
from ugc.orders import rules as orders_rules
from ugc.orders.models import Order
from ugc.tracking import queries as tracking_queries
from ugc.tracking.models import PurchaseJoin

EVENT_COLUMNS = ("impressions", "views", "opens", "clicks", "carts", "sessions")
SORTS = (*EVENT_COLUMNS, "orders", "units", "revenue", "conversion_rate")
# More than this many browsers that claim one order are not one customer's.
MAX_VISITORS = 5


@dataclass(frozen=True)
class ItemRow(Figures):
    """One item's line in the report."""

    item_id: int = 0
    previous: Figures | None = None
    """The same figures of the period compared with."""


@dataclass(frozen=True)
class ItemReport:
    """A page of the report per item."""

    rows: list[ItemRow]
    totals: Figures
    """Over all items: an order that credits two of them counts once, and so does a session that viewed two."""
    next: str | None
    since: date
    until: date
    model: Model
    previous_totals: Figures | None = None


@dataclass(frozen=True)
class Day(Figures):
    """One day of a series."""

    day: date = date.min


@dataclass(frozen=True)
class Case:
    """Everything that attribution decides one order from."""

    order: OrderFacts
    visitors: tuple[str, ...]
    touches: list[tuple[str, TouchFacts]]
    """(visitor, touch), earliest first, also those that will not count."""
    tagged: Mapping[int, Tagged]


@dataclass(frozen=True)
class LineStory:
    """A line, what is left of it, and who got it."""

    line_id: int
    sku: str
    title: str
    quantity: int
    price: Decimal
    net: Decimal
    item_id: int | None
    """The item that earned it by *same product*."""


@dataclass(frozen=True)
class TouchStory:
    """A touch, and why it got credit or not."""

    at: datetime
    kind: str
    item_id: int
    gallery: str
    outcome: Outcome
    lines: tuple[int, ...]
    """The order's lines whose product or family the item shows."""
    credits: tuple[str, ...]
    """The models under which this very touch was credited."""
    reason: str
    """A sentence for people."""


@dataclass(frozen=True)
class OrderStory:
    """An order from its touches to its credits."""

    order: Order
    void: bool
    net: Decimal
    visitors: int
    previous_order_at: datetime | None
    lines: list[LineStory]
    touches: list[TouchStory]
    credits: list[Credit]


# -- attribution's own reads


def load_case(session: Session, brand_id: int, order_id: int) -> Case:
    """The order, its visitors' touches of 30 days and what the touched items show; raises NoSuchOrder."""
    cases = load_cases(session, brand_id, [order_id])
    if order_id not in cases:
        raise orders_queries.NoSuchOrder()
    return cases[order_id]


def load_cases(session: Session, brand_id: int, order_ids: Iterable[int], *, lock: bool = False) -> dict[int, Case]:
    """Order → case, of those that exist; as many statements for a hundred orders as for one. `lock` holds the orders."""
    found = orders_queries.find_by_ids(session, brand_id, order_ids, lock=lock)
    visitors = find_visitors(session, brand_id, found)
    everybody = {visitor for several, _ in visitors.values() for visitor in several}
    touches = find_all_touches(session, brand_id, found, everybody)
    tagged = map_tagged(session, brand_id, {touch.item_id for some in touches.values() for touch in some})
    history = map_history(session, brand_id, everybody) if touches else {}
    families = map_families(session, brand_id, {line.sku for order in found for line in order.lines})
    cases = {}
    for order in found:
        several, event_id = visitors[order.id]
        facts = OrderFacts(
            placed_at=order.placed_at, currency=order.currency, lines=make_lines(order, families),
            void=orders_rules.is_void(orders_queries.as_data(order)),
            previous_at=previous_of(order, several, history), event_id=event_id,
        )  # fmt: skip
        since = order.placed_at - rules.DEFAULT.assisted
        own = [
            (visitor, touch) for visitor in several for touch in touches.get(visitor, ()) if since <= touch.at <= order.placed_at
        ]
        cases[order.id] = Case(facts, several, sorted(own, key=lambda pair: (pair[1].at, pair[1].event_id)), tagged)
    return cases


def find_visitors(session: Session, brand_id: int, orders: Sequence[Order]) -> dict[int, tuple[tuple[str, ...], str]]:
    """Order → its visitors, the shop's own word first, and the id of the first purchase event."""
    joins: dict[str, list[PurchaseJoin]] = {}
    for join in tracking_queries.find_joins(session, brand_id, [order.external_id for order in orders]):
        joins.setdefault(join.order_external_id, []).append(join)
    made = {}
    for order in orders:
        own = joins.get(order.external_id, [])
        several = dict.fromkeys([*filter(None, [order.visitor]), *(join.visitor for join in own)])
        made[order.id] = tuple(several)[:MAX_VISITORS], min((str(join.event_id) for join in own), default="")
    return made


def find_all_touches(
    session: Session, brand_id: int, orders: Sequence[Order], visitors: Iterable[str]
) -> dict[str, list[TouchFacts]]:
    """Visitor → touches, over the time that any of the orders looks back on."""
    if not visitors:
        return {}
    since = min(order.placed_at for order in orders) - rules.DEFAULT.assisted
    until = max(order.placed_at for order in orders)
    made: dict[str, list[TouchFacts]] = {}
    for touch in tracking_queries.find_touches(session, brand_id, visitors, since, until):
        facts = TouchFacts(str(touch.event_id), touch.at, touch.kind, touch.item_id, touch.gallery)
        made.setdefault(touch.visitor, []).append(facts)
    return made


def map_families(session: Session, brand_id: int, skus: Iterable[str]) -> dict[str, str]:
    """SKU → family, of the products that the catalogue knows."""
    chosen = select(Product.sku, Product.family).where(Product.brand_id == brand_id, db.among(Product.sku, skus))
    return {sku: family for sku, family in session.execute(chosen)}  # noqa: C416  # dict() can't see that the rows are pairs


def make_lines(order: Order, families: Mapping[str, str]) -> tuple[LineFacts, ...]:
    """The order's lines net of discount and refunds, with their products' families."""
    net = {line.id: line for line in orders_rules.net_lines(orders_queries.as_data(order))}
    made = []
    for line in order.lines:
        left = net[line.external_id]
        made.append(LineFacts(line.id, line.sku, families.get(line.sku, ""), left.quantity, left.amount, left.returned))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Purchase:
    """One of a visitor's orders, as far as the cutting of paths needs it."""

    visitor: str
    order_id: int
    placed_at: datetime
    cancelled: bool


def map_history(session: Session, brand_id: int, visitors: Iterable[str]) -> dict[str, list[Purchase]]:
    """Visitor → all orders, by the shop's word or the visitor's own."""
    columns = Order.id, Order.placed_at, Order.status.in_(sorted(orders_rules.CANCELLED))
    several = sorted(visitors)
    told = select(Order.visitor, *columns).where(Order.brand_id == brand_id, db.among(Order.visitor, several))
    claimed = (
        select(PurchaseJoin.visitor, *columns)
        .join(Order, (Order.brand_id == PurchaseJoin.brand_id) & (Order.external_id == PurchaseJoin.order_external_id))
        .where(PurchaseJoin.brand_id == brand_id, db.among(PurchaseJoin.visitor, several))
    )
    made: dict[str, list[Purchase]] = {}
    for row in session.execute(union(told, claimed)):
        made.setdefault(row[0], []).append(Purchase(*row))
    return made


def previous_of(order: Order, visitors: Sequence[str], history: Mapping[str, Sequence[Purchase]]) -> datetime | None:
    """When one of these visitors ordered last before this order; an order that was cancelled was none."""
    before = [
        one.placed_at
        for visitor in visitors
        for one in history.get(visitor, ())
        if not one.cancelled and (one.placed_at, one.order_id) < (order.placed_at, order.id)
    ]
    return max(before, default=None)


def find_following_orders(session: Session, brand_id: int, order_ids: Iterable[int]) -> set[int]:
    """Each visitor's next order within 30 days, whose path begins where one of these ends; a cancelled one has no path."""
    found = orders_queries.find_by_ids(session, brand_id, order_ids)
    visitors = find_visitors(session, brand_id, found)
    history = map_history(session, brand_id, {visitor for several, _ in visitors.values() for visitor in several})
    made = set()
    for order in found:
        for visitor in visitors[order.id][0]:
            open_ones = [(one.placed_at, one.order_id) for one in history.get(visitor, ()) if not one.cancelled]
            following = min((pair for pair in open_ones if pair > (order.placed_at, order.id)), default=None)
            if following and following[0] <= order.placed_at + rules.DEFAULT.assisted:
                made.add(following[1])
    return made


def map_tagged(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, Tagged]:
    """Item → the products and families that it shows."""
    chosen = (
        select(ItemProduct.item_id, Product.sku, Product.family)
        .join(Product, ItemProduct.product_id == Product.id)
        .where(Product.brand_id == brand_id, db.among(ItemProduct.item_id, item_ids))
    )
    skus: dict[int, set[str]] = {}
    families: dict[int, set[str]] = {}
    for item_id, sku, family in session.execute(chosen):
        skus.setdefault(item_id, set()).add(sku)
        if family:
            families.setdefault(item_id, set()).add(family)
    return {item_id: Tagged(frozenset(skus[item_id]), frozenset(families.get(item_id, ()))) for item_id in skus}


# -- reports: roll-ups only


def report_items(
    session: Session, brand_id: int, *, since: date, until: date, model: str = Model.SAME_PRODUCT, sort: str = "revenue",
    limit: int = 30, cursor: str | None = None, key: bytes = b"", compare: tuple[date, date] | None = None,
) -> ItemReport:  # fmt: skip
    """Items with anything in the period (both days inside), best first; `sort` is a column, `-` before it turns it round.

    Revenue sorts by the brand's own currency. Raises Invalid for an unknown sort or model, BadCursor for a foreign cursor.
    """
    chosen_model = read_model(model)
    column, rising = sort.removeprefix("-"), sort.startswith("-")
    if column not in SORTS:
        raise Invalid(f"sort must be one of {', '.join(SORTS)}")
    report = summed(brand_id, since, until, chosen_model).subquery()
    order = sort_value(report.c, column)
    page = select(report, order.label("sort_value"))
    if cursor:
        value, item_id = paging.read_cursor(cursor, key)
        last = Decimal(value)
        beyond = order > last if rising else order < last
        page = page.where(beyond | ((order == last) & (report.c.item_id > item_id)))
    page = page.order_by(order.asc() if rising else order.desc(), report.c.item_id).limit(limit + 1)
    found = session.execute(page).all()
    shown = found[:limit]
    more = paging.make_cursor([str(shown[-1].sort_value), shown[-1].item_id], key) if len(found) > limit else None
    ids = [row.item_id for row in shown]
    money = map_revenue(session, brand_id, since, until, chosen_model, ids)
    before = map_figures(session, brand_id, *compare, chosen_model, ids) if compare else {}
    rows = []
    for row in shown:
        previous = before.get(row.item_id, Figures()) if compare else None
        rows.append(ItemRow(item_id=row.item_id, previous=previous, **figures(row, money.get(row.item_id))))
    return ItemReport(
        rows=rows, next=more, since=since, until=until, model=chosen_model,
        totals=total(session, brand_id, since, until, chosen_model),
        previous_totals=total(session, brand_id, *compare, chosen_model) if compare else None,
    )  # fmt: skip


def report_item(
    session: Session, brand_id: int, item_id: int, since: date, until: date, *, model: str = Model.SAME_PRODUCT
) -> Figures:
    """One item's figures in the period; zeros where nothing happened."""
    return map_figures(session, brand_id, since, until, read_model(model), [item_id]).get(item_id, Figures())


def report_gallery(session: Session, brand_id: int, gallery: str, since: date, until: date) -> Figures:
    """What visitors did with items in one gallery, and what those earned by *same product* through it."""
    sums = [func.coalesce(func.sum(getattr(ItemDay, name)), 0).label(name) for name in EVENT_COLUMNS[:-1]]
    seen = select(*sums).where(
        ItemDay.brand_id == brand_id, ItemDay.day.between(since, until), ItemDay.gallery == gallery, ItemDay.item_id != 0
    )
    counts = {name: int(value) for name, value in session.execute(seen).one()._mapping.items()}
    mine = (
        Credit.brand_id == brand_id,
        Credit.day.between(since, until),
        Credit.model == Model.SAME_PRODUCT,
        Credit.gallery == gallery,
    )
    orders = session.scalar(select(func.count(distinct(Credit.order_id))).where(*mine)) or 0
    money = select(Credit.currency, func.sum(Credit.amount)).where(*mine).group_by(Credit.currency)
    revenue = {currency: amount for currency, amount in session.execute(money)}  # noqa: C416  # dict() can't see that the rows are pairs
    return Figures(**counts, orders=orders, revenue=revenue)


def series(
    session: Session, brand_id: int, since: date, until: date, item_id: int | None = None, *, model: str = Model.SAME_PRODUCT
) -> list[Day]:
    """Every day of the period, also the empty ones: of one item, or of all together (each order and session once a day)."""
    chosen_model = read_model(model)
    events = {row.day: row for row in session.execute(event_days(brand_id, since, until, item_id))}
    orders, money = revenue_days(session, brand_id, since, until, chosen_model, item_id)
    made = []
    for place in range((until - since).days + 1):
        day = since + timedelta(days=place)
        counts = {name: int(getattr(events[day], name) or 0) for name in EVENT_COLUMNS} if day in events else {}
        number, units = orders.get(day, (0, 0))
        made.append(Day(day=day, orders=number, units=units, revenue=money.get(day, {}), **counts))
    return made


def total(session: Session, brand_id: int, since: date, until: date, model: Model) -> Figures:
    """The whole period: counts summed, but orders and sessions each once."""
    sums = [
        func.coalesce(func.sum(getattr(ItemDay, name)).filter(ItemDay.item_id != 0), 0).label(name) for name in EVENT_COLUMNS[:-1]
    ]
    sums.append(func.coalesce(func.sum(ItemDay.sessions).filter(ItemDay.item_id == 0), 0).label("sessions"))
    row = session.execute(select(*sums).where(ItemDay.brand_id == brand_id, ItemDay.day.between(since, until))).one()
    credited = select(
        func.count(distinct(Credit.order_id)).label("orders"), func.coalesce(func.sum(Credit.quantity), 0).label("units")
    ).where(Credit.brand_id == brand_id, Credit.day.between(since, until), Credit.model == model)
    orders = session.execute(credited).one()
    counts = {name: int(getattr(row, name)) for name in EVENT_COLUMNS}
    money = map_revenue(session, brand_id, since, until, model, None)
    return Figures(**counts, orders=orders.orders, units=int(orders.units), revenue=money.get(0, {}))


def read_model(model: str) -> Model:
    """The model by its name; raises Invalid."""
    try:
        return Model(model)
    except ValueError as cause:
        raise Invalid(f"model must be one of {', '.join(Model)}") from cause


def summed(brand_id: int, since: date, until: date, model: Model, item_ids: Sequence[int] | None = None) -> Select[Any]:
    """Per item: all columns of the period, with the revenue in the brand's currency as `money`."""
    events = select(ItemDay.item_id, *(func.sum(getattr(ItemDay, name)).label(name) for name in EVENT_COLUMNS)).where(
        ItemDay.brand_id == brand_id, ItemDay.day.between(since, until), ItemDay.item_id != 0
    )
    own = select(Brand.currency).where(Brand.id == brand_id).scalar_subquery()
    revenue = select(
        ItemRevenueDay.item_id,
        func.sum(ItemRevenueDay.orders).label("orders"),
        func.sum(ItemRevenueDay.units).label("units"),
        func.coalesce(func.sum(ItemRevenueDay.revenue).filter(ItemRevenueDay.currency == own), 0).label("money"),
    ).where(ItemRevenueDay.brand_id == brand_id, ItemRevenueDay.day.between(since, until), ItemRevenueDay.model == model)
    if item_ids is not None:
        events, revenue = events.where(ItemDay.item_id.in_(item_ids)), revenue.where(ItemRevenueDay.item_id.in_(item_ids))
    left, right = events.group_by(ItemDay.item_id).subquery(), revenue.group_by(ItemRevenueDay.item_id).subquery()
    item_id = func.coalesce(left.c.item_id, right.c.item_id).label("item_id")
    columns = [func.coalesce(left.c[name], 0).label(name) for name in EVENT_COLUMNS]
    columns += [func.coalesce(right.c[name], 0).label(name) for name in ("orders", "units", "money")]
    return select(item_id, *columns).select_from(left.join(right, left.c.item_id == right.c.item_id, full=True))


def sort_value(columns: Any, name: str) -> ColumnElement[Any]:
    """What a sort compares; items that nobody viewed stand last by conversion."""
    if name == "conversion_rate":
        return func.round(func.coalesce(columns.orders / func.nullif(columns.sessions, 0), literal(-1)), 9)
    value: ColumnElement[Any] = columns["money" if name == "revenue" else name]
    return value


def figures(row: Row[Any], money: Mapping[str, Decimal] | None) -> dict[str, Any]:
    """A row of `summed` as the fields of Figures."""
    names = (*EVENT_COLUMNS, "orders", "units")
    return {name: int(getattr(row, name)) for name in names} | {"revenue": money or {}}


def map_figures(
    session: Session, brand_id: int, since: date, until: date, model: Model, item_ids: Sequence[int]
) -> dict[int, Figures]:
    """Item → figures, of those in which anything happened."""
    money = map_revenue(session, brand_id, since, until, model, item_ids)
    found = session.execute(summed(brand_id, since, until, model, item_ids))
    return {row.item_id: Figures(**figures(row, money.get(row.item_id))) for row in found}


def map_revenue(
    session: Session, brand_id: int, since: date, until: date, model: Model, item_ids: Sequence[int] | None
) -> dict[int, dict[str, Decimal]]:
    """Item → currency → revenue; without items, everything under 0."""
    item = literal(0) if item_ids is None else ItemRevenueDay.item_id
    chosen = select(item, ItemRevenueDay.currency, func.sum(ItemRevenueDay.revenue)).where(
        ItemRevenueDay.brand_id == brand_id, ItemRevenueDay.day.between(since, until), ItemRevenueDay.model == model
    )
    if item_ids is not None:
        chosen = chosen.where(ItemRevenueDay.item_id.in_(item_ids))
    made: dict[int, dict[str, Decimal]] = {}
    for item_id, currency, revenue in session.execute(chosen.group_by(item, ItemRevenueDay.currency)):
        made.setdefault(item_id, {})[currency] = revenue
    return made


def event_days(brand_id: int, since: date, until: date, item_id: int | None) -> Select[Any]:
    """Per day: one item's counts, or those of all with each session once."""
    chosen = select(ItemDay.day).where(ItemDay.brand_id == brand_id, ItemDay.day.between(since, until)).group_by(ItemDay.day)
    if item_id is not None:
        sums = [func.sum(getattr(ItemDay, name)).label(name) for name in EVENT_COLUMNS]
        return chosen.add_columns(*sums).where(ItemDay.item_id == item_id)
    sums = [func.sum(getattr(ItemDay, name)).filter(ItemDay.item_id != 0).label(name) for name in EVENT_COLUMNS[:-1]]
    return chosen.add_columns(*sums, func.sum(ItemDay.sessions).filter(ItemDay.item_id == 0).label("sessions"))


def revenue_days(
    session: Session, brand_id: int, since: date, until: date, model: Model, item_id: int | None
) -> tuple[dict[date, tuple[int, int]], dict[date, dict[str, Decimal]]]:
    """Day → (orders, units), and day → currency → revenue."""
    chosen = (
        select(Credit.day, func.count(distinct(Credit.order_id)), func.sum(Credit.quantity))
        .where(Credit.brand_id == brand_id, Credit.day.between(since, until), Credit.model == model)
        .group_by(Credit.day)
    )
    money = (
        select(ItemRevenueDay.day, ItemRevenueDay.currency, func.sum(ItemRevenueDay.revenue))
        .where(ItemRevenueDay.brand_id == brand_id, ItemRevenueDay.day.between(since, until), ItemRevenueDay.model == model)
        .group_by(ItemRevenueDay.day, ItemRevenueDay.currency)
    )
    if item_id is not None:
        chosen, money = chosen.where(Credit.item_id == item_id), money.where(ItemRevenueDay.item_id == item_id)
    orders = {day: (number, int(units)) for day, number, units in session.execute(chosen)}
    amounts: dict[date, dict[str, Decimal]] = {}
    for day, currency, amount in session.execute(money):
        amounts.setdefault(day, {})[currency] = amount
    return orders, amounts


# -- from an order down to its touches


def explain_order(session: Session, brand_id: int, order_id: int) -> OrderStory:
    """An order, its lines, every touch of its visitors and why it got credit or not; raises NoSuchOrder."""
    order = orders_queries.get_order(session, brand_id, order_id)
    case = load_case(session, brand_id, order_id)
    credits = list(
        session.scalars(select(Credit).where(Credit.brand_id == brand_id, Credit.order_id == order_id).order_by(Credit.id))
    )
    decided = rules.attribute(case.order, [touch for _, touch in case.touches], case.tagged)
    return OrderStory(
        order=order,
        void=case.order.void,
        net=sum((line.amount for line in case.order.lines), rules.ZERO),
        visitors=len(case.visitors),
        previous_order_at=case.order.previous_at,
        lines=tell_lines(session, order, case, credits),
        touches=[tell_touch(touch, case, decided) for _, touch in case.touches],
        credits=credits,
    )


def tell_lines(session: Session, order: Order, case: Case, credits: Sequence[Credit]) -> list[LineStory]:
    """The lines with what they earned for whom."""
    titles = catalog_queries.map_products(session, order.brand_id, [line.sku for line in order.lines])
    winners = {credit.line_id: credit.item_id for credit in credits if credit.model is Model.SAME_PRODUCT}
    net = {line.id: line.amount for line in case.order.lines}
    return [
        LineStory(
            line.id, line.sku, titles[line.sku].title if line.sku in titles else "", line.quantity, line.price, net[line.id],
            winners.get(line.id),
        )
        for line in order.lines
    ]  # fmt: skip


def tell_touch(touch: TouchFacts, case: Case, decided: Sequence[rules.CreditData]) -> TouchStory:
    """One touch with its reason."""
    outcome = rules.outcome_of(touch, case.order)
    shows = case.tagged.get(touch.item_id, rules.NOTHING)
    lines = tuple(line.id for line in case.order.lines if shows.shows(line))
    models = tuple(dict.fromkeys(str(credit.model) for credit in decided if credit.touch == touch))
    return TouchStory(
        touch.at, str(touch.kind), touch.item_id, touch.gallery, outcome, lines, models,
        rules.reason_of(touch, case.order, bool(lines), models),
    )  # fmt: skip
