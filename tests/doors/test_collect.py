"""POST /events over HTTP: answers, headers, limits, and a database that is down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.tracking import sent
from ugc.app import create_app
from ugc.kit import db
from ugc.runtime import Runtime


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def shop(session: Session, runtime: Runtime) -> sent.Shop:
    made = sent.shop(session, runtime)
    session.commit()
    return made


def event(type: str, **facts: Any) -> dict[str, Any]:
    return sent.event(type, datetime.now(UTC), **facts)


def post(client: FlaskClient, body: Any, **headers: str) -> TestResponse:
    raw = body if isinstance(body, bytes) else sent.as_bytes(body)
    return client.post("/events", data=raw, headers={"Content-Type": "text/plain", "User-Agent": sent.CHROME} | headers)


@pytest.mark.parametrize("type", ["text/plain", "application/json", "text/plain;charset=UTF-8", ""])
def test_a_beacon_is_taken_as_text_or_json(client: FlaskClient, shop: sent.Shop, type: str) -> None:
    answer = post(
        client,
        sent.beacon(shop.key, event("item_view", item=shop.item.id), event("item_view", item=10**9)),
        **{"Content-Type": type},
    )
    assert answer.status_code == 202
    assert answer.get_json() == {"accepted": 1, "duplicates": 0, "dropped": 1, "reasons": {"unknown_item": 1}}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_preflight_is_answered(client: FlaskClient) -> None:
    answer = client.options("/events", headers={"Origin": "https://shop.test", "Access-Control-Request-Method": "POST"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_events"),
        (b"", 400, "bad_events"),
        ({"key": "pk", "events": []}, 400, "bad_events"),
        (b" " * 65_537, 413, "too_large"),
        (sent.beacon("pk_nobody", sent.event("page_view")), 401, "wrong_key"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_word(client: FlaskClient, body: Any, status: int, code: str) -> None:
    answer = post(client, body)
    assert (answer.status_code, answer.get_json()) == (status, {"error": code})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_with_the_database_down_nothing_is_acknowledged(runtime: Runtime, shop: sent.Shop) -> None:
    """The widget keeps what was not acknowledged, and sends it again."""
    engine = db.make_engine("postgresql://nobody@/nothing?host=/nowhere")
    down = create_app(replace(runtime, engine=engine, sessions=db.make_sessions(engine))).test_client()
    answer = post(down, sent.beacon(shop.key, event("page_view")))
    assert (answer.status_code, answer.get_json()) == (503, {"error": "unavailable"})
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    engine.dispose()


def test_the_origin_decides_what_counts(client: FlaskClient, session: Session, shop: sent.Shop) -> None:
    """T-74."""
    session.execute(text("update brands set shop_url = 'https://shop.test'"))
    session.commit()
    for origin in ("https://evil.test", "https://shop.test"):
        assert post(client, sent.beacon(shop.key, event("page_view")), Origin=origin).status_code == 202
    assert list(session.scalars(text("select ivt_reason from events order by received_at"))) == ["origin", ""]


BODIES = st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=4),
).map(sent.as_bytes)


@given(
    body=BODIES,
    facts=st.dictionaries(
        st.sampled_from(["item", "gallery", "sku", "product", "order", "type"]), st.none() | st.integers() | st.text(max_size=8)
    ),
)
def test_no_body_breaks_it(client: FlaskClient, shop: sent.Shop, body: bytes, facts: dict[str, Any]) -> None:
    """T-70."""
    assert post(client, body).status_code in {400, 413}
    assert post(client, sent.beacon(shop.key, event("share") | facts)).status_code in {202, 400}
