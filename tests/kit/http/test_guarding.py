"""Sessions of other libraries go through the fetcher: Authlib's exchange of a code for a token (T-30, T-37)."""

from __future__ import annotations

import json

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from tests.fakes import Asked, FakeFetcher
from tests.kit.http.servers import answer, serving
from ugc.kit.http.errors import BlockedAddress
from ugc.kit.http.fetching import Answer, Fetcher
from ugc.kit.http.guarding import guard

TOKEN_URL = "https://network.example/token"


def give_token(asked: Asked) -> Answer:
    assert asked.method == "POST"
    assert asked.body is not None
    assert b"code=abc" in asked.body
    body = json.dumps({"access_token": "tok", "token_type": "Bearer", "expires_in": 3600}).encode()
    return Answer(200, asked.url, {"content-type": "application/json"}, body)


def test_a_code_is_exchanged_for_a_token_through_the_fetcher() -> None:
    fetcher = FakeFetcher({TOKEN_URL: give_token})
    with OAuth2Session("client", "secret", redirect_uri="https://ugc.test/back") as session:
        guard(session, fetcher)
        token = session.fetch_token(TOKEN_URL, code="abc")
    assert token["access_token"] == "tok"
    assert [asked.url for asked in fetcher.asked] == [TOKEN_URL]


def test_t30_a_guarded_session_reaches_no_private_address() -> None:
    with serving(answer(b"canary")) as canary, requests.Session() as session:
        guard(session, Fetcher())
        for url in (f"http://127.0.0.1:{canary.port}/", "https://127.0.0.1/", "https://localhost/"):
            with pytest.raises(BlockedAddress):
                session.get(url)
        assert canary.hits == 0


def test_t32_a_guarded_session_follows_no_redirect() -> None:
    with requests.Session() as session:
        guard(session, FakeFetcher({TOKEN_URL: Answer(302, TOKEN_URL, {"location": "https://evil.example/"})}))
        with pytest.raises(BlockedAddress):
            session.get(TOKEN_URL)


def test_a_guarded_session_uses_no_proxy_and_knows_no_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with requests.Session() as session:
        guard(session, FakeFetcher({TOKEN_URL: Answer(200, TOKEN_URL, {}, b"ok")}))
        assert session.get(TOKEN_URL).content == b"ok"
        with pytest.raises(requests.exceptions.InvalidSchema):
            session.get("ftp://network.example/")
