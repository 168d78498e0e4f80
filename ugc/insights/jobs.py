"""What the worker does for reports."""

from __future__ import annotations

from datetime import UTC, timedelta

from ugc.accounts import queries as accounts_queries
from ugc.insights import actions, measuring
from ugc.kit import clock, jobs
from ugc.kit.jobs import job
from ugc.runtime import Runtime

# So much that one run ends well before the next is due, so little that a backlog does not hold its rows for long.
MOST_ROUNDS = 50
ROUND = 2_000
# An hour's visitors may still be out in the evening; a phone that was offline reports up to a week late.
RECENT, LATE = timedelta(days=1), timedelta(days=8)


@job(actions.ATTRIBUTE)
def attribute_order(runtime: Runtime, *, brand_id: int, order_id: int) -> None:
    """Give credit for an order, and for those of the brand that wait behind it."""
    with runtime.transaction() as session:
        actions.attribute_waiting(session, brand_id, order_id)


@job("insights.roll_up")
def roll_up(runtime: Runtime) -> None:
    """Add what visitors did since the last run to the items' days."""
    for _ in range(MOST_ROUNDS):
        with runtime.transaction() as session:
            if actions.roll_up(session, most=ROUND) == 0:
                return


@job("insights.measure_performance")
def measure_performance(runtime: Runtime) -> None:
    """Measure what sells, brand by brand, from yesterday's and today's visitors and what is known of the days before."""
    enqueue_brands(runtime, RECENT)


@job("insights.measure_late")
def measure_late(runtime: Runtime) -> None:
    """The same, with all days counted anew about which a browser may have reported late."""
    enqueue_brands(runtime, LATE)


def enqueue_brands(runtime: Runtime, back: timedelta) -> None:
    """A job for each brand, so that one that fails is tried again by itself."""
    with runtime.transaction() as session:
        for brand in accounts_queries.find_brands(session):
            jobs.enqueue(
                session, "insights.measure_brand", once=f"insights.measure_brand:{brand.id}", brand_id=brand.id, days=back.days
            )


@job("insights.measure_brand")
def measure_brand(runtime: Runtime, *, brand_id: int, days: int) -> None:
    """Count a brand's newest days by place and score anew what that says something new about."""
    now = clock.now()
    today = now.astimezone(UTC).date()
    with runtime.transaction() as session:
        measuring.count_places(session, brand_id, today - timedelta(days=days), today)
    with runtime.transaction() as session:
        found = sorted(measuring.measure(session, brand_id, now=now).items())
    for start in range(0, len(found), measuring.AT_ONCE):
        with runtime.transaction() as session:
            measuring.keep(session, brand_id, found[start : start + measuring.AT_ONCE], now=now)
