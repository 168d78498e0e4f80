"""GET /galleries/…: the answer's shape, its fallbacks, validators and refusals."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session

from tests import make
from tests.galleries import shown
from ugc.galleries import actions
from ugc.media.models import Rendition
from ugc.runtime import Runtime


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    return app.test_client()


def test_a_gallery_answers_with_the_public_fields_and_no_others(client: FlaskClient, runtime: Runtime, session: Session) -> None:
    brand = make.brand(session, slug="beach", name="Beach Shop")
    dress = make.product(session, brand, sku="D/1", title="Dress")
    item = shown.item(session, brand, products=[(dress, 0.25, 0.5)], verified=True, rating=5)
    shown.gallery(session, brand, slug="home")
    session.commit()

    answer = client.get("/galleries/beach/home.json")

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    facts: dict[str, Any] = answer.get_json()
    assert facts["gallery"] == "home"
    assert facts["next"] is None
    assert facts["product"] is None
    (only,) = facts["items"]
    assert only["id"] == item.id
    assert set(only) == {
        "id", "kind", "title", "caption", "alt", "rating", "creator", "source", "published_at", "media", "products", "badges"
    }  # fmt: skip
    assert only["badges"] == ["verified"]
    assert only["products"] == [
        {
            "sku": "D/1", "title": "Dress", "url": "https://shop.test/D/1", "image": None,
            "price": {"amount": "20.00", "currency": "EUR"}, "availability": "in_stock", "hotspot": {"x": 0.25, "y": 0.5},
        }
    ]  # fmt: skip
    (picture,) = only["media"]
    assert {size["type"] for size in picture["renditions"]} == {"image/webp", "image/jpeg"}
    assert all(size["url"].startswith("http://ugc.test/media/") for size in picture["renditions"])


def test_the_same_answer_is_a_304(client: FlaskClient, session: Session) -> None:
    brand = make.brand(session, slug="beach")
    shown.item(session, brand)
    shown.gallery(session, brand, slug="home")
    session.commit()
    first = client.get("/galleries/beach/home.json")
    again = client.get("/galleries/beach/home.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Access-Control-Allow-Origin"] == "*"


def test_a_product_gallery_with_slashes_in_its_sku_is_found(client: FlaskClient, session: Session) -> None:
    brand = make.brand(session, slug="beach")
    dress = make.product(session, brand, sku="D/1 ü")
    item = shown.item(session, brand, products=[(dress, None, None)])
    shown.item(session, brand)
    shown.gallery(session, brand, slug="home")
    session.commit()
    for _ in range(2):  # rendered, then from the storage
        answer = client.get("/galleries/beach/home/D%2F1%20%C3%BC.json")
        assert [each["id"] for each in answer.get_json()["items"]] == [item.id]


def test_the_end_of_a_right_bounds_what_caches_may_keep(client: FlaskClient, session: Session) -> None:
    brand = make.brand(session, slug="beach")
    from ugc.kit import clock

    shown.item(session, brand, rights_until=clock.now() + timedelta(seconds=10))
    shown.gallery(session, brand, slug="home")
    session.commit()
    for _ in range(2):
        age = client.get("/galleries/beach/home.json").headers["Cache-Control"]
        assert int(age.removeprefix("public, max-age=")) <= 10


@pytest.mark.parametrize(
    "path",
    ["beach/none.json", "none/home.json", "BEACH/home.json", "beach/home.xml", "beach/home", "beach/home/.json"],
)
def test_an_unknown_gallery_brand_or_form_is_a_404(client: FlaskClient, session: Session, path: str) -> None:
    brand = make.brand(session, slug="beach")
    shown.gallery(session, brand, slug="home")
    session.commit()
    assert client.get(f"/galleries/{path}").status_code == 404


@pytest.mark.parametrize("query", ["cursor=x", "cursor=%00", "limit=0", "limit=1e9", "limit=-1", "limit=NaN", "limit=101"])
def test_a_cursor_or_limit_that_was_not_ours_is_a_400(client: FlaskClient, session: Session, query: str) -> None:
    """T-49."""
    brand = make.brand(session, slug="beach")
    shown.gallery(session, brand, slug="home")
    session.commit()
    assert client.get(f"/galleries/beach/home.json?{query}").status_code == 400


def test_pages_follow_each_other_without_gap_or_repeat(client: FlaskClient, session: Session) -> None:
    brand = make.brand(session, slug="beach")
    items = [shown.item(session, brand, score=score) for score in (None, 10, 90, 90, 40, None, 70)]
    gallery = shown.gallery(session, brand, slug="home", page_size=3)
    actions.set_pins(session, gallery, [items[1].id], actor="test", now=make.NOON)
    session.commit()
    found: list[int] = []
    cursor = None
    for _ in range(4):
        facts = client.get("/galleries/beach/home.json", query_string={"cursor": cursor} if cursor else {}).get_json()
        found += [each["id"] for each in facts["items"]]
        cursor = facts["next"]
        if cursor is None:
            break
    assert found[0] == items[1].id
    assert sorted(found) == sorted(item.id for item in items)


def test_the_html_answer_offers_avif_to_those_who_read_it(client: FlaskClient, session: Session) -> None:
    brand = make.brand(session, slug="beach")
    item = shown.item(session, brand)
    shown.gallery(session, brand, slug="home")
    item.media[0].file.renditions.append(Rendition(width=640, height=480, type="image/avif", name="640.avif", size=9))
    session.commit()
    page = client.get("/galleries/beach/home.html").text
    picture = page[page.index("<picture>") : page.index("</picture>")]
    assert re.search(r'<source type="image/avif" srcset="[^"]+/640\.avif 640w" sizes=', picture)
    assert re.search(r'<img src="[^"]+/320\.jpg"', picture)
    answer = client.get("/galleries/beach/home.json").get_json()
    assert [each["type"] for each in answer["items"][0]["media"][0]["renditions"]][-1] == "image/avif"


def test_the_html_answer_needs_no_script_and_escapes_what_visitors_wrote(client: FlaskClient, session: Session) -> None:
    brand = make.brand(session, slug="beach")
    shown.item(session, brand, body="<script>alert(1)</script></style>")
    shown.gallery(session, brand, slug="home")
    session.commit()
    answer = client.get("/galleries/beach/home.html")
    assert answer.content_type == "text/html; charset=utf-8"
    assert b"<script>alert" not in answer.data
    assert b"&lt;script&gt;alert(1)" in answer.data
    assert b"<img src=" in answer.data
