"""Reads of products."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ugc.catalog import rules
from ugc.catalog.models import Product
from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.kit.paging import read_cursor


@dataclass(frozen=True, slots=True)
class Named:
    """A product that goes by some name, and its family; one without a family is its own."""

    sku: str
    family: str


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
    query = select(Product.sku).where(Product.brand_id == brand_id, Product.removed_at.is_(None), among(Product.sku, skus))
    return set(session.scalars(query))


def find_named(session: Session, brand_id: int, names: Iterable[str]) -> dict[str, Named]:
    """The product for each name that the catalogue knows: a SKU, else a family (its first variant), else a GTIN or MPN.

    A code that products of several families have names none of them.
    """
    wanted = set(names)
    found: dict[str, Named] = {}
    for columns in ((Product.sku,), (Product.family,), (Product.gtin, Product.mpn)):
        rest = {name for name in wanted - found.keys() if columns[0] is Product.sku or name.lower() not in rules.NOTHING}
        if not rest:
            break
        owners: dict[str, dict[str, Named]] = {}
        named = or_(*(among(column, rest) for column in columns))
        query = select(Product.sku, Product.family, *columns).where(
            Product.brand_id == brand_id, Product.removed_at.is_(None), named
        )
        for sku, family, *others in session.execute(query.order_by(Product.id)):
            for name in rest.intersection(others):
                owners.setdefault(name, {}).setdefault(family or sku, Named(sku, family or sku))
        found |= {name: one for name, families in owners.items() if len(families) == 1 for one in families.values()}
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
