"""Before Flask: answers of galleries that lie in the storage, straight from the disk. Touches no database (decision 0003)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ugc.embed.galleries import HTML_POLICY, MAX_AGE, OPEN_TO_ALL
from ugc.galleries import render, rules
from ugc.galleries.rules import Format
from ugc.kit import clock
from ugc.kit.storage.local import LocalStorage

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/galleries/"
# Bytes of answers held in each process: some thousand galleries of the usual 8 kB.
MAX_BYTES = 64 * 1024 * 1024
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}
PLAIN_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Held:
    """A stored answer in memory, with what tells whether the file is still the same."""

    path: str
    mtime_ns: int
    inode: int
    body: bytes
    etag: str
    headers: list[tuple[str, str]]
    ends: float | None
    """Seconds since 1970."""


class Warm:
    """A WSGI layer: a stored answer that still holds is given at once, everything else goes to the application.

    Each hit looks at the file itself, so that a deletion is noticed by every process at once.
    """

    def __init__(self, inner: WSGIApplication, root: Path) -> None:
        self.inner = inner
        self.root = str(root)
        self.held: dict[str, Held] = {}
        self.bytes = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or pass on."""
        path: str = environ["PATH_INFO"]
        if path.startswith(PREFIX) and not environ.get("QUERY_STRING") and environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            held = self.find(path)
            if held is not None:
                return give(held, environ, start_response)
        return self.inner(environ, start_response)

    def find(self, path: str) -> Held | None:
        """The stored answer for a path if it lies there and holds now."""
        held = self.held.get(path)
        if held is None or not is_same(held):
            self.forget(path)
            held = self.load(path)
        if held is not None and held.ends is not None and clock.now().timestamp() >= held.ends:
            return None
        return held

    def load(self, path: str) -> Held | None:
        """Read the answer from the disk, from whichever of its two places."""
        for name, kind in places(path):
            held = read(f"{self.root}/{name}", kind)
            if held is not None:
                if self.bytes + len(held.body) > MAX_BYTES:
                    self.held, self.bytes = {}, 0  # rare, and the disk's own cache makes the next reads cheap
                self.held[path] = held
                self.bytes += len(held.body)
                return held
        return None

    def forget(self, path: str) -> None:
        """Let go of what memory holds for a path."""
        gone = self.held.pop(path, None)
        if gone is not None:
            self.bytes -= len(gone.body)


def wrap(inner: WSGIApplication, snapshots: LocalStorage) -> WSGIApplication:
    """The layer around the application."""
    return Warm(inner, snapshots.root)


def is_same(held: Held) -> bool:
    """Whether the file is still the one that was read."""
    try:
        status = os.stat(held.path)
    except OSError:
        return False
    return status.st_mtime_ns == held.mtime_ns and status.st_ino == held.inode


def places(path: str) -> list[tuple[str, Format]]:
    """Where the answer to a path can lie; nowhere for a path that is no gallery's."""
    try:
        text = path.encode("latin-1").decode()
    except UnicodeError:
        return []
    brand, _, rest = text.removeprefix(PREFIX).partition("/")
    gallery, has_sku, tail = rest.partition("/")
    stem, dot, kind = (tail if has_sku else gallery).rpartition(".")
    if not has_sku:
        gallery = stem
    if kind not in rules.FORMATS or not dot or not stem or not rules.SLUG.fullmatch(brand) or not rules.SLUG.fullmatch(gallery):
        return []
    return [(key, kind) for key in rules.storage_keys(brand, gallery, stem if has_sku else None, kind)]


def read(path: str, kind: Format) -> Held | None:
    """An answer's file with its headers ready, or None where there is none."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            body = file.read()
    except OSError:
        return None
    until = rules.valid_until_of(body)
    etag = rules.etag_of(body)
    facts = {
        "Content-Type": render.CONTENT_TYPES[kind],
        "ETag": etag,
        "Content-Security-Policy": HTML_POLICY if kind == "html" else PLAIN_POLICY,
        **OPEN_TO_ALL,
        **SAFE,
    }
    ends = until.timestamp() if until else None
    if ends is None:
        facts["Cache-Control"] = f"public, max-age={MAX_AGE}"
    return Held(path, status.st_mtime_ns, status.st_ino, body, etag, list(facts.items()), ends)


def give(held: Held, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """The answer: 304 for a validator that is known, no body for HEAD."""
    headers = held.headers
    if held.ends is not None:
        left = min(MAX_AGE, int(held.ends - clock.now().timestamp()))
        headers = [*headers, ("Cache-Control", f"public, max-age={left}" if left > 0 else "no-store")]
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and is_known(known, held.etag):
        start_response("304 Not Modified", [pair for pair in headers if pair[0] != "Content-Type"])
        return []
    start_response("200 OK", [*headers, ("Content-Length", str(len(held.body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [held.body]


def is_known(known: str, etag: str) -> bool:
    """Whether `If-None-Match` names the validator; the comparison is the weak one (RFC 9110, 13.1.2)."""
    return known.strip() == "*" or etag in {part.strip().removeprefix("W/") for part in known.split(",")}
