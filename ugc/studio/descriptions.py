"""Descriptions of pictures for those who can't see them: a draft beside the field, and a list of what is published without one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.kit.errors import Invalid
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item
from ugc.studio import answers, shapes
from ugc.studio.asked import read_whole
from ugc.studio.items import address_of
from ugc.studio.render import page
from ugc.suggestions import actions, describing, queries
from ugc.suggestions.models import Suggestion

pages = Blueprint("descriptions", __name__)

PAGE = 40
COUNTED = 1_000
HOME = "/studio/descriptions"


@dataclass(frozen=True, slots=True)
class Row:
    """A picture that is to be described."""

    card: shapes.Card
    file_id: int
    draft: Suggestion | None


@pages.get("/descriptions")
@web.needs(Role.VIEWER)
def show() -> Response:
    """Published pictures without a description, each with a draft where something is known of it."""
    session, brand_id, now = web.session(), web.principal().brand_id, web.now()
    found = describing.find_undescribed(session, brand_id, now=now, limit=PAGE)
    cards = shapes.cards(session, [each.item for each in found])
    rows = [Row(card, each.medium.file_id, each.draft) for card, each in zip(cards, found, strict=True)]
    count = describing.count_undescribed(session, brand_id, now=now, most=COUNTED)
    return page("descriptions/page.html", rows=rows, count=count, counted=COUNTED, toast=shapes.toast(request.args))


@pages.post("/items/<int:item_id>/describe")
@web.needs(Role.COORDINATOR)
def describe(item_id: int) -> Response:
    """`action=use` takes the text as the picture's description, `dismiss` refuses its draft, `undo` takes either back."""
    principal, action = web.principal(), request.form.get("action", "")
    item = library_queries.get_item(web.session(), principal.brand_id, item_id)
    file_id = read_whole(request.form.get("file", ""))
    if action == "use":
        return use(item, file_id, request.form.get("alt", "").strip())
    draft = request.form.get("draft", "")
    ids = [queries.get_suggestion(web.session(), principal.brand_id, read_whole(draft)).id] if draft else []
    if action == "dismiss":
        actions.refuse(web.session(), principal.brand_id, ids, principal.actor, web.now())
        return answers.done("draft-gone")
    if action == "undo":
        return take_back(item, file_id, ids)
    raise Invalid("action must be use, dismiss or undo")


def use(item: Item, file_id: int, alt: str) -> Response:
    """The text becomes the picture's description; the answer names the draft where it was one."""
    if not alt:
        raise Invalid("write what the picture shows, or leave it")
    principal = web.principal()
    taken = describing.take(
        web.session(), item.brand_id, item.id, file_id, alt, actor=principal.actor, now=web.now()
    )  # fmt: skip
    return answers.done("alt", to=address_of(item.id), draft=taken.id if taken else None)


def take_back(item: Item, file_id: int, ids: list[int]) -> Response:
    """The draft is open again, and the picture without the text that was sent, unless somebody changed it since."""
    actor, now = web.principal().actor, web.now()
    if ids:
        actions.reopen(web.session(), item.brand_id, ids, actor, now)
    elif any(medium.file_id == file_id and medium.alt == request.form.get("alt", "").strip() for medium in item.media):
        library_actions.set_alt(web.session(), item, file_id, "", actor=actor, now=now)
    return answers.done("undo", n=1)
