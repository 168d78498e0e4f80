"""/api/v1/flags: signs that items may not be what they say they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Strict, api
from ugc.authenticity import actions, queries
from ugc.authenticity.models import FlagState, ItemFlag
from ugc.kit import paging


class FlagPath(Strict):
    """Which flag."""

    flag_id: int = Field(ge=1, le=2**63 - 1)


class FlagQuery(Strict):
    """Paging, and which flags."""

    state: Literal["open", "dismissed", "confirmed"] = "open"
    cursor: str | None = None
    limit: str | None = None


class FlagIn(Strict):
    """What a person made of it; the item's own state stays as it is."""

    state: Literal["open", "dismissed", "confirmed"]


class FlagOut(BaseModel):
    """A sign with what was seen."""

    id: int
    item_id: int
    kind: str
    p: float
    """How far it is beyond chance or usual; 1 is certain."""
    reason: str
    evidence: dict[str, Any]
    state: str
    found_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, row: ItemFlag) -> FlagOut:
        """From its row."""
        return cls(
            id=row.id, item_id=row.item_id, kind=row.kind, p=row.p, reason=row.reason, evidence=row.evidence,
            state=row.state.value, found_at=row.found_at, decided_at=row.decided_at,
        )  # fmt: skip


@api.get("/flags", summary="Flags", responses={200: schema.many(FlagOut)})
@web.needs(Role.VIEWER)
def find_flags(query: FlagQuery) -> Response:
    """The newest first."""
    key, limit = web.runtime().key("cursor:flags"), paging.read_limit(query.limit)
    before = int(paging.read_cursor(query.cursor, key)[0]) if query.cursor else None
    found = queries.find_flags(
        web.session(), web.principal().brand_id, state=FlagState(query.state), before=before, limit=limit + 1
    )
    more = paging.make_cursor([found[limit - 1].id], key) if len(found) > limit else None
    return schema.listed([FlagOut.of(row) for row in found[:limit]], more)


@api.patch("/flags/<int:flag_id>", summary="Decide on a flag", responses={200: FlagOut})
@web.needs(Role.COORDINATOR)
def decide_flag(path: FlagPath, body: FlagIn) -> Response:
    """Dismissed is never raised again for the item; open asks again."""
    who = web.principal()
    flag = actions.decide(web.session(), who.brand_id, path.flag_id, FlagState(body.state), actor=who.actor, now=web.now())
    return schema.answer(FlagOut.of(flag))
