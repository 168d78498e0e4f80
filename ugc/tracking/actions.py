"""Takes beacons in, keeps the log's partitions, hands counts to the roll-up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts.rules import WrongKey
from ugc.kit import jobs, signing
from ugc.orders import actions as orders_actions
from ugc.orders.models import Order
from ugc.runtime import Runtime
from ugc.tracking import bots, queries, rules
from ugc.tracking.models import PurchaseJoin
from ugc.tracking.reading import read_beacon
from ugc.tracking.rules import Beacon, Judged, Verdict

# The key names the brand; the lock lets one visitor's beacons in one after the other, so that repeats see each other. What a
# beacon needs to know lies in indexes; a plan kept from the month's first hour, when the log was small, would read all of it.
ENTER = text("""
select b.id, b.shop_url, pg_advisory_xact_lock(hashtextextended(:visitor, 7243002)), set_config('enable_seqscan', 'off', true)
from api_keys k join brands b on b.id = k.brand_id
where k.fingerprint = :fingerprint and k.kind = 'publishable' and k.revoked_at is null
""")

# One statement: an event, its touch and its counts are stored together or not at all, and only the first time.
STORE = text("""
with sent as (
  select * from json_to_recordset(cast(:rows as json)) as r(
    id uuid, at timestamptz, type text, gallery text, item_id bigint, sku text, data jsonb, ivt_reason text, touch text,
    counts jsonb)
), stored as (
  insert into events (id, brand_id, at, received_at, type, visitor, session, gallery, item_id, sku, page_url, data, ivt_reason)
  select id, :brand, at, :now, type, :visitor, :session, gallery, item_id, sku, :page_url, data, ivt_reason from sent
  on conflict do nothing returning id
), touched as (
  insert into touches (brand_id, event_id, visitor, at, kind, item_id, gallery)
  select :brand, id, :visitor, at, touch, item_id, gallery from sent where touch <> '' and id in (select id from stored)
  on conflict do nothing
), counted as (
  insert into pending_counts (brand_id, counts)
  select :brand, jsonb_agg(one) from sent, jsonb_array_elements(counts) one where id in (select id from stored)
  having count(*) > 0
), stayed as (
  insert into visitor_sessions (brand_id, session, visitor, started_at, last_at, referrer_host, landing_url)
  select :brand, :session, :visitor, cast(:started as timestamptz), cast(:last as timestamptz), :referrer, :page_url
  where :started is not null
  on conflict (brand_id, visitor, session) do update set
    started_at = least(visitor_sessions.started_at, excluded.started_at),
    last_at = greatest(visitor_sessions.last_at, excluded.last_at)
)
select id from stored
""")

TAKE_COUNTS = text("""
with taken as (
  delete from pending_counts where id in (select id from pending_counts order by id limit :most for update skip locked)
  returning brand_id, counts
)
select brand_id, cast(one ->> 0 as date), cast(one ->> 1 as bigint), one ->> 2, one ->> 3, count(*)
from taken, jsonb_array_elements(counts) one group by 1, 2, 3, 4, 5
""")


@dataclass(frozen=True, slots=True)
class CollectResult:
    """What became of a beacon's events; `accepted` are stored for good."""

    accepted: int
    duplicates: int = 0
    dropped: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why events were dropped: `unknown_item`, `unknown_gallery`, `too_old`."""


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened to an item on a day, not rolled up yet."""

    brand_id: int
    day: date
    item_id: int
    gallery: str
    what: str
    number: int


def collect(
    runtime: Runtime, body: bytes, *, origin: str, user_agent: str, headers: Mapping[str, str], now: datetime
) -> CollectResult:
    """Store a beacon's events, touches and counts in one commit; returns only when they are durable.

    Raises BadEvents, TooManyEvents or WrongKey. The visitor's address and browser name never get here or are only looked
    at (T-75).
    """
    beacon = read_beacon(body)
    with runtime.transaction() as session:
        brand_id, shop_url = enter(session, beacon)
        homes = [rules.host_name(shop_url), rules.host_name(runtime.settings.base_url)] if shop_url else []
        reason = doubt(beacon, origin, user_agent, headers, homes, demo=runtime.settings.demo)
        facts = queries.load_facts(session, brand_id, beacon, now)
        verdict = rules.judge(beacon, facts, reason=reason, now=now)
        stored = store(session, brand_id, beacon, verdict, now)
        if not reason and beacon.visitor:
            follow(session, brand_id, beacon, verdict, facts.late_orders)
    lost = len(verdict.events) - stored
    return CollectResult(stored, verdict.duplicates + lost, sum(verdict.dropped.values()), verdict.dropped)


def enter(session: Session, beacon: Beacon) -> tuple[int, str]:
    """The brand that the publishable key names, with its shop's address; raises WrongKey."""
    visitor = beacon.visitor or str(min(event.id for event in beacon.events))
    row = session.execute(ENTER, {"fingerprint": signing.fingerprint(beacon.key), "visitor": visitor}).one_or_none()
    if row is None:
        raise WrongKey()
    return row[0], row[1]


def doubt(beacon: Beacon, origin: str, user_agent: str, headers: Mapping[str, str], homes: list[str], *, demo: bool) -> str:
    """Why nothing of a beacon counts; empty = it may. In the demo, automated browsers count, so that a script can try it."""
    reason = "prefetch" if bots.is_prefetch(headers) else bots.program_reason(user_agent)
    if not reason and beacon.webdriver:
        reason = "automation"
    if reason == "automation" and demo:
        reason = ""
    return reason or ("origin" if rules.is_foreign(origin, homes) else "")


def store(session: Session, brand_id: int, beacon: Beacon, verdict: Verdict, now: datetime) -> int:
    """Write what was judged; returns how many events were new."""
    if not verdict.events:
        return 0
    stay = verdict.stay
    rows = json.dumps([as_row(judged) for judged in verdict.events])
    found = session.execute(
        STORE,
        {
            "rows": rows, "brand": brand_id, "now": now, "visitor": beacon.visitor,
            "session": stay.session if stay else beacon.session, "page_url": beacon.page_url, "referrer": beacon.referrer_host,
            "started": stay.started_at.isoformat() if stay else None, "last": stay.last_at.isoformat() if stay else None,
        },
    )  # fmt: skip
    return len(found.all())


def as_row(judged: Judged) -> dict[str, Any]:
    """A judged event as the statement reads it."""
    event = judged.event
    day = event.at.astimezone(UTC).date().isoformat()
    return {
        "id": str(event.id), "at": event.at.isoformat(), "type": event.type, "gallery": event.gallery, "item_id": event.item_id,
        "sku": event.sku, "data": dict(event.data), "ivt_reason": judged.ivt_reason, "touch": judged.touch or "",
        "counts": [[day, item, event.gallery if item else "", what] for item, what in judged.counts],
    }  # fmt: skip


def follow(session: Session, brand_id: int, beacon: Beacon, verdict: Verdict, late_orders: Sequence[int]) -> None:
    """Join the visitor to the orders that he made, and have orders attributed again whose touches came late."""
    joins = [judged.event for judged in verdict.events if judged.event.type == "purchase"]
    for event in sorted(joins, key=lambda event: str(event.data["order"])):
        orders_actions.take_turn(session, brand_id, event.data["order"])
    for event in joins:
        row = {
            "brand_id": brand_id, "order_external_id": event.data["order"], "visitor": beacon.visitor,
            "event_id": event.id, "at": event.at,
        }  # fmt: skip
        session.execute(insert(PurchaseJoin).values(row).on_conflict_do_nothing())
    waiting = set(late_orders) if any(judged.touch for judged in verdict.events) else set()
    for event in joins:
        waiting.update(find_order_ids(session, brand_id, event.data["order"]))
    for order_id in sorted(waiting):
        # No `once`: a job that waits already may begin before this commits, and would not see what we bring.
        jobs.enqueue(session, "insights.attribute_order", brand_id=brand_id, order_id=order_id)


def find_order_ids(session: Session, brand_id: int, external_id: str) -> list[int]:
    """The orders of this outside id, one per source at most."""
    return list(session.scalars(select(Order.id).where(Order.brand_id == brand_id, Order.external_id == external_id)))


def take_counts(session: Session, *, most: int = 2_000) -> list[Count]:
    """Take waiting counts away, summed; they are gone exactly when the caller's own sums are committed (decision 0061)."""
    return [Count(*row) for row in session.execute(TAKE_COUNTS, {"most": most})]


def make_partitions(session: Session, *, now: datetime, ahead: int = 2) -> list[str]:
    """Make this month's partition of the event log and the next ones; what lay in the default one moves over."""
    made = []
    for first, after in months(now.astimezone(UTC).date(), ahead):
        name = f"events_{first:%Y_%m}"
        if session.scalar(text("select to_regclass(:name)"), {"name": name}) is None:
            make_partition(session, name, first, after)
            made.append(name)
    return made


def months(today: date, ahead: int) -> Iterator[tuple[date, date]]:
    """(first day, first day of the next month) of this month and of `ahead` more."""
    for number in range(ahead + 1):
        places = today.year * 12 + today.month - 1 + number
        yield date(places // 12, places % 12 + 1, 1), date((places + 1) // 12, (places + 1) % 12 + 1, 1)


def make_partition(session: Session, name: str, first: date, after: date) -> None:
    """One month's table, filled from the default partition before it is attached."""
    bounds = {"first": first, "after": after}
    # An event that came in between moving and attaching would make attaching fail; the lock on the parent comes first, so
    # that no beacon holds a part of the log while we wait for the rest.
    session.execute(text("lock table events in access exclusive mode"))
    # Names and dates are made here, never by a visitor; DDL takes no parameters.
    session.execute(text(f"create table {name} (like events including all)"))
    session.execute(
        text(f"""
            with moved as (delete from events_default where at >= :first and at < :after returning *)
            insert into {name} select * from moved
        """),  # noqa: S608
        bounds,
    )
    session.execute(
        text(f"alter table events attach partition {name} for values from ('{first} 00:00+00') to ('{after} 00:00+00')")
    )
