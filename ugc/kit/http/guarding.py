"""Sessions of other libraries, Authlib's among them, made to go through the fetcher: `guard(OAuth2Session(…), runtime.fetcher)`."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from ugc.kit.http.errors import BadAddress, BlockedAddress
from ugc.kit.http.fetching import REDIRECTS, Answer, Fetching


class ThroughFetcher(BaseAdapter):
    """Sends what a session has put together by the fetcher; redirects are refused, since a token may travel along."""

    def __init__(self, fetcher: Fetching) -> None:
        super().__init__()
        self.fetcher = fetcher

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, verify: Any = True, cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:  # fmt: skip
        """One request; raises the fetcher's errors, never those of requests."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        if body is not None and not isinstance(body, bytes):
            raise BadAddress("only a body that lies in memory is sent")
        headers = {str(name): str(value) for name, value in request.headers.items()}
        answer = self.fetcher.fetch(request.url or "", method=request.method or "GET", headers=headers, body=body)
        if answer.status in REDIRECTS:
            raise BlockedAddress("this address must not redirect")
        return response_of(request, answer)

    def close(self) -> None:
        """There is nothing to give back."""


def response_of(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    """An answer in the library's clothes."""
    response = requests.Response()
    response.status_code = answer.status
    response.url = answer.url
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = "utf-8"  # tokens come as JSON; the server does not choose the codec
    response.request = request
    response.raw = BytesIO(answer.body)
    return response


def guard(session: requests.Session, fetcher: Fetching) -> None:
    """Leave a session no other way out: no proxies or credentials from the environment, no adapter of its own."""
    session.trust_env = False
    session.proxies = {}
    session.adapters.clear()
    session.mount("https://", ThroughFetcher(fetcher))
    session.mount("http://", ThroughFetcher(fetcher))
