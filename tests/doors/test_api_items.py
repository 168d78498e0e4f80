"""/api/v1/items: finding, adding, deciding; each route with one refusal and one stranger."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import Caller, caller, picture, problem
from tests.media import clips
from ugc.accounts.models import AuditEntry
from ugc.ingest.models import IdempotencyKey
from ugc.library.models import Item, State
from ugc.media.models import File
from ugc.runtime import Runtime

VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"


@pytest.fixture
def shop(app: OpenAPI, runtime: Runtime, session: Session) -> Caller:
    return caller(app, runtime, session)


@pytest.fixture
def stranger(app: OpenAPI, runtime: Runtime, session: Session) -> Caller:
    return caller(app, runtime, session)


def count(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


REVIEW = {"kind": "review", "text": "Lovely dress", "rating": 5}


# Adding.


def test_a_review_is_added_as_json_and_comes_back_with_its_address(shop: Caller, session: Session) -> None:
    make.product(session, shop.brand, sku="D/1")
    session.commit()
    sent = REVIEW | {
        "title": "Wow", "creator": {"name": "Ada", "url": "https://ada.test"}, "source": {"network": "mastodon", "url": "https://m.test/1"},
        "products": ["D/1"], "tags": ["Beach"], "external_id": "m-1", "published_at": "2026-11-01T10:00:00Z",
        "rights": {"state": "granted", "evidence": "said yes in a reply"},
    }  # fmt: skip
    answer = shop.send("POST", "/items", json=sent)
    assert answer.status_code == 201
    item = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/items/{item['id']}"
    assert (item["title"], item["text"], item["rating"], item["tags"]) == ("Wow", "Lovely dress", 5, ["beach"])
    assert (item["creator"]["name"], item["source"]["network"], item["published_at"]) == ("Ada", "mastodon", "2026-11-01T10:00:00Z")
    assert [product["sku"] for product in item["products"]] == ["D/1"]
    assert (item["state"], item["rights"]["state"], item["public"]) == ("inbox", "granted", False)
    assert session.scalar(select(AuditEntry.action).where(AuditEntry.subject_id == item["id"], AuditEntry.action == "item.added"))


def test_a_photo_is_added_as_a_form_with_its_file(shop: Caller, session: Session) -> None:
    make.product(session, shop.brand, sku="A")
    session.commit()
    form = {
        "kind": "photo", "caption": "At the sea", "creator.name": "Ada", "products": ["A"], "rights[state]": "owned",
        "file": [(io.BytesIO(picture()), "sea.jpg"), (io.BytesIO(picture("red")), "../../b.jpg")],
    }  # fmt: skip
    answer = shop.send("POST", "/items", data=form)
    assert answer.status_code == 201, answer.get_json()
    item = answer.get_json()
    assert [(medium["width"], medium["height"]) for medium in item["media"]] == [(64, 48), (64, 48)]
    assert (item["text"], item["creator"]["name"], item["rights"]["state"]) == ("At the sea", "Ada", "owned")
    assert count(session, File) == 2


def test_a_hotspot_goes_with_its_product(shop: Caller, session: Session) -> None:
    make.product(session, shop.brand, sku="A")
    session.commit()
    form = {
        "kind": "photo",
        "products": '[{"sku": "A", "hotspot": {"x": 0.5, "y": 0.25}}]',
        "file": (io.BytesIO(picture()), "a.jpg"),
    }
    item = shop.send("POST", "/items", data=form).get_json()
    assert item["products"][0]["hotspot"] == {"x": 0.5, "y": 0.25}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (REVIEW | {"brand_id": 2}, "fields_invalid"),
        (REVIEW | {"state": "approved"}, "fields_invalid"),
        (REVIEW | {"score": 100}, "fields_invalid"),
        (REVIEW | {"verified": True}, "fields_invalid"),
        (REVIEW | {"rights": {"state": "owned", "id": 1}}, "fields_invalid"),
        (REVIEW | {"rights": {"state": "revoked"}}, "fields_invalid"),
        (REVIEW | {"rights": {"state": "granted"}}, "evidence_missing"),
        (REVIEW | {"rating": 6}, "fields_invalid"),
        (REVIEW | {"rating": 4.5}, "fields_invalid"),
        (REVIEW | {"published_at": "2026-11-01"}, "fields_invalid"),
        (REVIEW | {"published_at": "2026-11-01T10:00:00"}, "fields_invalid"),
        (REVIEW | {"products": ["unknown"]}, "unknown_product"),
        (REVIEW | {"tags": ["  "]}, "bad_tag"),
        (REVIEW | {"url": "https://x.test/a.jpg"}, "not_here"),
        (REVIEW | {"kind": "dance"}, "fields_invalid"),
        ({"kind": "review"}, "no_content"),
        ({"kind": "photo", "text": "no file"}, "file_missing"),
        ({}, "no_content"),
    ],
)  # fmt: skip
def test_a_body_that_can_not_be_an_item_is_refused_and_nothing_stored(
    shop: Caller, session: Session, body: dict[str, Any], code: str
) -> None:
    """T-91."""
    assert problem(shop.send("POST", "/items", json=body)) == (422, code)
    assert count(session, Item) == 0


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"null", b"[" * 100_000, b'{"a":' * 100_000])
def test_a_body_that_is_no_json_object_is_a_400(shop: Caller, raw: bytes) -> None:
    """T-85."""
    assert problem(shop.send("POST", "/items", data=raw, content_type="application/json")) == (400, "body_unreadable")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"plain text", "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "wrong_format"),
        (b"", "empty_file"),
        (picture()[:300], "truncated"),
    ],
)
def test_a_bad_file_is_a_422_with_its_code_and_leaves_nothing(
    shop: Caller, runtime: Runtime, session: Session, data: bytes, code: str
) -> None:
    answer = shop.send("POST", "/items", data={"kind": "photo", "file": (io.BytesIO(data), "a.jpg")})
    assert answer.status_code == 422
    assert answer.get_json()["code"] in {code, "not_a_picture", "wrong_format"}
    assert "JPEG" in answer.get_json()["detail"] or code in {"empty_file", "truncated"}
    assert (count(session, Item), count(session, File)) == (0, 0)
    assert not list(runtime.storage.keys(""))
    assert not list((runtime.settings.data_dir / "files").glob(".tmp-*"))


def test_one_bad_file_among_good_ones_stores_none(shop: Caller, runtime: Runtime, session: Session) -> None:
    files = [(io.BytesIO(picture()), "a.jpg"), (io.BytesIO(b"nothing"), "b.jpg")]
    assert shop.send("POST", "/items", data={"kind": "photo", "file": files}).status_code == 422
    assert (count(session, Item), count(session, File), list(runtime.storage.keys(""))) == (0, 0, [])


def test_eleven_files_are_too_many(shop: Caller) -> None:
    """T-12."""
    files = [(io.BytesIO(picture()), f"{number}.jpg") for number in range(11)]
    assert problem(shop.send("POST", "/items", data={"kind": "photo", "file": files})) == (422, "too_many_files")


def test_a_body_over_the_limit_is_a_413_unread(shop: Caller) -> None:
    """T-12: refused on the announced length."""
    announced = {"CONTENT_LENGTH": str(500 * 1024 * 1024), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    answer = shop.send("POST", "/items", environ_overrides=announced)
    assert problem(answer) == (413, "too_large")


# The same request again (F-03).


def test_the_same_key_and_request_get_the_same_item_and_status(shop: Caller, session: Session) -> None:
    key = {"Idempotency-Key": "order-17"}
    first = shop.send("POST", "/items", json=REVIEW, headers=key)
    again = shop.send("POST", "/items", json=REVIEW, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert count(session, Item) == 1


def test_the_same_key_with_files_is_answered_again_and_another_file_is_a_conflict(shop: Caller, session: Session) -> None:
    key = {"Idempotency-Key": "p"}

    def send(colour: str) -> Any:
        return shop.send("POST", "/items", data={"kind": "photo", "file": (io.BytesIO(picture(colour)), "a.jpg")}, headers=key)

    first, again, other = send("teal"), send("teal"), send("red")
    assert first.get_json()["id"] == again.get_json()["id"]
    assert problem(other) == (409, "key_reused")
    assert (count(session, Item), count(session, File)) == (1, 1)


def test_the_same_key_for_another_request_is_a_conflict(shop: Caller, session: Session) -> None:
    key = {"Idempotency-Key": "k"}
    shop.send("POST", "/items", json=REVIEW, headers=key)
    assert problem(shop.send("POST", "/items", json=REVIEW | {"rating": 4}, headers=key)) == (409, "key_reused")
    assert count(session, Item) == 1


def test_a_refused_request_leaves_its_key_free(shop: Caller, session: Session) -> None:
    key = {"Idempotency-Key": "k"}
    assert shop.send("POST", "/items", json={"kind": "review"}, headers=key).status_code == 422
    assert shop.send("POST", "/items", json=REVIEW, headers=key).status_code == 201


def test_a_key_belongs_to_its_brand(shop: Caller, stranger: Caller, session: Session) -> None:
    key = {"Idempotency-Key": "k"}
    mine, theirs = shop.send("POST", "/items", json=REVIEW, headers=key), stranger.send("POST", "/items", json=REVIEW, headers=key)
    assert mine.get_json()["id"] != theirs.get_json()["id"]
    assert count(session, IdempotencyKey) == 2


@pytest.mark.parametrize("key", ["x" * 201, "tab\there"])
def test_a_key_that_is_too_long_or_unprintable_is_refused(shop: Caller, key: str) -> None:
    assert problem(shop.send("POST", "/items", json=REVIEW, headers={"Idempotency-Key": key})) == (400, "bad_key")


def test_an_external_id_that_is_there_answers_200_with_the_item(shop: Caller, session: Session) -> None:
    sent = REVIEW | {"external_id": "r-1"}
    first, again = shop.send("POST", "/items", json=sent), shop.send("POST", "/items", json=sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json()["id"] == again.get_json()["id"]
    assert count(session, Item) == 1


# Finding.


def test_items_are_found_with_facets_total_and_pages(shop: Caller, stranger: Caller, session: Session) -> None:
    for number in range(3):
        make.item(session, shop.brand, kind="review", rating=number + 3, body=f"dress {number}")
    make.item(session, stranger.brand, body="dress of a stranger")
    session.commit()
    page = shop.send("GET", "/items?limit=2&facets=rating,kind").get_json()
    assert (len(page["items"]), page["total"], page["more_than_total"]) == (2, 3, False)
    assert {each["value"]: each["count"] for each in page["facets"]["rating"]} == {"3": 1, "4": 1, "5": 1}
    rest = shop.send("GET", "/items", query_string={"limit": 2, "cursor": page["next"]}).get_json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    ids = {each["id"] for each in page["items"] + rest["items"]}
    assert len(ids) == 3
    assert {each["rating"] for each in shop.send("GET", "/items?rating=5&rating=4&q=dress").get_json()["items"]} == {4, 5}
    assert shop.send("GET", "/items?rating=5&rating=4").get_json()["total"] == 2


@pytest.mark.parametrize(
    "query", ["limit=1e9", "limit=-1", "limit=NaN", "limit=0", "limit=101", "cursor=x", "sort=luck", "state=new", "facets=luck"]
)
def test_a_query_that_can_not_be_is_a_400(shop: Caller, query: str) -> None:
    """T-49."""
    assert shop.send("GET", f"/items?{query}").status_code == 400


def test_a_filter_that_does_not_exist_is_named(shop: Caller) -> None:
    answer = shop.send("GET", "/items?colr=red")
    assert problem(answer) == (422, "fields_invalid")
    assert "colr" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "word", ["' or 1=1 --", "%", "_", "\\", "a & b | !c:*", "(((", "\x00", "💥", "<->", "' ; drop table items; --"]
)
def test_any_words_can_be_searched_for(shop: Caller, word: str) -> None:
    """T-97."""
    for name in ("q", "tag", "creator", "product", "source"):
        assert shop.send("GET", "/items", query_string={name: word}).status_code == 200


def test_an_item_shows_no_more_than_its_listed_fields(shop: Caller, session: Session) -> None:
    """T-45: no search text, no brand, no import, no storage key."""
    item = make.item(session, shop.brand)
    session.commit()
    shown = shop.send("GET", f"/items/{item.id}").get_json()
    assert set(shown) == {
        "id", "kind", "state", "reason", "note", "title", "text", "language", "rating", "verified", "incentivised", "helpful_count",
        "like_count", "comment_count", "creator", "source", "external_id", "published_at", "created_at", "publish_at", "expires_at",
        "rights", "score", "approval_p", "public", "media", "products", "tags", "extra",
    }  # fmt: skip


# Changing.


def test_an_item_is_corrected_and_only_what_is_given_changes(shop: Caller, session: Session) -> None:
    item = make.item(session, shop.brand, title="Old", body="Body", rating=2, kind="review")
    session.commit()
    changed = shop.send(
        "PATCH", f"/items/{item.id}", json={"title": "New", "expires_at": "2027-01-01T00:00:00Z", "tags": ["a"]}
    ).get_json()
    assert (changed["title"], changed["text"], changed["rating"], changed["tags"]) == ("New", "Body", 2, ["a"])
    assert changed["expires_at"] == "2027-01-01T00:00:00Z"
    assert shop.send("PATCH", f"/items/{item.id}", json={"expires_at": None}).get_json()["expires_at"] is None


def test_a_rating_can_not_be_corrected(shop: Caller, session: Session) -> None:
    """L-01."""
    item = make.item(session, shop.brand, kind="review", rating=2)
    session.commit()
    assert problem(shop.send("PATCH", f"/items/{item.id}", json={"rating": 5})) == (422, "fields_invalid")


def test_items_are_approved_rejected_and_the_decision_undone(shop: Caller, session: Session) -> None:
    item = make.item(session, shop.brand)
    session.commit()
    batch = shop.send("POST", f"/items/{item.id}/approve").get_json()["batch"]
    assert shop.send("GET", f"/items/{item.id}").get_json()["state"] == "approved"
    shop.send("POST", "/items/undo", json={"batch": batch})
    assert shop.send("GET", f"/items/{item.id}").get_json()["state"] == "inbox"
    shop.send("POST", f"/items/{item.id}/reject", json={"reason": "off_topic", "note": "a cat"})
    shown = shop.send("GET", f"/items/{item.id}").get_json()
    assert (shown["state"], shown["reason"], shown["note"]) == ("rejected", "off_topic", "a cat")
    assert problem(shop.send("POST", f"/items/{item.id}/reject", json={"reason": "one star"})) == (422, "fields_invalid")
    assert problem(shop.send("POST", "/items/undo", json={"batch": "nonsense"})) == (404, "not_found")


def test_tags_and_products_are_set(shop: Caller, session: Session) -> None:
    item = make.item(session, shop.brand)
    make.product(session, shop.brand, sku="A")
    session.commit()
    assert shop.send("PUT", f"/items/{item.id}/tags", json={"tags": ["Sea ", "sea", "sun"]}).get_json()["tags"] == ["sea", "sun"]
    products = shop.send("PUT", f"/items/{item.id}/products", json={"products": ["A"]}).get_json()["products"]
    assert [each["sku"] for each in products] == ["A"]
    assert problem(shop.send("PUT", f"/items/{item.id}/products", json={"products": ["B"]})) == (422, "unknown_product")
    assert problem(shop.send("PUT", f"/items/{item.id}/tags", json={"tags": ["..."]})) == (422, "bad_tag")


def test_a_score_that_is_not_there_yet_says_so(shop: Caller, session: Session) -> None:
    item = make.item(session, shop.brand)
    session.commit()
    assert shop.send("GET", f"/items/{item.id}/score").get_json() == {"score": None, "computed_at": None, "parts": []}


def test_a_deleted_item_lies_in_the_trash(shop: Caller, session: Session) -> None:
    item = make.item(session, shop.brand, state=State.APPROVED)
    session.commit()
    assert shop.send("DELETE", f"/items/{item.id}").status_code == 204
    assert shop.send("GET", f"/items/{item.id}").get_json()["state"] == "trash"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"action": "approve"}, {"state": "approved"}),
        ({"action": "reject", "reason": "spam"}, {"state": "rejected", "reason": "spam"}),
        ({"action": "move", "state": "spam"}, {"state": "spam"}),
        ({"action": "tag", "tags": ["x"]}, {"tags": ["x"]}),
        ({"action": "untag", "tags": ["x"]}, {"tags": []}),
    ],
)
def test_one_action_reaches_many_items_by_ids_or_by_filter(
    shop: Caller, session: Session, body: dict[str, Any], shown: dict[str, Any]
) -> None:
    for chosen in ("ids", "filter"):
        items = [make.item(session, shop.brand, source=chosen) for _ in range(3)]
        other = make.item(session, shop.brand, source="other")
        session.commit()
        choice = {"ids": [item.id for item in items]} if chosen == "ids" else {"filter": {"source": chosen, "state": ["inbox"]}}
        assert shop.send("POST", "/items/bulk", json=body | choice).get_json()["items"] == 3
        for item in items:
            facts = shop.send("GET", f"/items/{item.id}").get_json()
            assert {name: facts[name] for name in shown} == shown
        assert shop.send("GET", f"/items/{other.id}").get_json()["state"] == "inbox"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "approve"}, 422),
        ({"action": "approve", "ids": [1], "filter": {}}, 422),
        ({"action": "reject", "filter": {}}, 422),
        ({"action": "move", "filter": {}}, 422),
        ({"action": "move", "filter": {}, "state": "rejected"}, 422),
        ({"action": "erase", "ids": [1]}, 422),
        ({"action": "approve", "filter": {"luck": 1}}, 400),
        ({"action": "approve", "ids": [9_999_999]}, 404),
        ({"action": "approve", "ids": [2**70]}, 422),
    ],
)
def test_a_bulk_action_that_is_not_clear_changes_nothing(shop: Caller, session: Session, body: dict[str, Any], status: int) -> None:
    item = make.item(session, shop.brand)
    session.commit()
    assert shop.send("POST", "/items/bulk", json=body).status_code == status
    assert shop.send("GET", f"/items/{item.id}").get_json()["state"] == "inbox"


# Strangers (T-90).


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/items/{id}", None),
        ("PATCH", "/items/{id}", {"title": "Mine"}),
        ("DELETE", "/items/{id}", None),
        ("POST", "/items/{id}/approve", None),
        ("POST", "/items/{id}/reject", {"reason": "spam"}),
        ("PUT", "/items/{id}/tags", {"tags": ["mine"]}),
        ("PUT", "/items/{id}/products", {"products": []}),
        ("GET", "/items/{id}/score", None),
        ("POST", "/items/bulk", {"action": "approve", "ids": ["{id}"]}),
        ("GET", "/rights/{id}", None),
        ("POST", "/rights/{id}", {"state": "owned", "text": "mine"}),
    ],
)
def test_another_brands_item_is_not_there(
    shop: Caller, stranger: Caller, session: Session, method: str, path: str, body: dict[str, Any] | None
) -> None:
    item = make.item(session, shop.brand, title="Theirs")
    session.commit()
    if body and "ids" in body:
        body = body | {"ids": [item.id]}
    answer = stranger.send(method, path.format(id=item.id), json=body) if body else stranger.send(method, path.format(id=item.id))
    assert problem(answer) == (404, "not_found")
    shown = shop.send("GET", f"/items/{item.id}").get_json()
    assert (shown["title"], shown["state"], shown["tags"], shown["rights"]["state"]) == ("Theirs", "inbox", [], "none")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer sk_wrong", "Basic c2s6", "Bearer \x00"])
def test_nobody_without_a_key_gets_an_answer(app: OpenAPI, token: str) -> None:
    for path in ("/items", "/products", "/galleries", "/orders", "/imports", "/rights/1", "/webhooks"):
        assert problem(app.test_client().get(f"/api/v1{path}", headers={"Authorization": token})) == (401, "wrong_key")


def test_a_key_is_asked_for_before_the_body_is_looked_at(app: OpenAPI) -> None:
    assert app.test_client().post("/api/v1/items", json={"nonsense": 1}).status_code == 401


def test_a_video_says_by_itself_what_it_is_and_takes_its_captions_along(shop: Caller) -> None:
    sent = {"file": (io.BytesIO(clips.clip()), "clip.mp4"), "captions": (io.BytesIO(VTT), "clip.de.vtt"), "caption": "Look"}
    answer = shop.send("POST", "/items", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 201
    item = answer.get_json()
    (media,) = item["media"]
    assert (item["kind"], media["kind"], media["has_sound"]) == ("video", "video", True)
    assert [(each["role"], each["language"]) for each in media["moving"]] == [("captions", "de")]


@pytest.mark.parametrize(("kind", "data", "name"), [("photo", clips.recording(seconds=1), "audio"), ("audio", picture(), "photo")])
def test_an_items_kind_is_what_its_file_is(shop: Caller, kind: str, data: bytes, name: str) -> None:
    sent = {"kind": kind, "file": (io.BytesIO(data), "x")}
    assert shop.send("POST", "/items", data=sent, content_type="multipart/form-data").get_json()["kind"] == name


@pytest.mark.parametrize(
    ("file", "captions", "code"), [(clips.clip(), b"no captions", "bad_captions"), (picture(), VTT, "captions_alone")]
)  # fmt: skip
def test_captions_that_have_no_place_or_no_sense_are_refused(
    shop: Caller, session: Session, file: bytes, captions: bytes, code: str
) -> None:
    sent = {"file": (io.BytesIO(file), "x"), "captions": (io.BytesIO(captions), "x.vtt")}
    answer = shop.send("POST", "/items", data=sent, content_type="multipart/form-data")
    assert problem(answer) == (422, code)
    assert count(session, Item) == 0
