"""Public: the element's files, as published under their major version."""

from __future__ import annotations

import hashlib
import re
from typing import cast

from flask import Blueprint, Response, request

from ugc.galleries import published
from ugc.kit.errors import NotFound

pages = Blueprint("embed_widget", __name__)

NAME = re.compile(r"[a-z]+\.(js|css)")
TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
# The rolling address follows fixes within the hour; the hashed one never shows other bytes (T-42).
ROLLING = "public, max-age=3600"
FROZEN = "public, max-age=31536000, immutable"


@pages.get("/widget/<release>/<name>")
def show_file(release: str, name: str) -> Response:
    """A published file, by its rolling or its immutable address."""
    version = release.split("-")[0]
    if not re.fullmatch(r"v[1-9][0-9]*(-[0-9a-f]{8})?", release) or not NAME.fullmatch(name):
        raise NotFound()
    if name not in published.read_manifest(version) or release not in {version, published.release_of(version)}:
        raise NotFound()
    data = (published.folder(version) / name).read_bytes()
    response = Response(data, content_type=TYPES[name.rsplit(".", 1)[1]])
    response.headers["Cache-Control"] = ROLLING if release == version else FROZEN
    # A module is fetched with CORS wherever it comes from.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.set_etag(hashlib.sha256(data).hexdigest()[:32])
    return cast(Response, response.make_conditional(request.environ))
