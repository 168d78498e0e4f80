"""Imports in a real browser: mapped, tried, brought in, taken back, also by keys alone and without scripts; axe on their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, FilePayload, Page, expect
from sqlalchemy import func, select

from tests.browser.conftest import comes_true
from tests.doors import studio
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, Role
from ugc.ingest import drafting, undoing
from ugc.ingest.models import Import, ImportState
from ugc.kit import clock
from ugc.library.models import Item
from ugc.runtime import Runtime

pytestmark = pytest.mark.browser

LONG = "Kundenzufriedenheitsbefragungsergebnis" * 3
ROWS = f"Meinung;Sterne;{LONG};Wann\nPasst gut;5;Ada;03/04/2026\nZu klein {LONG};2;Bo;05/06/2026\nFalsch;9;Cy;07/08/2026\n"
REVIEWS = FilePayload(name=f"{LONG}.csv", mimeType="text/csv", buffer=ROWS.encode())


@pytest.fixture
def cookie(live: Runtime, server: str) -> dict[str, str]:
    """The sign-in of a coordinator."""
    with live.transaction() as session:
        brand = accounts_actions.add_brand(session, "acme", "Acme")
        person, _ = accounts_actions.add_person(session, "c@acme.test", brand, Role.COORDINATOR, cost=studio.CHEAP)
        token = accounts_actions.open_sign_in(session, person, brand, clock.now())[1]
    return {"name": "ugc", "value": token, "url": server}


@pytest.fixture
def page(context: BrowserContext, cookie: dict[str, str]) -> Iterator[Page]:
    """A tab of the coordinator; no script of ours may have thrown anything by the end."""
    faults: list[str] = []
    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    context.add_cookies([cookie])  # type: ignore[list-item]  # a cookie by its address
    yield context.new_page()
    assert faults == []


def newest(live: Runtime) -> Import:
    with live.sessions() as session:
        return session.scalars(select(Import).order_by(Import.id.desc())).first() or pytest.fail("there is no import")


def items(live: Runtime) -> int:
    with live.sessions() as session:
        return session.scalar(select(func.count()).select_from(Item)) or 0


def send(page: Page, server: str) -> None:
    page.goto(f"{server}/studio/imports")
    page.locator("#file").set_input_files(REVIEWS)
    page.get_by_role("button", name="Send and look at it").click()


def choose(page: Page, field: str, value: str) -> None:
    """Change one select and wait for the form to be renewed."""
    with page.expect_response("**/choose"):
        page.locator(f"#draft-{field}").select_option(value)
    expect(page.locator("#draft-said")).not_to_be_empty()


def work(live: Runtime, run: Callable[[Runtime, int, int], Any]) -> None:
    """What the worker would do."""
    found = newest(live)
    run(live, found.brand_id, found.id)


def test_a_file_is_mapped_tried_brought_in_and_taken_back(page: Page, live: Runtime, server: str) -> None:
    send(page, server)
    for number, field in enumerate(("body", "rating", "author", "date")):
        choose(page, f"column-{number}", field)
    expect(page.get_by_text("Which way round are the dates?")).to_be_visible()
    page.locator("#draft-dates-dmy").check()
    expect(page.get_by_text("3 Apr 2026")).to_be_visible()
    page.get_by_role("button", name="Try it without storing").click()
    expect(page.locator("#progress")).to_contain_text("Waiting for its turn")
    work(live, drafting.run)
    expect(page.get_by_role("heading", name="What the trial found")).to_be_visible()
    assert items(live) == 0
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#progress")).to_be_visible()
    work(live, drafting.run)
    undo = page.get_by_role("button", name="Undo this import")
    expect(undo).to_be_visible()
    assert (newest(live).report["added"], items(live)) == (2, 2)
    page.on("dialog", lambda dialog: dialog.accept())
    undo.click()
    expect(page.locator("#progress")).to_contain_text("Taking it back")
    work(live, undoing.undo_import)
    expect(page.get_by_text("Taken back").first).to_be_visible()
    expect(page.locator("#progress")).to_have_count(0)
    assert items(live) == 0


def test_keys_alone_do_it_and_the_focus_stays_where_it_was(page: Page, live: Runtime, server: str) -> None:
    send(page, server)
    page.locator("#draft-column-0").focus()
    for number, letters in enumerate(("b", "ra", "au")):
        with page.expect_response("**/choose"):
            page.keyboard.type(letters)
            page.keyboard.press("Tab")
            page.keyboard.press("Shift+Tab")
        comes_true(page, "!document.querySelector('.htmx-request')")
        comes_true(page, f"document.activeElement.id === 'draft-column-{number}'")
        page.keyboard.press("Tab")
    assert page.locator("#draft-column-0").input_value() == "body"
    assert page.locator("#draft-column-2").input_value() == "author"
    page.locator("#draft-rights").focus()
    with page.expect_response("**/choose"):
        page.keyboard.type("gr")
        page.keyboard.press("Tab")
    expect(page.locator("#draft-evidence")).to_have_attribute("required", "")
    page.locator("#draft-evidence").focus()
    page.keyboard.type("by letter")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    expect(page.locator("#draft-evidence")).to_have_value("by letter")
    assert newest(live).state is ImportState.DRAFT, "Enter in a field begins no import"
    page.get_by_role("button", name="Import", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_be_visible()
    work(live, drafting.run)
    expect(page.get_by_role("button", name="Undo this import")).to_be_visible()


def test_without_scripts_it_goes_the_same_way(
    new_context: Callable[..., BrowserContext], live: Runtime, server: str, cookie: dict[str, str]
) -> None:
    context = new_context(java_script_enabled=False)
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    send(page, server)
    page.locator("#draft-column-0").select_option("body")
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_role("heading", name="How the first rows come out")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    work(live, drafting.run)
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("button", name="Undo this import")).to_be_visible()


@pytest.fixture
def shown(live: Runtime, page: Page, server: str, cookie: dict[str, str]) -> list[str]:
    """Addresses of the list, a draft with its trial, one that runs, one with refused lines, one that broke off."""
    send(page, server)
    choose(page, "column-0", "body")
    choose(page, "column-1", "rating")
    page.get_by_role("button", name="Try it without storing").click()
    expect(page.locator("#progress")).to_be_visible()
    work(live, drafting.run)
    report = {"format": "csv", "read": 12_345, "added": 12_000, "duplicate": 340, "rejected": 5, "notes": [LONG]}
    lines = [{"line": 7, "code": "bad_rating", "reason": f"{LONG} is no rating"}]
    with live.transaction() as session:
        brand = session.query(Brand).one()
        states: dict[ImportState, dict[str, Any]] = {
            ImportState.RUNNING: {"done": 400, "total": 90_000, "storage_key": "imports/1/x"},
            ImportState.FINISHED: {"report": report | {"lines": lines}},
            ImportState.FAILED: {"error": f"The file ends in the middle of {LONG}."},
        }  # fmt: skip
        made = [
            Import(brand_id=brand.id, kind="reviews", name=f"{LONG}.csv", actor="system", state=state, **facts)
            for state, facts in states.items()
        ]
        session.add_all(made)
        session.flush()
        draft = min(each.id for each in session.query(Import))
        ids = [draft, *(each.id for each in made)]
    return ["/studio/imports", *(f"/studio/imports/{id}" for id in ids)]


@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_to_say_and_nothing_is_wider_than_the_window(
    new_context: Callable[..., BrowserContext], server: str, cookie: dict[str, str], shown: list[str], width: int
) -> None:
    for scheme in ("light", "dark"):
        context = new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        for address in shown:
            page.goto(f"{server}{address}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            found = Axe().run(page)
            assert found.violations_count == 0, f"{address} {scheme}: {found.generate_report()}"
