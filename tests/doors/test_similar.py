"""More like this and the filter by colour, for people and for programs."""

from __future__ import annotations

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session

from tests.doors import studio
from tests.doors.api import Caller, caller, problem
from tests.make import NOON
from tests.similarity import drawn
from ugc.accounts.models import Brand, Role
from ugc.library.models import Item
from ugc.runtime import Runtime
from ugc.similarity import actions


@pytest.fixture
def shop(app: OpenAPI, runtime: Runtime, session: Session) -> Caller:
    return caller(app, runtime, session)


@pytest.fixture
def stranger(app: OpenAPI, runtime: Runtime, session: Session) -> Caller:
    return caller(app, runtime, session)


@pytest.fixture
def items(runtime: Runtime, session: Session, shop: Caller) -> list[Item]:
    """Three red circles, ever farther to the side, and blue stripes."""
    made = [drawn.item(session, shop.brand, drawn.figure(at=20 * number)) for number in range(3)]
    made.append(drawn.item(session, shop.brand, drawn.figure("stripes", "#2040a0"), colours=("#2040a0",)))
    session.commit()
    actions.encode_items(runtime, shop.brand.id, [item.id for item in made], now=NOON)
    return made


def test_programs_get_the_nearest_first_with_how_near(shop: Caller, items: list[Item]) -> None:
    answer = shop.send("GET", f"/items?similar_to={items[0].id}&limit=2").get_json()
    assert [item["id"] for item in answer["items"]] == [items[1].id, items[2].id]
    first, second = (answer["similarities"][str(item.id)] for item in items[1:3])
    assert 1 >= first >= second > 0.2
    rest = shop.send("GET", f"/items?similar_to={items[0].id}&limit=2&cursor={answer['next']}") if answer["next"] else None
    assert rest is None or [item["id"] for item in rest.get_json()["items"]] == [items[3].id]


def test_similar_to_and_colour_narrow_each_other(shop: Caller, items: list[Item]) -> None:
    answer = shop.send("GET", f"/items?similar_to={items[0].id}&colour=red&facets=colour").get_json()
    assert {item["id"] for item in answer["items"]} == {items[1].id, items[2].id}
    assert answer["total"] == 2
    assert answer["facets"]["colour"] == [{"value": "red", "label": "red", "count": 2}]


def test_acting_on_all_that_is_similar_leaves_the_others_alone(shop: Caller, items: list[Item], session: Session) -> None:
    body = {"action": "tag", "filter": {"similar_to": items[0].id, "colour": ["red"]}, "tags": ["dot"]}
    assert shop.send("POST", "/items/bulk", json=body).get_json()["items"] == 2
    session.expire_all()
    assert [[link.tag.name for link in item.tags] for item in items] == [[], ["dot"], ["dot"], []]


@pytest.mark.parametrize("query", ["similar_to=999999", "similar_to=x", "colour=crimson", "colour=%2312"])
def test_what_can_not_be_meant_is_refused(shop: Caller, items: list[Item], query: str) -> None:
    assert problem(shop.send("GET", f"/items?{query}"))[0] in {400, 422}


def test_a_stranger_learns_nothing_from_anothers_item(stranger: Caller, items: list[Item]) -> None:
    assert problem(stranger.send("GET", f"/items?similar_to={items[0].id}"))[0] == 400


def test_a_gallerys_rule_can_not_hold_similar_to(shop: Caller, items: list[Item]) -> None:
    body = {"slug": "alike", "name": "Alike", "rule": {"similar_to": items[0].id}}
    assert problem(shop.send("POST", "/galleries", json=body)) == (400, "bad_gallery")


def test_the_items_page_shows_what_looks_like_it_and_leads_on(
    app: OpenAPI, runtime: Runtime, session: Session, shop: Caller, items: list[Item]
) -> None:
    coordinator = studio.caller(app, runtime, session.get_one(Brand, shop.brand.id).id, Role.COORDINATOR)
    page = coordinator.get(f"/studio/items/{items[0].id}").get_data(as_text=True)
    assert "Looks like this" in page
    assert f'href="/studio/items/{items[1].id}"' in page
    assert f"/studio/library?similar_to={items[0].id}" in page
    listed = coordinator.get(f"/studio/library?similar_to={items[0].id}&colour=red").get_data(as_text=True)
    assert listed.index(f"/studio/items/{items[1].id}") < listed.index(f"/studio/items/{items[2].id}")
    assert f'href="/studio/items/{items[3].id}"' not in listed
    assert "Most alike first" in listed
    assert 'name="similar_to"' in listed


def test_an_item_that_nothing_resembles_shows_no_strip(app: OpenAPI, runtime: Runtime, session: Session, shop: Caller) -> None:
    bare = drawn.item(session, shop.brand, body="")
    session.commit()
    coordinator = studio.caller(app, runtime, shop.brand.id, Role.COORDINATOR)
    assert 'id="similar"' not in coordinator.get(f"/studio/items/{bare.id}").get_data(as_text=True)
