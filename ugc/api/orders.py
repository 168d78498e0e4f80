"""/api/v1/orders and /api/v1/webhooks: the order feed for programs."""

from __future__ import annotations

from flask import Response, request

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Id, Strict, api
from ugc.api.shapes import DeliveryOut, OrderOut
from ugc.kit import paging
from ugc.orders import actions, queries
from ugc.orders.reading import read_order


class OrderPath(Strict):
    """Which order, by our number."""

    number: Id


class OrderQuery(Strict):
    """Paging."""

    cursor: str | None = None
    limit: str | None = None


@api.get("/orders", summary="Orders", responses={200: schema.many(OrderOut)})
@web.needs(Role.VIEWER)
def find_orders(query: OrderQuery) -> Response:
    """The newest placed first."""
    rows, more = queries.find_orders(
        web.session(), web.principal().brand_id, cursor=query.cursor, limit=paging.read_limit(query.limit),
        key=web.runtime().key("cursor:orders"),
    )  # fmt: skip
    return schema.listed([OrderOut.of(row) for row in rows], more)


@api.get("/orders/<int:number>", summary="One order", responses={200: OrderOut})
@web.needs(Role.VIEWER)
def get_order(path: OrderPath) -> Response:
    """The newest known version of the order."""
    return schema.answer(OrderOut.of(queries.get_order(web.session(), web.principal().brand_id, path.number)))


ORDER_BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"type": "object", "description": "The generic order: see docs/api.md."}}},
}


@api.post("/orders", summary="Send an order", responses={200: OrderOut, 201: OrderOut}, request_body=ORDER_BODY)
@web.needs(Role.COORDINATOR)
def put_order() -> Response:
    """The whole order each time, as the generic webhook has it; the newest `updated_at` wins. 201 when it was stored."""
    session, brand_id = web.session(), web.principal().brand_id
    receipt = actions.put_order(session, brand_id, actions.GENERIC, read_order(request.get_data()), now=web.now())
    assert receipt.order_id is not None  # put_order names the row that it kept or found
    session.expire_all()
    return schema.answer(
        OrderOut.of(queries.get_order(session, brand_id, receipt.order_id)), 201 if receipt.outcome == "stored" else 200
    )


@api.get("/webhooks", summary="Webhooks that came in", responses={200: schema.many(DeliveryOut)})
@web.needs(Role.VIEWER)
def find_webhooks() -> Response:
    """The newest hundred, with what was wrong with them."""
    return schema.listed([DeliveryOut.of(row) for row in queries.find_deliveries(web.session(), web.principal().brand_id)])
