"""The element in a real browser, on shops' pages of every temper."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests import make
from tests.browser import host, hostile
from tests.browser.conftest import comes_true, serving
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
    visit(
        host.page(
            server, element='<ugc-gallery brand="beach" gallery="home"></ugc-gallery>', head="<style>:root{--ugc-rows:1}</style>"
        )
    )
    expect(page.locator("ugc-gallery li[part=tile]")).to_have_count(6)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("ugc-gallery li[part=tile]")).to_have_count(9)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    comes_true(page, "[...document.querySelector('ugc-gallery').shadowRoot.querySelectorAll('img')].every(i => i.naturalWidth)")


STRICT = (
    "default-src 'none'; script-src 'nonce-n0'; img-src {api}; connect-src {api}; style-src {api}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
TILES = "ugc-gallery li[part=tile]"


def watch_faults(page: Page) -> list[str]:
    """What goes wrong on a page, filled while it happens: uncaught errors, dialogs, violations of its policy."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error {error}"))
    page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
    page.on("console", lambda message: faults.extend([message.text] if "Security Policy" in message.text else []))
    return faults


def test_it_works_under_the_strictest_policy(page: Page, visit: Visit, server: str, beach: str) -> None:
    """T-41: also the modules that come later, without `strict-dynamic`."""
    faults = watch_faults(page)
    visit(host.page(server, nonce="n0"), {"Content-Security-Policy": STRICT.format(api=server)})
    expect(page.locator(TILES)).to_have_count(9)
    page.locator("ugc-gallery button[part=open]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    comes_true(page, "[...document.querySelector('ugc-gallery').shadowRoot.querySelectorAll('img')].every(i => i.naturalWidth)")
    assert faults == []


def test_a_hostile_page_does_not_break_it(page: Page, visit: Visit, server: str, beach: str) -> None:
    """T-43: resets with `!important`, an element that takes our name, a polluted Object.prototype."""
    faults = watch_faults(page)
    page.add_init_script(
        "Object.assign(Object.prototype, {src: '//evil.test/x', method: 'PUT', body: 'x', root: 1, rootMargin: 'x', mode: 'closed',"
        " url: '//evil.test', integrity: 'sha256-x', signal: 1, key: 'evil', items: [1], products: [1], media: [1], once: true})"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    head = (
        "<style>ugc-gallery,ugc-gallery *,li,ul,img,button{display:none!important;color:red!important;opacity:0!important}</style>"
    )
    visit(host.page(server, head=head, before='<form id="ugc"><input name="config"></form>'))
    expect(page.locator(TILES)).to_have_count(9)
    page.locator("ugc-gallery button[part=open]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults == []
    assert not [url for url in asked if "evil" in url]


def test_all_of_it_at_once_does_not_break_it(page: Page, visit: Visit, server: str, beach: str) -> None:
    """T-41 and T-43 together: the strictest policy but for the page's own bad styles, pollution, clobbering by id and name."""
    faults = watch_faults(page)
    page.add_init_script(hostile.POLLUTED)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    policy = STRICT.format(api=server).replace("style-src", "style-src 'unsafe-inline'") + "; frame-src 'self'"
    element = '<ugc-gallery brand="beach" gallery="home" cart><a href="/all">All photos</a></ugc-gallery>'
    html = host.page(server, element=element, head=hostile.STYLE, before=hostile.CLOBBERING, nonce="n0")
    visit(html, {"Content-Security-Policy": policy})
    expect(page.locator(TILES)).to_have_count(9)
    page.locator("ugc-gallery button[part=open]").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[part=price]")).to_contain_text("20")
    dialog.get_by_role("button", name="Add to cart: Linen dress").click()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("status")).to_have_text("2 of 9")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert page.evaluate("Object.isFrozen(Object.getOwnPropertyDescriptor(window, 'ugc').value)")
    assert faults == []
    assert not [url for url in asked if "evil" in url]


PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{constructor.constructor('alert(1)')()}}",
    "</style><script>alert(1)</script>",
    "javascript:alert(1)",
    "'-alert(1)-'",
    "<!--><iframe srcdoc='<script>parent.alert(1)</script>'>",
]


def put_attacks(runtime: Runtime, payloads: list[str]) -> None:
    """One item for each, with the payload as its texts, its creator's name and address, its product's title and address."""
    with runtime.transaction() as session:
        brand = make.brand(session, slug="beach")
        for number, payload in enumerate(payloads):
            product = make.product(session, brand, title=payload, url=payload, image_url="javascript:alert(1)")
            creator = make.creator(session, brand, name=payload, url="javascript:alert(1)")
            facts = {"products": [(product, 0.5, 0.5)], "creator_id": creator.id, "title": payload, "source_url": payload}
            (item,) = host.fill(runtime, session, brand, 1, **facts)
            item.body, item.score = payload, 100 - number
        shown.gallery(session, brand, slug="home", page_size=len(payloads))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_visitors_wrote_is_shown_as_written(page: Page, visit: Visit, server: str, live: Runtime, payload: str) -> None:
    """T-40: in the caption, the creator's name and address, the product's title and address, the alternative text."""
    put_attacks(live, [payload])
    faults = watch_faults(page)
    visit(host.page(server, nonce="n0"), {"Content-Security-Policy": STRICT.format(api=server)})
    page.locator("ugc-gallery button[part=open]").click()
    dialog = page.get_by_role("dialog")
    for part in ("caption", "creator", "card"):
        expect(dialog.locator(f"[part={part}]")).to_contain_text(payload)
    assert dialog.locator("a").count() == 0
    assert faults == []


def test_a_hundred_attacks_are_shown_as_written(page: Page, visit: Visit, server: str, live: Runtime) -> None:
    """T-40, in the element, and in the page that needs no script."""
    payloads = hostile.attacks(100)
    put_attacks(live, payloads)
    faults = watch_faults(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(host.page(server, nonce="n0"), {"Content-Security-Policy": STRICT.format(api=server)})
    page.locator("ugc-gallery button[part=open]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    for payload in payloads:
        assert all(payload in text for text in page.evaluate(hostile.TEXTS)), payload
        page.keyboard.press("ArrowRight")
    assert not page.evaluate(hostile.RUNS)
    page.goto(f"{server}/galleries/beach/home.html")
    words = page.locator("body").text_content() or ""
    assert [payload for payload in payloads if payload not in words] == []
    assert page.locator("li.item").count() == len(payloads)
    assert (
        page.locator("iframe,object,base,body script:not([type='application/ld+json']),[onerror],[href^=javascript]").count() == 0
    )
    assert json.loads(page.locator("script[type='application/ld+json']").text_content() or "")["associatedMedia"]
    assert faults == []
    assert not [url for url in asked if "evil" in url]


CLS = """() => new Promise(resolve => { let sum = 0;
  const add = list => { for (const entry of list.getEntries()) sum += entry.value };
  new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(sum), 50))) })"""


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("layout", ["", "carousel", "story", "single"])
def test_nothing_moves_when_it_comes(page: Page, visit: Visit, server: str, beach: str, width: int, layout: str) -> None:
    """Layout shift 0, with the gallery at the top of the window and text below it."""
    page.set_viewport_size({"width": width, "height": 900})
    attribute = f' layout="{layout}"' if layout else ""
    visit(
        host.page(
            server,
            head=f'<link rel="stylesheet" href="{server}/widget/v1/gallery.css">',
            element=f'<ugc-gallery brand="beach" gallery="home"{attribute}><a href="/all">All photos</a></ugc-gallery>',
            after="<p>Below</p>" * 5,
        )
    )
    expect(page.locator(TILES).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(CLS) == 0


def test_nothing_is_asked_for_before_it_comes_near(page: Page, visit: Visit, server: str, beach: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(server)))
    visit(host.page(server, before='<div style="height:3000px"></div>'))
    comes_true(page, "!!customElements.get('ugc-gallery')")
    page.wait_for_load_state("networkidle")
    assert sorted(path for path in asked if path.startswith("/")) == ["/widget/v1/gallery.js", "/widget/v1/track.js"]
    page.mouse.wheel(0, 2000)
    expect(page.locator(TILES)).to_have_count(9)
    assert page.evaluate(CLS) == 0


@pytest.mark.parametrize("answer", ["500", "refused", "html", "empty", "list"])
def test_the_children_stay_when_the_service_fails(page: Page, visit: Visit, server: str, beach: str, answer: str) -> None:
    """F-43: one more try at most, no uncaught error, the link goes on working."""
    faults = watch_faults(page)
    asked: list[str] = []
    bodies = {"html": "<html>", "empty": "", "list": "[1]"}

    def fail(route: Route) -> None:
        asked.append(route.request.url)
        if answer == "refused":
            route.abort("connectionrefused")
        else:
            route.fulfill(
                status=500 if answer == "500" else 200, body=bodies.get(answer, ""), headers={"Access-Control-Allow-Origin": "*"}
            )

    page.route("**/galleries/**", fail)
    page.clock.install()
    visit(host.page(server))
    comes_true(page, "!!customElements.get('ugc-gallery')")
    link = page.get_by_role("link", name="All photos")
    expect(link).to_be_visible()
    for _ in range(5):
        page.clock.run_for(3_000)
    assert 1 <= len(asked) <= 2
    expect(link).to_be_visible()
    assert page.locator(TILES).count() == 0
    assert faults == []


def test_the_lightbox_is_walked_by_keyboard_alone(page: Page, visit: Visit, server: str, beach: str) -> None:
    visit(host.page(server))
    expect(page.locator(TILES)).to_have_count(9)
    first = page.locator("ugc-gallery button[part=open]").first
    first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    expect(dialog.get_by_role("status")).to_have_text("1 of 9")
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("status")).to_have_text("2 of 9")
    expect(dialog.locator("[part=caption]")).to_have_text("Caption 1")
    page.keyboard.press("End")
    expect(dialog.get_by_role("status")).to_have_text("9 of 9")
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("status")).to_have_text("9 of 9")
    page.keyboard.press("Home")
    dialog.get_by_role("button", name="Show Linen dress").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("link", name="Linen dress")).to_be_focused()
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        inside = "document.activeElement.shadowRoot?.activeElement"
        assert page.evaluate(f"!!{inside}?.closest('dialog')"), "the keyboard left the dialog"
        reached.add(page.evaluate(f"{inside}.getAttribute('part')"))
    assert {"close", "next", "hotspot", "product", "creator"} <= reached
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(first).to_be_focused()


def test_a_right_to_left_page_turns_the_arrows(page: Page, visit: Visit, server: str, beach: str) -> None:
    visit(host.page(server).replace('<html lang="en">', '<html lang="ar" dir="rtl">'))
    page.locator("ugc-gallery button[part=open]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("2 of 9")


def test_the_shop_can_veto_and_take_over(page: Page, visit: Visit, server: str, beach: str) -> None:
    element = '<ugc-gallery brand="beach" gallery="home" cart consent="granted"></ugc-gallery>'
    visit(host.page(server, element=element))
    page.evaluate(
        "window.seen = []; for (const name of ['open', 'add-to-cart', 'product-click', 'close'])"
        " document.addEventListener('ugc:' + name, e => { seen.push([name, e.detail.sku || null]);"
        " if (name == 'product-click') e.preventDefault() })"
    )
    page.locator("ugc-gallery button[part=open]").first.click()
    page.get_by_role("button", name="Add to cart: Linen dress").click()
    page.get_by_role("link", name="Linen dress").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    comes_true(page, "seen.length === 4")  # a dialog's close event comes a task later
    assert page.evaluate("seen") == [["open", None], ["add-to-cart", "D-1"], ["product-click", "D-1"], ["close", None]]
    page.evaluate("document.addEventListener('ugc:open', e => e.preventDefault())")
    page.locator("ugc-gallery button[part=open]").first.click()
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_gallery_and_lightbox_are_axe_clean(page: Page, visit: Visit, server: str, beach: str, scheme: str) -> None:
    head = f"<style>:root{{color-scheme:{scheme}}}</style>"
    visit(host.page(server, head=head, element='<ugc-gallery brand="beach" gallery="home" cart></ugc-gallery>'))
    expect(page.locator(TILES)).to_have_count(9)
    assert Axe().run(page).response["violations"] == []
    page.locator("ugc-gallery button[part=open]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert Axe().run(page).response["violations"] == []


def test_it_follows_its_attributes(page: Page, visit: Visit, server: str, beach: str) -> None:
    visit(host.page(server))
    expect(page.locator(TILES)).to_have_count(9)
    page.evaluate("document.querySelector('ugc-gallery').gallery = 'none'")
    expect(page.locator(TILES)).to_have_count(0)
    expect(page.get_by_role("link", name="All photos")).to_be_visible()
    page.evaluate("document.querySelector('ugc-gallery').gallery = 'home'")
    expect(page.locator(TILES)).to_have_count(9)


def test_it_works_without_scripts(new_context: Callable[..., BrowserContext], server: str, beach: str) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{server}/galleries/beach/home.html")
    assert page.locator("li.item img").count() == 9
    expect(page.get_by_role("link", name="Linen dress").first).to_be_visible()
