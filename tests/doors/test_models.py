"""What was learnt, on its page and over REST."""

from __future__ import annotations

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session

from tests import make
from tests.doors import api, studio
from tests.doors.studio import Caller
from ugc.accounts.models import Brand, Role
from ugc.modelling import actions, queries
from ugc.modelling.rules import KINDS
from ugc.runtime import Runtime

PAGE = "/studio/settings/models"


@pytest.fixture
def brand(runtime: Runtime) -> int:
    """A brand with two versions against spam and too few decisions to learn from."""
    brand_id = studio.brand(runtime, "acme")
    with runtime.transaction() as session:
        owner = session.get_one(Brand, brand_id)
        make.model(session, owner, metrics={"f1": 0.9}, why="It is the first.")
        make.model(session, owner, weight=2.0, metrics={"f1": 0.95}, incumbent={"f1": 0.9}, why="F1 .95 against .90 on 412 texts.")
        actions.note_need(session, brand_id, "approval", have=37, needed=100, of="decisions", now=make.NOON)
    return brand_id


@pytest.fixture
def coordinator(app: OpenAPI, runtime: Runtime, brand: int) -> Caller:
    return studio.caller(app, runtime, brand, Role.COORDINATOR)


def in_use(runtime: Runtime, brand: int) -> int:
    with runtime.transaction() as session:
        return queries.version_of(session, brand, "spam")


def test_the_page_shows_every_kind_with_its_figures_or_what_it_needs(coordinator: Caller) -> None:
    page = coordinator.get(PAGE).text
    assert [page.index(f'data-kind="{name}"') for name in KINDS]
    assert "Version 2 in use" in page
    assert "F1 .95 against .90 on 412 texts." in page
    assert "Needs 63 more decisions" in page
    assert page.count("Not trained yet") == len(KINDS) - 2


def test_an_earlier_version_or_the_builtin_is_one_button_away(coordinator: Caller, runtime: Runtime, brand: int) -> None:
    with runtime.transaction() as session:
        first = queries.find_versions(session, brand, "spam")[-1].id
    coordinator.post(f"{PAGE}/{first}/activate")
    assert in_use(runtime, brand) == 1
    coordinator.post(f"{PAGE}/spam/builtin")
    assert in_use(runtime, brand) == 0


def test_a_kind_that_does_not_exist_is_not_trained(coordinator: Caller) -> None:
    assert coordinator.post(f"{PAGE}/weather/train").status_code == 404
    assert coordinator.post(f"{PAGE}/spam/train").status_code == 200


def test_programs_see_the_figures_and_never_the_weights(app: OpenAPI, runtime: Runtime, session: Session) -> None:
    caller = api.caller(app, runtime, session)
    model = make.model(session, caller.brand)
    [listed] = caller.send("GET", "/models").get_json()["items"]
    assert (listed["kind"], listed["version"], listed["state"], listed["metrics"]) == ("spam", 1, "active", {"f1": 0.9})
    assert "artefact" not in listed
    assert caller.send("POST", f"/models/{model.id}/activate").get_json()["version"] == 1
    assert caller.send("POST", "/models/train", json={"kind": "spam"}).status_code == 202
    assert api.problem(caller.send("POST", "/models/train", json={"kind": "weather"})) == (404, "no_such_kind")
