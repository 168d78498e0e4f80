"""/api/v1/items/{id}/suggestions: what an item probably shows, accepted or refused."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Response
from pydantic import BaseModel

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Id, Strict, api
from ugc.catalog import queries as catalog_queries
from ugc.library import queries as library_queries
from ugc.suggestions import actions, queries
from ugc.suggestions.models import Suggestion


class SuggestedPath(Strict):
    """Which item."""

    id: Id


class SuggestionPath(Strict):
    """Which suggestion of which item."""

    id: Id
    suggestion_id: Id


class SuggestionOut(BaseModel):
    """Something that the item probably shows."""

    id: int
    item_id: int
    what: Literal["product", "tag", "alt"]
    name: str
    """The tag, the product's family, or the text."""
    sku: str | None
    """Of a product: the one that accepting puts on the item."""
    p: float
    """How likely it is right."""
    reasons: list[str]
    state: Literal["open", "accepted", "refused", "applied", "superseded"]
    model_version: int
    """Of the brand's own model; 0 = the weights that the program comes with."""
    decided_at: datetime | None


@api.get("/items/<int:id>/suggestions", summary="What an item probably shows", responses={200: schema.many(SuggestionOut)})
@web.needs(Role.VIEWER)
def find_suggestions(path: SuggestedPath) -> Response:
    """The open suggestions, the likeliest first."""
    brand_id = web.principal().brand_id
    library_queries.get_item(web.session(), brand_id, path.id)
    return schema.listed(shown(queries.map_open(web.session(), brand_id, [path.id]).get(path.id, [])))


@api.post("/items/<int:id>/suggestions/<int:suggestion_id>/accept", summary="Accept one", responses={200: SuggestionOut})
@web.needs(Role.COORDINATOR)
def accept_suggestion(path: SuggestionPath) -> Response:
    """Put it on the item; that teaches."""
    who = web.principal()
    return schema.answer(shown(actions.accept(web.session(), who.brand_id, [chosen(path)], who.actor, web.now()))[0])


@api.post("/items/<int:id>/suggestions/<int:suggestion_id>/refuse", summary="Refuse one", responses={200: SuggestionOut})
@web.needs(Role.COORDINATOR)
def refuse_suggestion(path: SuggestionPath) -> Response:
    """It is never offered again for this item; that teaches."""
    who = web.principal()
    return schema.answer(shown(actions.refuse(web.session(), who.brand_id, [chosen(path)], who.actor, web.now()))[0])


def chosen(path: SuggestionPath) -> int:
    """The suggestion of the path; raises NoSuchSuggestion, also where it is another item's."""
    found = queries.get_suggestion(web.session(), web.principal().brand_id, path.suggestion_id)
    if found.item_id != path.id:
        raise queries.NoSuchSuggestion()
    return found.id


def shown(some: list[Suggestion]) -> list[SuggestionOut]:
    """Suggestions as they go out."""
    ids = {each.product_id for each in some if each.product_id}
    products = catalog_queries.map_by_ids(web.session(), web.principal().brand_id, ids) if ids else {}
    return [
        SuggestionOut(
            id=each.id, item_id=each.item_id, what=each.what.value, name=each.name,
            sku=products[each.product_id].sku if each.product_id in products else None, p=round(each.p, 4), reasons=each.reasons,
            state=each.state.value, model_version=each.model_version, decided_at=each.decided_at,
        )
        for each in some
    ]  # fmt: skip
