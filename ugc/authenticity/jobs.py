"""What the worker calls: look at what came in, and again at what is young, since later reviews tell more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from ugc.accounts import queries as accounts_queries
from ugc.authenticity import actions
from ugc.kit import clock, jobs
from ugc.library.models import Item, ItemMedia, Kind
from ugc.runtime import Runtime

PORTION = 200
"""Items looked at in one transaction."""
YOUNG = timedelta(days=3)
"""A burst ends within a day and an author's pattern grows with each review; what is older was looked at with both."""
MOST_YOUNG = 20_000


@jobs.job("authenticity.look_at_items")
def look_at_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Look at items."""
    for start in range(0, len(item_ids), PORTION):
        with runtime.transaction() as session:
            actions.look_at(runtime, session, brand_id, item_ids[start : start + PORTION], now=clock.now())


@jobs.job("authenticity.look_at_file")
def look_at_file(runtime: Runtime, *, brand_id: int, file_id: int) -> None:
    """Look at the items that show a file, now that it is known what it declares."""
    with runtime.transaction() as session:
        ids = list(session.scalars(select(ItemMedia.item_id).where(ItemMedia.file_id == file_id)))
    look_at_items(runtime, brand_id=brand_id, item_ids=ids)


@jobs.job("authenticity.look_again")
def look_again(runtime: Runtime) -> None:
    """Enqueue each brand's young reviews in portions."""
    with runtime.transaction() as session:
        for brand in accounts_queries.find_brands(session):
            young = (
                select(Item.id)
                .where(Item.brand_id == brand.id, Item.kind == Kind.REVIEW, Item.created > clock.now() - YOUNG)
                .order_by(Item.id.desc())
            )
            ids = list(session.scalars(young.limit(MOST_YOUNG)))
            for start in range(0, len(ids), PORTION):
                jobs.enqueue(session, "authenticity.look_at_items", brand_id=brand.id, item_ids=ids[start : start + PORTION])
