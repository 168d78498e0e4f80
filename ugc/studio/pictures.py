"""The catalogue's pictures: which of them did not come, why, and a way to ask once more."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.similarity import pictures as similarity_pictures
from ugc.similarity import queries as similarity_queries
from ugc.similarity.models import PictureState
from ugc.studio import answers, shapes
from ugc.studio.render import page

pages = Blueprint("pictures", __name__)

HOME = "/studio/imports/pictures"
SHOWN = 200
MISSING = (PictureState.FAILED, PictureState.REFUSED)


def counted(session: Session, brand_id: int) -> dict[str, Any]:
    """How many pictures came to what, and how many did not come: for this page and the link to it."""
    counts = similarity_queries.count_pictures(session, brand_id)
    return {"pictures": counts, "missing": sum(counts.get(state, 0) for state in MISSING)}


@pages.get("/imports/pictures")
@web.needs(Role.VIEWER)
def show() -> Response:
    """How many pictures came to what, and those that did not come."""
    session, brand_id = web.session(), web.principal().brand_id
    rows = similarity_queries.find_missing_pictures(session, brand_id, limit=SHOWN)
    return page(
        "imports/pictures.html", rows=rows, most=similarity_pictures.MAX_ATTEMPTS, toast=shapes.toast(request.args),
        **counted(session, brand_id),
    )  # fmt: skip


@pages.post("/imports/pictures/again")
@web.needs(Role.COORDINATOR)
def try_again() -> Response:
    """Have those that did not come fetched once more."""
    asked = similarity_pictures.try_again(web.session(), web.principal().brand_id)
    return answers.done("pictures", to=HOME, n=asked)
