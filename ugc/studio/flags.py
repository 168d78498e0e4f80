"""Flags: signs that something may not be what it says it is, with a button for each side, and the log of them (L-08)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.authenticity import actions as authenticity_actions
from ugc.authenticity import queries as authenticity_queries
from ugc.authenticity.models import FlagState, ItemFlag
from ugc.authenticity.rules import KINDS
from ugc.kit.errors import Invalid
from ugc.library.models import Item
from ugc.studio import answers, people, shapes
from ugc.studio.asked import read_whole
from ugc.studio.render import page
from ugc.studio.shapes import Card

pages = Blueprint("flags", __name__)

PAGE = 50
LOGGED = 10_000
TABS = {FlagState.OPEN: "To look at", FlagState.CONFIRMED: "Confirmed", FlagState.DISMISSED: "Harmless"}
OTHERS = 3
# What a spreadsheet takes for a formula when a cell starts with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Shown:
    """A flag as a panel shows it."""

    id: int
    label: str
    reason: str
    state: str
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A flag with its item, as the page lists it."""

    flag: ItemFlag
    card: Card
    others: tuple[int, ...]


def panel(session: Session, brand_id: int, items: Sequence[Item]) -> dict[int, list[Shown]]:
    """The flags of items for the item page and the inbox."""
    flags = authenticity_queries.map_flags(session, brand_id, [item.id for item in items])
    return {
        id: [Shown(one.id, KINDS[one.kind].label, one.reason, one.state.value, others_of(one)) for one in some if one.kind in KINDS]
        for id, some in flags.items()
    }


def others_of(flag: ItemFlag) -> tuple[int, ...]:
    """The first few of the other items that the evidence names."""
    return tuple(flag.evidence.get("items", [])[:OTHERS])


@pages.get("/flags")
@web.needs(Role.VIEWER)
def show() -> Response:
    """What is to be looked at, or what was, the newest first."""
    session, brand_id, state, kind = (
        web.session(),
        web.principal().brand_id,
        read_state(request.args.get("state", "open")),
        read_kind(),
    )
    before = request.args.get("before")
    flags = authenticity_queries.find_flags(
        session, brand_id, state=state, kind=kind, before=read_whole(before) if before else None, limit=PAGE + 1
    )
    cards = {card.item.id: card for card in shapes.cards(session, {flag.item_id: flag.item for flag in flags}.values())}
    return page(
        "flags/page.html", rows=[Row(flag, cards[flag.item_id], others_of(flag)) for flag in flags[:PAGE] if flag.kind in KINDS],
        more=flags[PAGE - 1].id if len(flags) > PAGE else None, kinds=KINDS, kind=kind, state=state, tabs=TABS,
        counts=authenticity_queries.count_flags(session, brand_id, state=state), names=people.names(session, brand_id),
        toast=shapes.toast(request.args),
    )  # fmt: skip


@pages.get("/flags.csv")
@web.needs(Role.VIEWER)
def export() -> Response:
    """The same as a file, for whoever asks how reviews are checked."""
    state = read_state(request.args.get("state", "open"))
    flags = authenticity_queries.find_flags(web.session(), web.principal().brand_id, state=state, limit=LOGGED)
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(("item", "sign", "reason", "p", "state", "found", "decided", "by"))
    for one in flags:
        cells: tuple[Any, ...] = (
            one.item_id,
            one.kind,
            one.reason,
            one.p,
            one.state.value,
            one.found_at,
            one.decided_at or "",
            one.actor,
        )
        table.writerow([plain(cell) for cell in cells])
    answer = make_response(written.getvalue())
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="flags-{state.value}.csv"'
    return answer


def plain(cell: Any) -> str:
    """A cell that no spreadsheet runs."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


@pages.post("/flags/<int:flag_id>")
@web.needs(Role.COORDINATOR)
def decide(flag_id: int) -> Response:
    """Say that a flag is harmless, that it is so, or that it is to be looked at again."""
    who = web.principal()
    flag = authenticity_actions.decide(
        web.session(), who.brand_id, flag_id, read_state(request.form.get("state", "")), actor=who.actor, now=web.now()
    )
    to = f"/studio/items/{flag.item_id}" if request.form.get("to") == "item" else "/studio/flags"
    return answers.done("flag", to=to)


def read_state(value: str) -> FlagState:
    """The state named; raises Invalid."""
    if value not in set(FlagState):
        raise Invalid("state must be open, dismissed or confirmed")
    return FlagState(value)


def read_kind() -> str:
    """The kind asked for, empty for all; raises Invalid."""
    kind = request.args.get("kind", "")
    if kind and kind not in KINDS:
        raise Invalid(f"there is no kind of flag named {kind!r}")
    return kind
