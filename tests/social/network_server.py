"""A network of the tests' own on the loopback: pages as the real one does, and throttles or breaks when it is told to."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.kit.http import servers
from ugc.kit.http.fetching import Answer, Fetcher
from ugc.kit.http.targets import Permits

PAGE = 3
MOMENT = "2026-11-{:02d}T10:00:00+00:00"


@dataclass(frozen=True)
class Said:
    """An answer as the server gives it."""

    body: bytes
    headers: tuple[str, ...] = ()
    status: str = "200 OK"
    missing: int = 0
    """So many bytes of the body never come."""


Page = Callable[[list[int], Mapping[str, str], str], Said]
THROTTLED = Said(b'{"error": {"code": 4, "message": "slow down"}}', ("Retry-After: 7",), "429 Too Many Requests")
FAILED = Said(b"oops", (), "500 Internal Server Error")
WRONG = Said(b"<html><body>Please wait</body></html>", ("Content-Type: text/html",))
CUT = Said(b'{"data": [', (), missing=500)


@dataclass
class Network:
    """Its posts, by number, oldest first; what it says instead of the next answers; what it was asked."""

    page: Page
    numbers: list[int]
    instead: list[Said] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def say(self, connection: socket.socket, request: bytes) -> None:
        """Answer one request."""
        line, *lines = request.decode("latin-1").split("\r\n")
        self.asked.append(line.split(" ")[1])
        parts = urlsplit(self.asked[-1])
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        query = {name: values[0] for name, values in parse_qs(parts.query).items()} | {"etag": headers.get("if-none-match", "")}
        said = self.instead.pop(0) if self.instead else self.page(sorted(self.numbers, reverse=True), query, parts.path)
        head = [
            f"HTTP/1.1 {said.status}",
            f"Content-Length: {len(said.body) + said.missing}",
            "Connection: close",
            *said.headers,
            "",
            "",
        ]
        connection.sendall("\r\n".join(head).encode() + said.body)


class Loopback:
    """The real fetcher, with the host of every address replaced by the tests' server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.fetcher = Fetcher(Permits(networks=(IPv4Network("127.0.0.1/32"),), http=True))

    def fetch(self, url: str, **facts: Any) -> Answer:
        parts = urlsplit(url)
        return self.fetcher.fetch(parts._replace(scheme="http", netloc=f"127.0.0.1:{self.port}").geturl(), **facts)

    def download(self, url: str, path: Path, **facts: Any) -> Answer:
        return self.fetcher.download(url, path, **facts)


@contextmanager
def network(page: Page, posts: int) -> Iterator[tuple[Network, Loopback]]:
    """A running network with so many posts, and the way to it."""
    made = Network(page, list(range(1, posts + 1)))
    with servers.serving(made.say) as server:
        yield made, Loopback(server.port)


def said(value: Any, *headers: str) -> Said:
    """JSON."""
    return Said(json.dumps(value).encode(), ("Content-Type: application/json", *headers))


def below(numbers: list[int], token: str) -> list[int]:
    """The page that follows a number, newest first."""
    return [number for number in numbers if not token or number < int(token)][:PAGE]


def mastodon(numbers: list[int], query: Mapping[str, str], path: str) -> Said:
    """Statuses with a Link header; `min_id` brings what directly follows."""
    if "min_id" in query:
        newer = [number for number in numbers if number > int(query["min_id"])]
        page = newer[-PAGE:]
    else:
        page = below(numbers, query.get("max_id", ""))
    older = bool(page) and page[-1] > numbers[-1]
    rels = [("next", "max_id", page[-1])] if older else []
    rels += [("prev", "min_id", page[0])] if page else []
    link = ", ".join(f'<https://social.test{path}?{name}={number}>; rel="{rel}"' for rel, name, number in rels)
    return said([status(number) for number in page], *([f"Link: {link}"] if link else []))


def status(number: int) -> dict[str, Any]:
    """One status."""
    return {
        "id": str(number), "uri": f"https://social.test/s/{number}", "url": f"https://social.test/@ada/{number}", "reblog": None,
        "content": f"<p>{number}</p>", "created_at": MOMENT.format(number), "account": {"acct": "ada"}, "visibility": "public",
    }  # fmt: skip


def instagram(numbers: list[int], query: Mapping[str, str], path: str) -> Said:
    """A Graph edge: the cursor is there on the last page too, `next` is not."""
    page = below(numbers, query.get("after", ""))
    more = {"next": "https://graph.facebook.com/next"} if page and page[-1] > numbers[-1] else {}
    media = [{"id": str(one), "media_type": "IMAGE", "caption": str(one), "timestamp": MOMENT.format(one)} for one in page]
    return said({"data": media, "paging": {"cursors": {"after": str(page[-1]) if page else ""}, **more}})


def youtube(numbers: list[int], query: Mapping[str, str], path: str) -> Said:
    """A search."""
    page = below(numbers, query.get("pageToken", ""))
    items = [{"id": {"videoId": str(one)}, "snippet": {"title": str(one), "publishedAt": MOMENT.format(one)}} for one in page]
    return said({"items": items, **({"nextPageToken": str(page[-1])} if page and page[-1] > numbers[-1] else {})})


def bluesky(numbers: list[int], query: Mapping[str, str], path: str) -> Said:
    """An author's feed."""
    page = below(numbers, query.get("cursor", ""))
    feed = [{"post": skeet(number)} for number in page]
    return said({"feed": feed, **({"cursor": str(page[-1])} if page and page[-1] > numbers[-1] else {})})


def skeet(number: int) -> dict[str, Any]:
    """One post of Bluesky."""
    record = {"text": str(number), "createdAt": MOMENT.format(number)}
    return {
        "uri": f"at://did:plc:a/app.bsky.feed.post/{number}",
        "author": {"handle": "ada.test", "did": "did:plc:a"},
        "record": record,
    }


def feed(numbers: list[int], query: Mapping[str, str], path: str) -> Said:
    """A feed with an ETag, whole each time."""
    etag = f'"{len(numbers)}"'
    if query["etag"] == etag:
        return Said(b"", (f"ETag: {etag}",), "304 Not Modified")
    items = "".join(f"<item><guid>https://hats.test/{one}</guid><title>{one}</title></item>" for one in numbers)
    body = f'<rss version="2.0"><channel><title>Hats</title>{items}</channel></rss>'
    return Said(body.encode(), (f"ETag: {etag}", "Content-Type: application/rss+xml"))
