"""/api/v1/rights: the ledger of one item, and recording by hand."""

from __future__ import annotations

from flask import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Id, Strict, api
from ugc.api.shapes import LedgerEntryOut, RecordIn
from ugc.library import queries as library_queries
from ugc.rights import actions, queries


class RightsPath(Strict):
    """Whose rights."""

    item: Id


@api.get("/rights/<int:item>", summary="An item's rights ledger", responses={200: schema.many(LedgerEntryOut)})
@web.needs(Role.VIEWER)
def find_rights(path: RightsPath) -> Response:
    """What was recorded about the item, the newest first."""
    session, brand_id = web.session(), web.principal().brand_id
    library_queries.get_item(session, brand_id, path.item)
    return schema.listed([LedgerEntryOut.of(view) for view in queries.find_entries(session, brand_id, path.item)])


@api.post("/rights/<int:item>", summary="Record a right", responses={201: schema.many(LedgerEntryOut)})
@web.needs(Role.COORDINATOR)
def record_right(path: RightsPath, body: RecordIn) -> Response:
    """Record where the permission stands and on what it rests; `revoked` takes the item out of every gallery."""
    session, who = web.session(), web.principal()
    item = library_queries.get_item(session, who.brand_id, path.item)
    actions.record(
        web.runtime(), session, item, body.state, text=body.text, link=body.link, given_by=body.given_by,
        starts_at=body.starts_at, expires_at=body.expires_at, actor=who.actor, now=web.now(),
    )  # fmt: skip
    response = schema.listed([LedgerEntryOut.of(view) for view in queries.find_entries(session, who.brand_id, item.id)])
    response.status_code = 201
    return response
