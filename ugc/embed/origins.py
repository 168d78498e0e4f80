"""Which sites' pages may send to a brand: its own shop and those that it named, nobody else; no cookie is read or set (T-44, T-47).

Written by hand, for these routes only.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g, request

from ugc import web
from ugc.kit.limiting import Limiter
from ugc.submissions import actions, queries, rules

METHODS = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
ASKS = "Accept, Content-Type, Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, X-HTTP-Method-Override"
TELLS = (
    "Location, Retry-After, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Upload-Offset, Upload-Length, Upload-Expires"
)


def install(pages: Blueprint) -> None:
    """Check the origin before each of a door's views, and let allowed pages read its answers."""
    pages.before_request(check)
    pages.after_request(allow)


def check() -> None:
    """Raise StrangeSite for a write from a page that may not send."""
    brand, origin = (request.view_args or {}).get("brand"), request.headers.get("Origin")
    if brand is None or origin is None or origin.lower() in own():
        return
    g.allows_origin = origin.lower() in page_of(brand).origins
    if not g.allows_origin and request.method not in web.SAFE_METHODS:
        raise rules.StrangeSite()


def own() -> frozenset[str]:
    """This service's own origins: as it is reached now, and as its links say."""
    base = web.runtime().settings.base_url
    return rules.allowed_origins(base, {f"{request.scheme}://{request.host}".lower()})


def page_of(brand: str) -> queries.Page:
    """What the brand chose, read once a request."""
    if "upload_page" not in g:
        g.upload_page = actions.get_page(web.runtime(), brand)
    page: queries.Page = g.upload_page
    return page


def allow(response: Response) -> Response:
    """The headers that let an allowed page, and only it, read the answer."""
    response.headers["Vary"] = "Origin"
    if g.get("allows_origin", False):
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Expose-Headers"] = TELLS
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Allow-Headers"] = ASKS
            response.headers["Access-Control-Max-Age"] = "7200"
    return response


def limiter() -> Limiter:
    """The counters of this application."""
    if "ugc.limiter" not in current_app.extensions:
        current_app.extensions["ugc.limiter"] = Limiter(web.runtime().settings.redis_url)
    held: Limiter = current_app.extensions["ugc.limiter"]
    return held
