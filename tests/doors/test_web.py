"""What every door shares: commit rule, roles, form tokens, cookies, hosts, limits, headers, errors, logs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Blueprint, Response, request
from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import make
from ugc import web
from ugc.accounts import actions
from ugc.accounts.models import Brand, KeyKind, Membership, Role, SignIn
from ugc.app import AFTER_COMMIT, create_app
from ugc.kit import clock
from ugc.kit.errors import Conflict, TooMany
from ugc.kit.passwords import Cost
from ugc.runtime import Runtime, open_runtime

CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
FORM = {"Sec-Fetch-Site": "same-origin"}

pages = Blueprint("probe", __name__)


@pages.route("/studio/probe", methods=["GET", "POST"])
@web.needs(Role.COORDINATOR)
def studio_probe() -> dict[str, Any]:
    """Adds a brand and says who asks."""
    if request.method == "POST":
        make.brand(web.session(), slug="made-by-probe")
    return {"actor": web.principal().actor, "role": web.principal().role, "token": web.csrf_token()}


@pages.route("/api/v1/probe", methods=["GET", "POST"])
@web.needs(Role.COORDINATOR)
def api_probe() -> dict[str, Any]:
    """Says for whom it answers."""
    return {"brand": web.principal().brand_slug, "actor": web.principal().actor}


@pages.post("/probe/<int:status>")
def write_and_answer(status: int) -> tuple[str, int]:
    """Adds a brand, then answers with a status."""
    make.brand(web.session(), slug="made-by-probe")
    return "done", status


@pages.get("/probe/raise/<kind>")
def fail(kind: str) -> str:
    """Raises."""
    errors: dict[str, Exception] = {
        "conflict": Conflict("it is taken", sku="A"),
        "busy": TooMany(retry_after=60),
        "bug": ZeroDivisionError("a secret detail"),
        "database": OperationalError("select", {}, Exception("server closed the connection")),
    }
    raise errors[kind]


@pages.post("/probe/body")
def read_body() -> str:
    """Reads the body."""
    return str(len(request.get_data()))


@pages.post("/probe/upload")
@web.body_limit(4 * 1024 * 1024)
def read_upload() -> str:
    """Reads a larger body."""
    return str(len(request.get_data()))


@pages.get("/probe/address")
def address() -> str:
    """Says whence."""
    return web.client_address()


@pages.get("/probe/own-headers")
def own_headers() -> Response:
    """Sets headers of its own."""
    return Response("", headers={"Cache-Control": "public, max-age=60", "Content-Security-Policy": "frame-ancestors *"})


@pages.get("/probe/token/<token>")
def with_token(token: str) -> str:
    """Has a secret in its address."""
    return "ok"


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    app.register_blueprint(pages)
    return app.test_client()


def client_of(runtime: Runtime, **settings: Any) -> FlaskClient:
    app = create_app(replace(runtime, settings=replace(runtime.settings, **settings)))
    app.register_blueprint(pages)
    return app.test_client()


def cast(runtime: Runtime, role: Role = Role.OWNER) -> str:
    """A person of the brand `acme`, signed in; the cookie's token."""
    with runtime.transaction() as session:
        brand = session.scalars(select(Brand).where(Brand.slug == "acme")).one_or_none() or make.brand(session, slug="acme")
        person, _ = actions.add_person(session, f"{role}@shop.test", brand, role, cost=CHEAP)
        return actions.open_sign_in(session, person, brand, clock.now())[1]


def count_made(runtime: Runtime) -> int:
    with runtime.sessions() as session:
        return session.scalar(select(func.count()).where(Brand.slug == "made-by-probe")) or 0


@pytest.mark.parametrize(("status", "kept"), [(200, 1), (201, 1), (303, 1), (400, 0), (404, 0), (422, 0), (500, 0)])
def test_answers_below_400_commit_and_all_others_roll_back(client: FlaskClient, runtime: Runtime, status: int, kept: int) -> None:
    assert client.post(f"/probe/{status}").status_code == status
    assert count_made(runtime) == kept


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 200), (Role.COORDINATOR, 200), (Role.VIEWER, 403)])
def test_a_view_needs_its_role(client: FlaskClient, runtime: Runtime, role: Role, status: int) -> None:
    client.set_cookie("ugc", cast(runtime, role))
    assert client.get("/studio/probe").status_code == status


def test_the_studio_sends_strangers_to_the_sign_in_page(client: FlaskClient) -> None:
    answer = client.get("/studio/probe?a=b")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/studio/sign-in?next=%2Fstudio%2Fprobe%3Fa%3Db")
    assert client.post("/studio/probe").status_code == 401
    htmx = client.get("/studio/probe", headers={"HX-Request": "true"})
    assert (htmx.status_code, htmx.headers["HX-Redirect"]) == (401, "/studio/sign-in")


def test_the_role_is_read_anew_on_each_request(client: FlaskClient, runtime: Runtime) -> None:
    client.set_cookie("ugc", cast(runtime, Role.COORDINATOR))
    assert client.get("/studio/probe").status_code == 200
    with runtime.transaction() as session:
        session.scalars(select(Membership)).one().role = Role.VIEWER
    assert client.get("/studio/probe").status_code == 403
    with runtime.transaction() as session:
        session.delete(session.scalars(select(SignIn)).one())
    assert client.get("/studio/probe").status_code == 303


def post(client: FlaskClient, token: str | None, **headers: str) -> TestResponse:
    return client.post("/studio/probe", data={"csrf_token": token} if token else {}, headers=FORM | headers)


def test_a_studio_form_needs_the_token_of_its_own_sign_in(client: FlaskClient, runtime: Runtime) -> None:
    """T-92"""
    client.set_cookie("ugc", cast(runtime, Role.COORDINATOR))
    others = client.get("/studio/probe").get_json()["token"]
    client.set_cookie("ugc", cast(runtime, Role.OWNER))
    mine = client.get("/studio/probe").get_json()["token"]
    assert mine != others
    for wrong in (None, "", others, mine[:-1]):
        assert post(client, wrong).status_code == 403
    assert count_made(runtime) == 0
    assert post(client, mine).status_code == 200
    assert count_made(runtime) == 1


def test_the_token_may_come_as_a_header(client: FlaskClient, runtime: Runtime) -> None:
    client.set_cookie("ugc", cast(runtime))
    token = client.get("/studio/probe").get_json()["token"]
    assert client.post("/studio/probe", headers=FORM | {"X-CSRF-Token": token}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.test"}, {"Origin": "null"}],
)
def test_a_form_from_another_site_is_refused_even_with_the_token(
    client: FlaskClient, runtime: Runtime, headers: dict[str, str]
) -> None:  # fmt: skip
    client.set_cookie("ugc", cast(runtime))
    token = client.get("/studio/probe").get_json()["token"]
    assert post(client, token, **headers).status_code == 403
    assert post(client, token, Origin="http://ugc.test").status_code == 200


def test_the_api_takes_a_secret_key_and_nothing_else(client: FlaskClient, runtime: Runtime) -> None:
    cookie = cast(runtime)
    with runtime.transaction() as session:
        brand = session.scalars(select(Brand)).one()
        keys = {kind: actions.add_key(session, brand, kind, seal_key=b"k" * 32)[1] for kind in KeyKind}
    client.set_cookie("ugc", cookie)
    assert client.get("/api/v1/probe").status_code == 401

    def ask(value: str) -> int:
        return client.get("/api/v1/probe", headers={"Authorization": value}).status_code

    assert ask(f"Bearer {keys[KeyKind.SECRET]}") == 200
    assert ask(f"bearer {keys[KeyKind.SECRET]}") == 200
    assert ask(f"Bearer {keys[KeyKind.PUBLISHABLE]}") == 403
    assert ask(f"Bearer {keys[KeyKind.WEBHOOK]}") == 401
    assert ask(f"Bearer {keys[KeyKind.SECRET]}x") == 401
    assert ask(f"Basic {keys[KeyKind.SECRET]}") == 401
    assert ask("Bearer ") == 401


def test_a_key_speaks_for_its_brand_without_a_form_token(client: FlaskClient, runtime: Runtime) -> None:
    cast(runtime)
    with runtime.transaction() as session:
        key, token = actions.add_key(session, session.scalars(select(Brand)).one(), KeyKind.SECRET, seal_key=b"")
    answer = client.post("/api/v1/probe", headers={"Authorization": f"Bearer {token}"})
    assert answer.get_json() == {"brand": "acme", "actor": f"key:{key.id}"}


def test_the_cookie_is_host_only_and_secure_under_tls(runtime: Runtime) -> None:
    for address, name, secure in (("http://ugc.test", "ugc", False), ("https://ugc.test", "__Host-ugc", True)):
        app = create_app(replace(runtime, settings=replace(runtime.settings, base_url=address)))
        with app.test_request_context("/studio/"):
            response = Response()
            web.set_cookie(response, "token")
        cookie = response.headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=token;")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert ("Secure" in cookie) is secure


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("ugc.test", 200), ("UGC.test:8000", 200), ("localhost:9", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("shop.test", 200),
        ("evil.test", 400), ("ugc.test.evil.test", 400), ("ugc.test@evil.test", 400), ("", 400), ("10.0.0.7:8000", 400),
    ],
)  # fmt: skip
def test_only_our_host_names_are_answered(runtime: Runtime, host: str, status: int) -> None:
    """T-100"""
    client = client_of(runtime, trusted_hosts=("shop.test",))
    assert client.get("/probe/address", headers={"Host": host}).status_code == status


def test_a_probe_may_come_under_any_host(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.parametrize(("hops", "address"), [(0, "127.0.0.1"), (1, "9.9.9.9"), (2, "8.8.8.8")])
def test_the_visitors_address_is_what_the_configured_proxies_say(runtime: Runtime, hops: int, address: str) -> None:
    """T-76"""
    client = client_of(runtime, proxy_hops=hops)
    answer = client.get("/probe/address", headers={"X-Forwarded-For": "1.1.1.1, 8.8.8.8, 9.9.9.9"})
    assert answer.get_data(as_text=True) == address


def test_a_body_past_the_views_limit_is_refused(client: FlaskClient) -> None:
    """T-12"""
    assert client.post("/probe/body", data=b"x" * web.MAX_BODY).status_code == 200
    refused = client.post("/probe/body", data=b"x" * (web.MAX_BODY + 1))
    assert (refused.status_code, refused.get_json()) == (413, {"error": "too_large"})
    assert client.post("/probe/upload", data=b"x" * (web.MAX_BODY + 1)).status_code == 200
    assert client.post("/probe/upload", data=b"x" * (4 * 1024 * 1024 + 1)).status_code == 413


def test_errors_speak_the_doors_language(client: FlaskClient) -> None:
    public = client.get("/probe/raise/conflict")
    assert (public.status_code, public.get_json()) == (409, {"error": "conflict"})
    api = client.get("/api/v1/nothing")
    assert api.content_type == "application/problem+json"
    assert api.get_json() | {"request_id": ""} == {
        "type": "about:blank", "title": "There is nothing here.", "status": 404, "code": "not_found",
        "detail": "There is nothing here.", "request_id": "",
    }  # fmt: skip
    assert client.get("/studio/nothing").content_type == "text/html; charset=utf-8"
    assert client.put("/probe/body").status_code == 405


def test_a_busy_answer_says_when_to_come_again(client: FlaskClient) -> None:
    assert client.get("/probe/raise/busy").headers["Retry-After"] == "60"
    assert client.get("/probe/raise/database").status_code == 503


def test_a_database_that_goes_away_at_the_commit_is_a_reason_to_come_again(runtime: Runtime) -> None:
    def lost(runtime: Runtime, session: Session) -> None:
        raise OperationalError("commit", {}, Exception("server closed the connection"))

    app = create_app(replace(runtime, after_commit=lost))
    app.register_blueprint(pages)
    answer = app.test_client().post("/probe/200")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("email", ["a\0b@shop.test", "a\ud800b@shop.test"])
def test_a_text_that_no_table_can_hold_is_refused(client: FlaskClient, email: str) -> None:
    """T-85"""
    form = {"email": email.encode("utf-8", "surrogatepass"), "password": "x"}
    assert client.post("/studio/sign-in", data=form, headers=FORM).status_code in {400, 401}


def test_an_unforeseen_error_tells_nothing_but_its_number(client: FlaskClient) -> None:
    """T-99"""
    answer = client.get("/probe/raise/bug")
    assert (answer.status_code, answer.get_json()) == (500, {"error": "ugc_error"})
    assert answer.headers["X-Request-Id"]


def test_every_answer_carries_safe_headers(client: FlaskClient) -> None:
    """T-46, T-48, T-50, T-51"""
    for path in ("/healthz", "/nothing", "/api/v1/nothing", "/studio/nothing"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Referrer-Policy" in headers
        assert "Set-Cookie" not in headers
        assert "Strict-Transport-Security" not in headers
    assert client.get("/studio/nothing").headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_view_may_set_its_own_policy(client: FlaskClient) -> None:
    headers = client.get("/probe/own-headers").headers
    assert headers["Cache-Control"] == "public, max-age=60"
    assert headers["Content-Security-Policy"] == "frame-ancestors *"


def test_tls_is_remembered(runtime: Runtime) -> None:
    answer = client_of(runtime, base_url="https://ugc.test").get("/healthz")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_no_cors_header_is_sent_by_default(client: FlaskClient) -> None:
    """T-44"""
    for path in ("/studio/probe", "/api/v1/probe", "/healthz"):
        assert "Access-Control-Allow-Origin" not in client.get(path, headers={"Origin": "https://evil.test"}).headers


def test_a_token_in_an_address_never_reaches_the_log(client: FlaskClient) -> None:
    """T-64"""
    with client.application.test_request_context("/probe/token/s3cret-token?x=also-secret"):
        assert web.shown_path() == "/probe/token/…"


def test_readiness_names_the_database(client: FlaskClient, runtime: Runtime) -> None:
    assert client.get("/readyz").get_json() == {"status": "ok", "database": "up"}


def test_the_service_lives_without_its_database(runtime: Runtime) -> None:
    down = open_runtime(
        replace(runtime.settings, database_url="postgresql://nobody@127.0.0.1:1/nothing"), after_commit=AFTER_COMMIT
    )
    client = create_app(down).test_client()
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()) == (503, {"status": "unavailable", "database": "down"})
    assert client.get("/metrics").status_code == 200
    down.close()


def test_metrics_are_for_this_machine_or_for_the_token(runtime: Runtime) -> None:
    """T-99"""
    local = client_of(runtime)
    assert local.get("/metrics").status_code == 200
    assert local.get("/metrics", headers={"X-Forwarded-For": "1.1.1.1"}).status_code == 401
    assert local.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.1"}).status_code == 401
    scraped = client_of(runtime, metrics_token="a long token for scraping")
    assert scraped.get("/metrics").status_code == 401
    assert scraped.get("/metrics", headers={"Authorization": "Bearer a long token for scraping"}).status_code == 200


def test_requests_and_jobs_are_counted(client: FlaskClient, runtime: Runtime) -> None:
    client.get("/probe/token/abc")
    with runtime.transaction() as session:
        session.execute(text("insert into procrastinate_jobs (queue_name, task_name, status) values ('default', 'x', 'failed')"))
    shown = client.get("/metrics").get_data(as_text=True)
    assert 'ugc_request_seconds_count{method="GET",route="/probe/token/<token>",status="2xx"}' in shown
    assert 'ugc_jobs{state="failed"} 1.0' in shown
    assert "abc" not in shown


def test_problem_details_carry_the_errors_facts(runtime: Runtime) -> None:
    app = create_app(runtime)
    with app.test_request_context("/api/v1/x"):
        shown = web.problem(Conflict("it is taken", sku="A"))
    assert json.dumps(shown)
    assert (shown["code"], shown["detail"], shown["sku"]) == ("conflict", "it is taken", "A")
