"""Reads of the event log: what judging a beacon needs, and the touches that attribution needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from ugc.catalog.models import Product
from ugc.kit import db
from ugc.library.models import ItemProduct
from ugc.tracking import rules
from ugc.tracking.models import PurchaseJoin, Touch, TouchKind
from ugc.tracking.rules import Beacon, Facts, Stay

# Everything that a beacon's judgement needs, in one statement. Galleries belong to a room beside this one, so their table
# is known here by its name only.
FACTS = text("""
select
  array(select id from items where brand_id = :brand and id = any(:items)) as items,
  array(select slug from galleries where brand_id = :brand and slug = any(:galleries)) as galleries,
  array(select there.id from unnest(cast(:ids as uuid[])) sent(id), lateral (select id from events
    where brand_id = :brand and events.id = sent.id and at between :oldest and :latest limit 1) there) as stored,
  (select json_agg(json_build_array(type, item_id, extract(epoch from at))) from events
    where brand_id = :brand and visitor = :visitor and :visitor <> '' and ivt_reason = '' and item_id is not null
      and at between :first - interval '30 seconds' and :last + interval '30 seconds') as recent,
  (select count(*) from (select 1 from events
    where brand_id = :brand and visitor = :visitor and :visitor <> '' and at > :last - interval '1 hour' limit :cap) hour) as hour,
  (select json_agg(json_build_array(session, extract(epoch from started_at), extract(epoch from last_at))) from visitor_sessions
    where brand_id = :brand and visitor = :visitor and (session = :session or starts_with(session, :session || '~'))) as stays,
  (select json_agg(json_build_array(item_id, latest)) from (select item_id, extract(epoch from max(at)) as latest from touches
    where brand_id = :brand and visitor = :visitor and kind = 'view' and at > :first - interval '1 day' and item_id = any(:items)
    group by item_id) viewed) as viewed,
  (select extract(epoch from max(at)) from touches
    where brand_id = :brand and visitor = :visitor and kind = 'view' and at > :first - interval '1 day') as last_view,
  array(select id from orders where brand_id = :brand and :visitor <> '' and placed_at between :first and :last + interval '30 days'
    and (visitor = :visitor or external_id in (
      select order_external_id from purchase_joins where brand_id = :brand and visitor = :visitor))) as late_orders
""")


def load_facts(session: Session, brand_id: int, beacon: Beacon, now: datetime) -> Facts:
    """What the database knows about a beacon's visitor, items and events."""
    events = rules.settle_times(beacon.events, now)
    row = session.execute(
        FACTS,
        {
            "brand": brand_id, "visitor": beacon.visitor, "session": beacon.session,
            "items": sorted({event.item_id for event in events if event.item_id}),
            "galleries": sorted({event.gallery for event in events if event.gallery}),
            "ids": [event.id for event in events],
            # An event may be here under another time, if the visitor's clock ran ahead when it came first.
            "oldest": now - rules.OLDEST - timedelta(days=1), "latest": now + timedelta(days=1),
            "first": events[0].at, "last": events[-1].at, "cap": rules.HOURLY_CAP,
        },
    ).one()  # fmt: skip
    carts = {event.sku for event in events if event.type == "add_to_cart" and event.item_id is None and event.sku}
    return Facts(
        items=frozenset(row.items),
        galleries=frozenset(row.galleries),
        stored=frozenset(row.stored),
        recent=grouped(row.recent or []),
        last_hour=row.hour,
        stays=[Stay(name, moment(started), moment(last)) for name, started, last in row.stays or []],
        viewed={item: moment(at) for item, at in row.viewed or []},
        last_view=None if row.last_view is None else moment(row.last_view),
        late_orders=tuple(row.late_orders),
        clicks=find_clicks(session, brand_id, beacon.visitor, events[0].at) if carts and beacon.visitor else (),
        tagged=map_tagged(session, brand_id, carts) if carts and beacon.visitor else {},
    )


def grouped(rows: Iterable[Sequence[Any]]) -> dict[tuple[str, int], list[datetime]]:
    """(type, item) → times."""
    made: dict[tuple[str, int], list[datetime]] = {}
    for kind, item, at in rows:
        made.setdefault((kind, item), []).append(moment(at))
    return made


def moment(seconds: Any) -> datetime:
    """Seconds since 1970, with microseconds, as a time."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=round(float(seconds) * 1e6))


def find_clicks(session: Session, brand_id: int, visitor: str, first: datetime) -> list[tuple[datetime, int]]:
    """The visitor's clicks of the day before."""
    chosen = select(Touch.at, Touch.item_id).where(
        Touch.brand_id == brand_id, Touch.visitor == visitor, Touch.kind == TouchKind.CLICK, Touch.at > first - timedelta(days=1)
    )
    return [(at, item_id) for at, item_id in session.execute(chosen)]


def map_tagged(session: Session, brand_id: int, skus: Iterable[str]) -> dict[str, frozenset[int]]:
    """SKU → the items that show the product itself or another of its family."""
    made = {}
    for sku in sorted(skus):
        family = select(Product.family).where(Product.brand_id == brand_id, Product.sku == sku, Product.family != "")
        chosen = (
            select(ItemProduct.item_id)
            .join(Product)
            .where(Product.brand_id == brand_id, (Product.sku == sku) | Product.family.in_(family))
        )
        made[sku] = frozenset(session.scalars(chosen))
    return made


def find_touches(
    session: Session, brand_id: int, visitors: Iterable[str], since: datetime, until: datetime
) -> Sequence[Row[str, UUID, datetime, TouchKind, int, str]]:
    """What these visitors touched in the time, both ends included, earliest first."""
    columns = Touch.visitor, Touch.event_id, Touch.at, Touch.kind, Touch.item_id, Touch.gallery
    chosen = select(*columns).where(Touch.brand_id == brand_id, db.among(Touch.visitor, visitors), Touch.at.between(since, until))
    return session.execute(chosen.order_by(Touch.at, Touch.event_id)).all()


def find_joins(session: Session, brand_id: int, order_external_ids: Iterable[str]) -> list[PurchaseJoin]:
    """The visitors who said that they made these orders, first one first."""
    chosen = select(PurchaseJoin).where(
        PurchaseJoin.brand_id == brand_id, db.among(PurchaseJoin.order_external_id, order_external_ids)
    )
    return list(session.scalars(chosen.order_by(PurchaseJoin.at, PurchaseJoin.id)))


def count_events(session: Session, brand_id: int) -> dict[str, int]:
    """How many events there are, and how many of them do not count, by reason (empty = counts)."""
    rows = session.execute(text("select ivt_reason, count(*) from events where brand_id = :brand group by 1"), {"brand": brand_id})
    return {reason: number for reason, number in rows}  # noqa: C416  # dict() can't see that the rows are pairs


def count_pending(session: Session) -> int:
    """How many beacons wait for the roll-up."""
    return session.scalar(select(func.count()).select_from(text("pending_counts"))) or 0


def has_event(session: Session, brand_id: int, event_id: UUID) -> bool:
    """Whether the event was taken."""
    found = session.scalar(text("select 1 from events where brand_id = :brand and id = :id"), {"brand": brand_id, "id": event_id})
    return found is not None
