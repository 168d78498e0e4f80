"""Public: renditions of pictures, never an original."""

from __future__ import annotations

import re
from typing import cast

from flask import Blueprint, Response, request

from ugc import web
from ugc.kit.errors import NotFound
from ugc.media import playing

pages = Blueprint("embed_media", __name__)

# Names are made by us; the type follows from the name, never from a sender (remark42's CVE-2026-48788).
NAME = re.compile(r"(?:loop-)?[1-9][0-9]{0,4}\.(webp|jpg|avif)")
PUBLIC_NAME = re.compile(r"[A-Za-z0-9_-]{16,64}")
TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "avif": "image/avif"}
# An address never shows other bytes, so it may be kept for long; the origin forgets it when the item leaves the public, since
# the file then gets a new name. A day bounds what a cache in between can go on showing.
CACHE = "public, max-age=86400, immutable"
HEADERS = {
    "Cache-Control": CACHE,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Timing-Allow-Origin": "*",
}


@pages.get("/media/<public_name>/<name>")
def show_rendition(public_name: str, name: str) -> Response:
    """One size of a picture, or a copy that plays; ranges and validators are answered too."""
    kind = playing.type_of(name)
    if kind and PUBLIC_NAME.fullmatch(public_name):
        return show_playing(f"renditions/{public_name}/{name}", kind, f"{public_name}-{name}")
    if not (PUBLIC_NAME.fullmatch(public_name) and NAME.fullmatch(name)):
        raise NotFound()
    data = web.runtime().storage.read(f"renditions/{public_name}/{name}")  # at most some 300 kB
    response = Response(data, content_type=TYPES[name.rsplit(".", 1)[1]])
    response.headers.update(HEADERS)
    response.set_etag(f"{public_name}-{name}")
    return cast(Response, response.make_conditional(request.environ, accept_ranges=True, complete_length=len(data)))


def show_playing(key: str, kind: str, tag: str) -> Response:
    """A copy that plays: of a range only that part is read, since players ask for minutes of video in pieces."""
    storage = web.runtime().storage
    size = storage.size(key)
    wanted = request.range.range_for_length(size) if request.range and request.range.units == "bytes" else None
    if request.range and wanted is None:
        response = Response(status=416)
        response.headers["Content-Range"] = f"bytes */{size}"
    else:
        start, end = wanted or (0, size)
        response = Response(storage.read_part(key, start, end - start), 206 if wanted else 200, content_type=kind)
        if wanted:
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response.headers.update(HEADERS | {"Accept-Ranges": "bytes"})
    response.set_etag(f"{tag}-{size}")
    return response if wanted else cast(Response, response.make_conditional(request.environ))
