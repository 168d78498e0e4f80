"""Every page and every form of the studio: for whom it works, who is refused, and that another brand finds nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import select, text

from tests import make
from tests.doors import studio
from tests.doors.studio import Caller
from ugc.accounts.models import ApiKey, Brand, KeyKind, Role
from ugc.galleries import published
from ugc.galleries.models import Gallery
from ugc.ingest.models import Import
from ugc.kit import jobs
from ugc.library import actions as library_actions
from ugc.library.models import Item, ItemMedia, RightsState, State
from ugc.orders.models import Order, OrderLine
from ugc.rights.models import LedgerEntry
from ugc.runtime import Runtime
from ugc.scoring.models import SignalWeight

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'


@dataclass
class Cast:
    """Everybody, and what the brand `acme` has."""

    owner: Caller
    coordinator: Caller
    viewer: Caller
    stranger: Caller
    nobody: Caller
    item: int
    file: int
    order: int
    run: int
    key: int
    dead_job: int
    batch: str


@pytest.fixture
def cast(app: OpenAPI, runtime: Runtime) -> Cast:
    acme, other = studio.brand(runtime, "acme"), studio.brand(runtime, "other")
    by: dict[str, Any] = {"actor": "system", "now": NOW}
    with runtime.transaction() as session:
        brand = session.get_one(Brand, acme)
        product = make.product(session, brand, sku="A/1", title="Sommerkleid")
        item = studio.photo(session, acme, body=HOSTILE)
        file = session.scalars(select(ItemMedia.file_id).where(ItemMedia.item_id == item.id)).one()
        decided = studio.photo(session, acme)
        batch = library_actions.approve(session, acme, [decided.id], **by)
        gallery = make.added(session, Gallery(brand_id=acme, slug="home", name="Home page", updated=NOW))
        run = make.added(
            session, Import(brand_id=acme, kind="reviews", name="r.csv", actor="person:1", report=REPORT, finished_at=NOW)
        )
        order = make.added(
            session,
            Order(
                brand_id=acme,
                source="generic",
                external_id="1001",
                updated_at=NOW,
                placed_at=NOW,
                status="paid",
                currency="EUR",
                total=Decimal(20),
            ),
        )
        make.added(session, OrderLine(order_id=order.id, external_id="1", sku=product.sku, quantity=1, price=Decimal(20)))
        key = make.added(session, ApiKey(brand_id=acme, kind=KeyKind.SECRET, fingerprint="f", shown="sk_1234…"))
        jobs.enqueue(session, "media.make_renditions", brand_id=acme, file_id=1)
        dead = session.execute(
            text("update procrastinate_jobs set status = 'failed' where task_name = 'media.make_renditions' returning id")
        ).scalar_one()
        jobs.remember_failure(session, dead, "Traceback\nValueError: broken")
        assert gallery.id
    return Cast(
        owner=studio.caller(app, runtime, acme, Role.OWNER), coordinator=studio.caller(app, runtime, acme, Role.COORDINATOR),
        viewer=studio.caller(app, runtime, acme, Role.VIEWER), stranger=studio.caller(app, runtime, other, Role.OWNER),
        nobody=Caller(app, runtime, acme, ""), item=item.id, file=file, order=order.id, run=run.id, key=key.id, dead_job=dead,
        batch=batch,
    )  # fmt: skip


REPORT = {
    "read": 3, "added": 2, "rejected": 1, "updated": 0, "duplicate": 0,
    "lines": [{"line": 4, "code": "bad_rating", "reason": "rating must be from 1 to 5"}],
}  # fmt: skip

PAGES = [
    ("/studio/inbox", "Inbox"), ("/studio/inbox?sort=newest", "Newest first"), ("/studio/library", "2 items"),
    ("/studio/library?view=table&state=approved", "1 item"), ("/studio/library?q=nothingatall", "Nothing matches"),
    ("/studio/items/{item}", "Write into the ledger"), ("/studio/galleries", "Home page"),
    ("/studio/galleries/home", "ugc-gallery"),
    ("/studio/galleries/_new", "New gallery"), ("/studio/galleries/_shown", "Pin:"), ("/studio/galleries/_frame", "ugc-gallery"),
    ("/studio/insights", "Three ways to count"), ("/studio/insights?days=365&compare=year&sort=-views", "Year"),
    ("/studio/insights/orders", "1001"), ("/studio/insights/orders/{order}", "Sommerkleid"), ("/studio/jobs", "ValueError: broken"),
    ("/studio/imports", "r.csv"), ("/studio/imports/{run}", "rating must be from 1 to 5"), ("/studio/settings", "sk_1234"),
    ("/studio/settings/score", "Sharpness"), ("/studio/settings/audit", "Audit log"), ("/studio/search?q=sommer", "Sommerkleid"),
    ("/studio/products?q=SOMMER", "Sommerkleid"),
]  # fmt: skip


def test_a_coordinator_reads_every_page(cast: Cast) -> None:
    with_right(cast)
    for address, words in PAGES:
        answer = cast.coordinator.get(address.format(**vars(cast)))
        assert (answer.status_code, words in answer.text) == (200, True), address
        assert answer.headers["Cache-Control"] == "no-store"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


class Markup(HTMLParser):
    """Collects what a page could run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note scripts without the page's nonce, inline handlers, inline styles, and addresses that are no addresses."""
        given = dict(attrs)
        self.found += [f"<{tag} {name}>" for name in given if name.startswith("on") or name == "style"]
        self.found += [f"<{tag}> without nonce"] if tag in ("script", "style") and not given.get("nonce") else []
        for name in ("href", "src", "action"):
            if not (given.get(name) or "/").startswith(("/", "#", "https://", "http://", "about:blank", "?")):
                self.found.append(f"<{tag} {name}={given[name]}>")


def test_nothing_that_a_customer_wrote_becomes_markup(cast: Cast) -> None:
    """T-40."""
    with_right(cast)
    for address, _ in PAGES:
        html = cast.coordinator.get(address.format(**vars(cast))).text
        assert Markup(html).found == [], address
        assert "<img src=x" not in html, address


def test_strangers_to_the_studio_are_sent_to_the_sign_in(cast: Cast) -> None:
    for address, _ in PAGES:
        answer = cast.nobody.get(address.format(**vars(cast)))
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/studio/sign-in"), address


def test_another_brand_finds_nothing(cast: Cast) -> None:
    for address in ("/studio/items/{item}", "/studio/insights/orders/{order}", "/studio/imports/{run}", "/studio/galleries/home"):
        assert cast.stranger.get(address.format(**vars(cast))).status_code == 404, address


def test_another_brands_lists_are_empty(cast: Cast) -> None:
    for address in (
        "inbox",
        "library",
        "galleries",
        "insights",
        "insights/orders",
        "jobs",
        "imports",
        "search?q=sommer",
        "products?q=sommer",
    ):
        answer = cast.stranger.get(f"/studio/{address}")
        assert answer.status_code == 200
        for word in ("Sommerkleid", "1001", "ValueError", "r.csv", "Home page", "onerror"):
            assert word not in answer.text, (address, word)


Happened = Callable[[Runtime, Cast], bool]


@dataclass(frozen=True)
class Form:
    """A write: where, with what, who may, and how to see that it happened."""

    name: str
    address: str
    fields: Callable[[Cast], dict[str, Any]]
    happened: Happened
    role: Role = Role.COORDINATOR
    strange: int = 404


def read(runtime: Runtime, query: Any) -> Any:
    with runtime.sessions() as session:
        return session.scalars(query).first()


def has_state(state: State) -> Happened:
    return lambda runtime, cast: studio.state_of(runtime, cast.item) == state


def tag_names(runtime: Runtime, cast: Cast) -> list[str]:
    with runtime.sessions() as session:
        return [tagged.tag.name for tagged in session.get_one(Item, cast.item).tags]


def spots(runtime: Runtime, cast: Cast) -> list[tuple[str, float | None]]:
    with runtime.sessions() as session:
        return [(tagged.product.sku, tagged.x) for tagged in session.get_one(Item, cast.item).products]


def ids(cast: Cast) -> dict[str, Any]:
    return {"ids": str(cast.item)}


GALLERY = {"name": "Für dich", "layout": "carousel", "sort": "newest", "rating": "4", "score_min": "40", "kind": ["photo"]}
WEIGHTS = {
    "sharpness": 7, "exposure": 10, "contrast": 5, "colourfulness": 5, "resolution": 5, "caption": 5, "review_text": 5,
    "engagement": 5, "product_relevance": 5, "freshness": 5, "rights_readiness": 5,
}  # fmt: skip


def has_tags(*names: str) -> Happened:
    return lambda runtime, cast: set(tag_names(runtime, cast)) == set(names)


def found(query: Any, wanted: Any) -> Happened:
    return lambda runtime, _: bool(read(runtime, query) == wanted)


def key_of(kind: KeyKind) -> Happened:
    mine = select(ApiKey.kind).where(ApiKey.kind == kind)
    return lambda runtime, cast: read(runtime, mine.where(ApiKey.brand_id == cast.owner.brand_id)) == kind


def weighs_seven(runtime: Runtime, cast: Cast) -> bool:
    mine = select(SignalWeight.weight).where(SignalWeight.signal == "sharpness", SignalWeight.brand_id == cast.owner.brand_id)
    return bool(read(runtime, mine) == 7)


def has_right(runtime: Runtime, cast: Cast) -> bool:
    return bool(read(runtime, select(LedgerEntry.state).where(LedgerEntry.item_id == cast.item)) == RightsState.GRANTED)


def is_revoked(runtime: Runtime, cast: Cast) -> bool:
    return read(runtime, select(ApiKey.revoked_at).where(ApiKey.id == cast.key)) is not None


def has_alt(runtime: Runtime, cast: Cast) -> bool:
    return bool(read(runtime, select(ItemMedia.alt).where(ItemMedia.item_id == cast.item)) == "A dress on a line")


def has_spot(runtime: Runtime, cast: Cast) -> bool:
    return spots(runtime, cast) == [("A/1", 0.25)]


NAME = select(Gallery.name).where(Gallery.slug == "home")
RULE = {"kind": ["photo"], "rating": ["4", "5"], "score_min": "40"}
SPOT = json.dumps([{"sku": "A/1", "x": 0.25, "y": 0.5}])
GRANT = {"state": "granted", "text": "She said yes", "expires_at": "2031-01-01"}
ITEM = "/studio/items/{item}"
APPROVED = select(Item.id).where(Item.state == State.APPROVED)
FORMS = [
    Form("approve", "/studio/decide", lambda cast: ids(cast) | {"action": "approve"}, has_state(State.APPROVED)),
    Form("reject", "/studio/decide", lambda cast: ids(cast) | {"action": "reject", "reason": "legal"}, has_state(State.REJECTED)),
    Form("trash", "/studio/decide", lambda cast: ids(cast) | {"action": "trash"}, has_state(State.TRASH)),
    Form("undo", "/studio/undo", lambda cast: {"batch": cast.batch}, found(APPROVED, None)),
    Form("tag", "/studio/tag", lambda cast: ids(cast) | {"tags": "Beach, red"}, has_tags("beach", "red")),
    Form("set tags", ITEM + "/tags", lambda _: {"tags": "one,two"}, has_tags("one", "two")),
    Form("products", ITEM + "/products", lambda _: {"products": SPOT}, has_spot),
    Form("alt", ITEM + "/alt", lambda cast: {"file": str(cast.file), "alt": "A dress on a line"}, has_alt),
    Form("rights", ITEM + "/rights", lambda _: GRANT, has_right),
    Form(
        "add gallery", "/studio/galleries/_new", lambda _: GALLERY,
        found(select(Gallery.rule).where(Gallery.slug == "fur-dich"), RULE), strange=200,
    ),
    Form("change gallery", "/studio/galleries/home", lambda cast: GALLERY | {"pins": [str(cast.item)]}, found(NAME, "Für dich")),
    Form("remove gallery", "/studio/galleries/home/remove", lambda _: {}, found(NAME, None)),
    Form("retry", "/studio/jobs/{dead_job}/retry", lambda _: {}, lambda runtime, cast: dead_jobs(runtime, cast) == 0),
    Form("weights", "/studio/settings/score", lambda _: WEIGHTS, weighs_seven, strange=200),
    Form("add key", "/studio/settings/keys", lambda _: {"kind": "webhook"}, key_of(KeyKind.WEBHOOK), Role.OWNER, strange=200),
    Form("revoke key", "/studio/settings/keys/{key}/revoke", lambda _: {}, is_revoked, Role.OWNER),
]  # fmt: skip


def dead_jobs(runtime: Runtime, cast: Cast) -> int:
    with runtime.sessions() as session:
        return len(jobs.find_jobs(session, "failed", brand_id=cast.owner.brand_id))


def with_right(cast: Cast) -> None:
    """The approved item may be shown, so that galleries have something."""
    with cast.owner.runtime.transaction() as session:
        for item in session.scalars(select(Item).where(Item.state == State.APPROVED)):
            item.rights_state = RightsState.OWNED


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_whoever_may_changes_something(cast: Cast, runtime: Runtime, form: Form) -> None:
    assert not form.happened(runtime, cast)
    who = cast.owner if form.role is Role.OWNER else cast.coordinator
    answer = who.post(form.address.format(**vars(cast)), form.fields(cast))
    assert answer.status_code == 200, answer.text
    assert form.happened(runtime, cast)


def test_a_lower_role_is_refused_and_changes_nothing(cast: Cast, runtime: Runtime) -> None:
    for form in FORMS:
        who = cast.coordinator if form.role is Role.OWNER else cast.viewer
        answer = who.post(form.address.format(**vars(cast)), form.fields(cast))
        assert (answer.status_code, answer.get_json()["code"]) == (403, "role_missing"), form.name
        assert not form.happened(runtime, cast), form.name


def test_another_brand_changes_nothing_here(cast: Cast, runtime: Runtime) -> None:
    for form in FORMS:
        answer = cast.stranger.post(form.address.format(**vars(cast)), form.fields(cast))
        assert answer.status_code == form.strange, (form.name, answer.text[:300])
        assert form.name == "add gallery" or not form.happened(runtime, cast), form.name


def test_a_form_without_the_token_is_refused(cast: Cast, runtime: Runtime) -> None:
    """T-92."""
    for form in FORMS:
        answer = cast.owner.post(form.address.format(**vars(cast)), form.fields(cast), csrf=False)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site"), form.name
        assert not form.happened(runtime, cast), form.name


def test_somebody_who_is_not_signed_in_is_refused(cast: Cast, runtime: Runtime) -> None:
    for form in FORMS:
        assert cast.nobody.post(form.address.format(**vars(cast)), form.fields(cast)).status_code == 401, form.name
        assert not form.happened(runtime, cast), form.name


UNREADABLE = [
    ("/studio/decide", {"action": "approve", "ids": ""}),
    ("/studio/decide", {"action": "approve", "ids": "1,x"}),
    ("/studio/decide", {"action": "sell", "ids": "1"}),
    ("/studio/decide", {"action": "reject", "ids": "1", "reason": "one_star"}),
    ("/studio/tag", {"ids": "1", "tags": " , "}),
    ("/studio/items/{item}/products", {"products": "not json"}),
    ("/studio/items/{item}/products", {"products": '[{"x": 1}]'}),
    ("/studio/items/{item}/products", {"products": "7"}),
    ("/studio/items/{item}/rights", {"state": "requested"}),
    ("/studio/items/{item}/rights", {"state": "granted", "text": "x", "starts_at": "soon"}),
    ("/studio/galleries/_new", {"name": "A", "layout": "spiral"}),
    ("/studio/galleries/_new", {"name": "A", "page_size": "1000"}),
    ("/studio/galleries/_new", {"name": "A", "rating": "1"}),
    ("/studio/galleries/_new", {"name": ""}),
    ("/studio/settings/score", {}),
]


def test_a_form_that_can_not_be_read_is_refused_with_a_reason(cast: Cast) -> None:
    for address, fields in UNREADABLE:
        answer = cast.coordinator.post(address.format(**vars(cast)), fields)
        assert answer.status_code == 400, (address, fields)
        assert answer.get_json()["detail"]


def test_a_granted_right_needs_evidence(cast: Cast) -> None:
    answer = cast.coordinator.post(f"/studio/items/{cast.item}/rights", {"state": "granted"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "evidence_missing")


def test_a_viewer_sees_no_button_that_would_be_refused(cast: Cast) -> None:
    pages = [
        "/studio/inbox",
        f"/studio/items/{cast.item}",
        "/studio/library",
        "/studio/galleries",
        "/studio/galleries/home",
        "/studio/jobs",
        "/studio/settings",
    ]
    for address in pages:
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', cast.viewer.get(address).text)
        assert set(forms) <= {"/studio/sign-out", "/studio/brand", "/studio/galleries/home"}, address
        assert "data-do=" not in cast.viewer.get(address).text


def test_a_plain_form_goes_back_with_a_message_and_a_way_to_undo(cast: Cast) -> None:
    answer = cast.coordinator.post("/studio/decide", ids(cast) | {"action": "approve"}, script=False)
    assert answer.status_code == 303
    page = cast.coordinator.get(answer.headers["Location"])
    assert 'data-toast="Item approved"' in page.text
    batch = re.search(r'data-batch="([^"]+)"', page.text)
    assert batch
    assert cast.coordinator.post("/studio/undo", {"batch": batch[1]}).get_json()["n"] == 1


def test_a_message_in_an_address_can_only_be_one_of_ours(cast: Cast) -> None:
    text_of = cast.coordinator.get("/studio/library?done=<b>you+won</b>&n=1").text
    assert "you won" not in text_of
    assert "data-toast" not in text_of
    assert 'data-batch=""' in cast.coordinator.get("/studio/library?done=approve&n=1&batch=%22%3E%3Cscript%3E").text


def test_the_new_key_is_shown_once(cast: Cast) -> None:
    shown = re.search(r'id="fresh-key">(sk_[^<]+)<', cast.owner.post("/studio/settings/keys", {"kind": "secret"}).text)
    assert shown
    assert shown[1] not in cast.owner.get("/studio/settings").text


def test_load_more_sends_only_the_tiles_behind_the_cursor(cast: Cast, runtime: Runtime) -> None:
    with runtime.transaction() as session:
        for _ in range(65):
            studio.photo(session, cast.owner.brand_id)
    first = cast.viewer.get("/studio/inbox").text
    more = re.search(r'hx-get="([^"]+)"[^>]*hx-target="closest li"', first)
    assert more
    rest = cast.viewer.get(more[1].replace("&amp;", "&"), **{"HX-Request": "true"}).text
    assert "<html" not in rest
    seen = re.findall(r'data-id="(\d+)"', first) + re.findall(r'data-id="(\d+)"', rest)
    assert (len(seen), len(set(seen))) == (66, 66)


def test_the_preview_shows_what_the_rule_lets_through_to_the_holder_of_its_ticket_only(cast: Cast) -> None:
    with_right(cast)
    frame = cast.viewer.get("/studio/galleries/_frame?kind=photo&name=X")
    assert "frame-ancestors 'self'" in frame.headers["Content-Security-Policy"]
    service = re.search(r'api="http://[^/]+([^"]+)"', frame.text)
    assert service
    feed = cast.nobody.get(f"{service[1]}/galleries/acme/preview.json")
    assert (feed.status_code, len(feed.get_json()["items"])) == (200, 1)
    assert cast.nobody.get(f"{service[1]}x/galleries/acme/preview.json").status_code == 400
    assert cast.nobody.get(f"{service[1]}/galleries/other/preview.json").status_code == 404


def test_facets_lead_to_as_many_items_as_they_say(cast: Cast) -> None:
    html = cast.viewer.get("/studio/library").text
    counts = re.findall(r'name="state" value="(\w+)"[^>]*>.*?<span class="count">(\d+)</span>', html)
    assert dict(counts) == {"inbox": "1", "approved": "1"}
    for state, count in counts:
        assert len(re.findall(r'name="ids"', cast.viewer.get(f"/studio/library?state={state}").text)) == int(count)


def test_static_files_are_kept_for_ever_only_under_the_name_of_their_content(cast: Cast) -> None:
    address = re.search(r'href="(/studio/static/studio/studio.css\?v=\w+)"', cast.nobody.get("/studio/sign-in").text)
    assert address
    assert "immutable" in cast.nobody.get(address[1]).headers["Cache-Control"]
    assert cast.nobody.get("/studio/static/studio/studio.css?v=old").headers["Cache-Control"] == "no-cache"
    for outside in ("widget/gallery.js", "studio/../../pyproject.toml", "studio/none.css"):
        assert cast.nobody.get(f"/studio/static/{outside}").status_code == 404


def test_an_error_is_a_page_of_the_studio(cast: Cast) -> None:
    answer = cast.owner.get("/studio/items/999999999")
    assert (answer.status_code, "There is nothing here" in answer.text) == (404, True)
    assert cast.owner.get("/studio/no-such-page").status_code == 404
    assert cast.owner.get("/studio/inbox?cursor=forged").status_code == 400


@pytest.mark.parametrize("name", ["New", "Shown", "Frame", "Preview"])
def test_a_gallery_may_be_called_what_the_studio_calls_its_own_pages(cast: Cast, name: str) -> None:
    assert cast.coordinator.post("/studio/galleries/_new", GALLERY | {"name": name}).status_code == 200
    answer = cast.coordinator.get(f"/studio/galleries/{name.lower()}")
    assert (answer.status_code, f'<h1 class="clip">{name}</h1>' in answer.text) == (200, True)


def test_a_gallery_gives_the_snippet_that_the_shop_pastes(cast: Cast) -> None:
    """With the hashed addresses, the style sheet that reserves the height, and a link for browsers without scripts."""
    text = unescape(cast.viewer.get("/studio/galleries/home").text)
    assert published.snippet("http://ugc.test", "acme", "home") in text
