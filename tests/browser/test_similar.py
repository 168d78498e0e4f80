"""From an item to what looks like it, narrowed by a colour, in a real browser; and what axe says of the strip."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from tests.browser.test_studio import signed_in
from tests.make import NOON
from tests.similarity import drawn
from ugc.accounts import actions as accounts_actions
from ugc.library.models import ItemMedia
from ugc.media.models import File
from ugc.runtime import Runtime
from ugc.similarity import actions

pytestmark = pytest.mark.browser

LOOKS = [("circle", "#c02020"), ("circle", "#c02020"), ("circle", "#2040a0"), ("square", "#c02020"), ("stripes", "#208040")]


@pytest.fixture
def items(live: Runtime) -> list[int]:
    """Circles, a square and stripes, with pictures that can be seen."""
    ids = []
    with live.transaction() as session:
        brand = accounts_actions.add_brand(session, "acme", "Acme")
        for number, (shape, colour) in enumerate(LOOKS):
            picture = drawn.figure(shape, colour, at=8 * number)
            item = drawn.item(session, brand, picture, colours=(colour, "#f0f0f0"), body=f"{shape} {number}")
            file = session.scalars(select(File).join(ItemMedia).where(ItemMedia.item_id == item.id)).one()
            for width in (320, 640):
                live.storage.put(f"renditions/{file.public_name}/{width}.webp", webp(picture, width))
            ids.append(item.id)
        brand_id = brand.id
    actions.encode_items(live, brand_id, ids, now=NOON)
    return ids


def webp(picture: Image.Image, width: int) -> bytes:
    file = io.BytesIO()
    picture.resize((width, width * 3 // 4)).save(file, "WEBP")
    return file.getvalue()


@pytest.fixture
def page(context: BrowserContext, live: Runtime, server: str, items: list[int]) -> Iterator[Page]:
    """A tab of a coordinator who is signed in; no script of ours may have thrown anything by the end."""
    faults: list[str] = []
    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    yield signed_in(context, live, server)
    assert faults == []


def test_from_an_item_to_more_like_it_in_one_colour(page: Page, server: str, items: list[int]) -> None:
    page.goto(f"{server}/studio/items/{items[0]}")
    strip = page.locator("#similar .like")
    expect(strip.first).to_have_attribute("href", f"/studio/items/{items[1]}")
    page.get_by_role("link", name="More like this").click()
    tiles = page.locator("#tiles .tile-link")
    expect(tiles.first).to_have_attribute("href", f"/studio/items/{items[1]}")
    before = tiles.count()
    with page.expect_navigation():
        page.locator('input[name=colour][value="blue"]').check()
    expect(tiles).to_have_count(1)
    expect(tiles.first).to_have_attribute("href", f"/studio/items/{items[2]}")
    with page.expect_navigation():
        page.get_by_role("link", name="Remove filter Colour: Blue").click()
    expect(tiles).to_have_count(before)
    expect(page.locator("#sort")).to_have_value("similar")


@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_in_the_strip_and_nothing_is_wider_than_the_screen(
    page: Page, server: str, items: list[int], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server}/studio/items/{items[0]}")
    expect(page.locator("#similar")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, context="#similar").response
    assert [each["id"] for each in found["violations"]] == []
