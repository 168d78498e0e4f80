"""Public: the element's files, as published under their major version."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, request

from ugc.kit import shipped
from ugc.kit.errors import NotFound

pages = Blueprint("embed_widget", __name__)

NAME = re.compile(r"[a-z]+\.(js|css)")
TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
MANIFEST = "manifest.json"
# The rolling address follows fixes within the hour; the hashed one never shows other bytes (T-42).
ROLLING = "public, max-age=3600"
FROZEN = "public, max-age=31536000, immutable"


def folder(version: str) -> Path:
    """Where a major version's published files lie."""
    return shipped.folder("static") / "widget" / version


@cache
def read_manifest(version: str) -> dict[str, str]:
    """Published file → its SRI hash."""
    try:
        manifest: dict[str, str] = json.loads((folder(version) / MANIFEST).read_text())
    except FileNotFoundError as cause:
        raise NotFound() from cause
    return manifest


def release_of(version: str) -> str:
    """The version's name in immutable addresses: `v1-` and eight digits of the hash over all its files."""
    joined = json.dumps(read_manifest(version), sort_keys=True).encode()
    return f"{version}-{hashlib.sha256(joined).hexdigest()[:8]}"


def integrity(data: bytes) -> str:
    """The value of a script element's `integrity`."""
    return "sha384-" + b64encode(hashlib.sha384(data).digest()).decode()


def snippet(base_url: str, brand: str, gallery: str) -> str:
    """What a shop pastes: the immutable address with its hash, and the element with a link for browsers without scripts."""
    release = release_of("v1")
    return (
        f'<link rel="stylesheet" href="{base_url}/widget/{release}/gallery.css">\n'
        f'<script type="module" src="{base_url}/widget/{release}/gallery.js" '
        f'integrity="{read_manifest("v1")["gallery.js"]}" crossorigin></script>\n'
        f'<ugc-gallery brand="{brand}" gallery="{gallery}" consent="off">'
        f'<a href="{base_url}/galleries/{brand}/{gallery}.html">Photos of our customers</a></ugc-gallery>'
    )


@pages.get("/widget/<release>/<name>")
def show_file(release: str, name: str) -> Response:
    """A published file, by its rolling or its immutable address."""
    version = release.split("-")[0]
    if not re.fullmatch(r"v[1-9][0-9]*(-[0-9a-f]{8})?", release) or not NAME.fullmatch(name):
        raise NotFound()
    if name not in read_manifest(version) or release not in {version, release_of(version)}:
        raise NotFound()
    data = (folder(version) / name).read_bytes()
    response = Response(data, content_type=TYPES[name.rsplit(".", 1)[1]])
    response.headers["Cache-Control"] = ROLLING if release == version else FROZEN
    # A module is fetched with CORS wherever it comes from.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.set_etag(hashlib.sha256(data).hexdigest()[:32])
    return cast(Response, response.make_conditional(request.environ))
