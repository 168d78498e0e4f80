"""Measures what sells: counts items by the place where they were shown, and hands what that says of each to the scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from ugc.insights import performance
from ugc.insights.models import ItemPlace, ItemRevenueDay, Model, PlaceCurve
from ugc.insights.performance import Fit, Numbers, Shown
from ugc.kit.db import among
from ugc.library.models import Item, State
from ugc.scoring import actions as scoring_actions
from ugc.scoring import queries as scoring_queries
from ugc.scoring import weighing
from ugc.scoring.signals.base import Performance

WINDOW = timedelta(days=90)
"""What was longer ago says little about what sells now."""
AT_ONCE = 500
"""Items whose figures are written in one transaction; their scores follow in it."""
# Reading a busy day again takes longer than a page may.
LONG = text("set local statement_timeout = '120s'")

# A click is the visitor's touch of the item in the half hour after seeing it, and belongs to the last time that it was seen.
COUNT = text("""
with pressed as (
  select distinct before.id from touches t cross join lateral (
    select e.id from events e
    where e.brand_id = :brand and e.visitor = t.visitor and e.at <= t.at and e.at > t.at - interval '30 minutes'
      and e.type = 'item_impression' and e.item_id = t.item_id and e.gallery = t.gallery and e.ivt_reason = ''
      and e.data ? 'position'
    order by e.at desc limit 1) before
  where t.brand_id = :brand and t.kind = 'click' and t.at >= :since and t.at < cast(:until as timestamptz) + interval '30 minutes'
)
insert into item_places (brand_id, day, item_id, position, impressions, clicks)
select :brand, (e.at at time zone 'UTC')::date, e.item_id, least(greatest((e.data ->> 'position')::numeric, 1), :last)::bigint,
  count(*), count(pressed.id)
from events e left join pressed on pressed.id = e.id
where e.brand_id = :brand and e.at >= :since and e.at < :until and e.type = 'item_impression' and e.ivt_reason = ''
  and e.item_id is not null and e.data ? 'position'
group by 2, 3, 4
""")


@dataclass(frozen=True, slots=True)
class Subject:
    """A brand's items that are measured, in the order of all figures about them."""

    ids: list[int]
    scores: Numbers
    """Without what was measured, so that a score is no reason for itself (decision 0167)."""
    shown: Shown
    orders: Numbers


def count_places(session: Session, brand_id: int, since: date, until: date) -> None:
    """Count these days (both inside) anew from the event log; repeating it changes nothing."""
    session.execute(LONG)
    session.execute(delete(ItemPlace).where(ItemPlace.brand_id == brand_id, ItemPlace.day.between(since, until)))
    bounds = {"since": starting(since), "until": starting(until + timedelta(days=1))}
    session.execute(COUNT, {"brand": brand_id, "last": performance.LAST_PLACE, **bounds})


def starting(day: date) -> datetime:
    """The beginning of a day in UTC."""
    return datetime.combine(day, time(), UTC)


def measure(session: Session, brand_id: int, *, now: datetime) -> dict[int, Performance]:
    """Item → what to think of it, of the items about which that has changed; nothing before there is enough to go by."""
    session.execute(LONG)
    subject = load(session, brand_id, since=now.astimezone(UTC).date() - WINDOW)
    fitted = performance.fit(subject.shown, subject.scores)
    if fitted is None:
        return {}
    keep_curve(session, brand_id, fitted, subject.shown, now)
    found = describe(subject, fitted)
    known = scoring_queries.map_performances(session, brand_id, found)
    return {id: one for id, one in found.items() if id not in known or is_news(one, known[id])}


def load(session: Session, brand_id: int, *, since: date) -> Subject:
    """The approved items of the brand and all that were shown, with their places, orders and scores."""
    rows = session.execute(
        select(ItemPlace.item_id, ItemPlace.position, func.sum(ItemPlace.impressions), func.sum(ItemPlace.clicks))
        .join(Item, (Item.id == ItemPlace.item_id) & (Item.brand_id == ItemPlace.brand_id))
        .where(ItemPlace.brand_id == brand_id, ItemPlace.day >= since)
        .group_by(ItemPlace.item_id, ItemPlace.position)
    ).all()
    approved = session.scalars(select(Item.id).where(Item.brand_id == brand_id, Item.state == State.APPROVED))
    ids = sorted({*approved, *(row[0] for row in rows)})
    place = {id: number for number, id in enumerate(ids)}
    shown = Shown(
        np.array([place[row[0]] for row in rows], dtype=np.int64), np.array([row[1] for row in rows], dtype=np.int64),
        np.array([int(row[2]) for row in rows], dtype=np.float64), np.array([int(row[3]) for row in rows], dtype=np.float64),
    )  # fmt: skip
    return Subject(ids, scores_without(session, brand_id, ids), shown, orders_of(session, brand_id, ids, since))


def scores_without(session: Session, brand_id: int, ids: Sequence[int]) -> Numbers:
    """Each item's score as if nothing had been measured; the middle where it has none."""
    values = scoring_queries.load_values_of(session, brand_id, ids)
    weights = scoring_queries.get_weights(session, brand_id) | {"performance": 0.0}
    known = dict(zip(values.ids.tolist(), weighing.weigh(values.table, weights).tolist(), strict=True))
    return np.array([known.get(id, 50) for id in ids], dtype=np.float64)


def orders_of(session: Session, brand_id: int, ids: Sequence[int], since: date) -> Numbers:
    """Orders credited to each item by *same product*."""
    sums = (
        select(ItemRevenueDay.item_id, func.sum(ItemRevenueDay.orders))
        .where(
            ItemRevenueDay.brand_id == brand_id, ItemRevenueDay.day >= since, ItemRevenueDay.model == Model.SAME_PRODUCT,
            among(ItemRevenueDay.item_id, ids),
        )
        .group_by(ItemRevenueDay.item_id)
    )  # fmt: skip
    known = {item_id: int(orders) for item_id, orders in session.execute(sums)}
    return np.array([known.get(id, 0) for id in ids], dtype=np.float64)


def describe(subject: Subject, fitted: Fit) -> dict[int, Performance]:
    """The figures of each item, rounded as they are shown."""
    found = performance.measure(subject.shown, subject.scores, subject.orders, fitted)
    return {
        id: Performance(
            impressions=int(found.impressions[n]), clicks=int(found.clicks[n]), expected=round(float(found.expected[n]), 1),
            orders=int(found.orders[n]), orders_expected=round(float(found.orders_expected[n]), 1),
            prior=two(found.prior[n]), lift=two(found.lift[n]), low=two(found.low[n]), high=two(found.high[n]),
            value=two(found.value[n]),
        )
        for n, id in enumerate(subject.ids)
    }  # fmt: skip


def two(number: float) -> float:
    """Two decimals: more would only say that it is another hour."""
    return round(float(number), 2)


def is_news(one: Performance, known: Performance) -> bool:
    """Whether an item's figures moved enough to be written and to score it anew."""
    counts = (one.clicks, one.orders, one.is_proven) != (known.clicks, known.orders, known.is_proven)
    figures = (one.value, one.lift, one.low, one.high, one.expected)
    return counts or performance.differs(figures, (known.value, known.lift, known.low, known.high, known.expected))


def keep_curve(session: Session, brand_id: int, fitted: Fit, shown: Shown, now: datetime) -> None:
    """Keep what was found about places and scores, for those who want to check it."""
    row = {
        "brand_id": brand_id, "examined": [round(float(share), 3) for share in fitted.examined], "rate": fitted.rate,
        "slope": fitted.slope, "strength": fitted.strength, "impressions": int(shown.impressions.sum()),
        "clicks": int(shown.clicks.sum()), "measured_at": now,
    }  # fmt: skip
    put = upsert(PlaceCurve).values(row)
    session.execute(put.on_conflict_do_update(index_elements=["brand_id"], set_={name: put.excluded[name] for name in row}))


def keep(session: Session, brand_id: int, found: Iterable[tuple[int, Performance]], *, now: datetime) -> None:
    """Hand a portion of what was measured to the scores."""
    scoring_actions.set_performances(session, brand_id, dict(found), now=now)
