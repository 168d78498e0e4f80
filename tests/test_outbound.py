"""The hook itself: code of ours that connects past the fetcher fails, a test's own does not (T-37)."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.kit.http.servers import answer, serving
from tests.outbound import OURS, WayAround
from ugc.kit.http.fetching import Fetcher
from ugc.kit.http.targets import read_permits

CONNECT = "import socket\ndef go(port):\n    socket.create_connection(('127.0.0.1', port)).close()"
FETCH = "import urllib.request\ndef go(port):\n    urllib.request.urlopen(f'http://127.0.0.1:{port}/').read()"
PARSE = "import feedparser\ndef go(port):\n    feedparser.parse(f'http://127.0.0.1:{port}/')"


def as_ours(source: str, name: str) -> Any:
    """A function as if it stood in a file of ours."""
    names: dict[str, Any] = {}
    exec(compile(source, OURS + name, "exec"), names)
    return names["go"]


@pytest.mark.parametrize("source", [CONNECT, FETCH, PARSE])
@pytest.mark.parametrize("name", ["library/actions.py", "social/networks/mastodon.py", "kit/clock.py", "kit/http/fetching.py"])
def test_t37_no_room_connects_by_itself(source: str, name: str) -> None:
    with serving(answer(b"canary")) as canary:
        with pytest.raises(WayAround):
            as_ours(source, name)(canary.port)
        assert canary.hits == 0


def test_t37_no_room_asks_the_dns_by_itself() -> None:
    with pytest.raises(WayAround):
        as_ours("import socket\ndef go():\n    socket.getaddrinfo('photos.example', 443)", "media/rules.py")()


def test_the_fetcher_and_the_tests_do_connect() -> None:
    with serving(answer(b"yes")) as server:
        assert Fetcher(read_permits(["127.0.0.1"])).fetch(f"http://127.0.0.1:{server.port}/").body == b"yes"
        with socket.create_connection(("127.0.0.1", server.port)):
            pass
