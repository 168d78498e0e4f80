"""What the worker does for reports."""

from __future__ import annotations

from ugc.insights import actions
from ugc.kit.jobs import job
from ugc.runtime import Runtime

# So much that one run ends well before the next is due, so little that a backlog does not hold its rows for long.
MOST_ROUNDS = 50
ROUND = 2_000


@job("insights.attribute_order")
def attribute_order(runtime: Runtime, *, brand_id: int, order_id: int, follow: bool = True) -> None:
    """Give credit for an order, and look again at the visitor's next one, whose path this one cuts."""
    with runtime.transaction() as session:
        actions.attribute_order(session, brand_id, order_id)
        if follow:
            actions.attribute_next(session, brand_id, order_id)


@job("insights.roll_up")
def roll_up(runtime: Runtime) -> None:
    """Add what visitors did since the last run to the items' days."""
    for _ in range(MOST_ROUNDS):
        with runtime.transaction() as session:
            if actions.roll_up(session, most=ROUND) == 0:
                return
