"""Sources: what is connected and how it is, a new one in a minute, and what came of each pull."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.kit.errors import Invalid, UgcError
from ugc.library import queries as library_queries
from ugc.social import actions, connecting, pulling, queries, rules
from ugc.social.models import Source
from ugc.social.networks.base import Mode, Network
from ugc.studio import answers, health, shapes
from ugc.studio.render import bare, page

pages = Blueprint("sources", __name__)

NEWEST = 12
HISTORY = 15
HASHTAG_NETWORKS = {"instagram"}
"""Where only so many different hashtags may be searched in a week."""


@pages.get("/sources")
@web.needs(Role.VIEWER)
def show_all() -> Response:
    """Every source with its health; what waits for somebody first."""
    session, brand_id = web.session(), web.principal().brand_id
    cards = sorted(
        (health.card_of(source, web.now()) for source in queries.find_sources(session, brand_id)), key=lambda one: one.rank
    )
    gone = library_queries.count_items(session, brand_id, library_queries.ItemFilter(gone=("yes",)), now=web.now(), most=1_000)
    return page("sources/page.html", cards=cards, gone=gone, toast=shapes.toast(request.args))


@pages.get("/sources/new")
@web.needs(Role.COORDINATOR)
def choose() -> Response:
    """The networks to choose from."""
    return page("sources/choose.html", groups=health.groups())


@pages.get("/sources/new/<network>")
@web.needs(Role.COORDINATOR)
def begin(network: str) -> Response:
    """What one network needs to know."""
    found = rules.get_network(network)
    mode = rules.get_mode(found, request.args.get("mode") or found.modes[0].name)
    return form(found, mode)


def form(network: Network, mode: Mode, **facts: Any) -> Response:
    """The form for one mode, as it was filled in."""
    known: dict[str, Any] = {"given": {}, "error": None, "preview": None, "status": 200, "face_of": health.face_of}
    known |= facts
    return page(
        "sources/new.html", known.pop("status"), network=network, mode=mode, intervals=rules.INTERVALS,
        app=queries.find_app(web.session(), web.principal().brand_id, network.kind), week=week_of(network.kind),
        callback=callback_address(network.kind), **known,
    )  # fmt: skip


def week_of(kind: str) -> Any:
    """The limit of hashtags, where the network has one."""
    if kind not in HASHTAG_NETWORKS:
        return None
    return queries.get_week(web.session(), web.principal().brand_id, kind, web.now())


def callback_address(kind: str) -> str:
    """Where the network sends people back: what they enter in their app's settings there."""
    return f"{web.runtime().settings.base_url}/studio/sources/callback/{kind}"


def sent() -> tuple[Network, Mode, dict[str, str]]:
    """The network, its mode and the fields of a form."""
    network = rules.get_network(request.form.get("network", ""))
    mode = rules.get_mode(network, request.form.get("mode", ""))
    return network, mode, {each.name: request.form.get(f"field-{each.name}", "") for each in mode.fields}


@pages.post("/sources/try")
@web.needs(Role.COORDINATOR)
def try_it() -> Response:
    """The first posts of a source that is not connected yet; nothing is stored."""
    network, mode, options = sent()
    principal, error, pulled = web.principal(), None, None
    web.session().rollback()  # no connection is held while the network is asked
    try:
        pulled = pulling.preview(
            web.runtime(), principal.brand_id, network.kind, mode.name, options, request.form.get("token", ""), now=web.now()
        )
    except UgcError as failed:
        error = health.explain(failed.code, failed.detail, network.label)
    if request.headers.get("HX-Request"):
        return bare("sources/preview.html", preview=pulled, error=error, face_of=health.face_of)
    return form(network, mode, given=dict(request.form), preview=pulled, error=error)


@pages.post("/sources")
@web.needs(Role.COORDINATOR)
def add() -> Response:
    """Connect a source; where the network wants a sign-in, that comes next."""
    network, mode, options = sent()
    principal, given = web.principal(), request.form
    source = actions.add_source(
        web.session(), principal.brand_id, network.kind, mode.name, given.get("name", "") or health.default_name(mode, options),
        options, token=given.get("token", ""), tags=read_words(given.get("tags", "")),
        interval_minutes=read_minutes(given.get("interval", "60")), key=web.runtime().key("tokens"), actor=principal.actor,
        now=web.now(),
    )  # fmt: skip
    return answers.done("source-new", to=f"/studio/sources/{source.id}", id=source.id)


def read_words(text: str) -> list[str]:
    """Tags with commas between."""
    return [word.strip() for word in text.split(",") if word.strip()]


def read_minutes(text: str) -> int:
    """A choice of how often; raises Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid("choose how often")
    return int(text)


@pages.get("/sources/<int:source_id>")
@web.needs(Role.VIEWER)
def show(source_id: int) -> Response:
    """One source: how it is, what it brought, what it could not read, and its settings."""
    source, now = find(source_id), web.now()
    network = rules.NETWORKS.get(source.network)
    newest = library_queries.map_items(web.session(), source.brand_id, queries.find_newest(web.session(), source, limit=NEWEST))
    shown = sorted(newest.values(), key=lambda item: -item.id)
    return page(
        "sources/source.html", source=source, card=health.card_of(source, now), network=network, mode=health.mode_of(source),
        cards=shapes.cards(web.session(), shown), pulls=queries.find_pulls(web.session(), source, limit=HISTORY),
        skipped=queries.find_skipped(web.session(), source), items=queries.count_items(web.session(), source),
        quota=quota_of(source, network), week=week_of(source.network), intervals=rules.INTERVALS,
        app=queries.find_app(web.session(), source.brand_id, source.network), callback=callback_address(source.network),
        explain=health.explain, toast=shapes.toast(request.args),
    )  # fmt: skip


def find(source_id: int, *, lock: bool = False) -> Source:
    """The brand's source; raises NotFound. Locked where it is to be changed: a pull may be writing to it."""
    return queries.get_source(web.session(), web.principal().brand_id, source_id, lock=lock)


def quota_of(source: Source, network: Network | None) -> tuple[int, int] | None:
    """Used and allowed units of the network's day."""
    if network is None or not network.daily_quota:
        return None
    return queries.quota_used(web.session(), source.brand_id, source.network, web.now()), network.daily_quota


@pages.post("/sources/<int:source_id>")
@web.needs(Role.COORDINATOR)
def change(source_id: int) -> Response:
    """Change a source's settings."""
    source, given = find(source_id, lock=True), request.form
    mode = health.mode_of(source)
    options = {each.name: given.get(f"field-{each.name}", "") for each in mode.fields} if mode and "options" in given else None
    actions.change_source(
        web.session(), source, name=given.get("name"), tags=read_words(given["tags"]) if "tags" in given else None,
        interval_minutes=read_minutes(given["interval"]) if "interval" in given else None, options=options,
        token=given.get("token") or None, key=web.runtime().key("tokens"), actor=web.principal().actor, now=web.now(),
    )  # fmt: skip
    return answers.done("source", to=f"/studio/sources/{source_id}")


@pages.post("/sources/<int:source_id>/pull")
@web.needs(Role.COORDINATOR)
def pull(source_id: int) -> Response:
    """Have the source pulled now."""
    source = find(source_id)
    if source.state not in queries.PULLED_STATES:
        raise rules.BadSource("resume or connect the source first")
    actions.pull_soon(web.session(), source)
    return answers.done("source-pull", to=f"/studio/sources/{source_id}")


@pages.post("/sources/<int:source_id>/pause")
@web.needs(Role.COORDINATOR)
def pause(source_id: int) -> Response:
    """Leave the source alone."""
    actions.pause(web.session(), find(source_id, lock=True), actor=web.principal().actor, now=web.now())
    return answers.done("source-pause", to=f"/studio/sources/{source_id}")


@pages.post("/sources/<int:source_id>/resume")
@web.needs(Role.COORDINATOR)
def resume(source_id: int) -> Response:
    """Pull it again from where it was."""
    actions.resume(web.session(), find(source_id, lock=True), actor=web.principal().actor, now=web.now())
    return answers.done("source-resume", to=f"/studio/sources/{source_id}")


@pages.post("/sources/<int:source_id>/remove")
@web.needs(Role.COORDINATOR)
def remove(source_id: int) -> Response:
    """Forget the source; its items stay."""
    actions.remove_source(web.session(), find(source_id, lock=True), actor=web.principal().actor, now=web.now())
    return answers.done("source-gone", to="/studio/sources")


# Connecting by a sign-in on the network.


@pages.post("/sources/apps/<network>")
@web.needs(Role.OWNER)
def keep_app(network: str) -> Response:
    """Keep the brand's app on a network."""
    principal = web.principal()
    connecting.keep_app(
        web.session(), principal.brand_id, network, request.form.get("client_id", ""), request.form.get("client_secret", ""),
        key=web.runtime().key("tokens"), actor=principal.actor, now=web.now(),
    )  # fmt: skip
    return answers.done("source-app")


@pages.get("/sources/<int:source_id>/connect")
@web.needs(Role.COORDINATOR)
def connect(source_id: int) -> Response:
    """On to the network, where the person says yes. A link, since the page's policy lets no form lead elsewhere."""
    source = find(source_id)
    back = callback_address(source.network)
    address = connecting.start(web.runtime(), web.session(), source, sign_in=web.sign_in_token(), back=back, now=web.now())
    return redirect(address, 303)


@pages.get("/sources/callback/<network>")
@web.needs(Role.COORDINATOR)
def come_back(network: str) -> Response:
    """Back from the network with its code, or with its no."""
    rules.get_network(network)
    state, principal = request.args.get("state", ""), web.principal()
    source = find(
        connecting.read_state(
            web.runtime().key("oauth"), state, brand_id=principal.brand_id, sign_in=web.sign_in_token(), now=web.now()
        )
    )
    if source.network != network:
        raise connecting.BadState()
    if "code" not in request.args:
        raise connecting.NotConnected("The network gave no access; nobody said yes there.", permanent=True)
    connecting.finish(
        web.runtime(), web.session(), source, code=request.args["code"], state=state, back=callback_address(network), now=web.now()
    )
    return answers.done("source-connected", to=f"/studio/sources/{source.id}")
