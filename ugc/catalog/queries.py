"""Reads of products."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ugc.catalog.models import Product
from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.kit.paging import read_cursor


def get_product(session: Session, brand_id: int, sku: str) -> Product:
    """One product; raises NotFound."""
    product = session.scalar(select(Product).where(Product.brand_id == brand_id, Product.sku == sku))
    if product is None:
        raise NotFound(f"no product {sku!r}")
    return product


def find_products(
    session: Session, brand_id: int, *, q: str = "", skus: Iterable[str] | None = None, family: str | None = None,
    type: str | None = None, after: str = "", limit: int = 50,
) -> list[Product]:  # fmt: skip
    """Products by SKU, from `after` on; `q` is a piece of a title, SKU or line, in any case."""
    query = select(Product).where(Product.brand_id == brand_id, Product.removed_at.is_(None))
    if q:
        piece = q.lower()
        query = query.where(
            or_(*(func.lower(column).contains(piece, autoescape=True) for column in (Product.title, Product.sku, Product.line)))
        )
    if skus is not None:
        query = query.where(Product.sku.in_(list(skus)))
    if family is not None:
        query = query.where(Product.family == family)
    if type is not None:
        query = query.where(Product.type == type)
    if after:
        query = query.where(Product.sku > after)
    return list(session.scalars(query.order_by(Product.sku).limit(limit)))


def count_products(session: Session, brand_id: int) -> int:
    """How many products the brand has."""
    query = select(func.count()).select_from(Product).where(Product.brand_id == brand_id, Product.removed_at.is_(None))
    return session.scalar(query) or 0


def map_by_ids(session: Session, brand_id: int, ids: Iterable[int]) -> dict[int, Product]:
    """Id → product, of those of the ids that are the brand's."""
    found = session.scalars(select(Product).where(Product.brand_id == brand_id, among(Product.id, set(ids))))
    return {product.id: product for product in found}


def map_products(session: Session, brand_id: int, skus: Iterable[str]) -> dict[str, Product]:
    """SKU → product, of those that exist."""
    wanted = set(skus)
    if not wanted:
        return {}
    found = session.scalars(select(Product).where(Product.brand_id == brand_id, among(Product.sku, wanted)))
    return {product.sku: product for product in found}


def find_skus(session: Session, brand_id: int, skus: Iterable[str]) -> set[str]:
    """Those of the SKUs that the catalogue has."""
    return set(session.scalars(select(Product.sku).where(Product.brand_id == brand_id, among(Product.sku, skus))))


def find_named(session: Session, brand_id: int, names: Iterable[str]) -> dict[str, str]:
    """The SKU for each name that the catalogue knows: a SKU, else a family (its first variant), else a GTIN or MPN."""
    wanted = set(names)
    found: dict[str, str] = {}
    for columns in ((Product.sku,), (Product.family,), (Product.gtin, Product.mpn)):
        rest = wanted - found.keys()
        if not rest:
            break
        named = or_(*(among(column, rest) for column in columns))
        query = select(Product.sku, *columns).where(Product.brand_id == brand_id, named).order_by(Product.id)
        for sku, *others in session.execute(query):
            for name in others:
                if name in rest:
                    found.setdefault(name, sku)
    return found


def find_family(session: Session, product: Product) -> list[Product]:
    """The product and its variants, by SKU."""
    if not product.family:
        return [product]
    query = select(Product).where(
        Product.brand_id == product.brand_id, Product.family == product.family, Product.removed_at.is_(None)
    )
    return list(session.scalars(query.order_by(Product.sku)))


def read_after(cursor: str | None, key: bytes) -> str:
    """The SKU that a cursor stands for; empty without one."""
    return str(read_cursor(cursor, key)[0]) if cursor else ""
