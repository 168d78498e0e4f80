"""Signing in and out, and the switch between brands."""

from __future__ import annotations

from typing import Any

import pytest
from flask_openapi.openapi import OpenAPI

from tests.doors import studio
from tests.doors.studio import Caller
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, Person, Role
from ugc.runtime import Runtime
from ugc.studio.sign_in import HOME, next_page

GIVEN = {"email": "owner@acme.test", "password": studio.PASSWORD}


@pytest.fixture
def owner(app: OpenAPI, runtime: Runtime) -> Caller:
    return studio.caller(app, runtime, studio.brand(runtime, "acme"), Role.OWNER)


@pytest.fixture
def nobody(app: OpenAPI, runtime: Runtime, owner: Caller) -> Caller:
    return Caller(app, runtime, owner.brand_id, "")


def test_the_right_password_opens_the_page_that_was_asked_for(nobody: Caller) -> None:
    answer = nobody.post("/studio/sign-in", GIVEN | {"next": "/studio/library?state=approved"}, script=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/studio/library?state=approved")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("wrong", [{"password": "not this one"}, {"email": "else@acme.test"}, {"email": "", "password": ""}])
def test_a_wrong_password_and_an_unknown_address_are_told_the_same(nobody: Caller, wrong: dict[str, str]) -> None:
    answer = nobody.post("/studio/sign-in", GIVEN | wrong, script=False)
    assert (answer.status_code, "do not belong together" in answer.text) == (401, True)
    assert "Set-Cookie" not in answer.headers
    assert studio.PASSWORD not in answer.text


@pytest.mark.parametrize("sender", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}])
def test_a_form_from_another_site_signs_nobody_in(nobody: Caller, sender: dict[str, str]) -> None:
    """T-92: a visitor must not be signed in unawares to an account of somebody else's."""
    answer = nobody.browser().post("/studio/sign-in", data=GIVEN, headers=sender)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)


def test_ten_wrong_passwords_are_enough(nobody: Caller) -> None:
    for _ in range(10):
        nobody.post("/studio/sign-in", GIVEN | {"password": "wrong"}, script=False)
    assert nobody.post("/studio/sign-in", GIVEN, script=False).status_code == 429


def test_signing_out_ends_the_sign_in(owner: Caller) -> None:
    assert owner.get("/studio/inbox").status_code == 200
    assert owner.post("/studio/sign-out", script=False).headers["Location"] == "/studio/sign-in"
    assert owner.get("/studio/inbox").status_code == 303


def test_a_get_signs_nobody_out(owner: Caller) -> None:
    assert owner.get("/studio/sign-out").status_code == 405
    assert owner.get("/studio/inbox").status_code == 200


def test_a_person_of_two_brands_switches_between_them(owner: Caller, runtime: Runtime) -> None:
    other = studio.brand(runtime, "second")
    assert owner.post("/studio/brand", {"brand": "second"}, script=False).status_code == 404
    with runtime.transaction() as session:
        person = session.query(Person).filter_by(email="owner@acme.test").one()
        accounts_actions.add_person(session, person.email, session.get_one(Brand, other), Role.VIEWER)
    assert 'value="second"' in owner.get("/studio/inbox").text
    assert owner.post("/studio/brand", {"brand": "second"}, script=False).headers["Location"] == HOME
    assert 'value="acme"' in owner.get("/studio/inbox").text


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("/studio/items/7", "/studio/items/7"),
        ("", HOME),
        ("https://evil.test/studio/", HOME),
        ("//evil.test/studio/", HOME),
        ("/studio/\\evil.test", HOME),
        ("/studio/\r\nSet-Cookie: a", HOME),
        ("/studio/sign-out", HOME),
        ("javascript:alert(1)", HOME),
    ],
)
def test_nobody_is_led_out_of_the_studio_after_signing_in(wanted: str, page: str) -> None:
    """T-91."""
    assert next_page(wanted) == page


def test_the_form_keeps_the_address_and_not_the_password(nobody: Caller) -> None:
    fields: dict[str, Any] = {"email": '"><b>', "password": "secret words"}
    html = nobody.post("/studio/sign-in", fields, script=False).text
    assert "<b>" not in html
    assert "secret words" not in html
