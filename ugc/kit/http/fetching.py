"""Asking an address outside and taking its answer, whatever its status; errors are `Outside` and say whether to try again."""

from __future__ import annotations

import codecs
import json as json_format
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import certifi
import requests
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as OutOfTime
from urllib3.response import BaseHTTPResponse
from urllib3.util import Timeout

from ugc.kit.http import bodies, dialling
from ugc.kit.http.dialling import Deadline, Resolve
from ugc.kit.http.errors import BadAddress, BlockedAddress, BodyTooLarge, NotJson, TooManyRedirects, TooSlow, Unreachable
from ugc.kit.http.targets import Permits, Target, read_target, redirected
from ugc.kit.storage.local import noticing_full

FIRST_BYTE = 5.0
TOTAL = 15.0
MAX_BYTES = 2_000_000
REDIRECTS = {301, 302, 303, 307, 308}
# What may follow a redirect to somebody else; a token may hide under any other name.
HARMLESS = {"accept", "accept-encoding", "accept-language", "user-agent", "if-none-match", "if-modified-since", "range"}
# The character sets of the web. Of Python's others one takes a quarter of an hour for two megabytes (punycode), some raise.
CHARSETS = re.compile(
    r"utf-8(-sig)?|utf-16(-[bl]e)?|ascii|iso8859-\d+|cp\d+|koi8-[rtu]|mac-\w+|gb\w+|big5\w*|euc_\w+|shift_jis\w*|tis-620"
)
# What http.client would stumble over, or a server read as the end of a header: a token may be pasted with anything around it.
SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
Body = str | bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    url: str
    """Where the answer came from, after redirects."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON; raises NotJson."""
        try:
            return json_format.loads(self.body)
        except (ValueError, RecursionError) as cause:
            raise NotJson(f"{self.url.split('?')[0]} did not answer with JSON") from cause

    def text(self) -> str:
        """The body as text in the character set that its type names, else UTF-8; what can't be read is replaced."""
        named = self.headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip("\"' ")
        return self.body.decode(charset(named), "replace")


class Fetching(Protocol):
    """What may be asked of the fetcher; tests have one that is written by hand."""

    def fetch(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None,
        json: Any = None, form: Mapping[str, str] | None = None, body: bytes | None = None, redirects: int = 0,
        max_bytes: int = MAX_BYTES, etag: str = "", modified: str = "", patience: float = 0.0,
    ) -> Answer:  # fmt: skip
        """Ask and take the whole answer into memory; any status is an answer."""

    def download(
        self, url: str, path: Path, *, headers: Mapping[str, str] | None = None, redirects: int = 3, max_bytes: int,
        seconds: float = TOTAL,
    ) -> Answer:  # fmt: skip
        """Ask and write the body of a 2xx answer to a new file; the answer's own body is empty."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to one address."""

    method: str
    url: str
    target: Target
    headers: Mapping[str, str]
    body: Body | None

    def at(self, url: str, status: int) -> Request:
        """The same request where a redirect leads; raises BlockedAddress where it must not follow (T-32)."""
        target = read_target(url)
        moved = replace(self, url=url, target=target)
        if self.target.scheme == "https" and target.scheme != "https":
            raise BlockedAddress("a redirect leads from TLS to plain HTTP")
        if status == 303 or (status in {301, 302} and self.method == "POST"):
            kept = {name: value for name, value in self.headers.items() if not name.lower().startswith("content-")}
            moved = replace(moved, method="GET", body=None, headers=kept)
        if target.origin == self.target.origin:
            return moved
        if moved.body is not None:
            raise BlockedAddress("a redirect asks to send the same to another host")
        return replace(moved, headers={name: value for name, value in moved.headers.items() if name.lower() in HARMLESS})


class Fetcher:
    """The one safe fetcher. Holds no connection, no cookie and no state; threads may share it."""

    def __init__(
        self, permits: Permits | None = None, *, user_agent: str = "ugc", ca_certs: str = "", resolve: Resolve = dialling.resolve,
        first_byte: float = FIRST_BYTE, total: float = TOTAL,
    ) -> None:  # fmt: skip
        self.permits = permits or Permits()
        self.user_agent = user_agent
        self.ca_certs = ca_certs or certifi.where()
        self.resolve = resolve
        self.first_byte = first_byte
        self.total = total

    def fetch(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None,
        json: Any = None, form: Mapping[str, str] | None = None, body: bytes | None = None, redirects: int = 0,
        max_bytes: int = MAX_BYTES, etag: str = "", modified: str = "", patience: float = 0.0,
    ) -> Answer:  # fmt: skip
        """Ask and take the whole answer into memory; any status is an answer. Redirects are followed only if asked for.

        A server that thinks before it answers may be given more seconds, for the first byte and for all: its patience.
        """
        known = {"If-None-Match": etag, "If-Modified-Since": modified}
        sent = {**(headers or {}), **{name: value for name, value in known.items() if value and SENDABLE.fullmatch(value)}}
        request = self.request(url, method, sent, params=params, json=json, form=form, body=body)
        taken = bytearray()
        answer = self.follow(request, redirects, lambda _: taken.extend, max_bytes, patience or self.total, patience)
        return replace(answer, body=bytes(taken))

    def download(
        self, url: str, path: Path, *, headers: Mapping[str, str] | None = None, redirects: int = 3, max_bytes: int,
        seconds: float = TOTAL,
    ) -> Answer:  # fmt: skip
        """Ask and write the body of a 2xx answer to a new file; the answer's own body is empty.

        Nothing is left of a file that did not arrive whole. A large file may be given more seconds.
        """
        request = self.request(url, "GET", headers or {})
        with open(path, "xb") as file:
            answer = None
            try:
                answer = self.follow(
                    request, redirects, lambda status: write_to(file) if is_good(status) else None, max_bytes, seconds
                )
            finally:
                if answer is None or not is_good(answer.status):
                    path.unlink()
        return answer

    def request(
        self, url: str, method: str, headers: Mapping[str, str], *, params: Mapping[str, str] | None = None, json: Any = None,
        form: Mapping[str, str] | None = None, body: bytes | None = None,
    ) -> Request:  # fmt: skip
        """What will be sent; raises BadAddress for a URL that could be read in two ways."""
        read_target(url)
        try:
            made = requests.Request(method, url, dict(headers), params=params, json=json, data=form or body).prepare()
        except (requests.RequestException, UnicodeError) as cause:
            raise BadAddress() from cause
        own = {"User-Agent": self.user_agent, "Accept": "*/*"}
        asked = {name.title(): value for name, value in {**own, **dict(headers_of(made))}.items()}
        asked["Accept-Encoding"] = bodies.ENCODINGS
        if not all(SENDABLE.fullmatch(value) for value in asked.values()):
            raise BadAddress("a header holds what can't be sent; is the token whole, and nothing else?")
        return Request(method, made.url or "", read_target(made.url or ""), asked, made.body)

    def follow(
        self,
        request: Request,
        redirects: int,
        sink: Callable[[int], Callable[[bytes], object] | None],
        max_bytes: int,
        seconds: float,
        first_byte: float = 0.0,
    ) -> Answer:
        """Ask, and where a redirect is asked for and allowed, ask again; one deadline for all of it."""
        with Deadline(seconds) as deadline:
            for left in range(redirects, -1, -1):
                answer = self.ask(request, sink, max_bytes, deadline, first_byte or self.first_byte, redirected=redirects > 0)
                location = answer.headers.get("location")
                if not redirects or answer.status not in REDIRECTS or not location:
                    return answer
                if not left:
                    break
                request = request.at(redirected(request.url, location), answer.status)
        raise TooManyRedirects()

    def ask(
        self, request: Request, sink: Callable[[int], Callable[[bytes], object] | None], max_bytes: int, deadline: Deadline,
        first_byte: float, *, redirected: bool,
    ) -> Answer:  # fmt: skip
        """One request on a connection of its own."""
        pool = dialling.make_pool(
            request.target, lambda: dialling.connect(request.target, self.permits, self.resolve, deadline), self.ca_certs
        )
        raw: BaseHTTPResponse | None = None
        try:
            raw = pool.urlopen(
                request.method, request.target.path, body=request.body, headers=request.headers, retries=False, redirect=False,
                assert_same_host=False, timeout=Timeout(connect=dialling.CONNECT, read=first_byte), preload_content=False,
                decode_content=False,
            )  # fmt: skip
            write = None if redirected and raw.status in REDIRECTS else sink(raw.status)
            if write is not None:
                bodies.read_into(raw, write, max_bytes)
            deadline.left(1)
            return Answer(raw.status, request.url, {name.lower(): raw.headers[name] for name in raw.headers})
        except OutOfTime as cause:
            raise TooSlow(f"{request.target.host} took too long") from cause
        except (HTTPError, OSError) as cause:
            if deadline.is_over:
                raise TooSlow(f"{request.target.host} took too long") from cause
            raise Unreachable(f"{request.target.host} did not answer properly") from cause
        finally:
            if raw is not None:
                raw.close()  # a body that was not read to its end keeps its connection from the pool
            pool.close()


def write_to(file: BinaryIO) -> Callable[[bytes], None]:
    """What writes on to a file; a disk without room is ours, not the server's: raises StorageFull."""

    def write(data: bytes) -> None:
        with noticing_full():
            file.write(data)
            file.flush()

    return write


def charset(named: str) -> str:
    """The codec of a character set that a server names; UTF-8 for one that no page on the web is written in."""
    try:
        codec = codecs.lookup(named or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
    return codec if CHARSETS.fullmatch(codec) else "utf-8"


def is_good(status: int) -> bool:
    """Whether an answer holds what was asked for."""
    return 200 <= status < 300


def headers_of(made: requests.PreparedRequest) -> list[tuple[str, str]]:
    """The headers of a prepared request as text."""
    return [(name, value if isinstance(value, str) else value.decode("latin-1")) for name, value in made.headers.items()]


__all__ = [
    "Answer", "BadAddress", "BlockedAddress", "BodyTooLarge", "Fetcher", "Fetching", "NotJson", "TooManyRedirects", "TooSlow",
    "Unreachable",
]  # fmt: skip
