"""Files of items are fetched outside the request or pull that named them."""

from __future__ import annotations

from ugc.ingest import wanting
from ugc.kit import clock, jobs
from ugc.runtime import Runtime


@jobs.job("ingest.fetch_wanted", max_attempts=wanting.MAX_ATTEMPTS)
def fetch_wanted(runtime: Runtime, *, brand_id: int, wanted_id: int) -> None:
    """Fetch one file that an item waits for."""
    wanting.fetch(runtime, brand_id, wanted_id, now=clock.now())


@jobs.job("ingest.fetch_again")
def fetch_again(runtime: Runtime) -> None:
    """Try the files again that could not be fetched lately."""
    with runtime.transaction() as session:
        wanting.try_again(session, now=clock.now())
