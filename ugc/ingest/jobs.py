"""Files of items are fetched outside the request that named them; imports from the browser run, and are undone, here."""

from __future__ import annotations

from datetime import timedelta

from ugc.ingest import bucketing, drafting, linking, picturing, undoing, wanting, watching
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
    with runtime.transaction() as session:
        wanting.settle_dead(session, now=clock.now())


@jobs.job("ingest.read_link")
def read_link(runtime: Runtime, *, brand_id: int, item_id: int) -> None:
    """Fill an item in from the page that its address names."""
    linking.read_link(runtime, brand_id, item_id, now=clock.now())


@jobs.job("ingest.run_import")
def run_import(runtime: Runtime, *, brand_id: int, import_id: int) -> None:
    """Bring a file in that was sent through the browser."""
    drafting.run(runtime, brand_id, import_id)


@jobs.job("ingest.undo_import")
def undo_import(runtime: Runtime, *, brand_id: int, import_id: int) -> None:
    """Take an import back as a whole."""
    undoing.undo_import(runtime, brand_id, import_id)


@jobs.job("ingest.remove_file")
def remove_file(runtime: Runtime, *, brand_id: int, key: str) -> None:
    """Delete a sent file that nobody needs any more."""
    runtime.storage.delete(key)


@jobs.job("ingest.poll_buckets")
def poll_buckets(runtime: Runtime) -> None:
    """Look for new objects in every brand's buckets."""
    bucketing.poll_all(runtime)


@jobs.job("ingest.poll_bucket")
def poll_bucket(runtime: Runtime, *, brand_id: int) -> None:
    """Look for new objects in one brand's buckets."""
    bucketing.poll(runtime, brand_id, now=clock.now())


@jobs.job("ingest.take_object")
def take_object(runtime: Runtime, *, brand_id: int, place: str, key: str, external_id: str) -> None:
    """Make an item of one object."""
    bucketing.take(runtime, brand_id, place, key, external_id, now=clock.now())


@jobs.job("ingest.watch_folders")
def watch_folders(runtime: Runtime) -> None:
    """Import what was put into watched folders."""
    watching.watch(runtime, now=clock.now())


ABANDONED_AFTER = timedelta(days=1)


@jobs.job("ingest.forget_old")
def forget_old(runtime: Runtime) -> None:
    """Let go of drafts nobody came back to, of ways back that are too old, of what killed imports unpacked."""
    picturing.sweep_unpacked(runtime, clock.now() - ABANDONED_AFTER)
    with runtime.transaction() as session:
        drafting.forget_drafts(session, now=clock.now())
        undoing.forget_changes(session, now=clock.now())
