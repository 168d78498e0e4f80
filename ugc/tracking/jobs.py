"""What the worker does for the event log."""

from __future__ import annotations

from ugc.kit import clock
from ugc.kit.jobs import job
from ugc.runtime import Runtime
from ugc.tracking import actions


@job("tracking.make_partitions")
def make_partitions(runtime: Runtime) -> None:
    """Make the event log's partitions of this month and the next two."""
    with runtime.transaction() as session:
        actions.make_partitions(session, now=clock.now())
