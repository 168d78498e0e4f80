"""The database goes and comes back under a running `ugc serve` with the embedded engine (decision 0003)."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import make
from tests.conftest import SECRET
from tests.galleries import shown
from tests.processes import reachable_folder, until
from tests.reliability.server import ask, get, serving
from ugc.app import AFTER_COMMIT
from ugc.kit import postgres, schema
from ugc.runtime import Runtime, open_runtime
from ugc.settings import Settings

WARM, COLD = "/galleries/beach/home.json", "/galleries/beach/other.json"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the database's user can reach its cluster."""
    with reachable_folder() as made:
        yield made


@pytest.fixture
def own(folder: Path) -> Iterator[Runtime]:
    """A runtime with an embedded database that no other test uses, and a brand with two galleries."""
    runtime = open_runtime(Settings(data_dir=folder / "own", secret_key=SECRET), after_commit=AFTER_COMMIT)
    try:
        schema.migrate(runtime.engine)
        with runtime.transaction() as session:
            brand = make.brand(session, slug="beach")
            shown.item(session, brand, body="A day at the sea")
            shown.gallery(session, brand, slug="home")
            shown.gallery(session, brand, slug="other")
        yield runtime
    finally:
        runtime.close()
        postgres.stop(runtime.settings.data_dir)


def answer(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        got = connection.getresponse()
        return got.status, {name.lower(): value for name, value in got.getheaders()}, got.read()
    finally:
        connection.close()


def test_galleries_go_on_while_the_database_is_stopped_and_all_is_well_when_it_is_back(own: Runtime) -> None:
    """What was rendered is answered, what was not says when to come back, and nobody has to restart the server."""
    with serving(own) as (server, port):
        _, headers, body = answer(port, WARM)
        assert [item["caption"] for item in json.loads(body)["items"]] == ["A day at the sea"]
        own.close()
        postgres.stop(own.settings.data_dir)
        assert_stands_in(port, body, headers["etag"])
        postgres.ensure(own.settings.data_dir)
        until(lambda: get(port, "/readyz") == 200)
        assert get(port, COLD) == 200
        assert answer(port, WARM)[2] == body
        assert server.poll() is None


def assert_stands_in(port: int, body: bytes, etag: str) -> None:
    """What a server without its database answers."""
    status, headers, text = answer(port, WARM)
    assert (status, headers["etag"], text) == (200, etag, body)
    assert answer(port, WARM, **{"If-None-Match": etag})[0] == 304
    status, headers, text = answer(port, COLD)
    assert (status, int(headers["retry-after"]) > 0) == (503, True), text
    assert get(port, "/healthz") == 200
    status, text = ask(port, "GET", "/readyz")
    said: dict[str, Any] = json.loads(text)
    assert (status, said["database"]) == (503, "down")
