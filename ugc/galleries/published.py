"""The element's published files: where they lie, their hashes, and the snippet that a shop pastes."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import cache
from pathlib import Path

from ugc.galleries.models import Layout
from ugc.kit import shipped
from ugc.kit.errors import NotFound

MANIFEST = "manifest.json"


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


def upload_snippet(base_url: str, brand: str) -> str:
    """What a shop pastes into its product page to let customers send photos of the product."""
    return (
        f'<script type="module" src="{base_url}/widget/{release_of("v1")}/upload.js" '
        f'integrity="{read_manifest("v1")["upload.js"]}" crossorigin></script>\n'
        f'<ugc-upload brand="{brand}" product="SKU of the page">'
        f'<a href="{base_url}/submit/{brand}">Show us yours</a></ugc-upload>'
    )


def snippet(base_url: str, brand: str, gallery: str, layout: Layout = Layout.GRID) -> str:
    """What a shop pastes: the immutable address with its hash, and the element with a link for browsers without scripts.

    A layout other than the grid is named, so that the style sheet keeps the right height for it.
    """
    release = release_of("v1")
    kind = "" if layout is Layout.GRID else f' layout="{layout.value}"'
    return (
        f'<link rel="stylesheet" href="{base_url}/widget/{release}/gallery.css">\n'
        f'<script type="module" src="{base_url}/widget/{release}/gallery.js" '
        f'integrity="{read_manifest("v1")["gallery.js"]}" crossorigin></script>\n'
        f'<ugc-gallery brand="{brand}" gallery="{gallery}"{kind} consent="off">'
        f'<a href="{base_url}/galleries/{brand}/{gallery}.html">Photos of our customers</a></ugc-gallery>'
    )
