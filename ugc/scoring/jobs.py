"""What the worker calls to score."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from ugc.accounts import queries as accounts_queries
from ugc.kit import clock, jobs
from ugc.library.models import ItemMedia
from ugc.runtime import Runtime
from ugc.scoring import actions, queries

log = structlog.get_logger(__name__)

PORTION = 500
"""Items scored in one transaction."""


@jobs.job("scoring.score_item")
def score_item(runtime: Runtime, *, brand_id: int, item_id: int) -> None:
    """Score one item; nothing if it is gone."""
    score_items(runtime, brand_id=brand_id, item_ids=[item_id])


@jobs.job("scoring.score_items")
def score_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Score some items."""
    for start in range(0, len(item_ids), PORTION):
        with runtime.transaction() as session:
            actions.score_items(session, brand_id, item_ids[start : start + PORTION], now=clock.now())


@jobs.job("scoring.score_file_items")
def score_file_items(runtime: Runtime, *, brand_id: int, file_id: int) -> None:
    """Score the items that show a file, now that it was measured."""
    with runtime.transaction() as session:
        ids = list(session.scalars(select(ItemMedia.item_id).where(ItemMedia.file_id == file_id)))
        actions.score_items(session, brand_id, ids, now=clock.now())


@jobs.job("scoring.score_brand")
def score_brand(runtime: Runtime, *, brand_id: int) -> None:
    """Enqueue all of a brand's items in portions."""
    after = 0
    with runtime.transaction() as session:
        while ids := queries.find_ids(session, brand_id, after=after, limit=PORTION):
            jobs.enqueue(session, "scoring.score_items", brand_id=brand_id, item_ids=ids)
            after = ids[-1]


@jobs.job("scoring.check_copies")
def check_copies(runtime: Runtime) -> None:
    """Put right every item whose copy of the score differs from its source, and say so."""
    with runtime.transaction() as session:
        brands = [brand.id for brand in accounts_queries.find_brands(session)]
    for brand_id in brands:
        while differing := repair_some(runtime, brand_id):
            log.error("scores differed from their source", brand=brand_id, items=differing)


def repair_some(runtime: Runtime, brand_id: int) -> list[int]:
    """One transaction's worth of repairs."""
    with runtime.transaction() as session:
        return actions.repair_copies(session, brand_id)
