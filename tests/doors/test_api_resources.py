"""REST v1 beside items: products, galleries, rights, orders, imports, webhooks, the document."""

from __future__ import annotations

import io
import json
import threading
from typing import Any

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import Caller, caller, problem
from ugc.api import schema
from ugc.app import create_app
from ugc.catalog.models import Product
from ugc.ingest.models import Import
from ugc.library.models import Item, RightsState
from ugc.runtime import Runtime


@pytest.fixture
def shop(app: OpenAPI, runtime: Runtime, session: Session) -> Caller:
    return caller(app, runtime, session)


@pytest.fixture
def stranger(app: OpenAPI, runtime: Runtime, session: Session) -> Caller:
    return caller(app, runtime, session)


def count(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


# Products.


def test_a_product_is_added_updated_and_found_by_a_sku_with_slashes(shop: Caller, stranger: Caller) -> None:
    sent = {"sku": "D/1 ü", "title": "Dress", "price": "1.234,50 EUR", "url": "https://shop.test/d1", "availability": "preorder"}
    assert shop.send("POST", "/products", json=sent).status_code == 201
    again = shop.send("POST", "/products", json={"sku": "D/1 ü", "title": "Long dress"})
    assert again.status_code == 200
    shown = shop.send("GET", "/products/D%2F1%20%C3%BC").get_json()
    assert (shown["title"], shown["price"], shown["availability"]) == (
        "Long dress",
        {"amount": "1234.50", "currency": "EUR"},
        "preorder",
    )
    assert problem(stranger.send("GET", "/products/D%2F1%20%C3%BC")) == (404, "not_found")
    assert stranger.send("GET", "/products").get_json() == {"items": [], "next": None}


def test_products_are_paged_by_sku(shop: Caller, session: Session) -> None:
    for sku in ("a", "b", "c"):
        make.product(session, shop.brand, sku=sku)
    session.commit()
    page = shop.send("GET", "/products?limit=2").get_json()
    rest = shop.send("GET", "/products", query_string={"limit": 2, "cursor": page["next"]}).get_json()
    assert [each["sku"] for each in page["items"] + rest["items"]] == ["a", "b", "c"]
    for path in ("/items", "/orders", "/imports"):  # a cursor belongs to its list
        assert problem(shop.send("GET", path, query_string={"cursor": page["next"]})) == (400, "bad_cursor")
    assert [each["sku"] for each in shop.send("GET", "/products?q=PRODUCT%20B").get_json()["items"]] == ["b"]
    assert shop.send("GET", "/products?q=%25").get_json()["items"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"sku": "a", "url": "javascript:alert(1)"}, "bad_product"),
        ({"sku": "a", "price": "12.34"}, "bad_product"),
        ({"sku": "a", "price": "many EUR"}, "bad_product"),
        ({"sku": " \x00 "}, "bad_product"),
        ({"sku": ""}, "fields_invalid"),
        ({"sku": "a", "brand_id": 1}, "fields_invalid"),
        ({"title": "no sku"}, "fields_invalid"),
    ],
)
def test_a_product_that_can_not_be_is_refused(shop: Caller, session: Session, body: dict[str, Any], code: str) -> None:
    assert problem(shop.send("POST", "/products", json=body)) == (422, code)
    assert count(session, Product) == 0


# Galleries.


def test_a_gallery_lives_from_post_to_delete(shop: Caller, stranger: Caller, session: Session) -> None:
    item = make.item(session, shop.brand)
    session.commit()
    sent = {"slug": "home", "name": "Home", "rule": {"kind": ["photo"]}, "pins": [item.id], "layout": "masonry"}
    answer = shop.send("POST", "/galleries", json=sent)
    assert (answer.status_code, answer.headers["Location"]) == (201, "/api/v1/galleries/home")
    changed = shop.send("PATCH", "/galleries/home", json={"name": "Start", "pins": []}).get_json()
    assert (changed["name"], changed["layout"], changed["pins"], changed["rule"]) == ("Start", "masonry", [], {"kind": ["photo"]})
    assert [each["slug"] for each in shop.send("GET", "/galleries").get_json()["items"]] == ["home"]
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        assert problem(stranger.send(method, "/galleries/home", json=body)) == (404, "not_found")
    assert shop.send("GET", "/galleries/home").get_json()["name"] == "Start"
    assert shop.send("DELETE", "/galleries/home").status_code == 204
    assert problem(shop.send("GET", "/galleries/home")) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"slug": "Home!", "name": "x"}, 400),
        ({"slug": "home", "name": "x", "layout": "heap"}, 400),
        ({"slug": "home", "name": "x", "rule": {"luck": 1}}, 400),
        ({"slug": "home", "name": "x", "pins": [999]}, 404),
        ({"slug": "home", "name": "x", "brand_id": 7}, 422),
        ({"slug": "home"}, 422),
    ],
)
def test_a_gallery_that_can_not_be_is_refused(shop: Caller, body: dict[str, Any], status: int) -> None:
    assert shop.send("POST", "/galleries", json=body).status_code == status
    assert shop.send("GET", "/galleries").get_json()["items"] == []


def test_a_slug_is_taken_once(shop: Caller) -> None:
    shop.send("POST", "/galleries", json={"slug": "home", "name": "x"})
    assert problem(shop.send("POST", "/galleries", json={"slug": "home", "name": "y"})) == (409, "gallery_exists")


# Rights.


def test_a_right_is_recorded_with_its_evidence_and_taken_back(shop: Caller, session: Session) -> None:
    item = make.item(session, shop.brand)
    session.commit()
    sent = {
        "state": "granted",
        "text": "yes, please do",
        "link": "https://m.test/9",
        "given_by": "@ada",
        "expires_at": "2027-01-01T00:00:00Z",
    }
    assert shop.send("POST", f"/rights/{item.id}", json=sent).status_code == 201
    assert shop.send("POST", f"/rights/{item.id}", json={"state": "revoked"}).status_code == 201
    newest, first = shop.send("GET", f"/rights/{item.id}").get_json()["items"]
    assert (newest["state"], first["state"], first["text"], first["given_by"]) == ("revoked", "granted", "yes, please do", "@ada")
    assert shop.send("GET", f"/items/{item.id}").get_json()["rights"]["state"] == RightsState.REVOKED


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"state": "granted"}, "evidence_missing"),
        ({"state": "requested", "text": "x"}, "state_not_recordable"),
        ({"state": "granted", "text": "x", "link": "javascript:x"}, "bad_link"),
        (
            {"state": "granted", "text": "x", "starts_at": "2027-01-01T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"},
            "bad_window",
        ),
        ({"state": "granted", "text": "x", "actor": "system"}, "fields_invalid"),
    ],
)
def test_a_right_without_a_ground_is_refused(shop: Caller, session: Session, body: dict[str, Any], code: str) -> None:
    item = make.item(session, shop.brand)
    session.commit()
    assert problem(shop.send("POST", f"/rights/{item.id}", json=body)) == (422, code)
    assert shop.send("GET", f"/rights/{item.id}").get_json()["items"] == []


# Orders.

ORDER = {
    "id": "1001", "updated_at": "2026-11-21T12:00:00Z", "placed_at": "2026-11-21T11:00:00Z", "status": "paid", "currency": "EUR",
    "total": "49.90", "lines": [{"id": "1", "sku": "A", "quantity": 2, "price": "24.95"}],
}  # fmt: skip


def test_an_order_is_stored_once_and_its_newest_version_wins(shop: Caller, stranger: Caller) -> None:
    first = shop.send("POST", "/orders", json=ORDER)
    assert first.status_code == 201
    number = first.get_json()["number"]
    newer = ORDER | {"updated_at": "2026-11-21T13:00:00Z", "status": "shipped"}
    assert shop.send("POST", "/orders", json=newer).status_code == 201
    late = shop.send("POST", "/orders", json=ORDER)
    assert (late.status_code, late.get_json()["status"]) == (200, "shipped")
    assert shop.send("GET", f"/orders/{number}").get_json()["lines"] == [{"id": "1", "sku": "A", "quantity": 2, "price": "24.95"}]
    assert [each["id"] for each in shop.send("GET", "/orders").get_json()["items"]] == ["1001"]
    assert problem(stranger.send("GET", f"/orders/{number}")) == (404, "no_such_order")
    assert stranger.send("GET", "/orders").get_json()["items"] == []


@pytest.mark.parametrize("body", [{}, ORDER | {"total": "-1"}, ORDER | {"currency": "Euro"}, ORDER | {"total": "NaN"}])
def test_an_order_that_can_not_be_read_is_refused(shop: Caller, body: dict[str, Any]) -> None:
    assert problem(shop.send("POST", "/orders", json=body)) == (400, "unreadable_order")


def test_webhooks_that_came_in_are_listed(shop: Caller) -> None:
    assert shop.send("GET", "/webhooks").get_json() == {"items": [], "next": None}


# Imports.

FEED = b"id\ttitle\tlink\tprice\nA\tDress\thttps://shop.test/a\t20.00 EUR\nB\tShirt\tnowhere\t10.00 EUR\n"
REVIEWS = b"product_id,review,rating\nA,Lovely,5\nA,Bad,1\nA,Odd,seven\n"


def send_file(shop: Caller, data: bytes, **fields: str) -> Any:
    return shop.send("POST", "/imports", data=fields | {"file": (io.BytesIO(data), "file.csv")})


def test_a_catalogue_and_reviews_come_in_as_files(shop: Caller, stranger: Caller, session: Session) -> None:
    report = send_file(shop, FEED, kind="catalog").get_json()
    assert (report["read"], report["added"], report["rejected"]) == (2, 1, 1)
    assert report["lines"] == [{"line": 3, "code": "bad_url", "reason": "'nowhere' is not an http(s) address"}]
    report = send_file(shop, REVIEWS, kind="reviews").get_json()
    assert (report["added"], report["rejected"], report["lines"][0]["line"]) == (2, 1, 4)
    assert shop.send("GET", "/items?product=A").get_json()["total"] == 2
    newest, first = shop.send("GET", "/imports").get_json()["items"]
    assert (newest["kind"], first["kind"], first["name"], first["report"]["added"]) == ("reviews", "catalog", "file.csv", 1)
    assert shop.send("GET", f"/imports/{first['id']}").get_json()["id"] == first["id"]
    assert problem(stranger.send("GET", f"/imports/{first['id']}")) == (404, "not_found")
    assert stranger.send("GET", "/imports").get_json()["items"] == []


def test_a_dry_run_reports_the_same_and_changes_nothing(shop: Caller, session: Session) -> None:
    report = send_file(shop, FEED, kind="catalog", dry_run="true").get_json()
    assert (report["dry_run"], report["added"], report["rejected"]) == (True, 1, 1)
    assert (count(session, Product), count(session, Import), count(session, Item)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("data", "fields", "code"),
    [
        (b"", {"kind": "catalog"}, "not_a_table"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00", {"kind": "reviews"}, "not_a_table"),
        (b"<urlset></urlset>", {"kind": "catalog"}, "not_a_feed"),
        (b"<!DOCTYPE x [<!ENTITY a 'a'>]><rss>&a;</rss>", {"kind": "catalog"}, "not_a_feed"),
        (b"colour,size\nred,L\n", {"kind": "catalog"}, "not_a_feed"),
        (b"colour,size\nred,L\n", {"kind": "reviews"}, "not_reviews"),
        (b"id,title,link,price\nA,D,x,1\n", {"kind": "catalog"}, "nothing_read"),
        (REVIEWS, {"kind": "reviews", "rights": "granted"}, "evidence_missing"),
        (REVIEWS, {"kind": "posts"}, "fields_invalid"),
        (REVIEWS, {"kind": "reviews", "brand_id": "1"}, "fields_invalid"),
        (REVIEWS, {"kind": "reviews", "mapping": "{"}, "fields_invalid"),
    ],
)
def test_a_file_that_is_none_is_refused_by_its_code(
    shop: Caller, session: Session, data: bytes, fields: dict[str, str], code: str
) -> None:
    """T-36 among others."""
    assert problem(send_file(shop, data, **fields)) == (422, code)
    assert (count(session, Product), count(session, Item)) == (0, 0)


def test_doubtful_dates_are_refused_until_the_request_says_which(shop: Caller) -> None:
    table = b"body,rating,date\nNice,5,03/04/2026\nFine,4,25/12/2025\n"
    asked = send_file(shop, table, kind="reviews").get_json()
    assert (asked["added"], [(line["line"], line["code"]) for line in asked["lines"]]) == (1, [(2, "ambiguous_date")])
    said = send_file(shop, table, kind="reviews", dates="dmy").get_json()
    assert (said["added"], said["duplicate"], said["rejected"]) == (1, 1, 0)
    (nice,) = shop.send("GET", "/items?q=nice").get_json()["items"]
    assert nice["published_at"].startswith("2026-04-03")
    assert send_file(shop, table, kind="reviews", dates="ymd").status_code in {400, 422}


def test_an_import_without_a_file_says_so(shop: Caller) -> None:
    assert problem(shop.send("POST", "/imports", data={"kind": "catalog"})) == (422, "file_missing")


# The document.


def test_the_document_is_openapi_3_1_and_names_every_route(app: OpenAPI) -> None:
    made = app.test_client().get("/api/v1/openapi.json").get_json()
    assert made["openapi"] == "3.1.0"
    routes = {
        (rule.rule.replace("<int:", "{").replace("<path:", "{").replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    documented = {(path, method) for path, methods in made["paths"].items() for method in methods}
    assert documented == routes
    references = {part.split('"')[0] for part in json.dumps(made).split("#/components/schemas/")[1:]}
    assert references <= set(made["components"]["schemas"])
    for path in made["paths"].values():
        for operation in path.values():
            assert operation["security"] == [{"secret_key": []}]
            assert "application/problem+json" in operation["responses"]["422"]["content"]


def test_the_page_of_the_document_loads_nothing_from_elsewhere(app: OpenAPI) -> None:
    answer = app.test_client().get("/api/v1/docs")
    assert answer.status_code == 200
    assert "/api/v1/items" in answer.text
    assert "http://" not in answer.text.replace("http://ugc.test", "")
    assert "src=" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_an_unknown_address_of_the_api_is_a_problem_too(shop: Caller) -> None:
    assert problem(shop.send("GET", "/luck")) == (404, "not_found")
    assert problem(shop.send("PUT", "/products", json={})) == (405, "wrong_method")


# Real commits, real threads.


def test_one_key_sent_ten_times_at_once_makes_one_item(live: Runtime) -> None:
    """F-03: every sender gets the same answer."""
    with live.transaction() as session:
        brand = make.brand(session)
        shop = caller(create_app(live), live, session, brand)
    answers: list[tuple[int, int]] = []

    def send() -> None:
        other = Caller(shop.client.application.test_client(), brand, shop.token)
        answer = other.send("POST", "/items", json={"kind": "review", "text": "Once"}, headers={"Idempotency-Key": "k"})
        answers.append((answer.status_code, answer.get_json()["id"]))

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10
    assert len(set(answers)) == 1
    with live.sessions() as session:
        assert count(session, Item) == 1


def test_faults_in_fields_never_repeat_the_value(shop: Caller) -> None:
    answer = shop.send("POST", "/items", json={"kind": "review", "text": "x", "rating": "hunter2-secret"})
    assert answer.get_json()["fields"] == [{"field": "rating", "reason": answer.get_json()["fields"][0]["reason"]}]
    assert "hunter2" not in answer.text


def test_a_deep_body_is_refused_before_it_is_parsed(shop: Caller) -> None:
    """T-85: no parser of ours falls over."""
    deep = b'{"kind":"review","text":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    for path in ("/items", "/products", "/galleries", "/orders", "/items/bulk"):
        assert shop.send("POST", path, data=deep, content_type="application/json").status_code in {400, 422}
    assert schema.MAX_JSON_DEPTH == 32
