"""The element in a real browser, on shops' pages of every temper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser import host
from tests.browser.conftest import serving
from tests.galleries import shown
from ugc.runtime import Runtime

pytestmark = pytest.mark.browser
Visit = Callable[..., None]


@pytest.fixture
def visit(page: Page, server: str) -> Iterator[Callable[..., None]]:
    """Open a page of a shop on another origin than ours."""
    with ExitStack() as stack:

        def open_page(html: str, headers: dict[str, str] | None = None) -> None:
            site = stack.enter_context(serving(host.shop({"/": (html, headers or {})})))
            page.goto(site + "/")

        yield open_page


@pytest.fixture
def beach(live: Runtime) -> str:
    """A brand with a gallery of nine photos; each shows a product, the first with a hotspot."""
    with live.transaction() as session:
        brand = make.brand(session, slug="beach", name="Beach Shop")
        dress = make.product(session, brand, sku="D-1", title="Linen dress")
        host.add_key(live, session, brand)
        creator = make.creator(session, brand, name="Ada L.", url="https://social.test/ada")
        host.fill(live, session, brand, 9, products=[(dress, 0.25, 0.5)], creator_id=creator.id)
        shown.gallery(session, brand, slug="home")
    return "beach"


def test_a_gallery_shows_its_items(page: Page, visit: Visit, server: str, beach: str) -> None:
    visit(host.page(server, element='<ugc-gallery brand="beach" gallery="home" rows="1"></ugc-gallery>'))
    expect(page.locator("ugc-gallery li[part=tile]")).to_have_count(6)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("ugc-gallery li[part=tile]")).to_have_count(9)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    page.wait_for_function("[...document.querySelector('ugc-gallery').shadowRoot.querySelectorAll('img')].every(i => i.naturalWidth)")
