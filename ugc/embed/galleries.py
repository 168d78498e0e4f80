"""Public: a gallery's answers, alone or for a product, as JSON, HTML or JSON-LD."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime
from typing import cast

from flask import Blueprint, Response, request

from ugc import web
from ugc.galleries import render, rules, snapshots
from ugc.galleries.rules import Format
from ugc.kit import paging
from ugc.kit.errors import NotFound

pages = Blueprint("embed_galleries", __name__)

# A shopper's browser may show an answer this long without asking again; a takedown reaches it no later (seconds).
MAX_AGE = 30
STYLE_HASH = b64encode(hashlib.sha256(render.STYLE.encode()).digest()).decode()
# The page holds no form and no script, so any site may frame it; it is what a snippet falls back to without scripts.
HTML_POLICY = f"default-src 'none'; img-src *; media-src *; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'"
OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


@pages.after_request
def open_to_all(response: Response) -> Response:
    """Any page may read these answers and their errors; no cookie is ever read or set (T-44)."""
    response.headers.update(OPEN_TO_ALL)
    return response


@pages.get(f"/galleries/<brand>/<gallery>.<any({','.join(rules.FORMATS)}):kind>")
def show_gallery(brand: str, gallery: str, kind: str) -> Response:
    """The gallery without a product."""
    return show(brand, gallery, None, kind)


@pages.get(f"/galleries/<brand>/<gallery>/<path:sku>.<any({','.join(rules.FORMATS)}):kind>", merge_slashes=False)
def show_product_gallery(brand: str, gallery: str, sku: str, kind: str) -> Response:
    """The gallery for a product; the SKU may hold slashes."""
    return show(brand, gallery, sku, kind)


def show(brand: str, gallery: str, sku: str | None, kind: str) -> Response:
    """The answer with its validator, or 304."""
    if not (rules.SLUG.fullmatch(brand) and rules.SLUG.fullmatch(gallery)):
        raise NotFound()
    limit = paging.read_limit(request.args["limit"]) if "limit" in request.args else None
    cursor = request.args.get("cursor") or None
    made = snapshots.answer(web.runtime(), brand, gallery, sku, cursor, cast(Format, kind), web.now(), limit=limit)
    response = Response(made.body, content_type=made.content_type)
    response.headers["ETag"] = made.etag
    response.headers["Cache-Control"] = cache_control(made.valid_until, web.now())
    if kind == "html":
        response.headers["Content-Security-Policy"] = HTML_POLICY
    return cast(Response, response.make_conditional(request.environ))


def cache_control(valid_until: datetime | None, now: datetime) -> str:
    """How long a browser or proxy may keep an answer: never beyond its end."""
    left = MAX_AGE if valid_until is None else min(MAX_AGE, int((valid_until - now).total_seconds()))
    return f"public, max-age={left}" if left > 0 else "no-store"
