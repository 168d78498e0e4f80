"""Reads of imports and of what was brought in before."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from ugc.ingest.models import IdempotencyKey, Import
from ugc.kit.errors import NotFound
from ugc.library.models import Item
from ugc.orders import queries as orders_queries
from ugc.orders.models import Order
from ugc.orders.rules import WITHDRAWN, OrderData


def find_imports(session: Session, brand_id: int, *, before: int | None = None, limit: int = 50) -> list[Import]:
    """A brand's imports, the newest first, from below the id `before` on."""
    query = select(Import).where(Import.brand_id == brand_id)
    if before is not None:
        query = query.where(Import.id < before)
    return list(session.scalars(query.order_by(Import.id.desc()).limit(limit)))


def get_import(session: Session, brand_id: int, import_id: int, *, lock: bool = False) -> Import:
    """One import, nobody else changing it until the transaction ends where `lock`; raises NotFound."""
    chosen = select(Import).where(Import.brand_id == brand_id, Import.id == import_id)
    if lock:
        chosen = chosen.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(chosen)
    if found is None:
        raise NotFound("no such import")
    return found


def find_known(session: Session, brand_id: int, names: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (source, external id) pairs that are items already."""
    wanted = list(names)
    if not wanted:
        return set()
    pair = tuple_(Item.source, Item.external_id)
    rows = session.execute(select(Item.source, Item.external_id).where(Item.brand_id == brand_id, pair.in_(wanted)))
    return {(source, name) for source, name in rows}


def find_key(session: Session, brand_id: int, key: str) -> IdempotencyKey | None:
    """The answered request with this key, if there was one."""
    return session.scalar(select(IdempotencyKey).where(IdempotencyKey.brand_id == brand_id, IdempotencyKey.key == key))


def find_order(session: Session, brand_id: int, source: str, name: str) -> OrderData | None:
    """The version of the order that is stored, if any is; one whose import was undone counts as none."""
    query = select(Order).where(Order.brand_id == brand_id, Order.source == source, Order.external_id == name)
    found = session.scalar(query.options(*orders_queries.whole()))
    return orders_queries.as_data(found) if found is not None and found.status != WITHDRAWN else None
