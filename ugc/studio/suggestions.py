"""Suggestions: one key accepts or refuses them; and Settings, suggestions: what may be applied by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.kit.errors import Invalid
from ugc.modelling import queries as modelling_queries
from ugc.studio import answers, shapes
from ugc.studio.inbox import read_ids
from ugc.studio.render import page
from ugc.suggestions import actions, queries, ranking, tagging
from ugc.suggestions.models import What
from ugc.suggestions.rules import PRECISIONS

pages = Blueprint("suggestions", __name__)

HOME = "/studio/settings/suggestions"
LIKELY = 0.95
"""From here on "accept all likely" takes a suggestion along."""
VERBS = {"accept": actions.accept, "refuse": actions.refuse, "undo": actions.reopen}


@pages.post("/suggestions")
@web.needs(Role.COORDINATOR)
def decide() -> Response:
    """Accept, refuse or undo suggestions: `ids`, and `action`; a form's button says both as `accept=17`."""
    principal, given = web.principal(), request.form
    verb = next((name for name in VERBS if name in given), given.get("action", ""))
    if verb not in VERBS:
        raise Invalid("action must be accept, refuse or undo")
    ids = [read_id(given[verb])] if verb in given else read_ids()
    decided = VERBS[verb](web.session(), principal.brand_id, ids, principal.actor, web.now())
    return answers.done("suggestions", n=len(decided), ids=[each.id for each in decided])


def read_id(text: str) -> int:
    """An id in a button's value; raises Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("this is not a suggestion")
    return int(text)


@pages.post("/suggestions/likely")
@web.needs(Role.COORDINATOR)
def accept_likely() -> Response:
    """Accept what is likelier than 95 % on the chosen items; the answer names what was accepted, for undo."""
    principal = web.principal()
    found = queries.map_open(web.session(), principal.brand_id, read_ids())
    ids = [each.id for some in found.values() for each in some if each.p >= LIKELY and each.what is not What.ALT]
    actions.accept(web.session(), principal.brand_id, ids, principal.actor, web.now())
    return answers.done("suggestions", n=len(ids), ids=ids)


@dataclass(frozen=True, slots=True)
class Proven:
    """How many tags may be applied at a precision, and from which probability on products may; none where nothing is proven."""

    precision: float
    tags: int
    product_from: float | None


@pages.get("/settings/suggestions")
@web.needs(Role.VIEWER)
def show() -> Response:
    """What may be applied without a person, what was, and what is proven so far."""
    session, brand_id = web.session(), web.principal().brand_id
    needs = modelling_queries.map_needs(session, brand_id)
    return page(
        "settings/suggestions.html", chosen=queries.get_settings(session, brand_id), precisions=PRECISIONS,
        proven=find_proven(session, brand_id), tags=read_model(session, brand_id, tagging.KIND), needs=needs,
        products=read_model(session, brand_id, ranking.KIND), batches=queries.find_batches(session, brand_id),
        toast=shapes.toast(request.args),
    )  # fmt: skip


def read_model(session: Session, brand_id: int, kind: str) -> Any:
    """The version in use, if any."""
    return modelling_queries.find_active(session, brand_id, kind)


def find_proven(session: Session, brand_id: int) -> list[Proven]:
    """For each precision, what held-out decisions prove."""
    tags = modelling_queries.load(session, brand_id, tagging.KIND, format=tagging.FORMAT)
    products = modelling_queries.load(session, brand_id, ranking.KIND, format=ranking.FORMAT)
    thresholds = tags.facts["thresholds"].values() if tags else ()
    from_p = products.facts.get("thresholds", {}) if products else {}
    return [Proven(each, sum(str(each) in found for found in thresholds), from_p.get(str(each))) for each in PRECISIONS]


@pages.post("/settings/suggestions")
@web.needs(Role.COORDINATOR)
def choose() -> Response:
    """Choose above which precision tags and products are applied without a person; empty = not at all."""
    principal = web.principal()
    tags, products = (read_precision(request.form.get(name, "")) for name in ("tags", "products"))
    actions.set_precisions(web.session(), principal.brand_id, tags, products, actor=principal.actor, now=web.now())
    return answers.done("suggestion-settings", to=HOME)


def read_precision(text: str) -> float | None:
    """A precision of a form; raises Invalid for what is no number."""
    try:
        return float(text) if text.strip() else None
    except ValueError as cause:
        raise Invalid("choose a precision") from cause


@pages.post("/settings/suggestions/undo")
@web.needs(Role.COORDINATOR)
def undo_batch() -> Response:
    """Take back what was applied together."""
    principal = web.principal()
    count = actions.undo_batch(
        web.session(), principal.brand_id, request.form.get("batch", ""), actor=principal.actor, now=web.now()
    )
    return answers.done("undo", to=HOME, n=count)
