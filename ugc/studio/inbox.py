"""The inbox: new items in a justified grid, decided by keyboard, one by one or many at once, and undone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.duplicates import queries as duplicates_queries
from ugc.kit.errors import Invalid
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Reason, State
from ugc.studio import answers, panels, shapes
from ugc.studio.render import bare, page

pages = Blueprint("inbox", __name__)

PAGE = 60
# Exact up to here: counting a million rows would take longer than the page.
COUNTED = 10_000
SORTS = {"score": "Best first", "teaches": "Teaches most first", "newest": "Newest first", "oldest": "Oldest first"}
REASONS = {
    Reason.LOW_QUALITY: "Low quality", Reason.OFF_TOPIC: "Off topic", Reason.DUPLICATE: "Duplicate", Reason.SPAM: "Spam",
    Reason.COPYRIGHT: "Somebody else's work", Reason.PERSONAL_DATA: "Personal data", Reason.UNSAFE: "Unsafe or offensive",
    Reason.LEGAL: "Legal", Reason.OTHER: "Another reason",
}  # fmt: skip
"""The keys 1–9 in this order, the commonest first; none of them asks for the rating (L-01)."""
MAX_IDS = 500


@pages.get("/")
@web.needs(Role.VIEWER)
def home() -> Response:
    """The studio opens with the inbox."""
    return redirect("/studio/inbox", 303)


@pages.get("/inbox")
@web.needs(Role.VIEWER)
def show() -> Response:
    """What waits for a decision; with `cursor`, only the tiles behind it."""
    principal, sort = web.principal(), request.args.get("sort", "score")
    if sort not in SORTS:
        raise Invalid(f"there is no sort named {sort!r}")
    found = library_queries.find_items(
        web.session(), principal.brand_id, library_queries.INBOX, sort=sort, cursor=request.args.get("cursor"), limit=PAGE,
        key=web.runtime().key("cursor"), now=web.now(),
    )  # fmt: skip
    facts: dict[str, Any] = {"cards": shapes.cards(web.session(), found.items), "next": found.next, "sort": sort}
    facts["likes"] = duplicates_queries.map_likes(web.session(), principal.brand_id, [item.id for item in found.items])
    facts["panels"] = panels.of(web.session(), principal.brand_id, found.items)
    if request.headers.get("HX-Request") and request.args.get("cursor"):
        return bare("inbox/tiles.html", **facts)
    waiting = library_queries.count_items(web.session(), principal.brand_id, library_queries.INBOX, now=web.now(), most=COUNTED)
    anything = library_queries.count_items(web.session(), principal.brand_id, library_queries.ItemFilter(), now=web.now(), most=1)
    return page(
        "inbox/page.html", sorts=SORTS, reasons=REASONS, waiting=waiting, counted=COUNTED, anything=anything,
        toast=shapes.toast(request.args), **facts,
    )  # fmt: skip


@pages.post("/decide")
@web.needs(Role.COORDINATOR)
def decide() -> Response:
    """Approve, reject or move items; the answer names the batch, with which it is undone."""
    principal, action, ids = web.principal(), request.form.get("action", ""), read_ids()
    by: dict[str, Any] = {"actor": principal.actor, "now": web.now()}
    if action == "approve":
        batch = library_actions.approve(web.session(), principal.brand_id, ids, **by)
    elif action == "reject":
        reason, note = read_reason(request.form.get("reason", "")), request.form.get("note", "")
        batch = library_actions.reject(web.session(), principal.brand_id, ids, reason, note, **by)
    elif action in (State.INBOX, State.SPAM, State.TRASH):
        batch = library_actions.move(web.session(), principal.brand_id, ids, State(action), **by)
    else:
        raise Invalid("action must be approve, reject, inbox, spam or trash")
    return answers.done(action, n=len(ids), batch=batch)


@pages.post("/undo")
@web.needs(Role.COORDINATOR)
def undo() -> Response:
    """Take back a batch of decisions."""
    principal = web.principal()
    taken_back = library_actions.undo(
        web.session(), principal.brand_id, request.form.get("batch", ""), actor=principal.actor, now=web.now()
    )
    return answers.done("undo", n=taken_back)


@pages.post("/tag")
@web.needs(Role.COORDINATOR)
def tag() -> Response:
    """Add tags, separated by commas, to items."""
    principal, names = web.principal(), read_tags(request.form.get("tags", ""))
    library_actions.add_tags(web.session(), principal.brand_id, read_ids(), names, actor=principal.actor, now=web.now())
    return answers.done("tags", tags=names)


def read_ids() -> list[int]:
    """The chosen items; raises Invalid for none, too many or something that is no number."""
    given = [part for value in request.form.getlist("ids") for part in value.split(",") if part]
    if not given or len(given) > MAX_IDS or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in given):
        raise Invalid(f"choose 1 to {MAX_IDS} items")
    return list(dict.fromkeys(int(part) for part in given))


def read_reason(value: str) -> Reason:
    """The reason for a rejection; raises Invalid."""
    if value not in set(Reason):
        raise Invalid("choose a reason")
    return Reason(value)


def read_tags(value: str) -> list[str]:
    """Tags as people type them, with commas between; raises Invalid where there is none."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not names:
        raise Invalid("write at least one tag")
    return names
