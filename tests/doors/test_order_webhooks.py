"""POST /orders/{brand}/{source} over HTTP."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.tracking import sent
from ugc.accounts import actions as accounts
from ugc.accounts.models import KeyKind
from ugc.app import create_app
from ugc.runtime import Runtime

ALTERED: dict[str, dict[str, str]] = {
    "no headers": {"webhook-id": "", "webhook-timestamp": "", "webhook-signature": ""},
    "another id": {"webhook-id": "msg_other"},
    "old": {"webhook-timestamp": "1767323045"},
    "lower case": {"webhook-signature": "v1,hnekd6wlja"},
}


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def shop(session: Session, runtime: Runtime) -> sent.Shop:
    made = sent.shop(session, runtime)
    session.commit()
    return made


def post(client: FlaskClient, shop: sent.Shop, body: Any, path: str = "", secret: str = "", **headers: str) -> TestResponse:
    raw = body if isinstance(body, bytes) else sent.as_bytes(body)
    signed = sent.signed(secret or shop.secret, raw, datetime.now(UTC)) | headers
    return client.post(path or f"/orders/{shop.brand.slug}/generic", data=raw, headers=signed, content_type="application/json")


def rows(session: Session, table: str) -> int:
    return session.scalar(text(f"select count(*) from {table}")) or 0


def test_a_signed_order_is_stored_and_its_repeat_is_not(client: FlaskClient, session: Session, shop: sent.Shop) -> None:
    order = sent.order()
    answers = [post(client, shop, order, **{"webhook-id": "msg_1"}) for _ in range(1)]
    body = sent.as_bytes(order)
    headers = sent.signed(shop.secret, body, datetime.now(UTC), message="msg_2")
    answers += [client.post(f"/orders/{shop.brand.slug}/generic", data=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 200, 200]
    assert [answer.get_json() for answer in answers[1:]] == [{"outcome": "stored"}, {"outcome": "duplicate"}]
    assert (rows(session, "orders"), rows(session, "webhook_deliveries")) == (1, 1)


@pytest.mark.parametrize("case", ALTERED)
def test_every_wrong_signature_gets_the_same_answer_and_leaves_nothing(
    client: FlaskClient, session: Session, shop: sent.Shop, case: str
) -> None:
    wrong = post(client, shop, sent.order(), **ALTERED[case])
    stranger = post(client, shop, sent.order(), path="/orders/nobody/generic")
    unknown = post(client, shop, sent.order(), path=f"/orders/{shop.brand.slug}/shopify")
    assert {answer.status_code for answer in (wrong, stranger, unknown)} == {401}
    assert wrong.data == stranger.data == unknown.data
    assert (rows(session, "orders"), rows(session, "webhook_deliveries")) == (0, 0)


def test_old_and_new_secret_work_until_a_third_comes(
    client: FlaskClient, session: Session, runtime: Runtime, shop: sent.Shop
) -> None:
    """T-83."""
    seal = runtime.key("webhooks")
    _, second = accounts.add_key(session, session.merge(shop.brand), KeyKind.WEBHOOK, source="generic", seal_key=seal)
    session.commit()
    assert [post(client, shop, sent.order(), secret=secret).status_code for secret in (shop.secret, second)] == [200, 200]
    accounts.add_key(session, session.merge(shop.brand), KeyKind.WEBHOOK, source="generic", seal_key=seal)
    session.commit()
    assert [post(client, shop, sent.order(), secret=secret).status_code for secret in (shop.secret, second)] == [401, 200]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"{}", 400, "unreadable_order"), (b"[" * 100_000, 400, "unreadable_order"), (b" " * (2 * 1024 * 1024 + 1), 413, "too_large")],
)
def test_a_signed_body_that_cannot_be_read_is_refused(
    client: FlaskClient, shop: sent.Shop, body: bytes, status: int, code: str
) -> None:
    answer = post(client, shop, body)
    assert (answer.status_code, answer.get_json()) == (status, {"error": code})


def test_get_is_no_way_in(client: FlaskClient, shop: sent.Shop) -> None:
    assert client.get(f"/orders/{shop.brand.slug}/generic").status_code == 405


def test_two_hundred_deliveries_at_once_are_all_stored(live: Runtime) -> None:
    """T-84."""
    with live.transaction() as session:
        shop = sent.shop(session, live)
    app = create_app(live)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda order: post(app.test_client(), shop, order).status_code, [sent.order() for _ in range(200)]))
    assert answers == [200] * 200
    with live.transaction() as session:
        assert rows(session, "orders") == 200


def test_a_locked_database_never_gives_a_false_200(live: Runtime) -> None:
    """T-84."""
    with live.transaction() as session:
        shop = sent.shop(session, live)
    client = create_app(live).test_client()
    held = threading.Event()
    answered = threading.Event()

    def hold() -> None:
        with live.transaction() as session:
            session.execute(text("lock table orders in access exclusive mode"))
            held.set()
            answered.wait(60)

    keeper = threading.Thread(target=hold)
    keeper.start()
    assert held.wait(10)
    order = sent.order()
    answer = post(client, shop, order)
    answered.set()
    keeper.join()
    assert answer.status_code == 503, "it waited for the lock"
    assert "Retry-After" in answer.headers
    assert post(client, shop, order).get_json() == {"outcome": "stored"}
