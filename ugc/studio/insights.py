"""Insights: what the items earned in a period, under three models side by side, and the story behind an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Role
from ugc.insights import queries as insights_queries
from ugc.insights import rules as insights_rules
from ugc.insights.models import Model
from ugc.insights.rules import Figures
from ugc.kit.errors import Invalid
from ugc.library import queries as library_queries
from ugc.orders import queries as orders_queries
from ugc.studio import shapes
from ugc.studio.render import bare, money, number, page, percent

pages = Blueprint("insights", __name__)

PAGE = 30
PERIODS = {"7": "7 days", "28": "28 days", "90": "90 days", "365": "Year"}
COMPARISONS = {"before": "the time before", "year": "the year before", "none": "nothing"}
MODELS = {
    Model.SAME_PRODUCT: (
        "Same product",
        (
            "A visitor viewed the item up to 24 hours, or clicked it up to 72 hours, before buying a product that it shows. "
            "Of several items the last click, else the last view, takes the line."
        ),
    ),
    Model.LAST_CLICK: (
        "Last click",
        "The last item that was clicked up to 72 hours before the order takes all of it, whatever was bought. Views never count.",
    ),
    Model.ASSISTED: (
        "Assisted",
        (
            "Orders of visitors who met the item at any time in the 30 days before. One order can assist several items, so "
            "these are counts and are never added up as money."
        ),
    ),
}
COLUMNS = {
    "impressions": ("Impressions", "How often it was on the page"),
    "views": ("Views", "At least half of it in sight for one second"),
    "opens": ("Opens", "Opened large"),
    "clicks": ("Clicks", "Clicks on one of its products"),
    "carts": ("Carts", "Add to cart after it"),
    "orders": ("Orders", "Orders credited to it"),
    "revenue": ("Revenue", "Net of discounts and refunds"),
    "conversion_rate": ("Conversion", "Orders per session with a view"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a report, both ends inside, and those that they are compared with."""

    days: str
    since: date
    until: date
    compare: tuple[date, date] | None
    comparison: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure of the figure row."""

    title: str
    meaning: str
    text: str
    change: float | None
    compared: bool


@pages.get("/insights")
@web.needs(Role.VIEWER)
def show() -> Response:
    """The report per item."""
    session, brand_id, period = web.session(), web.principal().brand_id, read_period()
    sort, model = request.args.get("sort", "revenue"), request.args.get("model", Model.SAME_PRODUCT.value)
    report = insights_queries.report_items(
        session, brand_id, since=period.since, until=period.until, model=model, sort=sort, limit=PAGE,
        cursor=request.args.get("cursor"), key=web.runtime().key("cursor"), compare=period.compare,
    )  # fmt: skip
    items = library_queries.map_items(session, brand_id, [row.item_id for row in report.rows])
    facts: dict[str, Any] = {
        "rows": [(row, shapes.card(items[row.item_id]) if row.item_id in items else None) for row in report.rows],
        "next": report.next, "columns": COLUMNS, "currency": accounts_queries.get_brand_by_id(session, brand_id).currency,
    }  # fmt: skip
    if request.headers.get("HX-Request") and request.args.get("cursor"):
        return bare("insights/rows.html", **facts)
    days = insights_queries.series(session, brand_id, period.since, period.until, model=model)
    return page(
        "insights/page.html", period=period, periods=PERIODS, comparisons=COMPARISONS, sort=sort, model=model, report=report,
        shown=figures(report.totals, report.previous_totals, facts["currency"]), days=days, chart=chart_of(days, facts["currency"]),
        models=totals_by_model(period), model_words=MODELS,
        orders=orders_queries.find_orders(session, brand_id, limit=8, key=web.runtime().key("cursor"))[0], **facts,
    )  # fmt: skip


@pages.get("/insights/orders")
@web.needs(Role.VIEWER)
def show_orders() -> Response:
    """Orders, the newest first, each leading to its story."""
    session, brand_id = web.session(), web.principal().brand_id
    found, following = orders_queries.find_orders(
        session, brand_id, cursor=request.args.get("cursor"), limit=PAGE, key=web.runtime().key("cursor")
    )
    return page("insights/orders.html", orders=found, next=following)


@pages.get("/insights/orders/<int:order_id>")
@web.needs(Role.VIEWER)
def show_order(order_id: int) -> Response:
    """One order from its touches to its credits."""
    session, brand_id = web.session(), web.principal().brand_id
    story = insights_queries.explain_order(session, brand_id, order_id)
    ids = {touch.item_id for touch in story.touches} | {credit.item_id for credit in story.credits}
    items = library_queries.map_items(session, brand_id, ids)
    return page("insights/order.html", story=story, cards={id: shapes.card(item) for id, item in items.items()}, model_words=MODELS)


def read_period() -> Period:
    """The period in the address; raises Invalid."""
    days, comparison = request.args.get("days", "28"), request.args.get("compare", "before")
    if days not in PERIODS or comparison not in COMPARISONS:
        raise Invalid("choose one of the periods on the page")
    until = web.now().date()
    since = until - timedelta(days=int(days) - 1)
    return Period(days, since, until, compared_with(comparison, since, until), comparison)


def compared_with(comparison: str, since: date, until: date) -> tuple[date, date] | None:
    """The days of the comparison; the year before is 52 weeks back, so that weekdays stand beside weekdays."""
    if comparison == "none":
        return None
    if comparison == "year":
        return since - timedelta(weeks=52), until - timedelta(weeks=52)
    return insights_rules.previous_period(since, until)


def totals_by_model(period: Period) -> dict[Model, Figures]:
    """The same period under each model."""
    session, brand_id = web.session(), web.principal().brand_id
    return {model: insights_queries.total(session, brand_id, period.since, period.until, model) for model in Model}


def figures(now: Figures, before: Figures | None, currency: str) -> list[Shown]:
    """The figure row: each with its meaning and its change."""
    made = []
    for name, (title, meaning) in COLUMNS.items():
        value, earlier = value_of(now, name, currency), value_of(before, name, currency) if before else None
        text = money(value, currency) if name == "revenue" else percent(value) if name == "conversion_rate" else number(value)
        change = insights_rules.change(value, earlier) if value is not None and earlier else None
        made.append(Shown(title, meaning, text, change, before is not None))
    return made


def value_of(figures: Figures | None, name: str, currency: str) -> Any:
    """A column's value; revenue in the brand's own currency."""
    if figures is None:
        return None
    return figures.revenue.get(currency, Decimal(0)) if name == "revenue" else getattr(figures, name)


def chart_of(days: list[insights_queries.Day], currency: str) -> dict[str, Any]:
    """The series as the chart takes it: days in seconds, then one list per line."""
    epoch = date(1970, 1, 1)
    return {
        "days": [(day.day - epoch).days * 86_400 for day in days],
        "views": [day.views for day in days],
        "clicks": [day.clicks for day in days],
        "revenue": [float(day.revenue.get(currency, 0)) for day in days],
        "currency": currency,
    }
