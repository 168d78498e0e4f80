"""Settings, approval: what was learnt from decisions, how well it holds, what it may decide by itself; and its panel on items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.kit.errors import Invalid
from ugc.library.models import Item, Kind
from ugc.modelling import actions as modelling_actions
from ugc.modelling import queries as modelling_queries
from ugc.modelling.models import TrainedModel
from ugc.studio import answers, panels, shapes
from ugc.studio.render import page
from ugc.triage import actions, learning, queries, rules
from ugc.triage.models import Decides, Mode
from ugc.triage.rules import Bin, Bounds, Wanted

pages = Blueprint("triage", __name__)

HOME = "/studio/settings/approval"
MODES = {
    Mode.OFF: "Off: nothing is foretold", Mode.SUGGEST: "Suggest: people decide, the machine says what it thinks",
    Mode.AUTOMATIC: "Automatic: it decides inside the bounds below",
}  # fmt: skip
DECIDES = {Decides.APPROVE: "Approve only", Decides.BOTH: "Approve and reject (never a review)"}
# The chart's inner side, in units of its own.
SIDE = 280


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of the reliability curve where it is drawn: x, y and the ends of its interval, from the top left corner."""

    x: float
    y: float
    top: float
    bottom: float


def dot_of(one: Bin) -> Dot:
    """Where a point is drawn."""
    down = (SIDE * (1 - share) for share in (one.true, one.high, one.low))
    return Dot(round(SIDE * one.said, 1), *(round(value, 1) for value in down))


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a model in use tells of itself."""

    model: TrainedModel
    bounds: Bounds
    both: Bounds
    """As if it might do all that it can with the kinds of the brand."""
    curve: list[Bin]
    error: float
    sides: Sequence[rules.Side]
    stars: Sequence[queries.Star]
    live: queries.Live
    preview: queries.Preview

    @property
    def dots(self) -> list[Dot]:
        """The curve as it is drawn."""
        return [dot_of(one) for one in self.curve]


def learnt_of(session: Session, brand_id: int, wanted: Wanted) -> Learnt | None:
    """Everything about the model in use under some bounds; None without one."""
    active = modelling_queries.find_active(session, brand_id, learning.KIND)
    model = queries.get_model(session, brand_id)
    if active is None or model is None:
        return None
    bounds = queries.bounds_of(model, wanted)
    p, y = model.heldout["p"], model.heldout["y"]
    return Learnt(
        active, bounds, queries.bounds_of(model, rules.everything(wanted)), rules.reliability(p, y),
        rules.calibration_error(p, y), queries.sides_of(model, wanted, bounds), queries.find_stars(session, brand_id, model),
        queries.get_live(session, brand_id), queries.preview(session, brand_id, wanted, bounds, active.version),
    )  # fmt: skip


@pages.get("/settings/approval")
@web.needs(Role.VIEWER)
def show() -> Response:
    """What was learnt and what it may do."""
    return overview(queries.get_wanted(web.session(), web.principal().brand_id))


def overview(wanted: Wanted, *, is_tried: bool = False) -> Response:
    """The page under some bounds, the brand's own or tried ones."""
    session, brand_id = web.session(), web.principal().brand_id
    return page(
        "settings/approval.html", wanted=wanted, is_tried=is_tried, learnt=learnt_of(session, brand_id, wanted), modes=MODES,
        decides=DECIDES, kinds=list(Kind), need=queries.get_need(session, brand_id), runs=queries.find_runs(session, brand_id),
        side=SIDE, checked=rules.CHECKED_SHARE, toast=shapes.toast(request.args),
    )  # fmt: skip


@pages.post("/settings/approval")
@web.needs(Role.COORDINATOR)
def set_bounds() -> Response:
    """Say what the machine may do, or only look at what it would do."""
    principal, wanted = web.principal(), read_wanted(request.form)
    if request.form.get("do") == "try":
        return overview(wanted, is_tried=True)
    actions.set_wanted(web.session(), principal.brand_id, wanted, actor=principal.actor, now=web.now())
    return answers.done("bounds", to=HOME)


@pages.post("/settings/approval/train")
@web.needs(Role.COORDINATOR)
def train() -> Response:
    """Learn from the newest decisions now instead of tonight."""
    modelling_actions.ask_for_training(web.session(), web.principal().brand_id, learning.KIND)
    return answers.done("train-approval", to=HOME)


def read_wanted(values: MultiDict[str, str]) -> Wanted:
    """The bounds of a form; raises Invalid for what is no number or name, BadBounds for what can't be."""
    try:
        wanted = Wanted(
            Mode(values.get("mode", "")), round(float(values.get("agreement", "")) / 100, 4), tuple(values.getlist("kinds")),
            Decides(values.get("decides", "")), int(values.get("per_day", "")),
        )  # fmt: skip
    except ValueError as cause:
        raise Invalid("a number or a choice is missing") from cause
    rules.check_wanted(wanted)
    return wanted


# On items.


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the panel says of an item."""

    p: float | None
    words: str
    speak_for: tuple[str, ...] = ()
    speak_against: tuple[str, ...] = ()
    missing: int = 0
    """Decisions that are still needed before it says anything."""
    is_hidden: bool = False


def read(session: Session, brand_id: int, items: Sequence[Item]) -> Mapping[int, Opinion]:
    """How likely each item is approved and why; what is needed where nothing is known yet; nothing where the brand wants none."""
    if not items or queries.get_wanted(session, brand_id).mode is Mode.OFF:
        return {}
    if modelling_queries.find_active(session, brand_id, learning.KIND) is None:
        have, needed = queries.get_need(session, brand_id)
        return {item.id: Opinion(None, "", missing=max(1, needed - have)) for item in items}
    ids = [item.id for item in items]
    checked = queries.find_checked(session, brand_id, ids)
    hidden = {item.id for item in items if item.id in checked and item.state == "inbox"}
    found = queries.map_approvals(session, brand_id, ids)
    return {id: Opinion(None, "", is_hidden=True) for id in hidden} | {
        id: opinion_of(row.p, row.why) for id, row in found.items() if id not in hidden
    }


def opinion_of(p: float, why: Sequence[Any]) -> Opinion:
    """A prediction in words."""
    return Opinion(
        p, rules.words_of(p), tuple(words for _, words, weight in why if weight > 0),
        tuple(words for _, words, weight in why if weight < 0),
    )  # fmt: skip


panels.PANELS["approval"] = read
