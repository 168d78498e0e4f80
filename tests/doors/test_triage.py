"""Approval on its page, on items and over REST."""

from __future__ import annotations

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import select

from tests.doors import api, studio
from tests.doors.studio import Caller
from tests.make import NOON
from tests.triage.test_actions import AUTOMATIC, PERSON, photos, predict, run, teach
from ugc.accounts.models import Brand, Role
from ugc.library.models import Item, Kind, State
from ugc.runtime import Runtime
from ugc.triage import actions, queries
from ugc.triage.models import Mode, TriageRun

PAGE = "/studio/settings/approval"
FORM = {"mode": "automatic", "agreement": "80", "kinds": ["photo", "post"], "decides": "both", "per_day": "50"}


@pytest.fixture
def brand(runtime: Runtime) -> int:
    """A brand that has taught, with twelve photos that wait."""
    brand_id = studio.brand(runtime, "acme")
    with runtime.transaction() as session:
        owner = session.get_one(Brand, brand_id)
        teach(session, owner)
        predict(session, owner, photos(session, owner, [22] * 8 + [2] * 4))
    return brand_id


@pytest.fixture
def coordinator(app: OpenAPI, runtime: Runtime, brand: int) -> Caller:
    return studio.caller(app, runtime, brand, Role.COORDINATOR)


def test_the_page_says_what_it_would_decide_and_what_that_rests_on(coordinator: Caller) -> None:
    page = coordinator.get(PAGE).text
    assert "Version 1 in use" in page
    assert "At 98" in page
    assert "more decisions are needed" in page
    table = page.split("The figures behind the chart")[1].split("</table>")[0]
    drawn = page.split('<svg class="reliability"')[1].split("</svg>")[0]
    assert drawn.count("<circle") == table.count("<tr>") - 1 > 3
    assert "style=" not in page


def test_bounds_are_tried_without_a_change_and_then_kept(coordinator: Caller, runtime: Runtime, brand: int) -> None:
    tried = coordinator.post(PAGE, FORM | {"do": "try"}, script=False).text
    assert "Not saved yet" in tried
    assert "it would approve 8 and reject 4 of 12 waiting" in tried
    with runtime.transaction() as session:
        assert queries.get_wanted(session, brand).mode is Mode.SUGGEST
    assert coordinator.post(PAGE, FORM).status_code == 200
    with runtime.transaction() as session:
        wanted = queries.get_wanted(session, brand)
    assert (wanted.mode, wanted.agreement, wanted.kinds, wanted.per_day) == (Mode.AUTOMATIC, 0.8, ("photo", "post"), 50)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"mode": "yes"}, 400),
        ({"agreement": "a lot"}, 400),
        ({"agreement": "100"}, 422),
        ({"kinds": []}, 422),
        ({"per_day": "0"}, 422),
    ],
)
def test_bounds_that_make_no_sense_change_nothing(coordinator: Caller, wrong: dict[str, object], status: int) -> None:
    assert coordinator.post(PAGE, FORM | wrong).status_code == status


def test_a_run_stands_in_the_history_and_is_taken_back(coordinator: Caller, runtime: Runtime, brand: int) -> None:
    with runtime.transaction() as session:
        run(session, session.get_one(Brand, brand), AUTOMATIC)
        batch = session.scalars(select(TriageRun.batch)).one()
    assert batch in coordinator.get(PAGE).text
    coordinator.post("/studio/undo", {"batch": batch})
    assert batch not in coordinator.get(PAGE).text


def test_items_say_how_likely_they_are_approved_and_why(coordinator: Caller, runtime: Runtime, brand: int) -> None:
    with runtime.transaction() as session:
        item = session.scalars(select(Item).where(Item.brand_id == brand, Item.state == State.INBOX).order_by(Item.id)).first()
    assert item is not None
    for page in (coordinator.get(f"/studio/items/{item.id}").text, coordinator.get("/studio/inbox?sort=teaches").text):
        assert "ikely approved" in page
        assert "22 words of caption" in page


def test_a_check_does_not_say_what_the_machine_thinks(coordinator: Caller, runtime: Runtime, brand: int) -> None:
    with runtime.transaction() as session:
        waiting = session.scalars(select(Item.id).where(Item.brand_id == brand, Item.state == State.INBOX)).first()
        assert waiting is not None
        found = [queries.Candidate(waiting, Kind.PHOTO, 0.97, True, [], True)]
        actions.keep_checks(session, brand, found, 1, NOON)
    page = coordinator.get(f"/studio/items/{waiting}").text
    assert "A check:" in page
    assert "words of caption" not in page


def test_before_it_knows_anything_it_says_how_many_decisions_are_missing(app: OpenAPI, runtime: Runtime) -> None:
    brand_id = studio.brand(runtime, "new")
    with runtime.transaction() as session:
        item = photos(session, session.get_one(Brand, brand_id), [3])[0].id
    someone = studio.caller(app, runtime, brand_id, Role.VIEWER)
    assert "Too few decisions to foretell yours: 60 more" in someone.get(f"/studio/items/{item}").text
    assert "Needs 60 more decisions" in someone.get(PAGE).text


def test_rest_tells_the_state(app: OpenAPI, runtime: Runtime, brand: int) -> None:
    with runtime.transaction() as session:
        actions.set_wanted(session, brand, AUTOMATIC, actor=PERSON, now=NOON)
        caller = api.caller(app, runtime, session, session.get_one(Brand, brand))
    told = caller.send("GET", "/triage").get_json()
    assert told["mode"] == "automatic"
    assert told["model_version"] == 1
    assert told["decisions"] == 80
    assert 0.5 < told["approve_at"] <= 1
    assert told["coverage"] > 0.5


def test_rest_tells_of_an_item_how_likely_and_why(app: OpenAPI, runtime: Runtime, brand: int) -> None:
    with runtime.transaction() as session:
        waiting = select(Item.id).where(Item.brand_id == brand, Item.state == State.INBOX).order_by(Item.id)
        item_id, check_id = session.scalars(waiting.limit(2)).all()
        actions.keep_checks(session, brand, [queries.Candidate(check_id, Kind.PHOTO, 0.97, True, [], True)], 1, NOON)
        actions.predict(session, brand, [check_id], now=NOON)
        caller = api.caller(app, runtime, session, session.get_one(Brand, brand))
    told = caller.send("GET", f"/items/{item_id}/approval").get_json()
    assert told["p"] == caller.send("GET", f"/items/{item_id}").get_json()["approval_p"] > 0.85
    assert (told["words"], told["model_version"], told["is_check"]) == ("very likely approved", 1, False)
    assert told["reasons"][0]["text"] == "22 words of caption"
    assert told["reasons"][0]["weight"] > 0
    hidden = caller.send("GET", f"/items/{check_id}/approval").get_json()
    assert (hidden["p"], hidden["reasons"], hidden["is_check"]) == (None, [], True)
    assert caller.send("GET", f"/items/{check_id}").get_json()["approval_p"] is None
    stranger = api.caller(app, runtime, session)
    assert stranger.send("GET", f"/items/{item_id}/approval").status_code == 404
