"""Public: renditions of pictures and copies that play, never an original."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import cast

from flask import Blueprint, Response, request

from ugc import web
from ugc.kit.errors import NotFound
from ugc.kit.storage.base import NoSuchFile, Storage
from ugc.media import playing

pages = Blueprint("embed_media", __name__)

# Names are made by us; the type follows from the name, never from a sender (remark42's CVE-2026-48788).
NAME = re.compile(r"(?:loop-)?[1-9][0-9]{0,4}\.(webp|jpg|avif)")
PUBLIC_NAME = re.compile(r"[A-Za-z0-9_-]{16,64}")
TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "avif": "image/avif"}
# An address never shows other bytes, so it may be kept for long; the origin forgets it when the item leaves the public, since
# the file then gets a new name. A day bounds what a cache in between can go on showing.
CACHE = "public, max-age=86400, immutable"
# Captions are put right under the address that they have.
CACHE_OF_TEXT = "public, max-age=300"
# Of a video that is sent whole no more is in memory at a time.
PART = 1 << 18
Body = Callable[[int, int], Iterable[bytes]]
"""The bytes from one place to another."""
HEADERS = {
    "Accept-Ranges": "bytes",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Timing-Allow-Origin": "*",
}


@pages.get("/media/<public_name>/<name>")
def show_rendition(public_name: str, name: str) -> Response:
    """One size of a picture, a copy that plays, or captions; ranges and validators are answered too."""
    plays = playing.type_of(name)
    if not (PUBLIC_NAME.fullmatch(public_name) and (plays or NAME.fullmatch(name))):
        raise NotFound()
    storage, key = web.runtime().storage, f"renditions/{public_name}/{name}"
    if plays and not plays.startswith("text/"):
        size = storage.size(key)
        return answer(plays, f"{public_name}-{name}-{size}", size, lambda start, end: parts(storage, key, start, end))
    data = storage.read(key)  # at most some 300 kB
    kind, tag = plays or TYPES[name.rsplit(".", 1)[1]], f"{public_name}-{name}"
    if plays:
        tag = hashlib.sha256(data).hexdigest()[:32]
    return answer(kind, tag, len(data), lambda start, end: [data[start:end]], cache=CACHE_OF_TEXT if plays else CACHE)


def answer(kind: str, tag: str, size: int, body: Body, *, cache: str = CACHE) -> Response:
    """The whole, the one range that was asked for, or that there is no such range; several ranges get the whole."""
    condition = request.if_range
    is_same = condition is None or (not condition.date and condition.etag in {None, tag})
    asked = (
        request.range if is_same and request.range and request.range.units == "bytes" and len(request.range.ranges) == 1 else None
    )
    wanted = asked.range_for_length(size) if asked else None
    start, end = wanted or (0, size)
    response = Response(body(start, end), 206 if wanted else 200, content_type=kind)
    if asked and not wanted:
        response = Response(status=416, content_type=kind)
        start, end = 0, 0
    response.content_length = end - start
    if asked:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}" if wanted else f"bytes */{size}"
    response.headers.update(HEADERS | {"Cache-Control": cache})
    response.set_etag(tag)
    return cast(Response, response.make_conditional(request.environ))


def parts(storage: Storage, key: str, start: int, end: int) -> Iterator[bytes]:
    """A stretch of a stored file, piece by piece; it ends early where the file is removed meanwhile."""
    with suppress(NoSuchFile):
        while start < end and (part := storage.read_part(key, start, min(PART, end - start))):
            start += len(part)
            yield part
