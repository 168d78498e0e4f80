"""Duplicates decided by single keys in a real browser, and what axe says of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from tests.browser.test_studio import signed_in, states
from tests.duplicates.alike import flipped, photo, review
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand
from ugc.duplicates import jobs
from ugc.library.models import Item, State
from ugc.runtime import Runtime

pytestmark = pytest.mark.browser


@pytest.fixture
def twins(live: Runtime) -> list[int]:
    """Two pairs of photos and two reviews that are alike, in the order in which they are shown."""
    with live.transaction() as session:
        brand = accounts_actions.add_brand(session, "acme", "Acme")
        ids = [item for group in ((0, 3), (100, 103)) for item in pair(session, brand, *group)]
        reviews = [review(session, brand, score=score).id for score in (60, 50)]
        brand_id = brand.id
    for some in (reviews, ids[2:], ids[:2]):
        jobs.find_for_items(live, brand_id=brand_id, item_ids=some)
    return [*ids, *reviews]


def pair(session: Session, brand: Brand, start: int, more: int) -> list[int]:
    hashes = [flipped(*range(start)), flipped(*range(more))]
    return [
        photo(session, brand, hash, score=score, body=f"Caption {score}").id for hash, score in zip(hashes, (80, 40), strict=True)
    ]


@pytest.fixture
def page(context: BrowserContext, live: Runtime, server: str, twins: list[int]) -> Iterator[Page]:
    """A tab of a coordinator who is signed in; no script of ours may have thrown anything by the end."""
    faults: list[str] = []
    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    yield signed_in(context, live, server)
    assert faults == []


def test_one_key_merges_one_keeps_apart_and_one_takes_it_back(page: Page, live: Runtime, server: str, twins: list[int]) -> None:
    page.goto(f"{server}/studio/duplicates")
    focused = page.locator(".twin.focused")
    expect(focused.locator("input[name=best]").first).to_have_value(str(twins[0]))
    page.keyboard.press("2")
    with page.expect_response("**/merge"):
        page.keyboard.press("m")
    expect(page.locator(".twin[data-decided=Merged]")).to_have_count(1)
    assert states(live, twins[:2]) == [State.TRASH, State.INBOX]
    expect(focused.locator("input[name=best]").first).to_have_value(str(twins[2]))
    with page.expect_response("**/apart"):
        page.keyboard.press("n")
    expect(page.locator('.rail a[href="/studio/duplicates"] .count')).to_have_text("1")
    with page.expect_navigation():
        page.keyboard.press("u")
    expect(page.locator(".twin")).to_have_count(2)
    with page.expect_response("**/merge"):
        page.keyboard.press("m")
    with page.expect_response("**/undo"):
        page.get_by_role("button", name="Undo").last.click()
    expect(page.locator(".twin[data-decided]")).to_have_count(0)


def test_a_refused_merge_leaves_the_group_and_says_why(page: Page, live: Runtime, server: str, twins: list[int]) -> None:
    page.goto(f"{server}/studio/duplicates")
    with live.transaction() as session:
        album = photo(session, session.get_one(Brand, brand_of(live, twins[0])), flipped(*range(180, 256)))
        for medium in album.media:
            medium.item_id = twins[1]
    page.keyboard.press("m")
    expect(page.locator(".toast.bad")).to_contain_text("shows pictures that the one to keep does not")
    expect(page.locator(".twin[data-decided]")).to_have_count(0)
    assert states(live, twins[:2]) == [State.INBOX, State.INBOX]


def brand_of(live: Runtime, item_id: int) -> int:
    with live.sessions() as session:
        return session.get_one(Item, item_id).brand_id


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(page: Page, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{server}/studio/duplicates")
    expect(page.locator(".twin")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
