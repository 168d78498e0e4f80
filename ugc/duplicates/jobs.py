"""What the worker calls: looking for duplicates of what came in, and for what was left out."""

from __future__ import annotations

from ugc.duplicates import actions, looking, merging, queries
from ugc.duplicates.models import Likeness
from ugc.kit import clock, jobs
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.runtime import Runtime

PORTION = 200
"""Items looked at in one transaction."""
CAUGHT_UP = 5_000
"""Items of one hourly round; a library from before is through in as many hours as it has portions of these."""


@jobs.job("duplicates.find_for_files", gathers="file_ids")
def find_for_files(runtime: Runtime, *, brand_id: int, file_ids: list[int]) -> None:
    """Look for duplicates of the items that show files, now that these have their hashes."""
    with runtime.transaction() as session:
        ids = library_queries.find_showing(session, brand_id, file_ids)
    find_for_items(runtime, brand_id=brand_id, item_ids=ids)


@jobs.job("duplicates.find_for_item")
def find_for_item(runtime: Runtime, *, brand_id: int, item_id: int) -> None:
    """Look for duplicates of one item."""
    find_for_items(runtime, brand_id=brand_id, item_ids=[item_id])


@jobs.job("duplicates.find_for_items", gathers="item_ids")
def find_for_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Look for duplicates of items. Their prints are committed before anybody looks: of two that are alike, whichever was
    committed later finds the other, also when two workers do it at once. The public sees their files only now (T-19).
    """
    for start in range(0, len(item_ids), PORTION):
        ids = item_ids[start : start + PORTION]
        with runtime.transaction() as session:
            actions.note_prints(session, brand_id, ids)
        with runtime.transaction() as session:
            ready = queries.find_uncompared(session, brand_id, ids)
            sight = looking.look_at_pictures(runtime, session, brand_id, ids)
            texts = looking.look_at_texts(session, brand_id, ids)
        if sight.pairs or sight.kept_out or texts:
            with runtime.transaction() as session:
                actions.queue(session, brand_id, patience=actions.PATIENCE)
                actions.note_pairs(session, brand_id, Likeness.PICTURE, sight.pairs)
                actions.note_pairs(session, brand_id, Likeness.TEXT, texts)
                actions.hold_back(session, brand_id, sight.kept_out, now=clock.now())
                library_actions.set_compared(session, brand_id, ready)
                actions.regroup(session, brand_id, ids)
        elif ready:
            with runtime.transaction() as session:
                library_actions.set_compared(session, brand_id, ready)
        with runtime.transaction() as session:
            jobs.announce(session, "duplicates.items_compared", brand_id=brand_id, item_ids=ids)


@jobs.job("duplicates.bar_item")
def bar_item(runtime: Runtime, *, brand_id: int, item_id: int) -> None:
    """Keep copies of an item's pictures out."""
    bar_items(runtime, brand_id=brand_id, item_ids=[item_id])


@jobs.job("duplicates.bar_items", gathers="item_ids")
def bar_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Keep copies of items' pictures out, or let them in again."""
    with runtime.transaction() as session:
        actions.note_prints(session, brand_id, item_ids)
        actions.note_barred(session, brand_id, item_ids)


@jobs.job("duplicates.reopen")
def reopen(runtime: Runtime, *, brand_id: int, batch: str, actor: str) -> None:
    """Ask again about a merged group whose decisions were undone."""
    with runtime.transaction() as session:
        merging.reopen(runtime, session, brand_id, batch, actor=actor, now=clock.now())


@jobs.job("duplicates.catch_up")
def catch_up(runtime: Runtime) -> None:
    """Look at what was never looked at, let pairs whose neighbours were decided on come up, put right what keeps copies out."""
    with runtime.transaction() as session:
        left = queries.find_unprinted(session, limit=CAUGHT_UP)
        for brand_id in dict.fromkeys(brand_id for brand_id, _ in left):
            ids = [item_id for brand, item_id in left if brand == brand_id]
            jobs.enqueue_many(
                session,
                "duplicates.find_for_items",
                ({"brand_id": brand_id, "item_ids": ids[start : start + PORTION]} for start in range(0, len(ids), PORTION)),
            )
    with runtime.transaction() as session:
        waiting = queries.find_waiting(session, limit=CAUGHT_UP)
    for brand_id, item_id in waiting:
        # One by one, so that nobody who decides meanwhile waits for all of them.
        with runtime.transaction() as session:
            actions.queue(session, brand_id, patience=actions.PATIENCE)
            actions.regroup(session, brand_id, [item_id])
    with runtime.transaction() as session:
        barring = queries.find_barring(session)
        for brand_id in dict.fromkeys(brand_id for brand_id, _ in barring):
            actions.note_barred(session, brand_id, [item_id for brand, item_id in barring if brand == brand_id])
        actions.forget_prints(session)
