"""The upload page and the element in a real browser: on a phone, on a cut line, by keyboard, on shops' pages of every temper."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect
from sqlalchemy import func, select

from tests.browser import hostile
from tests.browser.conftest import comes_true, serving
from tests.browser.host import shop
from tests.browser.line import poor_line
from tests.browser.test_widget import CLS, STRICT, watch_faults
from tests.submissions import sent
from ugc.library.models import Item, ItemMedia, RightsState
from ugc.runtime import Runtime
from ugc.submissions import actions

pytestmark = pytest.mark.browser
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "locale": "en-GB",
    "device_scale_factor": 2,
}


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context(**PHONE).new_page()


@pytest.fixture
def visit(server: str) -> Iterator[Callable[..., str]]:
    """The address of a page of a shop on another origin than ours."""
    with ExitStack() as stack:

        def open_page(html: str, headers: dict[str, str] | None = None) -> str:
            return stack.enter_context(serving(shop({"/": (html, headers or {})}))) + "/"

        yield open_page


@cache
def photo(number: int, side: int = 900) -> bytes:
    """A JPEG of about a megabyte."""
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(number).randbytes(side * side * 3)).save(file, "JPEG", quality=90)
    return file.getvalue()


def as_file(name: str, data: bytes, type: str = "image/jpeg") -> FilePayload:
    return {"name": name, "mimeType": type, "buffer": data}


def fill(page: Page | Locator, email: str = "anna@example.com") -> None:
    """Everything but the files."""
    page.get_by_label("5 stars", exact=True).or_(page.get_by_label("5 of 5 stars")).check()
    page.get_by_label("What would you tell a friend?").fill("I drink from it every day.")
    page.get_by_label("Your name").fill("Anna K.")
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_label("Month").select_option(label="May")
    page.get_by_label("Year").fill("1990")
    page.get_by_label("Do you have a tie").select_option("none")
    page.get_by_label("Everybody who can be recognised").check()
    page.get_by_label("I made this myself").check()


def count(runtime: Runtime, model: Any) -> int:
    with runtime.transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_three_photos_and_a_video_survive_a_cut_line(phone: Page, server: str, live: Runtime) -> None:
    """On a phone's screen, the line cut in the middle of a piece; nothing is lost, nothing acknowledged is sent again."""
    sent.brand(live)
    faults = watch_faults(phone)
    files = [as_file(f"photo-{number}.jpg", photo(number)) for number in (1, 2, 3)]
    files.append(as_file("film.mp4", sent.film(), "video/mp4"))
    with poor_line(server, 600_000) as (line, address):
        phone.goto(f"{address}/submit/acme?product=MUG/1")
        phone.get_by_label("Choose files").set_input_files(files)
        comes_true(phone, "document.querySelector('.files progress').value > 0.2")
        line.cut()
        expect(phone.locator(".files .how", has_text="No connection").first).to_be_visible()
        assert phone.locator(".files .how", has_text="Ready").count() < 4
        fill(phone)
        line.mend(50_000_000)
        expect(phone.locator(".files .how", has_text="Ready")).to_have_count(4)
        phone.get_by_role("button", name="Send", exact=True).click()
        expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
        assert "/submissions/" in phone.url
        assert phone.evaluate("Object.keys(localStorage)") == []
        whole = sum(len(each["buffer"]) for each in files)
        assert whole < line.carried < whole + 4 * 1024**2
    assert (count(live, Item), count(live, ItemMedia)) == (1, 4)
    assert faults == []


def test_a_reload_goes_on_where_it_was(phone: Page, server: str, live: Runtime, tmp_path: Path) -> None:
    """The same file chosen again is recognised; only the rest is sent."""
    sent.brand(live)
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo(7))
    begun: list[str] = []
    offsets: list[int] = []
    phone.on("request", lambda each: begun.append(each.url) if each.method == "POST" and "/uploads/" in each.url else None)
    phone.on("request", lambda each: offsets.append(int(each.headers["upload-offset"])) if each.method == "PATCH" else None)
    with poor_line(server, 300_000) as (line, address):
        phone.goto(f"{address}/submit/acme")
        phone.get_by_label("Choose files").set_input_files(path)
        comes_true(phone, "document.querySelector('.files progress')?.value > 0.2")
        phone.reload()
        del offsets[:]
        line.mend(50_000_000)
        phone.get_by_label("Choose files").set_input_files(path)
        expect(phone.locator(".files .how")).to_have_text("Ready")
    assert len(begun) == 1
    assert offsets[0] > 0


def test_what_is_not_accepted_is_said_at_its_place(phone: Page, server: str, live: Runtime) -> None:
    """The others are kept; the fault is taken away and the form goes through."""
    sent.brand(live)
    phone.goto(f"{server}/submit/acme")
    files = [as_file("good.jpg", sent.picture()), as_file("bad.jpg", b"<svg onload=alert(1)>")]
    phone.get_by_label("Choose files").set_input_files(files)
    fill(phone, email="anna")
    phone.get_by_role("button", name="Send", exact=True).click()
    email = phone.get_by_label("Your e-mail address")
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description("Never shown. Give an e-mail address like anna@example.com.")
    email.fill("anna@example.com")
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.locator(".files .how.bad")).to_contain_text("send JPEG, PNG, WebP")
    expect(phone.locator(".files .how", has_text="Ready")).to_have_count(1)
    phone.get_by_role("button", name="Remove bad.jpg").click()
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    assert count(live, ItemMedia) == 1


def test_the_same_again_is_said_and_a_document_is_not_sent(phone: Page, server: str, live: Runtime) -> None:
    """No link leads to what was here before, so the page itself says it; a document is refused where it is chosen."""
    sent.brand(live)
    begun: list[str] = []
    phone.on("request", lambda each: begun.append(each.url) if each.method == "POST" and "/uploads/" in each.url else None)
    for _ in range(2):
        phone.goto(f"{server}/submit/acme")
        files = [as_file("good.jpg", sent.picture()), as_file("bill.pdf", b"%PDF-1.4", "application/pdf")]
        phone.get_by_label("Choose files").set_input_files(files)
        expect(phone.locator(".files .how.bad")).to_have_text("Only photos, videos and recordings are taken.")
        fill(phone)
        phone.get_by_role("button", name="Send", exact=True).click()
        expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(phone.get_by_text("We have this already; nothing was added.")).to_be_visible()
    assert (len(begun), count(live, Item)) == (2, 1)


def test_somebody_too_young_does_not_come_back_by_the_back_button(page: Page, server: str, live: Runtime) -> None:
    """L-14"""
    sent.brand(live)
    page.goto(f"{server}/submit/acme")
    fill(page)
    page.get_by_label("Year").fill("2015")
    page.get_by_role("button", name="Send", exact=True).click()
    closed = page.get_by_role("heading", name="We can't take this from you")
    expect(closed).to_be_visible()
    page.goto("about:blank")
    page.go_back()
    expect(closed).to_be_visible()
    assert count(live, Item) == 0


def test_without_scripts_the_form_is_sent_and_taken_back(
    new_context: Callable[..., BrowserContext], server: str, live: Runtime
) -> None:
    """From the empty page to the withdrawal, with one photo and one mistake."""
    sent.brand(live)
    page = new_context(**PHONE, java_script_enabled=False).new_page()
    page.goto(f"{server}/submit/acme?product=MUG/1")
    page.get_by_label("Photos, videos").set_input_files(as_file("photo.jpg", sent.picture()))
    fill(page)
    page.get_by_label("I made this myself").uncheck()
    page.wait_for_timeout(3_100)  # the form's own pace: nobody is quicker, and a script is asked to wait
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_label("I made this myself")).to_be_focused()
    expect(page.get_by_label("Send photo.jpg along")).to_be_checked()
    page.get_by_label("I made this myself").check()
    page.wait_for_timeout(3_100)
    page.get_by_role("button", name="Send", exact=True).click()
    link = page.locator(".link").inner_text()
    page.goto(link)
    page.get_by_role("button", name="Take it back", exact=True).click()
    expect(page.get_by_role("heading", name="It is taken back")).to_be_visible()
    with live.transaction() as session:
        assert session.scalars(select(Item.rights_state)).one() is RightsState.REVOKED


def test_the_form_is_filled_in_by_keyboard_alone(page: Page, server: str, live: Runtime) -> None:
    """Each control is reached in the order in which it is read, and is large enough to be hit."""
    sent.brand(live)
    page.goto(f"{server}/submit/acme")
    reached: list[str] = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.tagName"))
        if page.evaluate("document.activeElement.matches('[data-send]')"):
            break
    order = [name for name in dict.fromkeys(reached) if name not in {"BUTTON", ""}]
    assert order == [
        "INPUT", "stars", "text", "name", "email", "birth_month", "birth_year", "relation", "SUMMARY", "others", "agree",
        "ads", "social",
    ]  # fmt: skip
    small = page.evaluate(
        "[...document.querySelectorAll('button, input:not([type=hidden]):not([tabindex]), select, summary, .stars label, .box')]"
        ".filter(e => e.offsetParent && !e.closest('.box > *') && !e.closest('.stars label > *'))"
        ".map(e => [e.outerHTML.slice(0, 60), e.getBoundingClientRect().height]).filter(([, height]) => height < 44)"
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["form", "faults", "thanks", "link"])
def test_nobody_is_left_out(
    new_context: Callable[..., BrowserContext], server: str, live: Runtime, scheme: str, state: str
) -> None:
    """axe finds nothing, in light and dark, in each state."""
    brand_id = sent.brand(live)
    with live.transaction() as session:
        actions.set_page(
            session, brand_id, is_open=True, origins=[], least_age=16, accent="#2f4fc9", actor="person:1", now=sent.NOW
        )
    page = new_context(**PHONE, color_scheme=scheme).new_page()
    if state in ("form", "faults"):
        page.goto(f"{server}/submit/acme?product=MUG/1")
        page.get_by_label("Choose files").set_input_files(as_file("photo.jpg", sent.picture()))
        page.locator("summary").click()
        if state == "faults":
            page.get_by_role("button", name="Send", exact=True).click()
            expect(page.locator("#email-error")).to_be_visible()
    else:
        token = sent.submit(live, stars="5").token
        page.goto(f"{server}/submissions/{token}" + ("?sent=1" if state == "thanks" else ""))
    comes_true(page, "document.readyState === 'complete'")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def element(server: str, attributes: str = "", nonce: str = "") -> str:
    mark = f' nonce="{nonce}"' if nonce else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>'
        f'<script type="module" src="{server}/widget/v1/upload.js"{mark}></script></head><body><main><h1>Mug</h1>'
        f'<ugc-upload brand="acme" product="MUG/1"{attributes}><a href="{server}/submit/acme">Send us yours</a></ugc-upload>'
        "<p>Below</p></main></body></html>"
    )


def allow(runtime: Runtime, site: str) -> None:
    """Let a page's site send to the brand."""
    brand_id = sent.page(runtime).brand_id
    with runtime.transaction() as session:
        origin = site.rstrip("/")
        actions.set_page(session, brand_id, is_open=True, origins=[origin], least_age=16, accent="", actor="person:1", now=sent.NOW)


@pytest.mark.parametrize("temper", ["strict", "polluted"])
def test_the_element_works_on_any_shop_s_page(
    page: Page, visit: Callable[..., str], server: str, live: Runtime, temper: str
) -> None:
    """T-41, T-43, T-44: on another origin, under the strictest policy, among a careless page's styles and scripts."""
    sent.brand(live)
    faults = watch_faults(page)
    html, policy = element(server, nonce="n0"), STRICT.format(api=server) + "; img-src blob:"
    if temper == "polluted":
        page.add_init_script(hostile.POLLUTED)
        html = html.replace("</head>", hostile.STYLE + "</head>").replace("<h1>", hostile.CLOBBERING + "<h1>")
        policy = policy.replace("style-src", "style-src 'unsafe-inline'") + "; frame-src 'self'"
    policy = policy.replace(f"img-src {server}; ", "")
    site = visit(html, {"Content-Security-Policy": policy})
    allow(live, site)
    page.goto(site)
    upload = page.locator("ugc-upload")
    upload.get_by_role("button", name="Show us yours").click()
    upload.get_by_label("Choose files").set_input_files([as_file("photo.jpg", photo(3, 200))])
    fill(upload)
    expect(upload.locator(".files .how")).to_have_text("Ready")
    upload.get_by_role("button", name="Send", exact=True).click()
    expect(upload.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(upload.get_by_role("link")).to_have_attribute("rel", "noreferrer")
    assert count(live, Item) == 1
    assert page.context.cookies() == []
    assert faults == []


def test_a_page_that_may_not_send_keeps_its_link(page: Page, visit: Callable[..., str], server: str, live: Runtime) -> None:
    """The children are shown where the service says no, or can't be reached."""
    sent.brand(live)
    page.goto(visit(element(server)))
    page.locator("ugc-upload").get_by_role("button", name="Show us yours").click()
    expect(page.get_by_role("link", name="Send us yours")).to_be_visible()


def test_the_element_asks_for_nothing_before_it_is_wanted(
    page: Page, visit: Callable[..., str], server: str, live: Runtime
) -> None:
    """One button of its final size: the page does not move, no request but the script's."""
    sent.brand(live)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(visit(element(server)))
    expect(page.locator("ugc-upload").get_by_role("button")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if url.startswith(server)] == [f"{server}/widget/v1/upload.js"]
    assert page.evaluate(CLS) < 0.1


def test_the_shop_can_rename_and_veto(page: Page, visit: Callable[..., str], server: str, live: Runtime) -> None:
    sent.brand(live)
    site = visit(element(server, ' label="Zeig uns deins" labels=\'{"choose":"Dateien wählen"}\''))
    allow(live, site)
    page.goto(site)
    button = page.locator("ugc-upload").get_by_role("button", name="Zeig uns deins")
    page.evaluate("document.addEventListener('ugc:upload-open', event => event.preventDefault(), {once: true})")
    button.click()
    expect(button).to_be_visible()
    button.click()
    expect(page.locator("ugc-upload").get_by_label("Dateien wählen")).to_be_attached()
