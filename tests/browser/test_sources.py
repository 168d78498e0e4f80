"""Sources in a real browser: one connected in a minute, on a phone and without scripts, and what axe says of the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.doors import studio
from tests.social.network import FakeNetwork, connect, fake_network, post
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, Role
from ugc.kit import clock
from ugc.runtime import Runtime
from ugc.social import pulling
from ugc.social.models import Source, SourceState
from ugc.social.networks.base import Pulled, Skipped, SourceGone, TokenRefused

pytestmark = pytest.mark.browser


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNetwork]:
    with fake_network(monkeypatch) as network:
        network.paged([post(number, media=()) for number in range(4)])
        yield network


@pytest.fixture
def cookie(live: Runtime, server: str) -> dict[str, str]:
    """The sign-in of an owner."""
    with live.transaction() as session:
        brand = accounts_actions.add_brand(session, "acme", "Acme")
        person, _ = accounts_actions.add_person(session, "o@acme.test", brand, Role.OWNER, cost=studio.CHEAP)
        token = accounts_actions.open_sign_in(session, person, brand, clock.now())[1]
    return {"name": "ugc", "value": token, "url": server}


@pytest.fixture
def sources(live: Runtime, cookie: dict[str, str], fake: FakeNetwork) -> list[int]:
    """One that works and skipped something, one that waits for a person, one in trouble, one paused."""
    now = clock.now()
    with live.transaction() as session:
        brand = session.query(Brand).one()
        made = [
            connect(live, session, brand, now=now, name=name) for name in ("Well", "Refused", "Lost", "Leinenkleidersommer" * 4)
        ]
        ids = [source.id for source in made]
    pages: tuple[Pulled | Exception, ...] = (
        Pulled((post(1, media=()),), (Skipped("p9", "media_url", "is missing"),), {"page": 1}), TokenRefused(), SourceGone(),
    )  # fmt: skip
    for id, answer in zip(ids, pages, strict=False):
        fake.pages = [answer]
        pulling.pull_source(live, brand.id, id, now=now)
    with live.transaction() as session:
        session.get_one(Source, ids[3]).state = SourceState.PAUSED
    fake.paged([post(number, media=()) for number in range(4)])
    return ids


def test_a_source_is_connected_in_a_minute(context: BrowserContext, server: str, cookie: dict[str, str], fake: FakeNetwork) -> None:
    context.add_cookies([cookie])  # type: ignore[list-item]  # a cookie by its address
    page = context.new_page()
    page.goto(f"{server}/studio/sources")
    page.get_by_role("link", name="Connect a source").click()
    page.get_by_role("link", name="Fakebook").click()
    page.get_by_label("Hashtag").fill("linen")
    page.locator("input[name=token]").fill("tok")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".preview-post")).to_have_count(4)
    expect(page.get_by_label("Hashtag")).to_have_value("linen")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("linen")
    expect(page.locator(".toast")).to_contain_text("Source added")
    expect(page.locator(".health")).to_contain_text("Starting")


def test_a_source_is_connected_without_scripts(
    new_context: Callable[..., BrowserContext], server: str, cookie: dict[str, str], fake: FakeNetwork
) -> None:
    context = new_context(java_script_enabled=False)
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{server}/studio/sources/new/fake")
    page.get_by_label("Hashtag").fill("linen")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".preview-post")).to_have_count(4)
    page.locator("input[name=token]").fill("tok")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("linen")


@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_to_say_and_nothing_is_wider_than_the_window(
    new_context: Callable[..., BrowserContext], server: str, cookie: dict[str, str], sources: list[int], width: int
) -> None:
    for scheme in ("light", "dark"):
        context = new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        well, refused, *_ = sources
        for address in ("", "/new", "/new/instagram?mode=hashtag", f"/{well}", f"/{refused}"):
            page.goto(f"{server}/studio/sources{address}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            open_details(page)
            found = Axe().run(page)
            assert found.violations_count == 0, f"{address} {scheme}: {found.generate_report()}"


def open_details(page: Page) -> None:
    """Show what folds."""
    for summary in page.locator("main details:not([open]) > summary").all():
        summary.click()
