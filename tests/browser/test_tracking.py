"""What track.js tells the service, and what it keeps to itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import text

from tests import make
from tests.browser import host
from tests.browser.conftest import comes_true, serving
from tests.galleries import shown
from ugc.runtime import Runtime

pytestmark = pytest.mark.browser
Visit = Callable[..., None]
Sent = list[dict[str, Any]]


@pytest.fixture
def visit(page: Page, server: str) -> Iterator[Callable[..., None]]:
    """Open a page of a shop on another origin than ours; always the same one within a test."""
    with ExitStack() as stack:
        pages: dict[str, tuple[str, dict[str, str]]] = {}
        site = stack.enter_context(serving(host.shop(pages)))

        def open_page(html: str) -> None:
            pages["/"] = (html, {})
            page.goto(site + "/")

        yield open_page


@pytest.fixture
def sent(page: Page) -> Sent:
    """The beacons that left the page, acknowledged at once."""
    beacons: Sent = []

    def take(route: Route) -> None:
        beacons.append(json.loads(route.request.post_data or "{}"))
        route.fulfill(status=202, headers={"Access-Control-Allow-Origin": "*"}, body="{}")

    page.route("**/events", take)
    return beacons


@pytest.fixture
def beach(live: Runtime) -> int:
    """A gallery with one photo; its id."""
    with live.transaction() as session:
        brand = make.brand(session, slug="beach")
        dress = make.product(session, brand, sku="D-1", title="Linen dress")
        host.add_key(live, session, brand)
        (item,) = host.fill(live, session, brand, 1, products=[(dress, 0.25, 0.5)])
        shown.gallery(session, brand, slug="home")
        return item.id


def types(sent: Sent) -> list[str]:
    return [event["type"] for beacon in sent for event in beacon["events"]]


def elements(consent: str) -> str:
    return f'<ugc-gallery brand="beach" gallery="home" layout="single" consent="{consent}"></ugc-gallery>'


# The photo is a square of the window's width, so that its share in sight follows from the space above it.
WIDTH = 400
HEIGHT = 600


@pytest.mark.parametrize(("share", "viewed"), [(0.48, False), (0.51, True)])
def test_a_view_is_half_of_the_photo_in_sight_for_a_second(
    page: Page, visit: Visit, server: str, beach: int, sent: Sent, share: float, viewed: bool
) -> None:
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.clock.install()
    head = "<style>body{margin:0}h1{display:none}:root{--ugc-ratio:1}</style>"
    visit(host.page(server, head=head, before=f'<div style="height:{HEIGHT - share * WIDTH}px"></div>', element=elements("off")))
    comes_true(page, "document.querySelector('ugc-gallery').shadowRoot?.querySelector('img')?.naturalWidth > 0")
    look(page)
    page.clock.run_for(900)
    page.clock.run_for(2_200)
    expect_types(page, sent, "item_impression")
    page.clock.run_for(2_200)
    look(page)
    assert ("item_view" in types(sent)) is viewed
    page.clock.run_for(5_000)
    assert types(sent).count("item_view") == int(viewed), "once per item and page view"


def test_a_view_that_is_interrupted_starts_again(page: Page, visit: Visit, server: str, beach: int, sent: Sent) -> None:
    """600 ms twice is no view; a tab in the background sees nothing."""
    page.clock.install()
    visit(host.page(server, element=elements("off")))
    comes_true(page, "document.querySelector('ugc-gallery').shadowRoot?.querySelector('img')?.naturalWidth > 0")
    look(page)
    for _ in range(4):
        page.clock.run_for(600)
        show(page, "hidden")
        page.clock.run_for(3_000)
        show(page, "visible")
    assert "item_view" not in types(sent)
    page.clock.run_for(1_100)
    page.clock.run_for(2_500)
    expect_types(page, sent, "item_view")


def look(page: Page) -> None:
    """Wait until every observer has spoken once more."""
    page.evaluate("new Promise(done => new IntersectionObserver((_, o) => { o.disconnect(); done() }).observe(document.body))")


def show(page: Page, state: str) -> None:
    """Put the tab into the background, or back."""
    page.evaluate(
        "s => { Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => s});"
        " document.dispatchEvent(new Event('visibilitychange')) }",
        state,
    )


def expect_types(page: Page, sent: Sent, kind: str) -> None:
    """Wait until an event of a type has left."""
    for _ in range(50):
        if kind in types(sent):
            return
        page.clock.run_for(100)
        look(page)
    raise AssertionError(f"{kind} was not sent, only {types(sent)}")


def test_without_consent_nothing_is_stored_and_with_denial_nothing_is_sent(
    page: Page, visit: Visit, server: str, beach: int, sent: Sent
) -> None:
    """L-13."""
    stored = "JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage), document.cookie])"
    page.clock.install()
    for consent in ("off", "denied"):
        sent.clear()
        visit(host.page(server, element=elements(consent)))
        page.locator("ugc-gallery button[part=open]").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.evaluate("ugc.track('purchase', {order: 'A1'})")
        page.clock.run_for(10_000)  # longer than events wait for company
        if consent == "off":
            expect_types(page, sent, "purchase")
        assert page.evaluate(stored) == '[[],[],""]'
        assert bool(sent) is (consent == "off")


def test_a_denial_forgets_what_a_consent_had_stored(page: Page, visit: Visit, server: str, beach: int, sent: Sent) -> None:
    visit(host.page(server, element=elements("granted")))
    page.evaluate("ugc.track('purchase', {order: 'A1'})")
    first = page.evaluate("ugc.visitor()")
    assert page.evaluate("localStorage.getItem('ugc.visitor')") == first
    page.reload()
    comes_true(page, "window.ugc && document.querySelector('ugc-gallery').shadowRoot")
    assert page.evaluate("ugc.visitor()") == first
    page.evaluate("document.querySelector('ugc-gallery').consent = 'denied'")
    assert page.evaluate("Object.keys(localStorage)") == []
    assert page.evaluate("ugc.visitor()") != first


def test_what_was_not_acknowledged_is_sent_again_with_its_id_and_time(page: Page, visit: Visit, server: str, beach: int) -> None:
    tries: Sent = []

    def refuse(route: Route) -> None:
        tries.append(json.loads(route.request.post_data or "{}"))
        route.abort("connectionrefused") if len(tries) < 3 else route.fulfill(
            status=202, headers={"Access-Control-Allow-Origin": "*"}
        )

    page.route("**/events", refuse)
    page.clock.install()
    script = f'<script type="module" src="{server}/widget/v1/track.js" data-key="pk_x" data-consent="granted"></script>'
    visit(f"<!doctype html><title>Thanks</title>{script}")
    comes_true(page, "!!window.ugc")
    page.evaluate("ugc.track('purchase', {order: 'A1'})")
    purchases: list[Any] = []
    for _ in range(80):
        page.clock.run_for(1_000)
        page.evaluate("0")
        purchases = [event for beacon in tries for event in beacon["events"] if event["type"] == "purchase"]
        if len(purchases) >= 3 and page.evaluate("Object.keys(localStorage).filter(n => n.includes('waiting')).length") == 0:
            break
    assert len(purchases) >= 3
    assert len({(event["id"], event["at"], event["order"]) for event in purchases}) == 1


def test_the_next_page_delivers_what_the_last_one_could_not(page: Page, visit: Visit, server: str, beach: int) -> None:
    script = f'<script type="module" src="{server}/widget/v1/track.js" data-key="pk_x" data-consent="granted"></script>'
    page.route("**/events", lambda route: route.abort("connectionrefused"))
    visit(f"<!doctype html><title>Thanks</title>{script}")
    comes_true(page, "!!window.ugc")
    page.evaluate("ugc.track('purchase', {order: 'A1'})")
    comes_true(page, "Object.keys(localStorage).some(n => n.includes('waiting'))")
    page.unroute("**/events")
    with page.expect_request(lambda request: "/events" in request.url and "A1" in (request.post_data or ""), timeout=20_000):
        visit(f"<!doctype html><title>Elsewhere</title>{script}")


def test_the_page_has_one_frozen_name_of_ours(page: Page, visit: Visit, server: str, beach: int, sent: Sent) -> None:
    visit("<!doctype html><title>Plain</title>")
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    visit(host.page(server, element=elements("off")))
    comes_true(page, "!!window.ugc")
    assert set(page.evaluate("Object.getOwnPropertyNames(window)")) - before == {"ugc"}
    assert page.evaluate("Object.isFrozen(ugc)")
    for call in (
        "ugc.track()",
        "ugc.track({})",
        "ugc.track('x', null)",
        "ugc.track('x', {get a() { throw 1 }})",
        "ugc.consent({})",
    ):
        page.evaluate(f"void {call}")


def test_the_service_takes_what_the_element_sends(page: Page, visit: Visit, server: str, beach: int, live: Runtime) -> None:
    """End to end: the real collector accepts every event of a visit."""
    visit(host.page(server, element='<ugc-gallery brand="beach" gallery="home" cart consent="granted"></ugc-gallery>'))
    page.locator("ugc-gallery button[part=open]").click()
    page.get_by_role("button", name="Show Linen dress").click()
    page.get_by_role("button", name="Add to cart: Linen dress").click()
    comes_true(page, "!Object.keys(localStorage).some(name => name.includes('waiting'))")
    with live.sessions() as session:
        stored = set(session.scalars(text("select type from events")))
    assert {"page_view", "gallery_load", "item_impression", "item_open", "hotspot_open", "add_to_cart"} <= stored
