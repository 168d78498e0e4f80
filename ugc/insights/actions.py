"""Gives credit for orders and keeps the roll-ups right."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from ugc.insights import queries, rules
from ugc.insights.models import Credit, ItemDay, Model
from ugc.insights.queries import Case
from ugc.insights.rules import CreditData
from ugc.kit import db, jobs
from ugc.orders.queries import NoSuchOrder
from ugc.tracking import actions as tracking_actions
from ugc.tracking.actions import Count

Key = tuple[date, int, Model, str]
"""What a row of the revenue roll-up is found by: day, item, model, currency."""

ATTRIBUTE = "insights.attribute_order"
# So many that a backlog costs a tenth a piece of what it does singly, so few that they hold their items for a moment only.
BATCH = 100

COLUMNS = ("impressions", "views", "opens", "clicks", "carts", "sessions")

# Two orders that credit one item take turns, so that neither sums without the other's credits.
# What they sum next lies in an index; a plan kept from when the table was small would read the whole of it for each item.
LOCK_ITEMS = text("""
select pg_advisory_xact_lock(hashint8extended(item, 7243003)), set_config('enable_seqscan', 'off', true)
from unnest(cast(:items as bigint[])) as item
""")

ADD_CREDITS = text("""
insert into credits (brand_id, order_id, line_id, item_id, model, day, currency, amount, quantity, touch_kind, touched_at, gallery)
select * from json_to_recordset(cast(:rows as json)) as r(
  brand_id bigint, order_id bigint, line_id bigint, item_id bigint, model text, day date, currency text, amount numeric,
  quantity bigint, touch_kind text, touched_at timestamptz, gallery text)
""")

SUM_REVENUE = text("""
with changed as (
  select * from json_to_recordset(cast(:keys as json)) as k(day date, item_id bigint, model text, currency text)
), sums as (
  select k.*, s.* from changed k, lateral (
    select count(distinct order_id) as orders, coalesce(sum(quantity), 0) as units, coalesce(sum(amount), 0) as revenue
    from credits c where c.brand_id = :brand and c.item_id = k.item_id and c.day = k.day and c.model = k.model
      and c.currency = k.currency) s
), put as (
  insert into item_revenue_days (brand_id, day, item_id, model, currency, orders, units, revenue)
  select :brand, day, item_id, model, currency, orders, units, revenue from sums where orders > 0
  on conflict (brand_id, day, item_id, model, currency)
  do update set orders = excluded.orders, units = excluded.units, revenue = excluded.revenue
)
select day, item_id, model, currency from sums where orders = 0
""")

DROP_EMPTY = text("""
delete from item_revenue_days
where brand_id = :brand and day = :day and item_id = :item_id and model = :model and currency = :currency
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


def attribute_orders(session: Session, brand_id: int, order_ids: Iterable[int]) -> dict[int, list[CreditData]]:
    """The same for many at once, in as many statements as for one; the same input gives the same rows."""
    cases = queries.load_cases(session, brand_id, order_ids, lock=True)
    credits = {
        order_id: rules.attribute(case.order, [touch for _, touch in case.touches], case.tagged) for order_id, case in cases.items()
    }
    roll_up_revenue(session, brand_id, replace_credits(session, brand_id, cases, credits))
    return credits


def attribute_waiting(session: Session, brand_id: int, order_id: int) -> None:
    """Give credit for an order and, in the same breath, for others of the brand that wait for it.

    The same visitors' next orders are looked at again too, since their paths begin where these end.
    """
    others = jobs.take_along(session, ATTRIBUTE, brand_id, most=BATCH)
    order_ids = {order_id, *(arguments["order_id"] for arguments in others)}
    credits = attribute_orders(session, brand_id, order_ids | queries.find_following_orders(session, brand_id, order_ids))
    if order_id not in credits and not others:
        raise NoSuchOrder()


def replace_credits(
    session: Session, brand_id: int, cases: Mapping[int, Case], credits: Mapping[int, Sequence[CreditData]]
) -> set[Key]:
    """Put these credits in the place of the orders' old ones; returns the roll-up keys that either touched."""
    mine = Credit.brand_id == brand_id, db.among(Credit.order_id, cases)
    removed = delete(Credit).where(*mine).returning(Credit.day, Credit.item_id, Credit.model, Credit.currency)
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
        session.execute(ADD_CREDITS, {"rows": json.dumps(rows, default=str)})
    return touched | {(row["day"], row["item_id"], row["model"], row["currency"]) for row in rows}


def roll_up_revenue(session: Session, brand_id: int, keys: Iterable[Key]) -> None:
    """Sum these days of these items anew from the credits; repeating it changes nothing."""
    ordered = sorted(keys)
    if not ordered:
        return
    session.execute(LOCK_ITEMS, {"items": sorted({item_id for _, item_id, _, _ in ordered})})
    names = ("day", "item_id", "model", "currency")
    rows = [dict(zip(names, key, strict=True)) for key in ordered]
    empty = session.execute(SUM_REVENUE, {"brand": brand_id, "keys": json.dumps(rows, default=str)}).all()
    if empty:
        session.execute(DROP_EMPTY, [{"brand": brand_id, **row._mapping} for row in empty])


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
