"""What the worker does for reports."""

from __future__ import annotations

from ugc.insights import actions
from ugc.kit.jobs import job
from ugc.runtime import Runtime

# So much that one run ends well before the next is due, so little that a backlog does not hold its rows for long.
MOST_ROUNDS = 50
ROUND = 2_000


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
