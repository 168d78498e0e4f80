"""/api/v1/insights: what items earned, from roll-ups."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Response
from pydantic import BaseModel, Field

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Id, Strict, api
from ugc.insights import queries
from ugc.insights.queries import OrderStory
from ugc.insights.rules import Figures
from ugc.kit import paging
from ugc.kit.errors import Invalid
from ugc.library import queries as library_queries

PERIOD = timedelta(days=29)
MAX_PERIOD = timedelta(days=800)


class FiguresOut(BaseModel):
    """What happened in a period; revenue per currency as decimal texts, never added up."""

    impressions: int
    views: int
    opens: int
    clicks: int
    carts: int
    sessions: int
    """Visits with a view: what the conversion rate divides by."""
    orders: int
    units: int
    revenue: dict[str, str]
    conversion_rate: float | None

    @classmethod
    def of(cls, figures: Figures) -> FiguresOut:
        """From the report."""
        return cls(
            impressions=figures.impressions, views=figures.views, opens=figures.opens, clicks=figures.clicks, carts=figures.carts,
            sessions=figures.sessions, orders=figures.orders, units=figures.units, conversion_rate=figures.conversion_rate,
            revenue={currency: f"{amount:.2f}" for currency, amount in figures.revenue.items()},
        )  # fmt: skip


class ItemFiguresOut(FiguresOut):
    """One item's figures."""

    item_id: int


class PeriodQuery(Strict):
    """The period, both days inside; the last 30 days where nothing is said."""

    since: date | None = None
    until: date | None = None
    model: str = Field("same_product", max_length=40)


class ReportQuery(PeriodQuery):
    """The period, the order and the page."""

    sort: str = Field("revenue", max_length=40)
    cursor: str | None = None
    limit: str | None = None


class ItemPath(Strict):
    """Which item."""

    id: Id


class OrderPath(Strict):
    """Which order, by our number."""

    number: Id


def period(query: PeriodQuery) -> tuple[date, date]:
    """First and last day; raises Invalid for one that runs backwards or is too long."""
    until = query.until or web.now().date()
    since = query.since or max(until, date.min + PERIOD) - PERIOD
    if not timedelta(0) <= until - since <= MAX_PERIOD:
        raise Invalid(f"the period must end after it begins and have at most {MAX_PERIOD.days} days")
    return since, until


@api.get("/insights/items", summary="What each item earned", responses={200: schema.many(ItemFiguresOut)})
@web.needs(Role.VIEWER)
def find_item_figures(query: ReportQuery) -> Response:
    """Items with anything in the period, best first; `totals` count an order once."""
    since, until = period(query)
    report = queries.report_items(
        web.session(), web.principal().brand_id, since=since, until=until, model=query.model, sort=query.sort,
        limit=paging.read_limit(query.limit), cursor=query.cursor, key=web.runtime().key(f"cursor:insights:{query.sort}"),
    )  # fmt: skip
    rows = [ItemFiguresOut(item_id=row.item_id, **FiguresOut.of(row).model_dump()) for row in report.rows]
    return schema.listed(
        rows, report.next, totals=FiguresOut.of(report.totals).model_dump(), model=query.model, since=since.isoformat(),
        until=until.isoformat(),
    )  # fmt: skip


@api.get("/insights/items/<int:id>", summary="What one item earned", responses={200: ItemFiguresOut})
@web.needs(Role.VIEWER)
def get_item_figures(path: ItemPath, query: PeriodQuery) -> Response:
    """One item's figures in the period; zeros where nothing happened."""
    since, until = period(query)
    brand_id = web.principal().brand_id
    library_queries.get_item(web.session(), brand_id, path.id)
    figures = queries.report_item(web.session(), brand_id, path.id, since, until, model=query.model)
    return schema.answer(ItemFiguresOut(item_id=path.id, **FiguresOut.of(figures).model_dump()))


class StoryOut(BaseModel):
    """From an order to its touches: what was bought, who was seen before, and why each touch got credit or not."""

    number: int
    id: str
    void: bool
    currency: str
    net: str
    visitors: int
    previous_order_at: datetime | None
    lines: list[dict[str, Any]]
    touches: list[dict[str, Any]]
    credits: list[dict[str, Any]]

    @classmethod
    def of(cls, story: OrderStory) -> StoryOut:
        """From the story; visitors are counted, never named."""
        credits = [
            {"item_id": each.item_id, "model": each.model, "line": each.line_id, "amount": each.amount} for each in story.credits
        ]
        return cls(
            number=story.order.id, id=story.order.external_id, void=story.void, currency=story.order.currency, net=str(story.net),
            visitors=story.visitors, previous_order_at=story.previous_order_at, credits=plain(credits),
            lines=plain([asdict(line) for line in story.lines]), touches=plain([asdict(touch) for touch in story.touches]),
        )  # fmt: skip


@api.get("/insights/orders/<int:number>", summary="From an order to its touches", responses={200: StoryOut})
@web.needs(Role.VIEWER)
def get_order_story(path: OrderPath) -> Response:
    """Each touch before the order, and why it got credit or not."""
    return schema.answer(StoryOut.of(queries.explain_order(web.session(), web.principal().brand_id, path.number)))


def plain(value: Any) -> Any:
    """Facts as JSON: money as decimal texts, moments in ISO 8601."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, Decimal) else value.isoformat() if isinstance(value, datetime) else value
