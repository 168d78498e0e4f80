"""Gives credit for orders and keeps the roll-ups right."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from ugc.insights import queries, rules
from ugc.insights.models import Credit, ItemDay, Model
from ugc.insights.queries import Case
from ugc.insights.rules import CreditData
from ugc.kit import jobs
from ugc.orders.models import Order
from ugc.orders.queries import NoSuchOrder
from ugc.tracking import actions as tracking_actions
from ugc.tracking.actions import Count

Key = tuple[date, int, Model, str]
"""What a row of the revenue roll-up is found by: day, item, model, currency."""

COLUMNS = ("impressions", "views", "opens", "clicks", "carts", "sessions")

# Two orders that credit one item take turns, so that neither sums without the other's credits.
LOCK_ITEMS = text("""
select pg_advisory_xact_lock(hashint8extended(item, 7243003)) from unnest(cast(:items as bigint[])) as item
""")

SUM_REVENUE = text("""
with changed as (
  select * from json_to_recordset(cast(:keys as json)) as k(day date, item_id bigint, model text, currency text)
), sums as (
  select k.day, k.item_id, k.model, k.currency, count(distinct c.order_id) as orders, coalesce(sum(c.quantity), 0) as units,
    coalesce(sum(c.amount), 0) as revenue
  from changed k left join credits c on c.brand_id = :brand and c.item_id = k.item_id and c.day = k.day
    and c.model = k.model and c.currency = k.currency
  group by k.day, k.item_id, k.model, k.currency
), gone as (
  delete from item_revenue_days d using sums s where s.orders = 0 and d.brand_id = :brand
    and d.day = s.day and d.item_id = s.item_id and d.model = s.model and d.currency = s.currency
)
insert into item_revenue_days (brand_id, day, item_id, model, currency, orders, units, revenue)
select :brand, day, item_id, model, currency, orders, units, revenue from sums where orders > 0
on conflict (brand_id, day, item_id, model, currency)
do update set orders = excluded.orders, units = excluded.units, revenue = excluded.revenue
""")

RECOUNT = text("""
insert into item_days (brand_id, day, item_id, gallery, impressions, views, opens, clicks, carts, sessions)
select brand_id, day, item_id, gallery, sum((what = 'impressions')::int), sum((what = 'views')::int), sum((what = 'opens')::int),
  sum((what = 'clicks')::int), sum((what = 'carts')::int), sum((what = 'sessions')::int)
from (
  select brand_id, (at at time zone 'UTC')::date as day, item_id, gallery,
    case type when 'item_impression' then 'impressions' when 'item_view' then 'views' when 'item_open' then 'opens'
      when 'product_click' then 'clicks' when 'add_to_cart' then 'carts' end as what
  from events where brand_id = :brand and ivt_reason = '' and item_id is not null
    and type in ('item_impression', 'item_view', 'item_open', 'product_click', 'add_to_cart')
  union all
  select brand_id, (at at time zone 'UTC')::date, item_id, gallery, 'sessions' from (
    select distinct on (visitor, session, item_id) * from events
    where brand_id = :brand and ivt_reason = '' and type = 'item_view' and item_id is not null and visitor <> ''
    order by visitor, session, item_id, at, id) first_view
  union all
  select brand_id, (at at time zone 'UTC')::date, 0, '', 'sessions' from (
    select distinct on (visitor, session) * from events
    where brand_id = :brand and ivt_reason = '' and type = 'item_view' and item_id is not null and visitor <> ''
    order by visitor, session, at, id) first_view
) counted group by brand_id, day, item_id, gallery
""")


def attribute_order(session: Session, brand_id: int, order_id: int) -> list[CreditData]:
    """Decide an order's credits anew and make its items' roll-ups follow; raises NoSuchOrder."""
    credits = attribute_orders(session, brand_id, [order_id])
    if order_id not in credits:
        raise NoSuchOrder()
    return credits[order_id]


def attribute_orders(session: Session, brand_id: int, order_ids: Sequence[int]) -> dict[int, list[CreditData]]:
    """The same for many at once, in as many statements as for one; the same input gives the same rows."""
    session.execute(
        select(Order.id).where(Order.brand_id == brand_id, Order.id.in_(order_ids)).order_by(Order.id).with_for_update()
    )
    cases = queries.load_cases(session, brand_id, order_ids)
    credits = {
        order_id: rules.attribute(case.order, [touch for _, touch in case.touches], case.tagged) for order_id, case in cases.items()
    }
    roll_up_revenue(session, brand_id, replace_credits(session, brand_id, cases, credits))
    return credits


def replace_credits(
    session: Session, brand_id: int, cases: Mapping[int, Case], credits: Mapping[int, Sequence[CreditData]]
) -> set[Key]:
    """Put these credits in the place of the orders' old ones; returns the roll-up keys that either touched."""
    removed = delete(Credit).where(Credit.order_id.in_(cases)).returning(Credit.day, Credit.item_id, Credit.model, Credit.currency)
    touched = {(day, item_id, model, currency) for day, item_id, model, currency in session.execute(removed)}
    rows: list[dict[str, Any]] = [
        {
            "brand_id": brand_id, "order_id": order_id, "line_id": credit.line_id, "item_id": credit.item_id,
            "model": credit.model, "day": cases[order_id].order.placed_at.astimezone(UTC).date(),
            "currency": cases[order_id].order.currency, "amount": credit.amount, "quantity": credit.quantity,
            "touch_kind": credit.touch.kind, "touched_at": credit.touch.at, "gallery": credit.touch.gallery,
        }
        for order_id, some in credits.items()
        for credit in some
    ]  # fmt: skip
    if rows:
        session.execute(insert(Credit), rows)
    return touched | {(row["day"], row["item_id"], row["model"], row["currency"]) for row in rows}


def roll_up_revenue(session: Session, brand_id: int, keys: Iterable[Key]) -> None:
    """Sum these days of these items anew from the credits; repeating it changes nothing."""
    ordered = sorted(keys)
    if not ordered:
        return
    session.execute(LOCK_ITEMS, {"items": sorted({item_id for _, item_id, _, _ in ordered})})
    names = ("day", "item_id", "model", "currency")
    rows = [dict(zip(names, key, strict=True)) for key in ordered]
    session.execute(SUM_REVENUE, {"brand": brand_id, "keys": json.dumps(rows, default=str)})


def attribute_next(session: Session, brand_id: int, order_id: int) -> None:
    """Have the same visitor's following order looked at again: its path begins where this one ended."""
    following = queries.find_following_order(session, brand_id, order_id)
    if following is not None:
        jobs.enqueue(
            session, "insights.attribute_order", once=f"attribute:{following}", brand_id=brand_id, order_id=following, follow=False
        )


def roll_up(session: Session, *, most: int = 2_000) -> int:
    """Add waiting counts to the days of their items; returns how many sums there were."""
    counts = tracking_actions.take_counts(session, most=most)
    add_counts(session, counts)
    return len(counts)


def add_counts(session: Session, counts: Iterable[Count]) -> None:
    """Add to the item's days; rows are locked in one order, so that two workers never block each other for good."""
    days: dict[tuple[int, date, int, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    for count in counts:
        days[count.brand_id, count.day, count.item_id, count.gallery][count.what] += count.number
    if not days:
        return
    names = ("brand_id", "day", "item_id", "gallery")
    rows = [dict(zip(names, key, strict=True)) | sums for key, sums in sorted(days.items())]
    table = ItemDay.__table__
    for start in range(0, len(rows), 500):
        made = upsert(ItemDay).values(rows[start : start + 500])
        sums = {name: table.c[name] + made.excluded[name] for name in COLUMNS}
        session.execute(made.on_conflict_do_update(index_elements=names, set_=sums))


def recount(session: Session, brand_id: int) -> None:
    """Count a brand's days anew from the event log itself, for repair; waiting counts of the brand are in it already."""
    session.execute(text("lock table pending_counts in exclusive mode"))
    session.execute(text("delete from pending_counts where brand_id = :brand"), {"brand": brand_id})
    session.execute(delete(ItemDay).where(ItemDay.brand_id == brand_id))
    session.execute(RECOUNT, {"brand": brand_id})
