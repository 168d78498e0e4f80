"""The page of weights in a real browser: sliders by keyboard, a preview that follows, nothing that jumps, saved and taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import make
from tests.browser.conftest import comes_true
from tests.browser.test_studio import signed_in
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand
from ugc.library import actions as library_actions
from ugc.library.models import Kind
from ugc.library.rules import ItemData, NewItem
from ugc.runtime import Runtime
from ugc.scoring import actions, jobs, queries, rules

pytestmark = pytest.mark.browser


@pytest.fixture
def brand(live: Runtime) -> int:
    """Thirty scored reviews, the newer the shorter: without their text, the newest would be the first."""
    with live.transaction() as session:
        made = accounts_actions.add_brand(session, "acme", "Acme")
        rows = [NewItem(ItemData(Kind.REVIEW, title="Fits", body="word " * (61 - 2 * n))) for n in range(30)]
        added = library_actions.add_items(session, made.id, rows, actor="system", now=make.NOON)
        actions.score_items(session, made.id, [row.item_id for row in added], now=make.NOON)
        return made.id


@pytest.fixture
def page(context: BrowserContext, live: Runtime, server: str, brand: int) -> Iterator[Page]:
    """The weights, signed in, with the first preview made."""
    page = signed_in(context, live, server)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server}/studio/settings/score")
    expect(page.locator("#preview .ranked").first).to_be_visible()
    yield page
    assert errors == []


def test_a_slider_moved_by_the_keyboard_shows_what_would_change_and_nothing_jumps(page: Page) -> None:
    expect(page.locator("#preview")).to_contain_text("The same top 20.")
    expect(page.locator("[data-save]")).to_be_disabled()
    before = page.locator("#w-review_text").bounding_box()
    slider = page.locator("input[data-for=w-review_text]")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#w-review_text")).to_have_value("0")
    expect(page.locator("#preview")).to_contain_text("would be new.")
    expect(page.locator("#preview .ranked.enters").first).to_be_visible()
    expect(page.locator("[data-dirty]")).to_contain_text("1 changed.")
    assert page.locator("#w-review_text").bounding_box() == before
    number = page.locator("#w-review_text")
    number.fill(number.get_attribute("data-default") or "")
    expect(page.locator("#preview")).to_contain_text("The same top 20.")


def test_a_preset_fills_all_sliders_and_discarding_brings_back_what_is_saved(page: Page) -> None:
    before = page.locator("#w-sharpness").input_value()
    page.get_by_role("button", name="Visual quality").click()
    expect(page.get_by_role("button", name="Visual quality")).to_have_attribute("aria-pressed", "true")
    assert page.locator("#w-sharpness").input_value() != before
    assert page.locator("input[data-for=w-sharpness]").input_value() == page.locator("#w-sharpness").input_value()
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#w-sharpness")).to_have_value(before)
    expect(page.get_by_role("button", name="Balanced")).to_have_attribute("aria-pressed", "true")


def test_saving_starts_a_run_that_the_page_follows_and_undo_takes_it_back(page: Page, live: Runtime, brand: int) -> None:
    page.get_by_role("button", name="Reviews").click()
    page.get_by_role("button", name="Save weights").click()
    expect(page.locator("#run")).to_contain_text("0 of 30")
    with live.transaction() as session:
        [run] = queries.find_runs(session, brand)
    jobs.rescore(live, brand_id=brand, run_id=run.id)
    expect(page.locator("#run")).to_contain_text("Weights changed by")
    page.locator("#run").get_by_role("button", name="Undo").click()
    expect(page.locator("#run")).to_contain_text("of 30")
    with live.transaction() as session:
        assert queries.get_weights(session, brand) == rules.DEFAULT_WEIGHTS
        assert session.get_one(Brand, brand)


def test_on_a_phone_the_first_sentence_of_the_preview_stands_by_the_button(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#w-review_text").fill("0")
    expect(page.locator("[data-dirty]")).to_contain_text("of the top 20 would be new.")
    comes_true(page, "document.documentElement.scrollWidth <= 390")
