"""Settings of texts in a real browser: what is found follows the typing, words become chips, axe has nothing to say."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import comes_true
from tests.browser.test_studio import signed_in
from ugc.accounts import actions as accounts_actions
from ugc.runtime import Runtime

pytestmark = pytest.mark.browser

TEXT = (
    "Check out my channel http://bit.ly/xyz! The fabric is soft, the delivery took a fucking month. Call +49 170 1234567 or "
    "write to anna.schmidt@mail.example.de, Mill Lane 12. I bought the other one at rival.example."
)


@pytest.fixture
def page(context: BrowserContext, live: Runtime, server: str) -> Iterator[Page]:
    """A tab of a coordinator who is signed in; no script of ours may have thrown anything by the end."""
    with live.transaction() as session:
        accounts_actions.add_brand(session, "acme", "Acme")
    faults: list[str] = []
    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    yield signed_in(context, live, server)
    assert faults == []


def test_what_is_found_follows_the_typing(page: Page, server: str) -> None:
    page.goto(f"{server}/studio/settings/texts")
    page.get_by_label("Competitors to add").fill("rival.example, Other Shop")
    page.get_by_label("Competitors to add").press("Enter")
    expect(page.locator(".chip", has_text="rival.example")).to_be_visible()
    page.get_by_label("Paste a text").fill(TEXT)
    found = page.locator("#found")
    expect(found).to_contain_text("Competitor")
    expect(found).to_contain_text("Phone")
    expect(found).not_to_contain_text("anna.schmidt")
    page.get_by_role("button", name="Remove Other Shop").click()
    expect(page.locator(".chip", has_text="Other Shop")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(page: Page, server: str, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(f"{server}/studio/settings/texts")
    blocked = "knock-off*, a very long phrase that goes on and on, Donaudampfschifffahrtsgesellschaft"
    for use, words in (("Blocked words to add", blocked), ("Competitors to add", "rival.example")):
        page.get_by_label(use).fill(words)
        page.get_by_label(use).press("Enter")
        expect(page.locator(".chip", has_text=words.split(",")[0])).to_be_visible()
    page.get_by_label("Paste a text").fill(TEXT)
    expect(page.locator("#found")).to_contain_text("Competitor")
    comes_true(page, "document.documentElement.scrollWidth <= innerWidth")
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/texts-{width}-{theme}.png", full_page=True)
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]})
    assert results.violations_count == 0, results.generate_report()
