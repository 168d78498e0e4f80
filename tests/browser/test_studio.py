"""The studio in a real browser: triage by keyboard, hotspots, a gallery with its preview, and what axe says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from tests import make
from tests.browser import host
from tests.doors import studio
from tests.galleries import shown
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, Role
from ugc.galleries.models import Gallery
from ugc.kit import clock
from ugc.library.models import Item, ItemProduct, Reason, RightsState, State
from ugc.runtime import Runtime

pytestmark = pytest.mark.browser


@pytest.fixture
def acme(live: Runtime) -> list[int]:
    """Six photos that wait, one review that waits, three photos that are shown; the waiting photos' ids, best first."""
    with live.transaction() as session:
        brand = accounts_actions.add_brand(session, "acme", "Acme")
        dress = make.product(session, brand, sku="D-1", title="Leinenkleid für die Donaudampfschifffahrtsgesellschaft")
        make.product(session, brand, sku="H-1", title="Straw hat")
        waiting = host.fill(
            live, session, brand, 6, state=State.INBOX, rights_state=RightsState.NONE, products=[(dress, None, None)]
        )
        make.item(session, brand, kind="review", title="Fits", body="It fits well.", rating=5, score=1)
        host.fill(live, session, brand, 3, products=[(dress, 0.5, 0.5)])
        shown.gallery(session, brand, slug="home", name="Home")
        return [item.id for item in waiting]


@pytest.fixture
def page(context: BrowserContext, live: Runtime, server: str, acme: list[int]) -> Iterator[Page]:
    """A tab of a coordinator who is signed in; no script of ours may have thrown anything by the end (decision 0004)."""
    faults: list[str] = []
    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    yield signed_in(context, live, server)
    assert faults == []


def signed_in(context: BrowserContext, live: Runtime, server: str) -> Page:
    """A tab of a coordinator of the brand, with her cookie."""
    with live.transaction() as session:
        brand = session.scalars(select(Brand).where(Brand.slug == "acme")).one()
        person, _ = accounts_actions.add_person(session, "c@acme.test", brand, Role.COORDINATOR, cost=studio.CHEAP)
        token = accounts_actions.open_sign_in(session, person, brand, clock.now())[1]
    context.add_cookies([{"name": "ugc", "value": token, "url": server}])
    return context.new_page()


def states(live: Runtime, ids: list[int]) -> list[State]:
    with live.sessions() as session:
        return [session.get_one(Item, id).state for id in ids]


def test_a_coordinator_decides_by_single_keys_and_takes_back_by_one(
    page: Page, live: Runtime, server: str, acme: list[int]
) -> None:
    page.goto(f"{server}/studio/inbox")
    focused = page.locator(".tile.focused")
    expect(focused).to_have_attribute("data-id", str(acme[0]))
    with page.expect_response("**/studio/decide"):
        page.keyboard.press("a")
    expect(focused).to_have_attribute("data-id", str(acme[1]))
    expect(page.locator("[data-progress]")).to_contain_text("1 of 7")
    page.keyboard.press("r")
    expect(page.get_by_role("dialog", name="Why reject?")).to_be_visible()
    with page.expect_response("**/studio/decide"):
        page.keyboard.press("2")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(focused).to_have_attribute("data-id", str(acme[2]))
    assert states(live, acme[:3]) == [State.APPROVED, State.REJECTED, State.INBOX]
    with live.sessions() as session:
        assert session.get_one(Item, acme[1]).state_reason == Reason.OFF_TOPIC
    with page.expect_response("**/studio/undo"):
        page.keyboard.press("u")
    expect(focused).to_have_attribute("data-id", str(acme[1]))
    assert states(live, acme[:2]) == [State.APPROVED, State.INBOX]


def test_keys_act_on_everything_that_is_selected(page: Page, live: Runtime, server: str, acme: list[int]) -> None:
    page.goto(f"{server}/studio/inbox")
    for key in ("x", "j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("[data-selected]")).to_have_text("3 selected")
    with page.expect_response("**/studio/decide"):
        page.keyboard.press("a")
    assert states(live, acme) == [State.APPROVED] * 3 + [State.INBOX] * 3
    with page.expect_response("**/studio/undo"):
        page.locator(".toast").get_by_role("button", name="Undo").click()
    assert states(live, acme) == [State.INBOX] * 6


def test_a_decision_that_the_server_refuses_comes_back_and_says_so(page: Page, live: Runtime, server: str, acme: list[int]) -> None:
    page.route("**/studio/decide", lambda route: route.fulfill(status=503, json={"detail": "the database is busy or down"}))
    page.goto(f"{server}/studio/inbox")
    page.keyboard.press("a")
    expect(page.locator(".toast.bad")).to_contain_text("the database is busy or down")
    expect(page.locator(".tile.focused")).to_have_attribute("data-id", str(acme[0]))
    expect(page.locator(".tile[data-decided]")).to_have_count(0)
    assert states(live, acme) == [State.INBOX] * 6


def test_letters_that_are_typed_into_a_field_decide_nothing(page: Page, live: Runtime, server: str, acme: list[int]) -> None:
    page.goto(f"{server}/studio/inbox")
    page.keyboard.press("t")
    with page.expect_response("**/studio/tag"):
        page.keyboard.type("karaffe, ruhe")
        page.keyboard.press("Enter")
    expect(page.locator("#loupe [data-tags] .chip")).to_have_text(["karaffe", "ruhe"])
    assert states(live, acme) == [State.INBOX] * 6


def place_of(live: Runtime, item_id: int, sku: str) -> tuple[float | None, float | None]:
    with live.sessions() as session:
        tagged = session.scalars(select(ItemProduct).where(ItemProduct.item_id == item_id)).all()
        return next((one.x, one.y) for one in tagged if one.product.sku == sku)


def test_a_product_is_dragged_onto_the_picture_and_moved_by_the_keyboard(
    page: Page, live: Runtime, server: str, acme: list[int]
) -> None:
    page.goto(f"{server}/studio/items/{acme[0]}")
    page.get_by_label("Add a product").fill("hat")
    found = page.locator("#product-found [data-sku=H-1]")
    expect(found).to_be_visible()
    picture = page.locator("#spots img")
    box = picture.bounding_box()
    assert box
    with page.expect_response("**/products"):
        found.drag_to(picture, target_position={"x": box["width"] * 0.25, "y": box["height"] * 0.75})
    x, y = place_of(live, acme[0], "H-1")
    assert x is not None
    assert x == pytest.approx(0.25, abs=0.01)
    assert y == pytest.approx(0.75, abs=0.01)
    spot = page.get_by_role("button", name="Straw hat:")
    spot.focus()
    with page.expect_response("**/products"):
        page.keyboard.press("Shift+ArrowRight")
    moved = place_of(live, acme[0], "H-1")[0]
    assert moved == pytest.approx(x + 0.05, abs=0.001)
    expect(page.get_by_role("button", name="Straw hat:")).to_be_focused()
    with page.expect_response("**/products"):
        page.keyboard.press("Delete")
    assert place_of(live, acme[0], "H-1") == (None, None)


def test_a_gallery_is_made_with_the_real_element_as_its_preview(page: Page, live: Runtime, server: str) -> None:
    page.goto(f"{server}/studio/galleries/_new")
    tiles = page.frame_locator("#frame").locator("ugc-gallery li[part=tile]")
    expect(tiles).to_have_count(3)
    page.get_by_label("Name").fill("Für Dich")
    expect(page.get_by_label("In addresses")).to_have_value("fur-dich")
    page.get_by_label("With the words").fill("nothing has these words")
    expect(page.frame_locator("#frame").get_by_text("The gallery has nothing to show.")).to_be_visible()
    page.get_by_label("With the words").fill("")
    expect(tiles).to_have_count(3)
    page.get_by_role("button", name="Phone").click()
    assert page.locator("#frame").evaluate("frame => frame.clientWidth") < 400
    page.locator("[data-pin-item]").last.click()
    expect(page.get_by_role("button", name="Unpin:")).to_be_visible()
    page.get_by_role("button", name="Create gallery").click()
    expect(page.locator("#snippet")).to_contain_text('<ugc-gallery brand="acme" gallery="fur-dich"')
    with live.sessions() as session:
        made = session.scalars(select(Gallery).where(Gallery.slug == "fur-dich")).one()
        assert (made.name, len(made.pins)) == ("Für Dich", 1)


def test_the_command_box_finds_a_product_by_keyboard_alone(page: Page, server: str) -> None:
    page.goto(f"{server}/studio/jobs")
    page.keyboard.press("Control+k")
    page.keyboard.type("straw")
    expect(page.locator("#command-results").get_by_text("Straw hat")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio/library?product=H-1")


# Of all rules only this one depends on the theme.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


@pytest.mark.parametrize(("theme", "rules"), [("light", {}), ("dark", COLOURS)], ids=["light", "dark"])
def test_axe_finds_nothing_to_say(
    new_context: Callable[..., BrowserContext],
    live: Runtime,
    server: str,
    acme: list[int],
    theme: Literal["light", "dark"],
    rules: dict[str, Any],
) -> None:
    page = signed_in(
        new_context(color_scheme=theme, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"), live, server
    )
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    for address in (
        "inbox",
        f"items/{acme[0]}",
        "galleries/home",
        "galleries",
        "library",
        "library?view=table",
        "insights",
        "settings/score",
        "settings/models",
        "flags",
    ):
        page.goto(f"{server}/studio/{address}")
        if address == "galleries/home":
            expect(page.frame_locator("#frame").locator("ugc-gallery li[part=tile]")).to_have_count(3)
        if address == "settings/score":
            expect(page.locator("#preview")).to_have_attribute("aria-busy", "false")  # it fades while it looks
        result = Axe().run(page, options=rules)
        assert result.violations_count == 0, f"{address}: {result.generate_report()}"
    assert errors == []


def test_a_phone_gets_a_sheet_with_large_buttons_and_no_sideways_scrolling(
    new_context: Callable[..., BrowserContext], live: Runtime, server: str, acme: list[int]
) -> None:
    page = signed_in(new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True), live, server)
    for address in (
        "inbox",
        f"items/{acme[0]}",
        "galleries/home",
        "library",
        "insights",
        "jobs",
        "imports",
        "settings",
        "settings/models",
        "flags",
    ):
        page.goto(f"{server}/studio/{address}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
    page.goto(f"{server}/studio/inbox")
    page.locator(".tile-link").first.tap()
    approve = page.locator("#loupe").get_by_role("button", name="Approve")
    box = approve.bounding_box()
    assert box
    assert box["height"] >= 44
    with page.expect_response("**/studio/decide"):
        approve.tap()
    assert states(live, acme[:1]) == [State.APPROVED]
