"""`/uploads/{brand}` as tus 1.0 has it, and who may call it from where."""

from __future__ import annotations

from base64 import b64encode

import pytest
from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI
from werkzeug.test import TestResponse

from tests.submissions import sent
from ugc.embed.uploads import PIECE
from ugc.runtime import Runtime
from ugc.submissions import actions

TUS = {"Tus-Resumable": "1.0.0"}
SHOP = "https://shop.example"


@pytest.fixture
def client(app: OpenAPI, runtime: Runtime) -> FlaskClient:
    sent.brand(runtime, shop_url=f"{SHOP}/home")
    return app.test_client()


def begin(client: FlaskClient, length: int = 6, **headers: str) -> str:
    """The path of a new upload."""
    name = b64encode("für dich.jpg".encode()).decode()
    facts = {"Upload-Length": str(length), "Upload-Metadata": f"filename {name},filetype aW1hZ2UvanBlZw==,empty"}
    answer = client.post("/uploads/acme", headers=TUS | facts | headers)
    assert answer.status_code == 201, answer.get_data()
    return answer.headers["Location"].removeprefix("http://ugc.test")


def add(client: FlaskClient, path: str, offset: int, data: bytes, **headers: str) -> TestResponse:
    return client.patch(path, data=data, headers=TUS | {"Upload-Offset": str(offset), "Content-Type": PIECE} | headers)


def test_a_file_comes_in_pieces(client: FlaskClient) -> None:
    path = begin(client)
    for offset, piece, after in ((0, b"ab", "2"), (2, b"cdef", "6")):
        answer = add(client, path, offset, piece)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, after)
    seen = client.head(path, headers=TUS)
    assert (seen.status_code, seen.headers["Upload-Offset"], seen.headers["Upload-Length"]) == (200, "6", "6")
    assert seen.headers["Cache-Control"] == "no-store"
    assert seen.headers["Tus-Resumable"] == "1.0.0"
    assert seen.headers["Upload-Expires"].endswith("GMT")


def test_it_says_what_it_can(client: FlaskClient) -> None:
    answer = client.options("/uploads/acme")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,termination,expiration"
    assert answer.headers["Tus-Max-Size"] == str(200 * 1024**2)


def test_what_is_ended_is_gone(client: FlaskClient) -> None:
    path = begin(client)
    assert client.delete(path, headers=TUS).status_code == 204
    assert client.head(path, headers=TUS).status_code == 404
    assert client.delete(path, headers=TUS).status_code == 404


def test_methods_can_be_named_in_a_header(client: FlaskClient) -> None:
    path = begin(client)
    headers = TUS | {"Upload-Offset": "0", "Content-Type": PIECE}
    assert client.post(path, data=b"abc", headers=headers | {"X-HTTP-Method-Override": "PATCH"}).headers["Upload-Offset"] == "3"
    assert client.post(path, headers=headers | {"X-HTTP-Method-Override": "DELETE"}).status_code == 204


@pytest.mark.parametrize(
    ("offset", "headers", "status"),
    [
        ("0", {"Tus-Resumable": "0.2.2"}, 412),
        ("0", {"Content-Type": "text/plain"}, 415),
        ("1", {}, 409),
        ("x", {}, 400),
        ("-1", {}, 400),
        ("9" * 30, {}, 400),
        ("", {}, 400),
    ],
)
def test_a_piece_that_can_t_be_understood_is_refused(
    client: FlaskClient, offset: str, headers: dict[str, str], status: int
) -> None:
    path = begin(client)
    given = TUS | {"Upload-Offset": offset, "Content-Type": PIECE} | headers
    answer = client.patch(path, data=b"abc", headers=given)
    assert answer.status_code == status
    if status == 412:
        assert answer.headers["Tus-Version"] == "1.0.0"
    assert client.head(path, headers=TUS).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Length": "1e3"}, 400),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": str(200 * 1024**2 + 1)}, 413),
        ({"Upload-Length": str(25 * 1024**2 + 1), "Upload-Metadata": "filetype aW1hZ2UvanBlZw=="}, 413),
        ({"Upload-Length": "1", "Upload-Metadata": "filename ###"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "x " + "A" * 5000}, 400),
    ],
)
def test_an_upload_that_can_t_be_understood_is_not_begun(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    """T-12"""
    assert client.post("/uploads/acme", headers=TUS | headers).status_code == status


def test_more_than_a_piece_or_than_was_announced_is_refused_unread(client: FlaskClient) -> None:
    """T-12"""
    path = begin(client, 20 * 1024**2)
    assert add(client, path, 0, b"x" * (8 * 1024**2 + 1)).status_code == 413
    small = begin(client, 3)
    assert add(client, small, 0, b"abcd").status_code == 413
    assert client.head(small, headers=TUS).headers["Upload-Offset"] == "0"


def test_floods_are_told_to_wait(client: FlaskClient) -> None:
    """T-13"""
    for _ in range(60):
        begin(client, 1)
    answer = client.post("/uploads/acme", headers=TUS | {"Upload-Length": "1"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1


ORIGINS = [
    (SHOP, True), ("https://SHOP.example", True), ("https://evil.test", False), ("null", False),
    ("https://shop.example.evil.io", False),
    ("https://evilshop.example", False), ("http://shop.example", False),
]  # fmt: skip


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
@pytest.mark.parametrize("path", ["/uploads/acme", "/submit/acme"])
def test_only_the_shop_s_pages_may_send(client: FlaskClient, origin: str, allowed: bool, path: str) -> None:
    """T-44, T-47: the origin is named, never `*`, never with credentials; a stranger's write is refused."""
    before = client.options(path, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    answer = client.post(path, headers=TUS | {"Origin": origin, "Upload-Length": "1", "Accept": "application/json"})
    for each in (before, answer):
        assert each.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert "Access-Control-Allow-Credentials" not in each.headers
        assert each.headers["Vary"] == "Origin"
        assert "Set-Cookie" not in each.headers
    assert (answer.status_code == 403) is not allowed
    assert ("PATCH" in before.headers.get("Access-Control-Allow-Methods", "")) is allowed


def test_a_site_that_the_brand_named_may_send_too(client: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction() as session:
        actions.set_page(
            session, sent.page(runtime).brand_id, is_open=True, origins=["https://blog.example"], least_age=16, accent="",
            actor="person:1", now=sent.NOW,
        )  # fmt: skip
    assert begin(client, 1, Origin="https://blog.example")
    assert begin(client, 1, Origin="http://ugc.test")


def test_the_service_s_own_pages_may_send(client: FlaskClient) -> None:
    assert begin(client, 1, Origin="http://localhost")
    assert begin(client, 1)
