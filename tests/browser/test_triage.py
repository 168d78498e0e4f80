"""Approval in a real browser: the page and the panel fit, are accessible in both themes, and bounds are tried by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import host
from tests.browser.test_studio import signed_in
from tests.triage.test_actions import photos, predict, teach
from ugc.accounts import actions as accounts_actions
from ugc.library.models import Kind, RightsState, State
from ugc.runtime import Runtime

pytestmark = pytest.mark.browser
WIDTHS = (390, 768, 1440)


@pytest.fixture
def page(context: BrowserContext, live: Runtime, server: str) -> Iterator[Page]:
    """A tab of a coordinator whose brand has taught, with photos that wait; no script of ours may throw anything."""
    with live.transaction() as session:
        brand = accounts_actions.add_brand(session, "acme", "Acme")
        teach(session, brand, 70)
        items = teach(session, brand, 70, kind=Kind.REVIEW)
        for place, item in enumerate(items):
            item.rating = 1 + place % 5
        waiting = host.fill(live, session, brand, 3, state=State.INBOX, rights_state=RightsState.NONE)
        predict(session, brand, [*waiting, *photos(session, brand, [22, 2, 13])])
    faults: list[str] = []
    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    yield signed_in(context, live, server)
    assert faults == []


def test_the_page_is_accessible_fits_and_tries_bounds(page: Page, server: str) -> None:
    page.goto(f"{server}/studio/settings/approval")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert Axe().run(page).response["violations"] == []
    page.get_by_label("Agreement, %").fill("80")
    page.get_by_label("Approve and reject").check()
    page.get_by_role("button", name="See what it would do").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Not saved yet")).to_contain_text("it would approve")
    expect(page.get_by_label("Agreement, %")).to_have_value("80")


def test_the_panel_stands_in_the_inbox_in_the_order_that_teaches(page: Page, server: str) -> None:
    page.goto(f"{server}/studio/inbox?sort=teaches")
    expect(page.locator("#loupe .approval")).to_contain_text("words of caption")
    expect(page.locator("#sort")).to_have_value("teaches")
