"""What is outside the process, written by hand: a fetcher that answers from a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ugc.kit.http.errors import BodyTooLarge, Unreachable
from ugc.kit.http.fetching import Answer

Given = Answer | Exception | Callable[["Asked"], Answer] | list[Any]


@dataclass(frozen=True)
class Asked:
    """One request that the fake got."""

    method: str
    url: str
    """With the query that `params` made."""
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    body: bytes | None = None
    redirects: int = 0


class FakeFetcher:
    """Answers by address: an Answer, an error to raise, a function of the request, or a list of these, one a request.

    An address without an answer for its query answers for the address before the `?`; anything else can't be reached.
    """

    def __init__(self, answers: Mapping[str, Given] | None = None) -> None:
        self.answers = dict(answers or {})
        self.asked: list[Asked] = []

    def fetch(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None,
        json: Any = None, form: Mapping[str, str] | None = None, body: bytes | None = None, redirects: int = 0,
        max_bytes: int = 2_000_000, etag: str = "", modified: str = "", patience: float = 0.0,
    ) -> Answer:  # fmt: skip
        """The answer that was given for the address."""
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        known = {"If-None-Match": etag, "If-Modified-Since": modified}
        sent = {**(headers or {}), **{name: value for name, value in known.items() if value}}
        answer = self.answer(Asked(method, url, sent, json, form, body, redirects))
        if len(answer.body) > max_bytes:
            raise BodyTooLarge()
        return answer

    def download(
        self, url: str, path: Path, *, headers: Mapping[str, str] | None = None, redirects: int = 3, max_bytes: int,
        seconds: float = 15.0,
    ) -> Answer:  # fmt: skip
        """The same, with the body of a 2xx answer written to a new file."""
        answer = self.fetch(url, headers=headers, redirects=redirects, max_bytes=max_bytes)
        if 200 <= answer.status < 300:
            with open(path, "xb") as file:
                file.write(answer.body)
        return Answer(answer.status, answer.url, answer.headers)

    def answer(self, asked: Asked) -> Answer:
        """Note the request and choose its answer."""
        self.asked.append(asked)
        given = self.answers.get(asked.url, self.answers.get(asked.url.split("?")[0]))
        if isinstance(given, list):
            given = given.pop(0) if given else None
        if given is None:
            raise Unreachable(f"nothing answers at {asked.url}")
        if isinstance(given, Exception):
            raise given
        return given if isinstance(given, Answer) else given(asked)
