"""The command box: pages, items and products that fit a few words."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.catalog import queries as catalog_queries
from ugc.galleries import queries as galleries_queries
from ugc.library import queries as library_queries
from ugc.studio import shapes
from ugc.studio.render import bare

pages = Blueprint("search", __name__)

PAGES = {
    "Inbox": "/studio/inbox", "Library": "/studio/library", "Galleries": "/studio/galleries",
    "New gallery": "/studio/galleries/_new", "Insights": "/studio/insights", "Orders": "/studio/insights/orders",
    "Imports": "/studio/imports", "Jobs": "/studio/jobs", "Settings": "/studio/settings", "People and keys": "/studio/settings",
    "Score weights": "/studio/settings/score", "Approval": "/studio/settings/approval", "Audit log": "/studio/settings/audit",
}  # fmt: skip
FOUND = 6


@pages.get("/search")
@web.needs(Role.VIEWER)
def find() -> Response:
    """What fits the words, as links."""
    words, brand_id = request.args.get("q", "").strip()[:100], web.principal().brand_id
    if not words:
        return bare("search/found.html", q="", places=PAGES, galleries=[], products=[], cards=[])
    found = library_queries.find_items(
        web.session(), brand_id, library_queries.ItemFilter(q=words), sort="relevance", limit=FOUND,
        key=web.runtime().key("cursor"), now=web.now(),
    )  # fmt: skip
    galleries = galleries_queries.find_galleries(web.session(), brand_id)
    return bare(
        "search/found.html", q=words,
        places={name: address for name, address in PAGES.items() if words.lower() in name.lower()},
        galleries=[one for one in galleries if words.lower() in one.name.lower()][:FOUND],
        products=catalog_queries.find_products(web.session(), brand_id, q=words, limit=FOUND),
        cards=shapes.cards(web.session(), found.items),
    )  # fmt: skip
