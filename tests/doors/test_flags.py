"""Flags for people and for programs."""

from __future__ import annotations

import csv
import io

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session

from tests import make
from tests.doors import api, studio
from tests.doors.studio import Caller
from ugc.accounts.models import Brand, Role
from ugc.authenticity.models import FlagState, ItemFlag
from ugc.runtime import Runtime


@pytest.fixture
def brand(runtime: Runtime) -> int:
    return studio.brand(runtime, "acme")


@pytest.fixture
def flag(runtime: Runtime, brand: int) -> int:
    with runtime.transaction() as session:
        item = make.item(session, session.get_one(Brand, brand), body="=cmd|' /C calc'!A0")
        return make.flag(session, item, reason="=1+1 wrote it too", evidence={"items": [item.id]}).id


@pytest.fixture
def coordinator(app: OpenAPI, runtime: Runtime, brand: int) -> Caller:
    return studio.caller(app, runtime, brand, Role.COORDINATOR)


def state_of(runtime: Runtime, flag: int) -> FlagState:
    with runtime.transaction() as session:
        return session.get_one(ItemFlag, flag).state


def test_a_flag_is_put_aside_and_asked_again(coordinator: Caller, runtime: Runtime, flag: int) -> None:
    assert f'data-flag="{flag}"' in coordinator.get("/studio/flags").text
    coordinator.post(f"/studio/flags/{flag}", {"state": "dismissed"})
    assert state_of(runtime, flag) is FlagState.DISMISSED
    assert f'data-flag="{flag}"' not in coordinator.get("/studio/flags").text
    assert f'data-flag="{flag}"' in coordinator.get("/studio/flags?state=dismissed").text
    coordinator.post(f"/studio/flags/{flag}", {"state": "open"})
    assert state_of(runtime, flag) is FlagState.OPEN
    assert coordinator.post(f"/studio/flags/{flag}", {"state": "gone"}).status_code == 400


def test_the_item_and_the_inbox_say_what_was_seen(coordinator: Caller, runtime: Runtime, flag: int) -> None:
    with runtime.transaction() as session:
        item_id = session.get_one(ItemFlag, flag).item_id
    for address in (f"/studio/items/{item_id}", "/studio/inbox"):
        assert "Repeated text." in coordinator.get(address).text


def test_the_log_is_a_file_that_no_spreadsheet_runs(coordinator: Caller, flag: int) -> None:
    answer = coordinator.get("/studio/flags.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="flags-open.csv"'
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["sign"], row["reason"]) == ("repeated_text", "'=1+1 wrote it too")


def test_programs_decide_too(app: OpenAPI, runtime: Runtime, session: Session) -> None:
    caller = api.caller(app, runtime, session)
    made = [make.flag(session, make.item(session, caller.brand)) for _ in range(3)]
    first = caller.send("GET", "/flags?limit=2").get_json()
    rest = caller.send("GET", f"/flags?limit=2&cursor={first['next']}").get_json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [one.id for one in reversed(made)]
    answer = caller.send("PATCH", f"/flags/{made[0].id}", json={"state": "confirmed"})
    assert (answer.status_code, answer.get_json()["state"]) == (200, "confirmed")
    assert len(caller.send("GET", "/flags").get_json()["items"]) == 2
