"""What the worker does for the order feed."""

from __future__ import annotations

from ugc.kit import clock
from ugc.kit.jobs import job
from ugc.orders import actions
from ugc.runtime import Runtime


@job("orders.forget_bodies")
def forget_bodies(runtime: Runtime) -> None:
    """Empty the bodies of webhooks that were worked on a month ago."""
    with runtime.transaction() as session:
        actions.forget_bodies(session, now=clock.now())
