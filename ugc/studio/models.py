"""What was learnt: every kind of model with its figures, its versions, and what it still needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.modelling import actions as modelling_actions
from ugc.modelling import queries as modelling_queries
from ugc.modelling import rules as modelling_rules
from ugc.modelling.models import ModelState, TrainedModel
from ugc.modelling.rules import ModelKind
from ugc.studio import answers, people, shapes
from ugc.studio.render import page

pages = Blueprint("models", __name__)

HOME = "/studio/settings/models"


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of model: the version in use, all of them, and what is missing where there is none."""

    kind: ModelKind
    active: TrainedModel | None
    versions: Sequence[TrainedModel]
    need: str


@pages.get("/settings/models")
@web.needs(Role.VIEWER)
def show() -> Response:
    """Every kind with its versions."""
    session, brand_id = web.session(), web.principal().brand_id
    versions = modelling_queries.find_versions(session, brand_id)
    needs = modelling_queries.map_needs(session, brand_id)
    shelves = [
        Shelf(
            kind,
            next((one for one in versions if one.kind == kind.name and one.state is ModelState.ACTIVE), None),
            [one for one in versions if one.kind == kind.name],
            modelling_rules.need_words(needs[kind.name].have, needs[kind.name].needed, needs[kind.name].of)
            if kind.name in needs
            else "",
        )
        for kind in modelling_rules.KINDS.values()
    ]
    return page(
        "models/page.html", shelves=shelves, names=people.names(session, brand_id), metrics_of=modelling_rules.metrics_of,
        facts_of=modelling_rules.facts_of, toast=shapes.toast(request.args),
    )  # fmt: skip


@pages.post("/settings/models/<kind>/train")
@web.needs(Role.COORDINATOR)
def train(kind: str) -> Response:
    """Train one kind now instead of in the night."""
    modelling_actions.ask_for_training(web.session(), web.principal().brand_id, kind)
    return answers.done("training", to=HOME)


@pages.post("/settings/models/<kind>/builtin")
@web.needs(Role.COORDINATOR)
def use_builtin(kind: str) -> Response:
    """Go back to what comes with the program."""
    who = web.principal()
    modelling_actions.use_builtin(web.session(), who.brand_id, kind, actor=who.actor, now=web.now())
    return answers.done("builtin", to=HOME)


@pages.post("/settings/models/<int:model_id>/activate")
@web.needs(Role.COORDINATOR)
def activate(model_id: int) -> Response:
    """Use another version."""
    who = web.principal()
    modelling_actions.activate(web.session(), who.brand_id, model_id, actor=who.actor, now=web.now())
    return answers.done("model", to=HOME)
