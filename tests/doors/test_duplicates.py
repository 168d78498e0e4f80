"""Duplicates for people and for programs: what is shown, what a decision does, what a stranger sees."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask_openapi.openapi import OpenAPI

from tests import make
from tests.doors import studio
from tests.doors.studio import Caller
from tests.duplicates.alike import BASE, flipped, photo, review
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, KeyKind, Role
from ugc.duplicates import jobs
from ugc.library.models import State
from ugc.runtime import Runtime


@pytest.fixture
def brand(runtime: Runtime) -> int:
    return studio.brand(runtime, "acme")


@pytest.fixture
def pair(runtime: Runtime, brand: int) -> tuple[int, int]:
    """Two alike photos in a group, the better one first."""
    with runtime.transaction() as session:
        owner = session.get_one(Brand, brand)
        ids = [
            photo(session, owner, flipped(*range(bits)), score=score, body=f"Caption {bits}").id
            for bits, score in ((0, 80), (9, 40))
        ]
    jobs.find_for_items(runtime, brand_id=brand, item_ids=ids)
    return ids[0], ids[1]


@pytest.fixture
def coordinator(app: OpenAPI, runtime: Runtime, brand: int) -> Caller:
    return studio.caller(app, runtime, brand, Role.COORDINATOR)


def group_in(page: str) -> str:
    [group] = re.findall(r'class="box twin" data-id="(\d+)"', page)
    return str(group)


def test_the_page_shows_the_best_first_with_its_score_and_how_near_the_other_is(coordinator: Caller, pair: tuple[int, int]) -> None:
    page = coordinator.get("/studio/duplicates").get_data(as_text=True)
    assert page.index("Caption 0") < page.index("Caption 9")
    assert "9 of 256 bits differ" in page
    assert re.search(rf'value="{pair[0]}" checked', page)
    assert re.search(r'title="Duplicates".*<span class="count minor">1</span>', page)


def test_an_item_says_what_it_is_like_on_its_page_and_in_the_inbox(coordinator: Caller, pair: tuple[int, int]) -> None:
    for address in (f"/studio/items/{pair[0]}", "/studio/inbox"):
        page = coordinator.get(address).get_data(as_text=True)
        assert f'Near-duplicate of <a href="/studio/items/{pair[1]}">' in page


def test_a_merge_in_the_studio_is_undone_by_its_toast_and_by_the_group(
    runtime: Runtime, coordinator: Caller, pair: tuple[int, int]
) -> None:
    group = group_in(coordinator.get("/studio/duplicates").get_data(as_text=True))
    answer = coordinator.post(f"/studio/duplicates/{group}/merge", {"best": str(pair[1])})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert studio.state_of(runtime, pair[0]) is State.TRASH
    assert "Kept" in coordinator.get("/studio/duplicates?standing=merged").get_data(as_text=True)
    coordinator.post(f"/studio/duplicates/{group}/undo")
    assert studio.state_of(runtime, pair[0]) is State.INBOX
    assert group_in(coordinator.get("/studio/duplicates").get_data(as_text=True)) == group


def test_not_duplicates_leave_the_list_and_can_be_asked_about_again(coordinator: Caller, pair: tuple[int, int]) -> None:
    group = group_in(coordinator.get("/studio/duplicates").get_data(as_text=True))
    coordinator.post(f"/studio/duplicates/{group}/apart", script=False)
    assert "No duplicates wait" in coordinator.get("/studio/duplicates").get_data(as_text=True)
    coordinator.post(f"/studio/duplicates/{group}/undo")
    assert group_in(coordinator.get("/studio/duplicates").get_data(as_text=True))


def test_a_viewer_sees_the_groups_and_no_buttons(app: OpenAPI, runtime: Runtime, brand: int, pair: tuple[int, int]) -> None:
    page = studio.caller(app, runtime, brand, Role.VIEWER).get("/studio/duplicates").get_data(as_text=True)
    assert "Caption 9" in page
    assert "data-do=" not in page


def test_texts_are_shown_with_how_many_people_wrote_them(runtime: Runtime, coordinator: Caller, brand: int) -> None:
    with runtime.transaction() as session:
        owner = session.get_one(Brand, brand)
        ids = [review(session, owner, creator_id=make.creator(session, owner).id).id for _ in range(2)]
    jobs.find_for_items(runtime, brand_id=brand, item_ids=ids)
    page = coordinator.get("/studio/duplicates").get_data(as_text=True)
    assert "2 reviews with the same words" in page
    assert "2 authors" in page


@pytest.mark.parametrize("query", ["standing=maybe", "before=x", "before=9999999999999999999"])
def test_a_bad_address_is_refused(coordinator: Caller, query: str) -> None:
    assert coordinator.get(f"/studio/duplicates?{query}").status_code == 400


# For programs.


@pytest.fixture
def ask(app: OpenAPI, runtime: Runtime, brand: int) -> Any:
    with runtime.transaction() as session:
        _, key = accounts_actions.add_key(session, session.get_one(Brand, brand), KeyKind.SECRET, seal_key=b"")

    def asked(method: str, path: str, **json: Any) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        answer = app.test_client().open(f"/api/v1{path}", method=method, headers=headers, json=json if method == "POST" else None)
        return answer.status_code, answer.get_json()

    return asked


def test_programs_list_merge_and_undo(ask: Any, runtime: Runtime, pair: tuple[int, int]) -> None:
    status, listed = ask("GET", "/duplicates")
    [group] = listed["items"]
    assert (status, group["likeness"], [member["item"] for member in group["members"]]) == (200, "picture", list(pair))
    assert {member["distance"] for member in group["members"]} == {None, 9}
    status, done = ask("POST", f"/duplicates/{group['id']}/merge")
    assert (status, studio.state_of(runtime, pair[1])) == (200, State.TRASH)
    assert ask("POST", f"/duplicates/{group['id']}/merge")[1]["code"] == "group_decided"
    assert ask("GET", "/duplicates")[1]["items"] == []
    assert ask("GET", "/duplicates?standing=merged")[1]["items"][0]["best"] == pair[0]
    ask("POST", "/items/undo", batch=done["batch"])
    assert studio.state_of(runtime, pair[1]) is State.INBOX


def test_programs_keep_apart_and_page_through(ask: Any, runtime: Runtime, brand: int, pair: tuple[int, int]) -> None:
    with runtime.transaction() as session:
        owner = session.get_one(Brand, brand)
        ids = [photo(session, owner, flipped(*range(100, 200))).id for _ in range(2)]
    jobs.find_for_items(runtime, brand_id=brand, item_ids=ids)
    _, first = ask("GET", "/duplicates?limit=1")
    _, second = ask("GET", f"/duplicates?limit=1&cursor={first['next']}")
    assert [[member["item"] for member in listed["items"][0]["members"]] for listed in (first, second)] == [ids, list(pair)]
    assert second["next"] is None
    status, group = ask("POST", f"/duplicates/{first['items'][0]['id']}/apart")
    assert (status, group["standing"]) == (200, "apart")
    assert len(ask("GET", "/duplicates")[1]["items"]) == 1


def test_a_merge_says_which_item_to_keep_instead(ask: Any, runtime: Runtime, brand: int) -> None:
    with runtime.transaction() as session:
        owner = session.get_one(Brand, brand)
        small = photo(session, owner, BASE, score=90)
        album = photo(session, owner, flipped(1), flipped(*range(120)), score=10)
        ids = [small.id, album.id]
    jobs.find_for_items(runtime, brand_id=brand, item_ids=ids)
    [group] = ask("GET", "/duplicates")[1]["items"]
    status, problem = ask("POST", f"/duplicates/{group['id']}/merge")
    assert (status, problem["code"], problem["item"]) == (409, "more_in_it", ids[1])
