"""/api/v1/duplicates: groups of near-duplicates, and the two decisions on them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Response
from pydantic import BaseModel, Field

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Id, Strict, api
from ugc.api.shapes import DecisionOut
from ugc.duplicates import actions, merging, queries
from ugc.duplicates.models import Standing
from ugc.duplicates.queries import View
from ugc.kit import paging


class MemberOut(BaseModel):
    """An item of a group. `distance` is from the group's centre: bits of 256, or per cent of a text's phrases."""

    item: int
    state: str
    rights: str
    score: int | None
    distance: int | None
    turn: str = Field(description="How the picture lies towards the centre's: empty, `mirrored`, `upside down`, `on its side` ….")


class GroupOut(BaseModel):
    """Items that look or read alike, the best by score first, or the one that was kept."""

    id: int
    likeness: Literal["picture", "text"]
    standing: Literal["open", "merged", "apart"]
    best: int | None
    authors: int
    found: datetime
    decided_at: datetime | None
    members: list[MemberOut]

    @classmethod
    def of(cls, view: View) -> GroupOut:
        """From its view."""
        members = [
            MemberOut(
                item=shown.item.id, state=shown.item.state, rights=shown.item.rights_state, score=shown.item.score,
                distance=shown.distance, turn=shown.turn,
            )
            for shown in view.members
        ]  # fmt: skip
        return cls(
            id=view.id, likeness=view.likeness.value, standing=view.standing.value, best=view.best_id, authors=view.authors,
            found=view.created, decided_at=view.decided_at, members=members,
        )  # fmt: skip


class GroupPath(Strict):
    """Which group."""

    id: Id


class GroupQuery(Strict):
    """Which groups."""

    standing: Literal["open", "merged", "apart"] = "open"
    cursor: Id | None = None
    limit: str | None = Field(None, description="1 to 100, 30 where not given.")


class MergeIn(Strict):
    """What to keep; the best by score where it is not named."""

    best: Id | None = None


@api.get("/duplicates", summary="Groups of near-duplicates", responses={200: schema.many(GroupOut)})
@web.needs(Role.VIEWER)
def find_duplicates(query: GroupQuery) -> Response:
    """The newest first; what was decided stays there under its standing and is never reported again."""
    limit = paging.read_limit(query.limit)
    found = queries.find_groups(
        web.session(), web.principal().brand_id, Standing(query.standing), before=query.cursor, limit=limit + 1
    )  # fmt: skip
    more = len(found) > limit
    return schema.listed([GroupOut.of(view) for view in found[:limit]], str(found[limit - 1].id) if more else None)


@api.post("/duplicates/<int:id>/merge", summary="Merge a group", responses={200: DecisionOut})
@web.needs(Role.COORDINATOR)
def merge_duplicates(path: GroupPath, body: MergeIn) -> Response:
    """One stays with the tags and products of all, the others go to the trash; `POST /items/undo` takes it back."""
    who = web.principal()
    view = queries.get_group(web.session(), who.brand_id, path.id)
    batch = merging.merge(
        web.runtime(), web.session(), who.brand_id, path.id, body.best, actor=who.actor, now=web.now()
    )  # fmt: skip
    return schema.answer(DecisionOut(batch=batch, items=len(view.members)))


@api.post("/duplicates/<int:id>/apart", summary="Keep a group apart", responses={200: GroupOut})
@web.needs(Role.COORDINATOR)
def keep_duplicates_apart(path: GroupPath) -> Response:
    """They are not duplicates; no two of them are reported together again."""
    who = web.principal()
    actions.keep_apart(web.session(), who.brand_id, path.id, actor=who.actor, now=web.now())
    return schema.answer(GroupOut.of(queries.get_group(web.session(), who.brand_id, path.id)))
