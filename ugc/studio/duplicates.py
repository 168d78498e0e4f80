"""Near-duplicates: groups side by side, the best first; one key merges them, one keeps them apart, one takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.duplicates import actions, merging, queries
from ugc.duplicates.models import Likeness, Standing
from ugc.duplicates.queries import View
from ugc.kit.errors import Invalid
from ugc.studio import answers, people, shapes
from ugc.studio.render import bare, page

pages = Blueprint("duplicates", __name__)

PAGE = 20
COUNTED = 1_000
TABS = {Standing.OPEN: "To decide", Standing.MERGED: "Merged", Standing.APART: "Kept apart"}
# Of so many bits a picture's hash has: what is near is said as a share of them.
BITS = 256


@dataclass(frozen=True, slots=True)
class Row:
    """A group as the page shows it."""

    view: View
    cards: tuple[tuple[shapes.Card, str], ...]
    """Each item with how near it is, in words."""


@pages.get("/duplicates")
@web.needs(Role.VIEWER)
def show() -> Response:
    """The groups, the newest first; with `before`, only those behind one."""
    session, brand_id = web.session(), web.principal().brand_id
    standing = read_standing(request.args.get("standing", Standing.OPEN.value))
    before = read_id(request.args.get("before"))
    views = queries.find_groups(session, brand_id, standing, before=before, limit=PAGE + 1)
    facts: dict[str, Any] = {
        "rows": rows_of(session, views[:PAGE]), "standing": standing, "next": views[PAGE - 1].id if len(views) > PAGE else None,
        "names": people.names(session, brand_id), "is_open": standing is Standing.OPEN,
    }  # fmt: skip
    if request.headers.get("HX-Request") and before:
        return bare("duplicates/groups.html", may_change=web.principal().role is not Role.VIEWER, **facts)
    waiting = queries.count_groups(session, brand_id, most=COUNTED)
    return page("duplicates/page.html", tabs=TABS, waiting=waiting, counted=COUNTED, toast=shapes.toast(request.args), **facts)


def read_standing(value: str) -> Standing:
    """Which groups; raises Invalid."""
    if value not in set(Standing):
        raise Invalid("standing must be open, merged or apart")
    return Standing(value)


def read_id(value: str | None) -> int | None:
    """An id in an address; raises Invalid."""
    if value is not None and not (value.isascii() and value.isdigit() and len(value) < 19):
        raise Invalid("this is not an id")
    return int(value) if value else None


def rows_of(session: Session, views: list[View]) -> list[Row]:
    """Groups with their cards, whose scores are read at once."""
    cards = {card.item.id: card for card in shapes.cards(session, [shown.item for view in views for shown in view.members])}
    return [
        Row(view, tuple((cards[shown.item.id], nearness(view.likeness, shown.distance, shown.turn)) for shown in view.members))
        for view in views
    ]


def nearness(likeness: Likeness, distance: int | None, turn: str) -> str:
    """How alike an item is with the one that its group was found around."""
    if distance is None:
        return ""
    if likeness is Likeness.TEXT:
        return "The same words" if distance == 0 else f"{100 - distance} % of the same phrases"
    shared = "The same picture" if distance == 0 else f"{distance} of {BITS} bits differ"
    return f"{shared}, {turn}" if turn else shared


@pages.post("/duplicates/<int:group_id>/merge")
@web.needs(Role.COORDINATOR)
def merge(group_id: int) -> Response:
    """Keep one of the group; `best` names it, else the best by score stays."""
    principal = web.principal()
    best = read_id(request.form.get("best") or None)
    batch = merging.merge(
        web.runtime(), web.session(), principal.brand_id, group_id, best, actor=principal.actor, now=web.now()
    )  # fmt: skip
    return answers.done("merged", to="/studio/duplicates", batch=batch)


@pages.post("/duplicates/<int:group_id>/apart")
@web.needs(Role.COORDINATOR)
def keep_apart(group_id: int) -> Response:
    """They are not duplicates."""
    principal = web.principal()
    actions.keep_apart(web.session(), principal.brand_id, group_id, actor=principal.actor, now=web.now())
    return answers.done("apart", to="/studio/duplicates")


@pages.post("/duplicates/<int:group_id>/undo")
@web.needs(Role.COORDINATOR)
def undo(group_id: int) -> Response:
    """Take a decision on a group back."""
    principal = web.principal()
    merging.undo(web.runtime(), web.session(), principal.brand_id, group_id, actor=principal.actor, now=web.now())
    return answers.done("undo", to="/studio/duplicates")
