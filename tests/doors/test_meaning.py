"""Searching by meaning through the API and on the library's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask_openapi.openapi import OpenAPI

from tests.doors.studio import Caller, brand, caller, photo
from tests.similarity.encoders import tiny
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, KeyKind, Role
from ugc.app import create_app
from ugc.kit import clock
from ugc.runtime import Runtime
from ugc.settings import Settings
from ugc.similarity import actions, meaning

COLOURS = ("blue", "red", "green")


@pytest.fixture
def models(runtime: Runtime, tmp_path: Path) -> Iterator[Runtime]:
    tiny.clip_folder(tmp_path / "tiny-clip")
    settings = replace(runtime.settings, picture_model=str(tmp_path / "tiny-clip"))
    yield replace(runtime, settings=settings)
    meaning.set_up(Settings())


@pytest.fixture
def app(models: Runtime) -> OpenAPI:
    return create_app(models)


@pytest.fixture
def pictures(models: Runtime, app: OpenAPI) -> dict[str, int]:
    """A brand with a picture of each colour, encoded; the items by colour, and the brand."""
    acme = brand(models, "acme")
    with models.transaction() as session:
        items = {colour: photo(session, acme, body="") for colour in COLOURS}
        session.expire_all()
        for colour, item in items.items():
            models.storage.put(f"renditions/{item.media[0].file.public_name}/320.webp", tiny.picture(colour))
        ids = {colour: item.id for colour, item in items.items()}
    actions.encode_items(models, acme, list(ids.values()), now=clock.now())
    return ids | {"brand": acme}


def test_red_finds_the_red_picture_over_rest(app: OpenAPI, models: Runtime, pictures: dict[str, int]) -> None:
    with models.transaction() as session:
        key = accounts_actions.add_key(session, session.get_one(Brand, pictures["brand"]), KeyKind.SECRET, seal_key=b"")[1]
    client, head = app.test_client(), {"Authorization": f"Bearer {key}"}
    found = client.get("/api/v1/items?q=red&search=meaning&limit=1&facets=state", headers=head).get_json()
    assert [item["id"] for item in found["items"]] == [pictures["red"]]
    assert (found["total"], found["facets"]["state"][0]["count"]) == (3, 3)
    rest = client.get(f"/api/v1/items?q=red&search=meaning&limit=5&cursor={found['next']}", headers=head).get_json()
    assert {item["id"] for item in rest["items"]} == {pictures["blue"], pictures["green"]}
    assert client.get("/api/v1/items?q=red", headers=head).get_json()["items"] == []
    assert client.get("/api/v1/items?q=red&search=magic", headers=head).status_code == 400
    assert client.get("/api/v1/items?q=red&search=meaning&state=approved", headers=head).get_json()["items"] == []


def test_the_library_offers_what_is_meant_beside_these_words(app: OpenAPI, models: Runtime, pictures: dict[str, int]) -> None:
    coordinator: Caller = caller(app, models, pictures["brand"], Role.COORDINATOR)
    page = coordinator.get("/studio/library?q=red&search=meaning").get_data(as_text=True)
    places = [page.index(f'href="/studio/items/{pictures[colour]}"') for colour in ("red", "blue", "green")]
    assert places[0] == min(places)
    assert 'value="red"' in page
    assert "Nearest first" in page
    assert "Nothing matches" in coordinator.get("/studio/library?q=red").get_data(as_text=True)
