"""The studio as one blueprint: its pages, its static files, and how it says that something went wrong."""

from __future__ import annotations

import mimetypes
from functools import cache

from flask import Blueprint, jsonify, make_response, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.kit import shipped
from ugc.kit.errors import NotFound, UgcError
from ugc.studio import (
    answers,
    descriptions,
    duplicates,
    flags,
    galleries,
    imports,
    inbox,
    insights,
    items,
    jobs,
    library,
    links,
    listening,
    models,
    pictures,
    search,
    settings,
    sign_in,
    sources,
    submissions,
    suggestions,
    texts,
    triage,
    weights,
)
from ugc.studio.render import asset_version, bare

pages = Blueprint("studio", __name__, url_prefix="/studio")

for room in (
    sign_in,
    inbox,
    items,
    library,
    descriptions,
    duplicates,
    flags,
    galleries,
    insights,
    jobs,
    imports,
    settings,
    search,
    listening,
    models,
    pictures,
    sources,
    links,
    submissions,
    suggestions,
    texts,
    triage,
    weights,
):
    pages.register_blueprint(room.pages)

FOLDERS = ("studio", "vendor")
FOR_EVER = "public, max-age=31536000, immutable"
TITLES = {
    403: "This is not for your role",
    404: "There is nothing here",
    409: "That contradicts what is stored",
    413: "That is too large",
    429: "Too many requests",
    503: "The studio can't answer right now",
}


@pages.get("/static/<path:name>")
def static_file(name: str) -> Response:
    """A style sheet or script; kept for ever under the address that names its content."""
    if name not in static_names():
        raise NotFound()
    version = asset_version(name)
    response = make_response((shipped.folder("static") / name).read_bytes())
    response.content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v", "") == version else "no-cache"
    response.set_etag(version)
    return response.make_conditional(request)


@cache
def static_names() -> frozenset[str]:
    """What the studio serves, so that no address can name anything else."""
    root = shipped.folder("static")
    return frozenset(
        path.relative_to(root).as_posix() for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()
    )


def error_page(error: UgcError) -> Response:
    """What went wrong, for a script or as a page."""
    if answers.wants_json():
        response = jsonify(web.problem(error))
        response.status_code = error.status
        return response
    title = TITLES.get(error.status, "Something went wrong" if error.status >= 500 else "That did not work")
    return bare("frame/error.html", error.status, title=title, number=error.status, text=error.detail, reference=web.request_id())
