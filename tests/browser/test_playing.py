"""Videos and recordings where shoppers and coordinators see them: a poster first, a player on demand, nothing plays by itself."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from tests import make
from tests.browser import host
from tests.browser.conftest import comes_true, serving
from tests.doors import studio
from tests.galleries import shown
from tests.media import clips, vectors
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, Role
from ugc.kit import clock
from ugc.library.models import Item, ItemMedia, Kind, RightsState, State
from ugc.media import actions, captions, jobs
from ugc.runtime import Runtime

pytestmark = pytest.mark.browser
POLICY = (
    "default-src 'none'; script-src 'nonce-n0'; img-src {api}; connect-src {api}; style-src {api}; media-src {api}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
TILES = "ugc-gallery li[part=tile]"
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n"


def add(live: Runtime, session: Session, brand: Brand, data: bytes, **facts: object) -> int:
    """An item of a file that was received, kept and finished as in life."""
    with actions.receive(live, io.BytesIO(data), "clip") as received:
        file, _ = actions.keep(live, session, brand.id, received)
    if received.found.kind == "video":
        actions.add_captions(live, session, file, captions.read_captions(VTT), "en")
    item = make.item(session, brand, **facts)
    session.add(ItemMedia(item_id=item.id, file_id=file.id))
    session.commit()
    jobs.make_renditions(live, brand_id=brand.id, file_id=file.id)
    return item.id


def fill(live: Runtime, state: State) -> list[int]:
    """A brand with a clip and a recording in a state."""
    facts: dict[str, object] = {"state": state, "rights_state": RightsState.OWNED}
    with live.transaction() as session:
        brand = make.brand(session, slug="acme", name="Acme")
        host.add_key(live, session, brand)
        clip = clips.clip(width=640, height=360, seconds=4)
        made = [
            add(live, session, brand, clip, kind=Kind.VIDEO, body="How it moves", score=90, **facts),
            add(live, session, brand, clips.recording(seconds=3), kind=Kind.AUDIO, body="What she says", score=80, **facts),
        ]
        shown.gallery(session, brand, slug="home")
    return made


def picture(page: Page, name: str) -> None:
    """A screenshot where somebody wants to look at one."""
    if folder := os.environ.get("UGC_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


@pytest.fixture
def visit(page: Page, server: str) -> Iterator[Callable[[], None]]:
    """Open a shop's page under a strict policy."""
    with ExitStack() as stack:

        def open_page() -> None:
            element = '<ugc-gallery brand="acme" gallery="home"></ugc-gallery>'
            html = host.page(server, nonce="n0", element=element)
            policy = {"Content-Security-Policy": POLICY.format(api=server)}
            page.goto(stack.enter_context(serving(host.shop({"/": (html, policy)}))) + "/")

        yield open_page


@pytest.mark.parametrize("width", [390, 1440])
def test_a_shopper_sees_a_poster_opens_it_and_plays(
    page: Page, visit: Callable[[], None], server: str, live: Runtime, width: int
) -> None:  # fmt: skip
    fill(live, State.APPROVED)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.extend([message.text] if "Security Policy" in message.text else []))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": width, "height": 800})
    visit()
    expect(page.locator(TILES)).to_have_count(2)
    expect(page.locator("ugc-gallery span[part=mark]").first).to_have_text("▶")
    picture(page, f"gallery-{width}")
    page.locator("ugc-gallery button[part=open]").first.click()
    player = page.locator("ugc-gallery video")
    expect(player).to_be_visible()
    assert player.get_attribute("preload") == "none"
    assert player.evaluate("video => [video.paused, video.controls, video.playsInline, video.autoplay]") == [
        True,
        True,
        True,
        False,
    ]
    expect(page.locator("ugc-gallery track")).to_have_attribute("srclang", "en")
    comes_true(page, "document.querySelector('ugc-gallery').shadowRoot.querySelector('video').poster.includes('/media/')")
    assert not [url for url in asked if url.endswith((".mp4", ".vtt"))]
    picture(page, f"video-{width}")
    with page.expect_request("**/video.mp4"):
        player.evaluate("video => { video.muted = true; video.play().catch(() => {}); }")
    player.focus()
    page.keyboard.press("ArrowRight")  # the player's own key
    expect(player).to_be_visible()
    page.locator("ugc-gallery button[part=next]").click()
    expect(page.locator("ugc-gallery audio")).to_be_visible()
    picture(page, f"audio-{width}")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert faults == []


def test_tab_reaches_the_player(page: Page, visit: Callable[[], None], server: str, live: Runtime) -> None:
    fill(live, State.APPROVED)
    visit()
    page.locator("ugc-gallery button[part=open]").first.click()
    expect(page.locator("ugc-gallery video")).to_be_visible()
    page.keyboard.press("Tab")
    comes_true(page, "document.querySelector('ugc-gallery').shadowRoot.activeElement?.localName === 'video'")


def test_axe_finds_nothing_while_a_player_is_open_and_arrows_follow_the_direction(
    page: Page, visit: Callable[[], None], server: str, live: Runtime
) -> None:  # fmt: skip
    fill(live, State.APPROVED)
    page.set_viewport_size({"width": 390, "height": 800})
    visit()
    page.evaluate("document.documentElement.dir = 'rtl'; document.documentElement.lang = 'ar'")
    page.locator("ugc-gallery button[part=open]").first.click()
    expect(page.locator("ugc-gallery video")).to_be_visible()
    found = Axe().run(page, context="ugc-gallery", options={"rules": {"video-caption": {"enabled": True}}})
    assert [each["id"] for each in found.response["violations"]] == []
    page.locator("ugc-gallery button[part=close]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("ugc-gallery audio")).to_be_visible()
    assert Axe().run(page, context="ugc-gallery").response["violations"] == []


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_loop_moves_when_it_is_opened_unless_less_motion_is_asked_for(
    page: Page, visit: Callable[[], None], server: str, live: Runtime, motion: Literal["no-preference", "reduce"]
) -> None:  # fmt: skip
    with live.transaction() as session:
        brand = make.brand(session, slug="acme", name="Acme")
        host.add_key(live, session, brand)
        add(live, session, brand, vectors.moving_gif(320, 240, 8), state=State.APPROVED, rights_state=RightsState.OWNED)
        shown.gallery(session, brand, slug="home")
    page.emulate_media(reduced_motion=motion)
    visit()
    tile = page.locator("ugc-gallery li[part=tile] img")
    expect(tile).to_be_visible()
    assert "loop-" not in (tile.get_attribute("srcset") or "")
    page.locator("ugc-gallery button[part=open]").click()
    large = "document.querySelector('ugc-gallery').shadowRoot.querySelector('dialog img')"
    comes_true(page, f"{large}?.complete && {large}.naturalWidth > 0")
    assert page.evaluate(f"{large}.currentSrc.includes('/loop-')") == (motion == "no-preference")


@pytest.fixture
def coordinator(context: BrowserContext, live: Runtime, server: str) -> tuple[Page, list[int]]:
    """A coordinator's tab and what waits for her."""
    items = fill(live, State.INBOX)
    with live.transaction() as session:
        brand = session.get_one(Item, items[0]).brand_id
        person, _ = accounts_actions.add_person(
            session, "c@acme.test", session.get_one(Brand, brand), Role.COORDINATOR, cost=studio.CHEAP
        )  # fmt: skip
        token = accounts_actions.open_sign_in(session, person, session.get_one(Brand, brand), clock.now())[1]
    context.add_cookies([{"name": "ugc", "value": token, "url": server}])
    return context.new_page(), items


@pytest.mark.parametrize("width", [390, 1440])
def test_a_coordinator_plays_what_waits_and_keeps_her_keys(
    coordinator: tuple[Page, list[int]], server: str, live: Runtime, width: int
) -> None:  # fmt: skip
    page, items = coordinator
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{server}/studio/inbox?sort=score")
    expect(page.locator(".tile-time").first).to_contain_text("0:04")
    picture(page, f"inbox-{width}")
    if width > 640:
        expect(page.locator("#loupe video")).to_be_visible()
        with page.expect_response("**/studio/decide"):
            page.keyboard.press("a")
        expect(page.locator("#loupe audio")).to_be_visible()
    page.goto(f"{server}/studio/items/{items[0]}")
    player = page.locator(".screen video")
    expect(player).to_be_visible()
    assert player.evaluate("video => [video.paused, video.controls, video.preload]") == [True, True, "none"]
    expect(page.locator(".facts")).to_contain_text("0:04 min, 640 × 360 px, MP4")
    picture(page, f"item-{width}")
    page.goto(f"{server}/studio/library")
    expect(page.locator(".tile-time").first).to_be_visible()
    picture(page, f"library-{width}")
