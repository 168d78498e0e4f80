"""/api/v1/mentions: where somebody speaks of what the brand listens for."""

from __future__ import annotations

from datetime import datetime

from flask import Response
from pydantic import BaseModel

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Strict, api
from ugc.catalog import queries as catalog_queries
from ugc.kit import paging
from ugc.social import listening
from ugc.social.models import Mention


class MentionQuery(Strict):
    """Paging, and one site."""

    site: str = ""
    cursor: str | None = None
    limit: str | None = None


class MentionOut(BaseModel):
    """A mention: the sentence that matched and where it stands."""

    id: int
    listening_id: int
    network: str
    site: str
    url: str
    title: str
    author: str
    sentence: str
    term: str
    sku: str | None
    item_id: int | None
    published_at: datetime

    @classmethod
    def of(cls, row: Mention, sku: str | None) -> MentionOut:
        """From its row."""
        names = ("id", "listening_id", "network", "site", "url", "title", "author", "sentence", "term", "item_id", "published_at")
        return cls(sku=sku, **{name: getattr(row, name) for name in names})


@api.get("/mentions", summary="Mentions", responses={200: schema.many(MentionOut)})
@web.needs(Role.VIEWER)
def find_mentions(query: MentionQuery) -> Response:
    """The newest first, without those that were put aside."""
    session, brand_id = web.session(), web.principal().brand_id
    key, limit = web.runtime().key("cursor:mentions"), paging.read_limit(query.limit)
    before = int(paging.read_cursor(query.cursor, key)[0]) if query.cursor else None
    heard = listening.find_mentions(session, brand_id, site=query.site, before=before, limit=limit)
    products = catalog_queries.map_by_ids(session, brand_id, {each.product_id for each in heard.mentions if each.product_id})
    rows = [MentionOut.of(each, products[each.product_id].sku if each.product_id in products else None) for each in heard.mentions]
    return schema.listed(rows, paging.make_cursor([heard.next], key) if heard.next is not None else None)
