"""What the worker calls: reading what came in or changed, again when a model is new, and what was never read."""

from __future__ import annotations

from ugc.kit import clock, jobs
from ugc.library import queries as library_queries
from ugc.runtime import Runtime
from ugc.texts import actions, queries, reading, safety, training_jobs

TRAINING = (training_jobs.train_sentiment, training_jobs.train_usefulness, training_jobs.train_topics)
"""Registered with this module."""

PORTION = 500
"""Items read in one transaction: about a quarter of a second."""
CAUGHT_UP = 10_000
"""Items of one hourly round; a library from before is through in as many hours as it has portions of these."""


@jobs.job("texts.read_items", gathers="item_ids")
def read_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Read some items."""
    for start in range(0, len(item_ids), PORTION):
        with runtime.transaction() as session:
            actions.read_items(session, brand_id, item_ids[start : start + PORTION], now=clock.now())


@jobs.job("texts.read_file_items", gathers="file_ids")
def read_file_items(runtime: Runtime, *, brand_id: int, file_ids: list[int]) -> None:
    """Read the items that show files: a new one whose picture is still being made is announced by its file alone."""
    with runtime.transaction() as session:
        ids = library_queries.find_showing(session, brand_id, file_ids)
    read_items(runtime, brand_id=brand_id, item_ids=ids)


@jobs.job("texts.read_again")
def read_again(runtime: Runtime, *, brand_id: int, kind: str) -> None:
    """Read all of a brand's items again, now that a model of a kind that reads texts is another."""
    if kind in reading.models():
        with runtime.transaction() as session:
            actions.read_again(session, brand_id, portion=PORTION)


@jobs.job("texts.read_brand")
def read_brand(runtime: Runtime, *, brand_id: int) -> None:
    """Read all of a brand's items again, now that its own words are others."""
    with runtime.transaction() as session:
        actions.read_again(session, brand_id, portion=PORTION)


@jobs.job("texts.catch_up")
def catch_up(runtime: Runtime) -> None:
    """Read what was never read, or not by the readers of this release."""
    with runtime.transaction() as session:
        left = queries.find_unread(session, limit=CAUGHT_UP)
        for brand_id in dict.fromkeys(brand_id for brand_id, _ in left):
            ids = [item_id for brand, item_id in left if brand == brand_id]
            portions = ({"brand_id": brand_id, "item_ids": ids[start : start + PORTION]} for start in range(0, len(ids), PORTION))
            jobs.enqueue_many(session, "texts.read_items", portions)


@jobs.job("texts.train_spam")
def train_spam(runtime: Runtime, *, brand_id: int) -> None:
    """Train what a brand calls spam on its decisions."""
    safety.train(runtime, brand_id, "spam")


@jobs.job("texts.train_offence")
def train_offence(runtime: Runtime, *, brand_id: int) -> None:
    """Train what offends a brand on what it rejected as unsafe."""
    safety.train(runtime, brand_id, "offence")
