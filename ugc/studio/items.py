"""An item's page: picture with hotspots, its story, score, rights and history, and every change of it."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Role
from ugc.catalog import queries as catalog_queries
from ugc.duplicates import queries as duplicates_queries
from ugc.galleries import queries as galleries_queries
from ugc.ingest import wanting
from ugc.insights import queries as insights_queries
from ugc.kit.errors import Invalid
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library import rules as library_rules
from ugc.library.models import Item, RightsState
from ugc.library.rules import ProductTag
from ugc.rights import actions as rights_actions
from ugc.rights import queries as rights_queries
from ugc.scoring import queries as scoring_queries
from ugc.studio import answers, panels, people, shapes
from ugc.studio.asked import read_whole
from ugc.studio.inbox import REASONS
from ugc.studio.render import bare, page

pages = Blueprint("items", __name__)

STORY = timedelta(days=30)
SUGGESTED = 8
RIGHTS_BY_HAND = {
    RightsState.GRANTED: "The creator said yes", RightsState.OWNED: "It is ours (own upload, review app, contract)",
    RightsState.REVOKED: "The permission was withdrawn", RightsState.NONE: "No permission",
}  # fmt: skip


@pages.get("/items/<int:item_id>")
@web.needs(Role.VIEWER)
def show(item_id: int) -> Response:
    """Everything about one item."""
    session, brand_id, now = web.session(), web.principal().brand_id, web.now()
    item = library_queries.get_item(session, brand_id, item_id)
    return page(
        "items/page.html", card=shapes.cards(session, [item])[0], item=item,
        like=duplicates_queries.map_likes(session, brand_id, [item_id]).get(item_id),
        reasons=REASONS, rights_by_hand=RIGHTS_BY_HAND,
        hidden_because=library_rules.why_hidden(item, now, has_product=bool(item.products)),
        story=insights_queries.report_item(session, brand_id, item_id, now - STORY, now),
        performance=scoring_queries.map_performances(session, brand_id, [item_id]).get(item_id), on_scale=on_scale,
        shown_in=find_shown_in(item, now), entries=rights_queries.find_entries(session, brand_id, item_id),
        missing=wanting.find_missing(session, brand_id, item_id), history=find_history(item),
        names=people.names(session, brand_id), toast=shapes.toast(request.args),
        panels=panels.of(session, brand_id, [item])[item_id],
    )  # fmt: skip


def on_scale(times: float) -> float:
    """Where `times as often as others` stands on a line of 100: a quarter at its beginning, four times at its end."""
    return max(0.0, min(100.0, 50 + 25 * math.log2(max(times, 0.01))))


def find_shown_in(item: Item, now: datetime) -> list[Any]:
    """The galleries whose rule lets the item through now."""
    session = web.session()
    return [
        gallery
        for gallery in galleries_queries.find_galleries(session, item.brand_id)
        if galleries_queries.lets_through(session, gallery, item.id, now)
    ]


def find_history(item: Item) -> list[people.Event]:
    """Decisions and edits of the item in one list, the newest first."""
    session = web.session()
    decided = [
        people.Event(entry.at, entry.actor, people.decision_words(entry), entry.note, entry.undone_at)
        for entry in library_queries.find_history(session, item.brand_id, item.id)
    ]
    edited = [
        people.Event(entry.at, entry.actor, people.audit_words(entry))
        for entry in accounts_queries.find_audit(session, item.brand_id, "item", item.id)
        if not people.is_decision(entry)
    ]
    return sorted(decided + edited, key=lambda event: event.at, reverse=True)


@pages.post("/items/<int:item_id>/tags")
@web.needs(Role.COORDINATOR)
def set_tags(item_id: int) -> Response:
    """Give the item exactly these tags."""
    principal = web.principal()
    item = library_queries.get_item(web.session(), principal.brand_id, item_id)
    names = [name.strip() for name in request.form.get("tags", "").split(",") if name.strip()]
    library_actions.set_tags(web.session(), item, names, actor=principal.actor, now=web.now())
    return answers.done("tags", to=address_of(item_id))


@pages.post("/items/<int:item_id>/products")
@web.needs(Role.COORDINATOR)
def set_products(item_id: int) -> Response:
    """Give the item exactly these products with their hotspots: `products` is JSON `[{sku, x, y}]`."""
    principal = web.principal()
    item = library_queries.get_item(web.session(), principal.brand_id, item_id)
    tags = read_products(request.form.get("products", ""))
    library_actions.set_products(web.session(), item, tags, actor=principal.actor, now=web.now())
    return answers.done("products", to=address_of(item_id))


@pages.post("/items/<int:item_id>/alt")
@web.needs(Role.COORDINATOR)
def set_alt(item_id: int) -> Response:
    """Describe the item's picture for those who can't see it."""
    principal = web.principal()
    item = library_queries.get_item(web.session(), principal.brand_id, item_id)
    file_id = read_whole(request.form.get("file", ""))
    library_actions.set_alt(web.session(), item, file_id, request.form.get("alt", ""), actor=principal.actor, now=web.now())
    return answers.done("alt", to=address_of(item_id))


@pages.post("/items/<int:item_id>/rights")
@web.needs(Role.COORDINATOR)
def record_rights(item_id: int) -> Response:
    """Write a permission, or its end, into the ledger with what it rests on."""
    principal, form = web.principal(), request.form
    item = library_queries.get_item(web.session(), principal.brand_id, item_id)
    if form.get("state", "") not in set(RIGHTS_BY_HAND):
        raise Invalid("choose what is recorded")
    rights_actions.record(
        web.runtime(), web.session(), item, RightsState(form["state"]),
        text=form.get("text", ""), link=form.get("link", ""), given_by=form.get("given_by", ""),
        starts_at=read_day(form.get("starts_at", "")), expires_at=read_day(form.get("expires_at", "")),
        actor=principal.actor, now=web.now(),
    )  # fmt: skip
    return answers.done("rights", to=address_of(item_id, "rights"))


@pages.get("/products")
@web.needs(Role.VIEWER)
def find_products() -> Response:
    """Products whose title, SKU or line holds the words, as buttons."""
    words = request.args.get("q", "").strip()[:100]
    found = catalog_queries.find_products(web.session(), web.principal().brand_id, q=words, limit=SUGGESTED) if words else []
    return bare("items/products.html", products=found, q=words)


def read_products(text: str) -> list[ProductTag]:
    """Products as the editor sends them; raises Invalid."""
    try:
        rows = json.loads(text)
        return [ProductTag(str(row["sku"]), read_place(row.get("x")), read_place(row.get("y"))) for row in rows]
    except (ValueError, TypeError, KeyError, AttributeError) as cause:
        raise Invalid("products must be a list of {sku, x, y}") from cause


def read_place(value: Any) -> float | None:
    """A fraction of the picture, or none."""
    return None if value is None else float(value)


def read_day(text: str) -> datetime | None:
    """A form's date as the beginning of that day in UTC; empty is none. Raises Invalid."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError as cause:
        raise Invalid("a date is written like 2026-11-21") from cause


def address_of(item_id: int, tab: str = "") -> str:
    """The item's page, at one of its tabs."""
    return f"/studio/items/{item_id}" + (f"#{tab}" if tab else "")
