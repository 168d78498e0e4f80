"""Galleries: the rule as sentences, a live preview with the real element, the snippet, and what each gallery brought."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from ugc import web
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand, Role
from ugc.galleries import actions as galleries_actions
from ugc.galleries import published
from ugc.galleries import queries as galleries_queries
from ugc.galleries import render as galleries_render
from ugc.galleries import rules as galleries_rules
from ugc.galleries.models import Fallback, Gallery, Layout, Sort
from ugc.galleries.rules import GalleryData
from ugc.insights import queries as insights_queries
from ugc.kit import paging
from ugc.kit.errors import Invalid, NotFound
from ugc.library import queries as library_queries
from ugc.library.models import Kind, State
from ugc.studio import answers, shapes
from ugc.studio.asked import read_whole
from ugc.studio.render import bare, page

pages = Blueprint("galleries", __name__)
# Addresses of this door that stand where a gallery's name may stand begin with what no name may hold: `_`.

STORY = timedelta(days=27)
STRIP = 4
SHOWN = 24
TICKET = timedelta(minutes=15)
MAX_QUERY = 4_000
CHECKED = ("kind", "type", "line", "tag")
LAYOUTS = {
    Layout.GRID: "Grid", Layout.MASONRY: "Masonry", Layout.CAROUSEL: "Carousel", Layout.STORY: "Story", Layout.SINGLE: "Single",
}  # fmt: skip
SORTS = {Sort.SCORE: "Best score first", Sort.NEWEST: "Newest first", Sort.PERFORMANCE: "What sells best first"}
FALLBACKS = {
    Fallback.PRODUCT: "nothing: the gallery stays empty",
    Fallback.FAMILY: "items of its variants",
    Fallback.TYPE: "items of the same product type",
    Fallback.ALL: "anything the rule lets through",
}
RATINGS = {"": "any stars or none", "3": "3 stars or more", "4": "4 stars or more", "5": "5 stars"}
# The frame is the one studio page that may stand in a frame, and only in our own pages (T-46).
FRAME_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: https:; "
    "media-src 'self' https:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@pages.get("/galleries")
@web.needs(Role.VIEWER)
def show_all() -> AnyResponse:
    """The brand's galleries, each with its first pictures and its views."""
    session, brand_id, today = web.session(), web.principal().brand_id, web.now().date()
    found = galleries_queries.find_galleries(session, brand_id)
    cards = [
        (
            gallery,
            [shapes.card(item) for item in galleries_queries.select_items(session, gallery, None, web.now(), limit=STRIP).items],
            insights_queries.report_gallery(session, brand_id, gallery.slug, today - STORY, today),
        )
        for gallery in found
    ]
    return page("galleries/page.html", galleries=cards, layouts=LAYOUTS, toast=shapes.toast(request.args))


@pages.get("/galleries/_new")
@web.needs(Role.COORDINATOR)
def show_new() -> AnyResponse:
    """The form of a new gallery."""
    return editor(GalleryData(slug="", name=""), None)


@pages.post("/galleries/_new")
@web.needs(Role.COORDINATOR)
def add() -> AnyResponse:
    """A new gallery."""
    principal, form = web.principal(), request.form
    name = form.get("name", "").strip()
    data = read_data(form, slug=form.get("slug", "").strip() or slug_of(name))
    by: dict[str, Any] = {"actor": principal.actor, "now": web.now()}
    gallery = galleries_actions.add_gallery(web.session(), principal.brand_id, data.slug, name, **facts_of(data), **by)
    galleries_actions.set_pins(web.session(), gallery, data.pins, **by)
    return answers.done("gallery-new", to=f"/studio/galleries/{gallery.slug}")


@pages.get("/galleries/<slug>")
@web.needs(Role.VIEWER)
def show(slug: str) -> AnyResponse:
    """One gallery with its rule, preview, snippet and figures."""
    gallery = galleries_queries.get_gallery(web.session(), web.principal().brand_id, slug)
    return editor(galleries_rules.data_of(gallery), gallery)


@pages.post("/galleries/<slug>")
@web.needs(Role.COORDINATOR)
def change(slug: str) -> AnyResponse:
    """Save a gallery's name, rule, order, layout and pins."""
    principal = web.principal()
    gallery = galleries_queries.get_gallery(web.session(), principal.brand_id, slug)
    data = read_data(request.form, slug=slug)
    by: dict[str, Any] = {"actor": principal.actor, "now": web.now()}
    name = request.form.get("name", "").strip()
    galleries_actions.change_gallery(web.session(), gallery, name=name, **facts_of(data), **by)
    galleries_actions.set_pins(web.session(), gallery, data.pins, **by)
    return answers.done("gallery", to=f"/studio/galleries/{slug}")


@pages.post("/galleries/<slug>/remove")
@web.needs(Role.COORDINATOR)
def remove(slug: str) -> AnyResponse:
    """Delete a gallery; pages that name it show nothing from then on."""
    principal = web.principal()
    gallery = galleries_queries.get_gallery(web.session(), principal.brand_id, slug)
    galleries_actions.remove_gallery(web.session(), gallery, actor=principal.actor, now=web.now())
    return answers.done("gallery-gone", to="/studio/galleries")


@pages.get("/galleries/_shown")
@web.needs(Role.VIEWER)
def show_selection() -> AnyResponse:
    """What the rule in the address would show now, as small pictures that can be pinned."""
    session, brand_id, data = web.session(), web.principal().brand_id, read_data(request.args)
    found = galleries_queries.preview(session, brand_id, data, None, web.now(), limit=SHOWN)
    pinned = library_queries.map_items(session, brand_id, data.pins)
    return bare(
        "galleries/shown.html", pins=[shapes.card(pinned[id]) for id in data.pins if id in pinned],
        cards=[shapes.card(item) for item in found.items if item.id not in data.pins], more=found.next is not None,
        may_change=web.principal().role is not Role.VIEWER,
    )  # fmt: skip


@pages.get("/galleries/_frame")
@web.needs(Role.VIEWER)
def show_frame() -> AnyResponse:
    """A bare page with the real element on it, fed by the rule in the address."""
    principal, data = web.principal(), read_data(request.args)
    ends = int((web.now() + TICKET).timestamp())
    query = request.query_string.decode("ascii", "ignore")[:MAX_QUERY]
    ticket = paging.make_cursor([principal.brand_id, query, ends], web.runtime().key("preview"))
    service = f"{request.host_url.rstrip('/')}/studio/galleries/preview/{ticket}"
    response = bare("galleries/frame.html", brand_slug=principal.brand_slug, data=data, service=service)
    response.headers["Content-Security-Policy"] = FRAME_POLICY.format(nonce=web.nonce())
    return response


@pages.get("/galleries/preview/<ticket>/galleries/<brand_slug>/preview.json")
def show_feed(ticket: str, brand_slug: str) -> Response:
    """The element's feed for a gallery that need not be stored.

    The element never sends cookies, so the frame hands it a signed ticket for a few minutes; it opens only what any
    visitor of the shop may see.
    """
    brand_id, query, ends = paging.read_cursor(ticket, web.runtime().key("preview"))
    brand = accounts_queries.get_brand_by_id(web.session(), brand_id)
    if web.now().timestamp() > ends or brand.slug != brand_slug:
        raise NotFound()
    data = read_data(MultiDict(parse_qsl(query)))
    chosen = galleries_queries.preview(web.session(), brand.id, data, None, web.now(), limit=SHOWN, key=web.runtime().key("cursor"))
    shown = galleries_render.Page(
        brand=brand.slug, brand_name=brand.name, gallery=data, key="", sku=None, product=None,
        matched=chosen.scope.level.value if chosen.scope else None, items=chosen.items, next=None, valid_until=None,
        base_url=request.host_url.rstrip("/"),
    )  # fmt: skip
    return jsonify(galleries_render.as_json(shown))


def editor(data: GalleryData, gallery: Gallery | None) -> AnyResponse:
    """The gallery's page, new or stored."""
    session, brand_id, today = web.session(), web.principal().brand_id, web.now().date()
    approved = library_queries.ItemFilter(state=(State.APPROVED.value,))
    values = library_queries.count_facets(session, brand_id, approved, CHECKED, now=web.now())
    brand = accounts_queries.get_brand_by_id(session, brand_id)
    return page(
        "galleries/editor.html", data=data, gallery=gallery, values=with_chosen(values, data), brand=brand, kinds=list(Kind),
        layouts=LAYOUTS, sorts=SORTS, fallbacks=FALLBACKS, ratings=RATINGS, rating=least_rating(data),
        snippet=snippet_of(brand, data) if gallery else "", toast=shapes.toast(request.args),
        figures=insights_queries.report_gallery(session, brand_id, gallery.slug, today - STORY, today) if gallery else None,
    )  # fmt: skip


def snippet_of(brand: Brand, data: GalleryData) -> str:
    """What the shop pastes into its page."""
    return published.snippet(web.runtime().settings.base_url, brand.slug, data.slug, data.layout)


def with_chosen(values: dict[str, Any], data: GalleryData) -> dict[str, list[tuple[str, str, int, bool]]]:
    """Each name's values with their counts, and whether the rule has them; also those that no item has any more."""
    made = {}
    for name in CHECKED:
        chosen = as_list(data.rule.get(name))
        known = [(one.value, one.label, one.count, one.value in chosen) for one in values[name]]
        gone = [(value, value, 0, True) for value in chosen if value not in {one.value for one in values[name]}]
        made[name] = sorted(known + gone, key=lambda one: not one[3])
    return made


def as_list(value: Any) -> list[str]:
    """A rule's value as the list that it stands for."""
    if value in (None, ""):
        return []
    return [str(one) for one in value] if isinstance(value, list) else str(value).split(",")


def least_rating(data: GalleryData) -> str:
    """The fewest stars that the rule lets through."""
    stars = [one for one in as_list(data.rule.get("rating")) if one.isdigit()]
    return min(stars, default="")


def facts_of(data: GalleryData) -> dict[str, Any]:
    """What the actions store of a gallery."""
    return {
        "rule": data.rule, "layout": data.layout.value, "sort": data.sort.value, "fallback": data.fallback.value,
        "page_size": data.page_size,
    }  # fmt: skip


def read_data(values: MultiDict[str, str], slug: str = "preview") -> GalleryData:
    """The gallery that a form or an address describes; raises Invalid."""
    rule = read_rule(values)
    library_queries.read_filter(rule)
    try:
        layout, sort = Layout(values.get("layout") or "grid"), Sort(values.get("sort") or "score")
        fallback = Fallback(values.get("fallback") or "type")
    except ValueError as cause:
        raise Invalid("choose a layout, an order and a fallback of the lists") from cause
    size = read_whole(values.get("page_size") or "30")
    pins = tuple(dict.fromkeys(read_whole(value) for value in values.getlist("pins")))
    if not 1 <= size <= galleries_rules.MAX_PAGE_SIZE or len(pins) > galleries_rules.MAX_PINS:
        raise Invalid(
            f"a gallery shows 1 to {galleries_rules.MAX_PAGE_SIZE} items a page and pins at most {galleries_rules.MAX_PINS}"
        )
    name = values.get("name", "").strip() or "Preview"
    return GalleryData(slug=slug, name=name, layout=layout, sort=sort, fallback=fallback, page_size=size, rule=rule, pins=pins)


def read_rule(values: MultiDict[str, str]) -> dict[str, Any]:
    """The rule in the filter's own names; what is empty or zero asks for nothing."""
    rule: dict[str, Any] = {name: values.getlist(name) for name in CHECKED if values.getlist(name)}
    words, least, score = values.get("q", "").strip(), values.get("rating", ""), values.get("score_min", "")
    if least not in RATINGS:
        raise Invalid("choose how many stars")
    if least:
        rule["rating"] = [str(stars) for stars in range(int(least), 6)]
    if score and score != "0":
        rule["score_min"] = score
    return rule | ({"q": words} if words else {})


def slug_of(name: str) -> str:
    """A short name for addresses from a name for people: `Über uns` → `uber-uns`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].rstrip("-")
