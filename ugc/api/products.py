"""/api/v1/products: the catalogue for programs."""

from __future__ import annotations

from flask import Response
from pydantic import Field

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Strict, api
from ugc.api.shapes import ProductIn, ProductOut
from ugc.catalog import actions, queries, rules
from ugc.catalog.rules import ProductData, Refused
from ugc.kit import paging
from ugc.kit.errors import Unprocessable


class BadProduct(Unprocessable):
    """A field of the product can't be used."""


class ProductQuery(Strict):
    """What to look for."""

    q: str = Field("", max_length=200)
    family: str | None = Field(None, max_length=300)
    type: str | None = Field(None, max_length=300)
    cursor: str | None = None
    limit: str | None = None


class ProductPath(Strict):
    """Which product; a SKU may hold slashes."""

    sku: str = Field(min_length=1, max_length=200)


@api.get("/products", summary="Find products", responses={200: schema.many(ProductOut)})
@web.needs(Role.VIEWER)
def find_products(query: ProductQuery) -> Response:
    """Products by SKU, a page at a time."""
    key, limit = web.runtime().key("cursor:products"), paging.read_limit(query.limit)
    found = queries.find_products(
        web.session(), web.principal().brand_id, q=rules.clean(query.q), family=query.family and rules.clean(query.family),
        type=query.type and rules.clean(query.type), after=queries.read_after(query.cursor, key), limit=limit + 1,
    )  # fmt: skip
    more = paging.make_cursor([found[limit - 1].sku], key) if len(found) > limit else None
    return schema.listed([ProductOut.of(row) for row in found[:limit]], more)


@api.post("/products", summary="Add or update a product", responses={201: ProductOut, 200: ProductOut})
@web.needs(Role.COORDINATOR)
def put_product(body: ProductIn) -> Response:
    """201 when the SKU was new, 200 when it was there; an empty field keeps what is stored."""
    session, brand_id = web.session(), web.principal().brand_id
    outcome = actions.put_product(session, brand_id, data_of(body), now=web.now())
    row = queries.get_product(session, brand_id, rules.clean(body.sku))
    return schema.answer(ProductOut.of(row), 201 if outcome == "added" else 200)


def data_of(body: ProductIn) -> ProductData:
    """The product as the catalogue takes it; raises BadProduct."""
    if not rules.clean(body.sku):
        raise BadProduct("a product needs a SKU")
    try:
        price, currency = rules.read_price(body.price) if body.price else (None, "")
        return ProductData(
            sku=rules.clean(body.sku), title=rules.clean(body.title), description=rules.clean(body.description),
            url=rules.read_url(body.url), image_url=rules.read_url(body.image_url), price=price, currency=currency,
            availability=body.availability, family=rules.clean(body.family), line=rules.clean(body.line),
            type=rules.clean(body.type), gtin=rules.clean(body.gtin), mpn=rules.clean(body.mpn),
        )  # fmt: skip
    except Refused as refused:
        raise BadProduct(refused.reason) from refused


@api.get("/products/<path:sku>", summary="One product", responses={200: ProductOut})
@web.needs(Role.VIEWER)
def get_product(path: ProductPath) -> Response:
    """The product with this SKU."""
    return schema.answer(ProductOut.of(queries.get_product(web.session(), web.principal().brand_id, rules.clean(path.sku))))
