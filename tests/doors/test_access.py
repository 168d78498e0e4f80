"""Who may do what: every address and method × seven callers, against the table in this file (T-90).

A new route fails here until it has a row. `{…}` in a path is a thing of the first brand, so that another brand's owner must get
404 for it and 200 for what is his own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests import make
from tests.make import NOON
from ugc.accounts import actions
from ugc.accounts.models import Brand, KeyKind, Role
from ugc.duplicates.models import Group, Likeness, Member
from ugc.galleries.models import Gallery
from ugc.ingest.models import Import
from ugc.kit import clock, signing
from ugc.kit.passwords import Cost
from ugc.library.models import ItemMedia, RightsState, State
from ugc.orders.models import Order
from ugc.runtime import Runtime
from ugc.social.models import DeletionRequest

CALLERS = ("nobody", "viewer", "coordinator", "owner", "stranger", "secret", "publishable")

# yes = the caller is let in (whatever the view then says of the request); in = sent to the sign-in page; a number = refused so.
# The columns follow CALLERS. A secret key in the studio and a person's cookie in the API are nobody.
TABLE = """
GET    /healthz                                          yes yes yes yes yes yes yes
GET    /readyz                                           yes yes yes yes yes yes yes
GET    /metrics                                          yes yes yes yes yes yes yes
GET    /widget/v1/gallery.js                             yes yes yes yes yes yes yes
GET    /galleries/acme/home.json                         yes yes yes yes yes yes yes
GET    /galleries/acme/home/A-1.json                     yes yes yes yes yes yes yes
GET    /galleries/acme/nothing.json                      404 404 404 404 404 404 404
GET    /media/00000000000000000000000000000000/320.webp  404 404 404 404 404 404 404
POST   /events                                           yes yes yes yes yes yes yes
POST   /orders/acme/generic                              401 401 401 401 401 401 401
POST   /networks/meta/data-deletion                      401 401 401 401 401 401 401
POST   /networks/meta/deauthorise                        401 401 401 401 401 401 401
GET    /networks/deletions/{deletion}                    yes yes yes yes yes yes yes
GET    /submit/acme                                      yes yes yes yes yes yes yes
GET    /submit/acme.json                                 yes yes yes yes yes yes yes
POST   /submit/acme                                      yes yes yes yes yes yes yes
POST   /uploads/acme                                     yes yes yes yes yes yes yes
PATCH  /uploads/acme/none                                yes yes yes yes yes yes yes
DELETE /uploads/acme/none                                yes yes yes yes yes yes yes
POST   /uploads/acme/none                                405 405 405 405 405 405 405
GET    /submissions/none                                 404 404 404 404 404 404 404
POST   /submissions/none                                 404 404 404 404 404 404 404

GET    /api/v1/openapi.json                              yes yes yes yes yes yes yes
GET    /api/v1/docs                                      yes yes yes yes yes yes yes
GET    /api/v1/items                                     401 401 401 401 401 yes 403
POST   /api/v1/items                                     401 401 401 401 401 yes 403
GET    /api/v1/items/{item}                              401 401 401 401 401 yes 403
PATCH  /api/v1/items/{item}                              401 401 401 401 401 yes 403
DELETE /api/v1/items/{item}                              401 401 401 401 401 yes 403
POST   /api/v1/items/{item}/approve                      401 401 401 401 401 yes 403
POST   /api/v1/items/{item}/reject                       401 401 401 401 401 yes 403
PUT    /api/v1/items/{item}/tags                         401 401 401 401 401 yes 403
POST   /api/v1/imports/bucket-event                      401 401 401 401 401 yes 403
POST   /api/v1/items/link                                401 401 401 401 401 yes 403
PUT    /api/v1/items/{item}/products                     401 401 401 401 401 yes 403
GET    /api/v1/items/{item}/score                        401 401 401 401 401 yes 403
GET    /api/v1/items/{item}/approval                     401 401 401 401 401 yes 403
POST   /api/v1/items/bulk                                401 401 401 401 401 yes 403
POST   /api/v1/items/undo                                401 401 401 401 401 yes 403
GET    /api/v1/products                                  401 401 401 401 401 yes 403
POST   /api/v1/products                                  401 401 401 401 401 yes 403
GET    /api/v1/products/{sku}                            401 401 401 401 401 yes 403
GET    /api/v1/duplicates                                401 401 401 401 401 yes 403
POST   /api/v1/duplicates/{group}/merge                  401 401 401 401 401 yes 403
POST   /api/v1/duplicates/{group}/apart                  401 401 401 401 401 yes 403
GET    /api/v1/galleries                                 401 401 401 401 401 yes 403
POST   /api/v1/galleries                                 401 401 401 401 401 yes 403
GET    /api/v1/galleries/{gallery}                       401 401 401 401 401 yes 403
PATCH  /api/v1/galleries/{gallery}                       401 401 401 401 401 yes 403
DELETE /api/v1/galleries/{gallery}                       401 401 401 401 401 yes 403
GET    /api/v1/rights/{item}                             401 401 401 401 401 yes 403
POST   /api/v1/rights/{item}                             401 401 401 401 401 yes 403
GET    /api/v1/orders                                    401 401 401 401 401 yes 403
POST   /api/v1/orders                                    401 401 401 401 401 yes 403
GET    /api/v1/orders/{order}                            401 401 401 401 401 yes 403
GET    /api/v1/sources                                   401 401 401 401 401 yes 403
POST   /api/v1/sources                                   401 401 401 401 401 yes 403
GET    /api/v1/sources/{source}                          401 401 401 401 401 yes 403
PATCH  /api/v1/sources/{source}                          401 401 401 401 401 yes 403
DELETE /api/v1/sources/{source}                          401 401 401 401 401 yes 403
GET    /api/v1/flags                                     401 401 401 401 401 yes 403
PATCH  /api/v1/flags/{flag}                              401 401 401 401 401 yes 403
GET    /api/v1/models                                    401 401 401 401 401 yes 403
POST   /api/v1/models/train                              401 401 401 401 401 yes 403
POST   /api/v1/models/{model}/activate                   401 401 401 401 401 yes 403
POST   /api/v1/sources/{source}/pull                     401 401 401 401 401 yes 403
GET    /api/v1/imports                                   401 401 401 401 401 yes 403
POST   /api/v1/imports                                   401 401 401 401 401 yes 403
GET    /api/v1/imports/{import}                          401 401 401 401 401 yes 403
POST   /api/v1/imports/{import}/undo                     401 401 401 401 401 yes 403
GET    /api/v1/items/{item}/suggestions                  401 401 401 401 401 yes 403
POST   /api/v1/items/{item}/suggestions/{suggestion}/accept 401 401 401 401 401 yes 403
POST   /api/v1/items/{item}/suggestions/{suggestion}/refuse 401 401 401 401 401 yes 403
GET    /api/v1/triage                                    401 401 401 401 401 yes 403
GET    /api/v1/scoring/weights                           401 401 401 401 401 yes 403
PUT    /api/v1/scoring/weights                           401 401 401 401 401 yes 403
POST   /api/v1/scoring/preview                           401 401 401 401 401 yes 403
GET    /api/v1/scoring/runs                              401 401 401 401 401 yes 403
POST   /api/v1/scoring/runs                              401 401 401 401 401 yes 403
GET    /api/v1/scoring/runs/{run}                        401 401 401 401 401 yes 403
GET    /api/v1/webhooks                                  401 401 401 401 401 yes 403
GET    /api/v1/insights/items                            401 401 401 401 401 yes 403
GET    /api/v1/insights/items/{item}                     401 401 401 401 401 yes 403
GET    /api/v1/insights/orders/{order}                   401 401 401 401 401 yes 403

GET    /studio/sign-in                                   yes yes yes yes yes yes yes
POST   /studio/sign-in                                   401 401 401 401 401 401 401
GET    /studio/static/studio/studio.css                  yes yes yes yes yes yes yes
POST   /studio/sign-out                                  401 yes yes yes yes 401 401
POST   /studio/brand                                     401 yes yes yes 404 401 401
GET    /studio/                                          in  yes yes yes yes in  in
GET    /studio/inbox                                     in  yes yes yes yes in  in
POST   /studio/decide                                    401 403 yes yes 404 401 401
POST   /studio/undo                                      401 403 404 404 404 401 401
POST   /studio/tag                                       401 403 yes yes 404 401 401
GET    /studio/items/{item}                              in  yes yes yes 404 in  in
POST   /studio/items/{item}/alt                          401 403 yes yes 404 401 401
POST   /studio/items/{item}/describe                     401 403 yes yes 404 401 401
POST   /studio/items/{item}/products                     401 403 yes yes 404 401 401
POST   /studio/items/{item}/rights                       401 403 yes yes 404 401 401
POST   /studio/items/{item}/tags                         401 403 yes yes 404 401 401
GET    /studio/products                                  in  yes yes yes yes in  in
GET    /studio/library                                   in  yes yes yes yes in  in
GET    /studio/search                                    in  yes yes yes yes in  in
GET    /studio/descriptions                              in  yes yes yes yes in  in
GET    /studio/duplicates                                in  yes yes yes yes in  in
POST   /studio/duplicates/{group}/merge                  401 403 yes yes 404 401 401
POST   /studio/duplicates/{group}/apart                  401 403 yes yes 404 401 401
POST   /studio/duplicates/{group}/undo                   401 403 yes yes 404 401 401
GET    /studio/galleries                                 in  yes yes yes yes in  in
GET    /studio/galleries/_new                            in  403 yes yes yes in  in
POST   /studio/galleries/_new                            401 403 yes yes yes 401 401
GET    /studio/galleries/{gallery}                       in  yes yes yes 404 in  in
POST   /studio/galleries/{gallery}                       401 403 yes yes 404 401 401
POST   /studio/galleries/{gallery}/remove                401 403 yes yes 404 401 401
GET    /studio/galleries/_shown                          in  yes yes yes yes in  in
GET    /studio/galleries/_frame                          in  yes yes yes yes in  in
GET    /studio/galleries/preview/forged/galleries/acme/preview.json  400 400 400 400 400 400 400
GET    /studio/insights                                  in  yes yes yes yes in  in
GET    /studio/insights/orders                           in  yes yes yes yes in  in
GET    /studio/insights/orders/{order}                   in  yes yes yes 404 in  in
GET    /studio/jobs                                      in  yes yes yes yes in  in
POST   /studio/jobs/{job}/retry                          401 403 yes yes 404 401 401
GET    /studio/sources                                   in  yes yes yes yes in  in
POST   /studio/sources                                   401 403 yes yes yes 401 401
POST   /studio/links                                     401 403 yes yes yes 401 401
GET    /studio/sources/new                               in  403 yes yes yes in  in
GET    /studio/sources/new/feed                          in  403 yes yes yes in  in
POST   /studio/sources/try                               401 403 yes yes yes 401 401
GET    /studio/sources/{source}                          in  yes yes yes 404 in  in
POST   /studio/sources/{source}                          401 403 yes yes 404 401 401
GET    /studio/listening                                 in  yes yes yes yes in  in
GET    /studio/listening/_new                            in  403 yes yes yes in  in
POST   /studio/listening                                 401 403 yes yes yes 401 401
GET    /studio/listening/{listening}                     in  yes yes yes 404 in  in
POST   /studio/listening/{listening}                     401 403 yes yes 404 401 401
POST   /studio/listening/{listening}/places              401 403 yes yes 404 401 401
POST   /studio/listening/{listening}/remove              401 403 yes yes 404 401 401
POST   /studio/listening/mentions/{mention}/keep         401 403 yes yes 404 401 401
POST   /studio/listening/mentions/{mention}/dismiss      401 403 yes yes 404 401 401
GET    /api/v1/mentions                                  401 401 401 401 401 yes 403
POST   /studio/sources/{source}/pull                     401 403 yes yes 404 401 401
POST   /studio/sources/{source}/pause                    401 403 yes yes 404 401 401
POST   /studio/sources/{source}/resume                   401 403 yes yes 404 401 401
POST   /studio/sources/{source}/remove                   401 403 yes yes 404 401 401
GET    /studio/sources/{source}/connect                  in  403 yes yes 404 in  in
GET    /studio/sources/callback/instagram                in  403 yes yes yes in  in
POST   /studio/sources/apps/instagram                    401 403 403 yes yes 401 401
GET    /studio/imports                                   in  yes yes yes yes in  in
POST   /studio/imports                                   401 403 yes yes yes 401 401
GET    /studio/imports/pictures                          in  yes yes yes yes in  in
POST   /studio/imports/pictures/again                    401 403 yes yes yes 401 401
GET    /studio/imports/{import}                          in  yes yes yes 404 in  in
GET    /studio/imports/{import}/progress                 in  yes yes yes 404 in  in
POST   /studio/imports/{import}/choose                   401 403 yes yes 404 401 401
POST   /studio/imports/{import}/try                      401 403 yes yes 404 401 401
POST   /studio/imports/{import}/start                    401 403 yes yes 404 401 401
POST   /studio/imports/{import}/stop                     401 403 yes yes 404 401 401
POST   /studio/imports/{import}/discard                  401 403 yes yes 404 401 401
POST   /studio/imports/{import}/undo                     401 403 yes yes 404 401 401
GET    /studio/settings                                  in  yes yes yes yes in  in
POST   /studio/settings/keys                             401 403 403 yes yes 401 401
POST   /studio/settings/keys/{key}/revoke                401 403 403 yes 404 401 401
GET    /studio/settings/approval                         in  yes yes yes yes in  in
POST   /studio/settings/approval                         401 403 yes yes yes 401 401
POST   /studio/settings/approval/train                   401 403 yes yes yes 401 401
GET    /studio/settings/score                            in  yes yes yes yes in  in
POST   /studio/settings/score                            401 403 yes yes yes 401 401
GET    /studio/settings/score/preview                    in  yes yes yes yes in  in
GET    /studio/settings/score/reordered                  in  yes yes yes yes in  in
GET    /studio/settings/score/run                        in  yes yes yes yes in  in
POST   /studio/settings/score/undo                       401 403 yes yes yes 401 401
POST   /studio/settings/score/again                      401 403 yes yes yes 401 401
GET    /studio/settings/models                           in  yes yes yes yes in  in
POST   /studio/suggestions                               401 403 yes yes 404 401 401
POST   /studio/suggestions/likely                        401 403 yes yes yes 401 401
GET    /studio/settings/suggestions                      in  yes yes yes yes in  in
POST   /studio/settings/suggestions                      401 403 yes yes yes 401 401
POST   /studio/settings/suggestions/undo                 401 403 yes yes 404 401 401
GET    /studio/flags                                     in  yes yes yes yes in  in
GET    /studio/flags.csv                                 in  yes yes yes yes in  in
POST   /studio/flags/{flag}                              401 403 yes yes 404 401 401
POST   /studio/settings/models/spam/train                401 403 yes yes yes 401 401
POST   /studio/settings/models/spam/builtin              401 403 yes yes yes 401 401
POST   /studio/settings/models/{model}/activate          401 403 yes yes 404 401 401
GET    /studio/settings/audit                            in  yes yes yes yes in  in
GET    /studio/settings/texts                            in  yes yes yes yes in  in
POST   /studio/settings/texts                            401 403 yes yes yes 401 401
POST   /studio/settings/texts/try                        401 yes yes yes yes 401 401
POST   /studio/settings/texts/{term}/remove              401 403 yes yes 404 401 401
GET    /studio/settings/uploads                          in  yes yes yes yes in  in
POST   /studio/settings/uploads                          401 403 403 yes yes 401 401
POST   /studio/settings/uploads/terms                    401 403 403 yes yes 401 401
"""

# What a request says where an empty one would be refused before anybody looks whose thing it is about.
# JSON for the API, form fields for the studio; "{item}" and the like are filled in.
SAYS: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/api/v1/items/{item}"): {"title": "Changed"},
    ("POST", "/api/v1/items/{item}/reject"): {"reason": "off_topic"},
    ("PUT", "/api/v1/items/{item}/tags"): {"tags": ["beach"]},
    ("PUT", "/api/v1/items/{item}/products"): {"products": []},
    ("PATCH", "/api/v1/galleries/{gallery}"): {"name": "Changed"},
    ("POST", "/api/v1/rights/{item}"): {"state": "granted", "text": "she said yes"},
    ("POST", "/events"): {"key": "{publishable}", "visitor": "v", "session": "s", "events": []},
    ("POST", "/studio/brand"): {"brand": "acme"},
    ("POST", "/studio/decide"): {"ids": "{item}", "id": "{item}", "action": "approve"},
    ("POST", "/studio/undo"): {"batch": "none"},
    ("POST", "/studio/tag"): {"ids": "{item}", "id": "{item}", "tags": "beach", "tag": "beach"},
    ("POST", "/studio/items/{item}/alt"): {"alt": "A beach"},
    ("POST", "/studio/items/{item}/products"): {"products": "[]"},
    ("POST", "/studio/items/{item}/rights"): {"state": "granted", "text": "she said yes"},
    ("POST", "/studio/items/{item}/tags"): {"tags": "beach"},
    ("POST", "/studio/galleries/{gallery}"): {"name": "Changed", "layout": "grid", "sort": "newest", "slug": "home"},
    ("POST", "/studio/settings/keys"): {"kind": "secret"},
    ("POST", "/studio/settings/texts"): {"use": "blocked", "terms": "nope"},
    ("POST", "/studio/settings/uploads"): {"is_open": "yes", "least_age": "16"},
    ("POST", "/studio/settings/uploads/terms"): {"text": "Terms. " * 20},
    ("POST", "/studio/sources"): {"network": "feed", "mode": "feed", "field-url": "https://blog.test/feed.xml", "interval": "60"},
    ("POST", "/studio/sources/try"): {"network": "feed", "mode": "feed", "field-url": "https://blog.test/feed.xml"},
    ("POST", "/studio/sources/{source}"): {"name": "Changed"},
    ("POST", "/studio/listening"): {"name": "Ours", "terms": "halm"},
    ("POST", "/studio/listening/{listening}"): {"name": "Ours", "terms": "halm"},
    ("POST", "/studio/listening/{listening}/places"): {"place": "feed-feed", "field-url": "https://blog.test/feed.xml"},
    ("POST", "/studio/sources/apps/instagram"): {"client_id": "1", "client_secret": "s"},
    ("PATCH", "/api/v1/sources/{source}"): {"name": "Changed"},
    ("POST", "/api/v1/models/train"): {"kind": "spam"},
    ("PATCH", "/api/v1/flags/{flag}"): {"state": "dismissed"},
    ("POST", "/studio/flags/{flag}"): {"state": "dismissed"},
    ("POST", "/studio/suggestions"): {"ids": "{suggestion}", "action": "refuse"},
    ("POST", "/studio/suggestions/likely"): {"ids": "{item}"},
    ("POST", "/studio/settings/suggestions/undo"): {"batch": "a-batch"},
}

# Every thing of the first brand, asked for with another brand's secret key.
FOREIGN = [line.split()[:2] for line in TABLE.splitlines() if "/api/v1/" in line and "{" in line]
ONE_EACH = (
    "term", "item", "order", "import", "job", "key", "source", "deletion", "group", "mention", "listening", "model",
    "run", "flag", "suggestion",
)  # fmt: skip
CHEAP = Cost(memory_kib=8, passes=1, lanes=1)


@dataclass(frozen=True)
class World:
    """A brand with one of everything, and the tokens of those who come to it."""

    things: dict[str, Any]
    tokens: dict[str, str]


@pytest.fixture
def world(runtime: Runtime) -> World:
    with runtime.transaction() as session:
        brand = actions.add_brand(session, "acme", "Acme")
        other = actions.add_brand(session, "other", "Other")
        tokens = {role.value: signed_in(session, brand, role) for role in Role} | {
            "stranger": signed_in(session, other, Role.OWNER)
        }
        things = one_of_everything(session, brand)
        for kind in (KeyKind.SECRET, KeyKind.PUBLISHABLE):
            key, tokens[kind.value] = actions.add_key(session, brand, kind, seal_key=b"")
            things |= {"key": key.id} if kind == KeyKind.SECRET else {"publishable": tokens[kind.value]}
        tokens["foreign"] = actions.add_key(session, other, KeyKind.SECRET, seal_key=b"")[1]
        actions.add_key(session, brand, KeyKind.WEBHOOK, seal_key=runtime.key("webhooks"))
    return World(things, tokens)


def signed_in(session: Session, brand: Brand, role: Role) -> str:
    person, _ = actions.add_person(session, f"{role}@{brand.slug}.test", brand, role, cost=CHEAP)
    return actions.open_sign_in(session, person, brand, clock.now())[1]


def one_of_everything(session: Session, brand: Brand) -> dict[str, Any]:
    item = make.item(session, brand, state=State.APPROVED, rights_state=RightsState.OWNED)
    make.added(session, ItemMedia(item_id=item.id, file_id=make.file(session, brand).id))
    facts = {"brand_id": brand.id, "slug": "home", "name": "Home", "rule": {}}
    mention = make.heard(session, brand)
    order = Order(
        brand_id=brand.id,
        source="generic",
        external_id="1",
        updated_at=NOON,
        placed_at=NOON,
        status="paid",
        currency="EUR",
        total=10,
    )
    job = session.scalar(
        text("""
            insert into procrastinate_jobs (queue_name, task_name, status, args)
            values ('default', 'library.item_added', 'failed', jsonb_build_object('brand_id', cast(:brand as bigint))) returning id
        """),
        {"brand": brand.id},
    )
    twin = make.item(session, brand)
    group = make.added(session, Group(brand_id=brand.id, likeness=Likeness.PICTURE, centre_id=item.id))
    for member in (item, twin):
        make.added(session, Member(group_id=group.id, item_id=member.id))
    return {
        "item": item.id,
        "group": group.id,
        "sku": make.product(session, brand, sku="A-1").sku,
        "gallery": make.added(session, Gallery(**facts)).slug,
        "order": make.added(session, order).id,
        "import": make.added(session, Import(brand_id=brand.id, kind="media", actor="system")).id,
        "job": job,
        "source": make.source(session, brand).id,
        "model": make.model(session, brand).id,
        "term": make.term(session, brand).id,
        "run": make.run(session, brand).id,
        "flag": make.flag(session, item).id,
        "suggestion": make.suggestion(session, item, state="applied", batch="a-batch").id,
        "mention": mention.id,
        "listening": mention.listening_id,
        "deletion": make.added(session, DeletionRequest(brand_id=brand.id, network="instagram", code="abc", account="")).code,
    }


def rows() -> list[tuple[str, str, dict[str, str]]]:
    """Method, path and what each caller is to get."""
    parts = [line.split() for line in TABLE.splitlines() if line.strip()]
    return [(method, path, dict(zip(CALLERS, expected, strict=True))) for method, path, *expected in parts]


@pytest.mark.parametrize(("method", "path", "expected"), rows(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_caller_gets_what_the_table_says(
    app: OpenAPI, runtime: Runtime, world: World, method: str, path: str, expected: dict[str, str]
) -> None:  # fmt: skip
    got = {caller: outcome(knock(app, runtime, world, caller, method, path), expected[caller]) for caller in CALLERS}
    assert got == expected


@pytest.mark.parametrize(("method", "path"), FOREIGN)
def test_another_brands_key_finds_nothing(app: OpenAPI, runtime: Runtime, world: World, method: str, path: str) -> None:
    assert knock(app, runtime, world, "foreign", method, path).status_code == 404


def test_every_route_stands_in_the_table(app: OpenAPI) -> None:
    things: dict[str, Any] = dict.fromkeys(ONE_EACH, 1)
    things |= {"gallery": "home", "sku": "A-1"}
    adapter = app.url_map.bind("localhost")
    listed = set()
    for method, path, _ in rows():
        rule, _ = adapter.match(path.format(**things), method, return_rule=True)
        listed.add((method, rule.rule))
    missing = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in methods(rule)} - listed
    assert missing == set()


def methods(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def knock(app: OpenAPI, runtime: Runtime, world: World, caller: str, method: str, path: str) -> TestResponse:
    """One request of one caller; what it changed is undone, so that the next one finds the same world."""
    client, token = app.test_client(), world.tokens.get(caller, "")
    says = filled(SAYS.get((method, path), {}), world)
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json" if path.startswith("/api") else "text/html"}
    if caller in ("secret", "publishable", "foreign"):
        headers["Authorization"] = f"Bearer {token}"
    elif token:
        client.set_cookie("ugc", token)
    if path.startswith("/studio"):
        headers["X-CSRF-Token"] = signing.keyed_digest(runtime.key("csrf"), (token if caller not in ("secret",) else "").encode())
    body: dict[str, Any] = {"data": says} if path.startswith("/studio") else {"json": says} if method != "GET" else {}
    connection = runtime.sessions.kw["bind"]
    assert isinstance(connection, Connection)
    with connection.begin_nested() as undone:
        response = client.open(path.format(**world.things), method=method, headers=headers, **body)
        response.get_data()  # a file is read to its end, so that it is closed
        response.close()
        undone.rollback()
    return response


def filled(says: dict[str, Any], world: World) -> dict[str, Any]:
    return {
        name: value.format(**world.things) if isinstance(value, str) and value[:1] == "{" else value for name, value in says.items()
    }


def outcome(response: TestResponse, expected: str) -> str:
    """The table's word for an answer. A request that was let in may still be a bad one, unless the table says 400."""
    if response.headers.get("Location", "").startswith("/studio/sign-in?"):
        return "in"
    assert response.status_code < 500, response.get_data(as_text=True)
    refusals = {"401", "403", "404", "405", expected}
    return str(response.status_code) if str(response.status_code) in refusals else "yes"
