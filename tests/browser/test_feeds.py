"""Hostile feeds through a real fetch, a real pull and every page that shows what came of them (T-32, T-35)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from html import escape
from ipaddress import IPv4Network
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, expect
from sqlalchemy import select

from tests.browser import hostile
from tests.browser.conftest import serving, serving_app
from tests.doors import studio
from tests.galleries import shown
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Role
from ugc.kit import clock
from ugc.kit.http.fetching import Fetcher
from ugc.kit.http.targets import Permits
from ugc.library import actions as library_actions
from ugc.library.models import Item, RightsState
from ugc.library.rules import clean_text
from ugc.rights import actions as rights_actions
from ugc.runtime import Runtime
from ugc.social import actions, pulling, queries

pytestmark = pytest.mark.browser

ATTACKS = hostile.attacks(40)
FORMS = {"raw": lambda text: text, "escaped": escape, "enclosed": lambda text: f"<![CDATA[{text.replace(']]>', '')}]]>"}
REDIRECTS = (
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/",
    "//127.0.0.2/",
    "file:///etc/passwd",
    "gopher://x/",
)


def rss(attack: str, form: Callable[[str], str], number: int) -> str:
    """An entry that says the attack wherever a feed can say something."""
    text, link = form(attack), f"<link>javascript:alert({number})</link>"
    return (
        f"<item><guid>{number}</guid><title>{text}</title><description>{text}</description><author>{text}</author>"
        f"<category>{text}</category>{link}<enclosure url='{escape(attack)}' type='image/png'/></item>"
    )


def feed_of(entries: Iterable[str]) -> bytes:
    """The entries as a feed, well-formed or not."""
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>x</title>{''.join(entries)}</channel></rss>".encode()


def literal() -> bytes:
    """The attacks as plain text, which must be shown as it stands."""
    author = {"name": ATTACKS[0], "url": "javascript:alert(1)"}
    items = [
        {
            "id": f"j{number}",
            "content_text": f"{number} {attack}",
            "tags": [attack],
            "author": author,
            "url": f"https://x.test/{number}",
        }
        for number, attack in enumerate(ATTACKS)
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()


def all_feeds() -> dict[str, bytes]:
    """By their paths. What is not well-formed takes the whole feed along, so that each such entry is a feed of its own, too."""
    feeds = {"/literal": literal()}
    for name, form in FORMS.items():
        feeds[f"/{name}"] = feed_of(rss(attack, form, number) for number, attack in enumerate(ATTACKS))
    for number, attack in enumerate(ATTACKS[: len(hostile.CARRIERS)]):
        feeds[f"/one/{number}"] = feed_of([rss(attack, FORMS["raw"], 1000 + number)])
    return feeds


FEEDS = all_feeds()


def site(environ: dict[str, Any], start: Any) -> list[bytes]:
    """The feeds, and redirects by their number."""
    path = environ["PATH_INFO"]
    if path.startswith("/to/"):
        start("302 Found", [("Location", REDIRECTS[int(path[4:])])])
        return [b""]
    start("200 OK", [("Content-Type", "application/xml")])
    return [FEEDS[path]]


def watched(context: BrowserContext, seen: list[str]) -> Page:
    """A page whose every dialog, and every refusal of the page's own policy, is noted."""
    page = context.new_page()

    def dismiss(dialog: Dialog) -> None:
        seen.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("console", lambda said: seen.append(said.text) if "Content Security Policy" in said.text else None)
    return page


def test_whatever_a_feed_says_is_shown_as_text_and_never_run(live: Runtime, context: BrowserContext) -> None:
    """T-35, T-32."""
    fetcher = Fetcher(Permits(networks=(IPv4Network("127.0.0.1/32"),), http=True))
    runtime, now = replace(live, fetcher=fetcher), clock.now()
    with live.transaction() as session:
        brand = accounts_actions.add_brand(session, "acme", "Acme")
        person, _ = accounts_actions.add_person(session, "o@acme.test", brand, Role.OWNER, cost=studio.CHEAP)
        token = accounts_actions.open_sign_in(session, person, brand, now)[1]
        shown.gallery(session, brand)

    def connected(address: str) -> int:
        with live.transaction() as session:
            source = actions.add_source(
                session, brand.id, "feed", "feed", "", {"url": address}, key=live.key("tokens"), actor="person:1", now=now
            )
        pulling.pull_source(runtime, brand.id, source.id, now=now)
        return source.id

    with serving(site) as feeds, serving_app(runtime) as server:
        ids = [connected(f"{feeds}{path}") for path in FEEDS]
        for number in range(len(REDIRECTS)):
            with live.transaction() as session:
                refused = queries.get_source(session, brand.id, connected(f"{feeds}/to/{number}"))
                assert refused.error_code in {"blocked_address", "bad_address"}
        with live.transaction() as session:
            items = session.scalars(select(Item).order_by(Item.id)).all()
            plain = [item for item in items if item.external_id.startswith("127.0.0.1")][: len(ATTACKS)]
            assert [item.body for item in plain] == [clean_text(f"{number} {attack}") for number, attack in enumerate(ATTACKS)]
            assert len(items) > 2 * len(ATTACKS), "the other feeds were read, too"
            names = [item.id for item in items]
            library_actions.approve(session, brand.id, names[::2], actor="person:1", now=now)
            for item in items[::2]:
                rights_actions.record(runtime, session, item, RightsState.GRANTED, text="yes", actor="person:1", now=now)
            expected = {item.id: item.body for item in plain}

        seen: list[str] = []
        context.add_cookies([{"name": "ugc", "value": token, "url": server}])
        page = watched(context, seen)
        pages = ["inbox", "library?limit=200", "sources", "creators", *(f"sources/{id}" for id in ids[:6])]
        for address in pages:
            page.goto(f"{server}/studio/{address}")
            page.mouse.wheel(0, 4_000)
        for id, body in list(expected.items())[::6]:
            page.goto(f"{server}/studio/items/{id}")
            expect(page.locator("main")).to_contain_text(body.splitlines()[0])
        page.goto(f"{server}/galleries/acme/home.html")
        said = page.locator("body").inner_text()
        while page.get_by_role("link", name="Show more").count():
            page.get_by_role("link", name="Show more").click()
            page.wait_for_load_state()
            said += page.locator("body").inner_text()
        shown_of = [body for id, body in expected.items() if id in names[::2]]
        assert shown_of
        assert all(" ".join(body.split()) in " ".join(said.split()) for body in shown_of)
        assert not page.evaluate(
            f"!!document.querySelector('[onerror],[onload],[href^=javascript],{'iframe,object,base,marquee'}')"
        )
        assert seen == []
