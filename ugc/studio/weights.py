"""What the score rests on: sliders with a preview of what they would change, presets, the run that follows, and the way back."""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts import rules as accounts_rules
from ugc.accounts.models import Role
from ugc.galleries import reordering
from ugc.kit.errors import Invalid
from ugc.library import queries as library_queries
from ugc.library.models import Kind
from ugc.scoring import actions, presets, previewing, queries, rules
from ugc.scoring.models import Cause, RunState, ScoringRun
from ugc.studio import answers, people, shapes
from ugc.studio.asked import read_whole
from ugc.studio.render import bare, page

pages = Blueprint("weights", __name__)

HOME = "/studio/settings/score"
KINDS = {Kind.PHOTO: "Photos", Kind.VIDEO: "Videos", Kind.AUDIO: "Recordings", Kind.REVIEW: "Reviews", Kind.POST: "Posts"}


@pages.get("/settings/score")
@web.needs(Role.VIEWER)
def show_weights() -> Response:
    """What each signal counts."""
    session, brand_id = web.session(), web.principal().brand_id
    weights = queries.get_weights(session, brand_id)
    return page(
        "settings/score.html", groups=presets.grouped(), weights=weights, presets=presets.PRESETS,
        preset=presets.preset_of(weights), kinds=KINDS, defaults=rules.DEFAULT_WEIGHTS,
        run=newest_run(), names=people.names(session, brand_id), toast=shapes.toast(request.args),
    )  # fmt: skip


@pages.get("/settings/score/preview")
@web.needs(Role.VIEWER)
def preview_weights() -> Response:
    """What the weights in the address would change, as a part of the page."""
    session, brand_id = web.session(), web.principal().brand_id
    found = preview()
    ids = {one.item_id for one in (*found.now, *found.new)}
    cards = {card.item.id: card for card in shapes.cards(session, library_queries.map_items(session, brand_id, ids).values())}
    return bare("settings/preview.html", found=found, cards=cards)


@pages.get("/settings/score/reordered")
@web.needs(Role.VIEWER)
def compare_galleries() -> Response:
    """The galleries that would show something else: a request of its own, since they take longer than everything above them."""
    galleries, looked_at = reordering.find_reordered(web.session(), web.principal().brand_id, preview(), web.now())
    return bare("settings/reordered.html", galleries=galleries, looked_at=looked_at)


def preview() -> previewing.Preview:
    """What the weights in the address would change, of one kind of item where it says so."""
    kind = request.args.get("kind", "")
    if kind and kind not in set(Kind):
        raise Invalid("there is no such kind of item")
    return previewing.preview(
        web.session(), web.principal().brand_id, read_weights(request.args), kinds=[kind] if kind else []
    )  # fmt: skip


@pages.get("/settings/score/run")
@web.needs(Role.VIEWER)
def show_run() -> Response:
    """How far the newest run has come, as a part of the page."""
    session, brand_id = web.session(), web.principal().brand_id
    may_change = accounts_rules.allows(web.principal().role, Role.COORDINATOR)
    return bare("settings/run.html", run=newest_run(), names=people.names(session, brand_id), may_change=may_change)


@pages.post("/settings/score")
@web.needs(Role.COORDINATOR)
def set_weights() -> Response:
    """Change what signals count; the items are scored anew in the background."""
    principal, weights = web.principal(), read_weights(request.form)
    if not weights:
        raise Invalid("say at least one weight")
    actions.set_weights(web.session(), principal.brand_id, weights, actor=principal.actor, now=web.now())
    return answers.done("weights", to=HOME)


@pages.post("/settings/score/undo")
@web.needs(Role.COORDINATOR)
def undo_weights() -> Response:
    """Go back to the weights before a run's."""
    session, principal = web.session(), web.principal()
    run = queries.get_run(session, principal.brand_id, read_whole(request.form.get("run", "")))
    if run.weights_before is None:
        raise Invalid("this run did not change the weights")
    weights = queries.get_weight_set(session, principal.brand_id, run.weights_before)
    known = {name: weight for name, weight in weights.items() if name in rules.DEFAULT_WEIGHTS}
    actions.set_weights(session, principal.brand_id, known, actor=principal.actor, now=web.now())
    return answers.done("weights-back", to=HOME)


@pages.post("/settings/score/again")
@web.needs(Role.COORDINATOR)
def score_again() -> Response:
    """Measure every item anew."""
    principal = web.principal()
    actions.rescore(web.session(), principal.brand_id, Cause.ASKED, actor=principal.actor, now=web.now())
    return answers.done("rescore", to=HOME)


def newest_run() -> ScoringRun | None:
    """The newest run that still matters."""
    found = queries.find_runs(web.session(), web.principal().brand_id, limit=1)
    return found[0] if found and found[0].state is not RunState.SUPERSEDED else None


def read_weights(values: Any) -> dict[str, float]:
    """The weights of a form; raises Invalid. Signals that it does not name stay as they are."""
    made = {}
    for name in rules.DEFAULT_WEIGHTS:
        if name in values:
            made[name] = read_weight(values[name])
    return made


def read_weight(text: str) -> float:
    """A number from 0 to 100; raises Invalid."""
    try:
        weight = float(text.replace(",", "."))
    except ValueError:
        weight = math.nan
    if not 0 <= weight <= rules.MAX_WEIGHT:
        raise Invalid("a weight is a number from 0 to 100")
    return weight
