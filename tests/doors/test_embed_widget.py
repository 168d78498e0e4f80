"""GET /widget/…: published files, their hashes, their sizes; GET /media/…: renditions and nothing else."""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI

from tests.browser.host import picture_bytes
from tests.conftest import ROOT
from ugc.embed import publishing
from ugc.galleries import published
from ugc.galleries.models import Layout
from ugc.kit import shipped
from ugc.runtime import Runtime

WIDGET = ROOT / "static" / "widget"
NAME = "a" * 32


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    return app.test_client()


def test_the_published_files_are_those_that_were_made_from_the_sources() -> None:
    """While v1 is not released: `python -m ugc.embed.publishing` after a change. With 1.0 this test goes, the next one stays."""
    for name in publishing.SOURCES:
        assert (WIDGET / "v1" / name).read_bytes() == publishing.minify(publishing.source_of(name)), f"publish {name} again"


def test_a_published_file_never_changes() -> None:
    """T-42: the bytes are those whose hash stands in the manifest, and the manifest lists every file."""
    manifest = published.read_manifest("v1")
    assert set(manifest) == {path.name for path in (WIDGET / "v1").iterdir()} - {published.MANIFEST}
    for name, digest in manifest.items():
        assert published.integrity((WIDGET / "v1" / name).read_bytes()) == digest


@pytest.mark.parametrize(
    ("names", "most"), [("gallery.js track.js", 8_000), ("lightbox.js", 6_000), ("track.js", 3_000), ("upload.js", 8_000)]
)
def test_it_stays_small(names: str, most: int) -> None:
    """Kilobytes of 1,000 bytes, gzipped at the highest level."""
    assert sum(len(gzip.compress((WIDGET / "v1" / name).read_bytes(), 9, mtime=0)) for name in names.split()) <= most


def test_the_sources_hold_nothing_that_a_strict_page_forbids() -> None:
    """T-40, T-41: no markup from texts, no evaluation, no inline handlers, no cookies, no other host."""
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.cookie|setAttribute\(\"(style|on)|https?://[a-z]"
    for path in (*WIDGET.glob("*.js"), publishing.source_of("upload.js")):
        code = re.sub(r"/\*.*?\*/|^\s*//.*$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
        assert not re.search(forbidden, code), path.name


def test_the_rolling_and_the_hashed_address_give_the_same_file(client: FlaskClient) -> None:
    rolling = client.get("/widget/v1/gallery.js")
    frozen = client.get(f"/widget/{published.release_of('v1')}/gallery.js")
    assert rolling.data == frozen.data
    assert rolling.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert rolling.headers["Cache-Control"] == "public, max-age=3600"
    assert "immutable" in frozen.headers["Cache-Control"]
    assert rolling.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get("/widget/v1/gallery.js", headers={"If-None-Match": rolling.headers["ETag"]}).status_code == 304
    snippet = published.snippet("https://ugc.test", "beach", "home")
    assert published.integrity(frozen.data) in snippet
    assert f"/widget/{published.release_of('v1')}/gallery.js" in snippet
    assert "layout" not in snippet
    assert 'layout="story"' in published.snippet("https://ugc.test", "beach", "home", Layout.STORY)


@pytest.mark.parametrize(
    "path",
    [
        "v1/none.js",
        "v1/manifest.json",
        "v2/gallery.js",
        "v1-00000000/gallery.js",
        "v1/../../../x.toml",
        "v1/%2e%2e/x.js",
        "x/gallery.js",
    ],
)
def test_no_other_file_is_given(client: FlaskClient, path: str) -> None:
    assert client.get(f"/widget/{path}").status_code == 404


def test_the_types_hold() -> None:
    """`tsc --checkJs --strict` over the element's sources; fails, and says so, where it can't run."""
    node = str(ROOT / ".ci" / "node")
    if not (ROOT / "node_modules" / ".bin" / "tsc").exists():
        install = [node, "npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(install, check=True, cwd=ROOT, timeout=100)
    done = subprocess.run([node, "tsc", "--version"], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.startswith("Version")
    done = subprocess.run([node, "tsc", "--project", "."], capture_output=True, text=True, cwd=ROOT, check=False)
    assert [line for line in done.stdout.splitlines() if "static/widget/" in line] == []


def put(runtime: Runtime, name: str, data: bytes) -> None:
    runtime.storage.put(f"renditions/{NAME}/{name}", data)


@pytest.mark.parametrize(("name", "kind"), [("320.webp", "image/webp"), ("320.jpg", "image/jpeg")])
def test_a_rendition_is_given_with_our_own_type(client: FlaskClient, runtime: Runtime, name: str, kind: str) -> None:
    """CVE-2026-48788: the type follows from our name, and no browser may guess another."""
    data = picture_bytes(32, 24, "red", name.rsplit(".", 1)[1])
    put(runtime, name, data)
    answer = client.get(f"/media/{NAME}/{name}")
    assert (answer.status_code, answer.data, answer.headers["Content-Type"]) == (200, data, kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers
    again = client.get(f"/media/{NAME}/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    part = client.get(f"/media/{NAME}/{name}", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, data[:4])


@pytest.mark.parametrize(
    "path",
    [
        f"{NAME}/640.webp",
        f"{NAME}/x.html",
        f"{NAME}/320.svg",
        f"{NAME}/..%2Fsecret",
        "short/320.webp",
        f"..%2F..%2F{NAME}/320.webp",
        NAME,
    ],
)
def test_nothing_else_of_the_storage_is_given(client: FlaskClient, runtime: Runtime, path: str) -> None:
    """T-06: above all no original."""
    put(runtime, "320.webp", b"x")
    runtime.storage.put(f"originals/1/aa/{NAME}", b"private")
    assert client.get(f"/media/{path.replace('N', NAME)}").status_code == 404


def test_the_folder_of_sources_is_where_the_wheel_has_it() -> None:
    assert shipped.folder("static") / "widget" == Path(WIDGET)
