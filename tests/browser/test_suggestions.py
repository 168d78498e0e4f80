"""Suggestions in a real browser: one key accepts, with Shift it refuses, undo takes it back; the reject dialog keeps its digits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from tests import make
from tests.browser import host
from tests.browser.test_studio import signed_in
from ugc.accounts import actions as accounts_actions
from ugc.kit import clock
from ugc.library.models import Item, RightsState, State
from ugc.runtime import Runtime
from ugc.suggestions import actions
from ugc.suggestions.models import Standing, Suggestion, What
from ugc.suggestions.rules import Offer

pytestmark = pytest.mark.browser


@pytest.fixture
def items(live: Runtime) -> list[int]:
    """Two photos that wait, the first with a product and two tags suggested."""
    with live.transaction() as session:
        brand = accounts_actions.add_brand(session, "acme", "Acme")
        hat = make.product(session, brand, sku="H-1", title="Straw hat")
        waiting = host.fill(live, session, brand, 2, state=State.INBOX, rights_state=RightsState.NONE)
        now, first = clock.now(), waiting[0].id
        why = ("caption says “straw hat”", "bought it 12 days before")
        actions.offer(session, brand.id, first, What.PRODUCT, [Offer("H-1", 0.97, why, product_id=hat.id)], now)
        tags = [Offer("beach", 0.92, ("looks like 3 photos tagged “beach”",)), Offer("beige", 0.4, ("its main colour is beige",))]
        actions.offer(session, brand.id, first, What.TAG, tags, now)
        return [item.id for item in waiting]


@pytest.fixture
def page(context: BrowserContext, live: Runtime, server: str, items: list[int]) -> Iterator[Page]:
    """A tab of a coordinator who is signed in; no script of ours may have thrown anything by the end (decision 0004)."""
    faults: list[str] = []
    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    yield signed_in(context, live, server)
    assert faults == []


def standing(live: Runtime) -> dict[str, Standing]:
    with live.sessions() as session:
        return {row.name: row.state for row in session.scalars(select(Suggestion))}


def carried(live: Runtime, item_id: int) -> tuple[list[str], list[str]]:
    with live.sessions() as session:
        item = session.get_one(Item, item_id)
        return [each.tag.name for each in item.tags], [each.product.sku for each in item.products]


def test_digits_accept_with_shift_refuse_and_u_takes_back_in_the_order_of_time(
    page: Page, live: Runtime, server: str, items: list[int]
) -> None:
    page.goto(f"{server}/studio/inbox")
    chips = page.locator("#loupe-content .offer")
    expect(chips).to_have_count(3)
    for key in ("Digit1", "Digit2"):
        with page.expect_response("**/studio/suggestions"):
            page.keyboard.press(key)
    expect(chips.nth(0)).to_have_attribute("data-state", "accepted")
    with page.expect_response("**/studio/suggestions"):
        page.keyboard.press("Shift+Digit3")
    expect(chips.nth(2)).to_have_attribute("data-state", "refused")
    assert carried(live, items[0]) == (["beach"], ["H-1"])
    assert standing(live)["beige"] is Standing.REFUSED
    with page.expect_response(lambda answer: "undo" in (answer.request.post_data or "")):
        page.keyboard.press("u")
    expect(chips.nth(2)).not_to_have_attribute("data-state", "refused")
    assert standing(live)["beige"] is Standing.OPEN
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(chips.nth(1)).to_have_attribute("data-state", "accepted")


def test_the_reject_dialog_keeps_its_digits(page: Page, live: Runtime, server: str, items: list[int]) -> None:
    page.goto(f"{server}/studio/inbox")
    page.keyboard.press("r")
    expect(page.get_by_role("dialog", name="Why reject?")).to_be_visible()
    with page.expect_response("**/studio/decide"):
        page.keyboard.press("Digit1")
    expect(page.locator(".offer[data-state]")).to_have_count(0)
    assert set(standing(live).values()) == {Standing.OPEN}


def test_a_key_right_after_a_dialog_was_left_is_the_pages(page: Page, server: str, items: list[int]) -> None:
    page.goto(f"{server}/studio/inbox")
    page.keyboard.press("t")
    expect(page.locator("#tagging-names")).to_be_focused()
    # Both within one frame: nothing had the focus before, so the closed dialog's field has it until the page is drawn again.
    still = page.evaluate("""() => {
        document.getElementById("tagging").close();
        const field = document.activeElement;
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "r", bubbles: true, cancelable: true }));
        return field.id;
    }""")
    assert still == "tagging-names"
    expect(page.get_by_role("dialog", name="Why reject?")).to_be_visible()


def test_digits_in_a_field_are_digits(page: Page, live: Runtime, server: str, items: list[int]) -> None:
    page.goto(f"{server}/studio/items/{items[0]}")
    page.get_by_role("textbox", name="Tags").press_sequentially("12")
    expect(page.get_by_role("textbox", name="Tags")).to_have_value("12")
    expect(page.locator(".offer[data-state]")).to_have_count(0)
    assert set(standing(live).values()) == {Standing.OPEN}


def test_the_same_key_again_takes_back_what_it_did(page: Page, live: Runtime, server: str, items: list[int]) -> None:
    page.goto(f"{server}/studio/items/{items[0]}")
    chip = page.locator(".offer").nth(1)
    with page.expect_response("**/studio/suggestions"):
        page.keyboard.press("Digit2")
    expect(chip).to_have_attribute("data-state", "accepted")
    with page.expect_response(lambda answer: "undo" in (answer.request.post_data or "")):
        page.keyboard.press("Digit2")
    expect(chip).not_to_have_attribute("data-state", "accepted")
    assert carried(live, items[0]) == ([], [])


def test_what_the_server_refuses_comes_back_and_says_so(page: Page, live: Runtime, server: str, items: list[int]) -> None:
    page.route("**/studio/suggestions", lambda route: route.fulfill(status=503, json={"detail": "the database is busy or down"}))
    page.goto(f"{server}/studio/items/{items[0]}")
    page.locator(".offer-yes").first.click()
    expect(page.get_by_text("the database is busy or down")).to_be_visible()
    expect(page.locator(".offer").first).not_to_have_attribute("data-state", "accepted")


def test_a_chip_explains_itself_on_hover_and_focus_and_nothing_moves(page: Page, server: str, items: list[int]) -> None:
    page.goto(f"{server}/studio/items/{items[0]}")
    line = page.locator("[data-why-line]")
    expect(line).to_have_text("Straw hat: caption says “straw hat”; bought it 12 days before.")
    before = page.locator("#products-title").bounding_box()
    page.locator(".offer").nth(1).hover()
    expect(line).to_contain_text("looks like 3 photos")
    page.locator(".offer-yes").nth(2).focus()
    expect(line).to_contain_text("its main colour")
    page.locator(".offer-yes").first.click()
    expect(page.locator(".offer").first).to_have_attribute("data-state", "accepted")
    assert page.locator("#products-title").bounding_box() == before


def test_likely_ones_of_all_that_is_selected_are_accepted_at_once(page: Page, live: Runtime, server: str, items: list[int]) -> None:
    page.goto(f"{server}/studio/inbox")
    page.get_by_role("button", name="Select all").click()
    with page.expect_response("**/studio/suggestions/likely"):
        page.get_by_role("button", name="Accept likely suggestions").click()
    expect(page.get_by_text("Accepted: 1 suggestions")).to_be_visible()
    assert carried(live, items[0]) == ([], ["H-1"])


@pytest.mark.parametrize("where", ["inbox", "settings/suggestions"])
def test_axe_finds_nothing_to_say(page: Page, server: str, items: list[int], where: str) -> None:
    page.goto(f"{server}/studio/{where}")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == [], found.generate_report()
