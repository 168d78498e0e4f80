"""Describing pictures: a draft beside the field, the list of what is published without one, one step each and back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask_openapi.openapi import OpenAPI

from tests import make
from tests.doors.studio import Caller, brand, caller, photo
from ugc.accounts.models import Brand, Role
from ugc.library import queries as library_queries
from ugc.library.models import ItemProduct, RightsState, State
from ugc.runtime import Runtime
from ugc.suggestions import describing

PUBLIC: dict[str, Any] = {"state": State.APPROVED, "rights_state": RightsState.OWNED, "body": ""}


@pytest.fixture
def acme(runtime: Runtime) -> int:
    return brand(runtime, "acme")


@pytest.fixture
def coordinator(app: OpenAPI, runtime: Runtime, acme: int) -> Caller:
    return caller(app, runtime, acme, Role.COORDINATOR)


def shown(runtime: Runtime, brand_id: int, title: str = "Straw hat", **facts: Any) -> tuple[int, int]:
    """A published picture of a product, with its draft; item and file."""
    with runtime.transaction() as session:
        item = photo(session, brand_id, **(PUBLIC | facts))
        product = make.product(session, session.get_one(Brand, brand_id), title=title)
        make.added(session, ItemProduct(item_id=item.id, product_id=product.id))
        session.expire_all()
        describing.draft_items(session, brand_id, [item.id], now=make.NOON)
        return item.id, item.media[0].file_id


def alt_of(runtime: Runtime, brand_id: int, item_id: int) -> str:
    with runtime.sessions() as session:
        return library_queries.get_item(session, brand_id, item_id).media[0].alt


def draft_in(page: str) -> tuple[str, str]:
    """The first draft's number and words."""
    number, words = re.search(r'name="draft" value="(\d+)"', page), re.search(r"<textarea[^>]*>([^<]*)<", page)
    assert number
    assert words
    return number[1], words[1]


def test_the_list_counts_drafts_and_takes_one(coordinator: Caller, runtime: Runtime, acme: int) -> None:
    item, file = shown(runtime, acme)
    page = coordinator.get("/studio/descriptions").get_data(as_text=True)
    assert "1 published picture has no description" in page
    draft, words = draft_in(page)
    assert words == "Straw hat. Mostly blue."
    answer = coordinator.post(f"/studio/items/{item}/describe", {"action": "use", "file": str(file), "draft": draft, "alt": words})
    assert answer.get_json() == {"done": "alt", "draft": int(draft)}
    assert alt_of(runtime, acme, item) == words
    assert "Every published picture has a description" in coordinator.get("/studio/descriptions").get_data(as_text=True)


def test_a_draft_that_was_taken_comes_back_by_undo(coordinator: Caller, runtime: Runtime, acme: int) -> None:
    item, file = shown(runtime, acme)
    draft, words = draft_in(coordinator.get("/studio/descriptions").get_data(as_text=True))
    fields = {"file": str(file), "draft": draft, "alt": words}
    coordinator.post(f"/studio/items/{item}/describe", fields | {"action": "use"})
    coordinator.post(f"/studio/items/{item}/describe", fields | {"action": "undo"})
    assert alt_of(runtime, acme, item) == ""
    assert draft_in(coordinator.get("/studio/descriptions").get_data(as_text=True)) == (draft, words)


def test_an_edited_draft_is_written_and_undone_unless_it_changed_since(coordinator: Caller, runtime: Runtime, acme: int) -> None:
    item, file = shown(runtime, acme)
    fields = {"file": str(file), "draft": "", "alt": "A straw hat on a chair"}
    answer = coordinator.post(f"/studio/items/{item}/describe", fields | {"action": "use"})
    assert answer.get_json() == {"done": "alt", "draft": None}
    assert coordinator.post(f"/studio/items/{item}/describe", fields | {"action": "use", "alt": "Other"}).status_code == 409
    coordinator.post(f"/studio/items/{item}/describe", fields | {"action": "undo", "alt": "Other"})
    assert alt_of(runtime, acme, item) == "A straw hat on a chair"
    coordinator.post(f"/studio/items/{item}/describe", fields | {"action": "undo"})
    assert alt_of(runtime, acme, item) == ""


def test_a_dismissed_draft_is_gone_and_the_picture_still_counts(coordinator: Caller, runtime: Runtime, acme: int) -> None:
    item, file = shown(runtime, acme)
    draft, _ = draft_in(coordinator.get("/studio/descriptions").get_data(as_text=True))
    coordinator.post(f"/studio/items/{item}/describe", {"action": "dismiss", "file": str(file), "draft": draft})
    page = coordinator.get("/studio/descriptions").get_data(as_text=True)
    assert "Straw hat. Mostly" not in page
    assert "1 published picture has no description" in page


@pytest.mark.parametrize("fields", [{"action": "use", "alt": " "}, {"action": "dance"}, {}, {"action": "use", "file": "x"}])
def test_what_says_nothing_is_refused(fields: dict[str, str], coordinator: Caller, runtime: Runtime, acme: int) -> None:
    item, file = shown(runtime, acme)
    answer = coordinator.post(f"/studio/items/{item}/describe", {"file": str(file)} | fields)
    assert answer.status_code == 400


def test_the_item_page_shows_the_draft_until_there_is_a_description(coordinator: Caller, runtime: Runtime, acme: int) -> None:
    item, file = shown(runtime, acme)
    page = coordinator.get(f"/studio/items/{item}").get_data(as_text=True)
    assert "data-draft-words>Straw hat. Mostly blue.<" in page
    coordinator.post(f"/studio/items/{item}/alt", {"file": str(file), "alt": "Mine"})
    assert "data-draft" not in coordinator.get(f"/studio/items/{item}").get_data(as_text=True)


def test_a_viewer_reads_the_list_and_changes_nothing(app: OpenAPI, runtime: Runtime, acme: int) -> None:
    item, file = shown(runtime, acme)
    viewer = caller(app, runtime, acme, Role.VIEWER)
    assert 'data-do="use"' not in viewer.get("/studio/descriptions").get_data(as_text=True)
    assert viewer.post(f"/studio/items/{item}/describe", {"action": "use", "file": str(file), "alt": "x"}).status_code == 403


def test_the_library_leads_to_what_is_missing(coordinator: Caller, runtime: Runtime, acme: int) -> None:
    assert "/studio/descriptions" not in coordinator.get("/studio/library").get_data(as_text=True)
    shown(runtime, acme)
    assert "1 published picture has no description" in coordinator.get("/studio/library").get_data(as_text=True)
