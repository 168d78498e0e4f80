"""Listening: where customers talk, what they say there, and the words and places that it is heard in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.catalog import queries as catalog_queries
from ugc.social import listening, rules
from ugc.social.models import Listening
from ugc.social.networks.base import Mode, Network
from ugc.studio import answers, health, shapes
from ugc.studio.asked import read_whole
from ugc.studio.render import page

pages = Blueprint("listening", __name__)

PAGE = 30
BAR = 28
"""Height of a week's bar in the drawing, in its own units."""


@pages.get("/listening")
@web.needs(Role.VIEWER)
def show_all() -> Response:
    """Where customers talk by site and week, and the newest mentions."""
    session, brand_id, asked = web.session(), web.principal().brand_id, request.args
    sets = listening.find_listenings(session, brand_id)
    chosen = listening.get_listening(session, brand_id, read_whole(asked["set"])) if asked.get("set") else None
    heard = listening.find_mentions(
        session, brand_id, listening_id=chosen.id if chosen else None, site=asked.get("site", ""),
        product_id=read_whole(asked["product"]) if asked.get("product") else None,
        before=read_whole(asked["before"]) if asked.get("before") else None, limit=PAGE,
    )  # fmt: skip
    sites = listening.count_sites(session, brand_id, listening_id=chosen.id if chosen else None, now=web.now())
    ids = {each.product_id for each in heard.mentions if each.product_id}
    return page(
        "listening/page.html", sets=sets, chosen=chosen, counts=listening.count_mentions(session, brand_id), heard=heard,
        sites=[(site, bars(site, max(max(each.weeks) for each in sites))) for site in sites],
        weeks=listening.week_names(web.now()), products=catalog_queries.map_by_ids(session, brand_id, ids), bar=BAR,
        names={one.id: one.name for one in sets}, networks={kind: one.label for kind, one in rules.NETWORKS.items()},
        toast=shapes.toast(asked),
    )  # fmt: skip


def bars(site: listening.Site, most: int) -> list[tuple[int, int, int]]:
    """A site's weeks as bars of a small drawing: place, height, count; all sites are drawn to one scale."""
    return [(place, round(BAR * count / most) if most else 0, count) for place, count in enumerate(site.weeks)]


@pages.get("/listening/_new")
@web.needs(Role.COORDINATOR)
def show_new() -> Response:
    """The form of something new to listen for."""
    return page("listening/set.html", listening=None, **places())


@pages.post("/listening")
@web.needs(Role.COORDINATOR)
def add() -> Response:
    """Begin to listen for some words."""
    principal = web.principal()
    made = listening.add_listening(web.session(), principal.brand_id, **words_sent(), actor=principal.actor, now=web.now())
    return answers.done("listening-new", to=f"/studio/listening/{made.id}", id=made.id)


def words_sent() -> dict[str, Any]:
    """The words of the form, a line each."""
    form = request.form
    return {
        "name": form.get("name", ""), "terms": form.get("terms", "").splitlines(),
        "excluded": form.get("excluded", "").splitlines(), "skus": [form.get("sku", "")],
    }  # fmt: skip


@pages.get("/listening/<int:listening_id>")
@web.needs(Role.VIEWER)
def show(listening_id: int) -> Response:
    """The words, and the places with their health."""
    found = find(listening_id)
    sources = listening.find_places(web.session(), found)
    cards = [health.card_of(source, web.now()) for source in sources]
    return page(
        "listening/set.html",
        listening=found,
        cards=cards,
        toast=shapes.toast(request.args),
        **places(request.args.get("place", "")),
    )


def find(listening_id: int) -> Listening:
    """The brand's listening; raises NotFound."""
    return listening.get_listening(web.session(), web.principal().brand_id, listening_id)


def places(chosen: str = "") -> dict[str, Any]:
    """Where one can listen, and the fields of the place that was chosen."""
    known: list[tuple[str, Network, Mode]] = []
    for kind, name in listening.PLACES:
        network = rules.get_network(kind)
        known.append((f"{kind}-{name}", network, rules.get_mode(network, name)))
    network, mode = next(((one, its) for key, one, its in known if key == chosen), (known[0][1], known[0][2]))
    return {
        "places": known, "place": f"{network.kind}-{mode.name}", "place_network": network, "place_mode": mode,
        "place_fields": listening.fields_of(network.kind, mode), "searches": (network.kind, mode.name) in listening.SEARCHES,
        "intervals": rules.INTERVALS,
    }  # fmt: skip


@pages.post("/listening/<int:listening_id>")
@web.needs(Role.COORDINATOR)
def change(listening_id: int) -> Response:
    """Listen for other words."""
    listening.change_listening(
        web.session(), find(listening_id), **words_sent(), actor=web.principal().actor, now=web.now()
    )  # fmt: skip
    return answers.done("listening", to=f"/studio/listening/{listening_id}")


@pages.post("/listening/<int:listening_id>/places")
@web.needs(Role.COORDINATOR)
def add_place(listening_id: int) -> Response:
    """Listen in one more place."""
    form = request.form
    kind, _, mode = form.get("place", "").partition("-")
    given = {name.removeprefix("field-"): value for name, value in form.items() if name.startswith("field-")}
    listening.add_place(
        web.session(), find(listening_id), kind, mode, given, token=form.get("token", ""),
        interval_minutes=read_whole(form.get("interval", "60")), key=web.runtime().key("tokens"),
        actor=web.principal().actor, now=web.now(),
    )  # fmt: skip
    return answers.done("listening-place", to=f"/studio/listening/{listening_id}")


@pages.post("/listening/<int:listening_id>/remove")
@web.needs(Role.COORDINATOR)
def remove(listening_id: int) -> Response:
    """Stop to listen for it."""
    listening.remove_listening(web.session(), find(listening_id), actor=web.principal().actor, now=web.now())
    return answers.done("listening-gone", to="/studio/listening")


@pages.post("/listening/mentions/<int:mention_id>/keep")
@web.needs(Role.COORDINATOR)
def keep(mention_id: int) -> Response:
    """Take a mention into the library."""
    mention = listening.get_mention(web.session(), web.principal().brand_id, mention_id)
    item = listening.make_item(web.session(), mention, actor=web.principal().actor, now=web.now())
    return answers.done("mention-kept", item=item.id)


@pages.post("/listening/mentions/<int:mention_id>/dismiss")
@web.needs(Role.COORDINATOR)
def dismiss(mention_id: int) -> Response:
    """Say that a mention is about something else, or take that back."""
    mention = listening.get_mention(web.session(), web.principal().brand_id, mention_id)
    listening.dismiss(mention=mention, session=web.session(), now=None if mention.dismissed_at else web.now())
    return answers.done("mention-gone" if mention.dismissed_at else "mention-back")
