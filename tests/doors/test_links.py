"""A post by its address through the API and the studio, and a bucket's hint: one happy path, one refusal, one stranger each."""

from __future__ import annotations

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.doors.api import Caller, caller, problem
from ugc.library.models import Item
from ugc.runtime import Runtime

POST = "https://www.instagram.com/p/Cx1abc/"


@pytest.fixture
def shop(app: OpenAPI, runtime: Runtime, session: Session) -> Caller:
    return caller(app, runtime, session)


@pytest.fixture
def stranger(app: OpenAPI, runtime: Runtime, session: Session) -> Caller:
    return caller(app, runtime, session)


def test_a_post_is_added_by_its_address_once(shop: Caller, stranger: Caller) -> None:
    answer = shop.send("POST", "/items/link", json={"url": POST, "tags": ["linen"]})
    assert answer.status_code == 201
    item = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/items/{item['id']}"
    assert (item["source"], item["tags"], item["public"]) == ({"network": "instagram", "url": POST}, ["linen"], False)
    again = shop.send("POST", "/items/link", json={"url": POST})
    assert (again.status_code, again.get_json()["id"]) == (200, item["id"])
    assert stranger.send("POST", "/items/link", json={"url": POST}).get_json()["id"] != item["id"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://user@a.example/", "no address"])
def test_what_is_no_address_is_refused(shop: Caller, session: Session, url: str) -> None:
    assert problem(shop.send("POST", "/items/link", json={"url": url})) == (422, "not_a_link")
    assert session.scalar(select(Item)) is None


def test_a_page_is_read_by_a_job_and_not_in_the_request(shop: Caller, session: Session) -> None:
    assert shop.send("POST", "/items/link", json={"url": "https://blog.example/a"}).status_code == 201
    jobs = session.scalars(text("select task_name from procrastinate_jobs where task_name = 'ingest.read_link'")).all()
    assert len(jobs) == 1


def test_a_buckets_hint_has_the_brands_buckets_looked_at_once(shop: Caller, session: Session) -> None:
    for _ in range(3):
        assert shop.send("POST", "/imports/bucket-event", json={"Records": [{"s3": {}}]}).status_code == 202
    found = session.scalars(text("select args from procrastinate_jobs where task_name = 'ingest.poll_bucket'")).all()
    assert [args["brand_id"] for args in found] == [shop.brand.id]
