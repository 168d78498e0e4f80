"""What the worker calls: look at what came in, and again at what is young, since later reviews tell more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from ugc.accounts import queries as accounts_queries
from ugc.authenticity import actions
from ugc.authenticity.models import FlagState, ItemFlag
from ugc.kit import clock, jobs
from ugc.library import queries as library_queries
from ugc.library.models import Item, Kind
from ugc.runtime import Runtime

PORTION = 200
"""Items looked at in one transaction."""
YOUNG = timedelta(days=3)
"""A burst ends within a day and an author's pattern grows with each review; what is older was looked at with both."""
MOST_YOUNG = MOST_FLAGGED = 20_000


@jobs.job("authenticity.look_at_items", gathers="item_ids")
def look_at_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Look at items."""
    for start in range(0, len(item_ids), PORTION):
        with runtime.transaction() as session:
            actions.look_at(runtime, session, brand_id, item_ids[start : start + PORTION], now=clock.now())


@jobs.job("authenticity.look_at_files", gathers="file_ids")
def look_at_files(runtime: Runtime, *, brand_id: int, file_ids: list[int]) -> None:
    """Look at the items that show files, now that it is known what these declare."""
    with runtime.transaction() as session:
        ids = library_queries.find_showing(session, brand_id, file_ids)
    look_at_items(runtime, brand_id=brand_id, item_ids=ids)


@jobs.job("authenticity.look_again")
def look_again(runtime: Runtime) -> None:
    """Enqueue each brand's young reviews in portions, and what has open signs, which may have lost what they rest on."""
    with runtime.transaction() as session:
        for brand in accounts_queries.find_brands(session):
            young = (
                select(Item.id)
                .where(Item.brand_id == brand.id, Item.kind == Kind.REVIEW, Item.created > clock.now() - YOUNG)
                .order_by(Item.id.desc())
            )
            flagged = (
                select(ItemFlag.item_id)
                .where(ItemFlag.brand_id == brand.id, ItemFlag.state == FlagState.OPEN)
                .order_by(ItemFlag.id.desc())
            )
            found = [*session.scalars(young.limit(MOST_YOUNG)), *session.scalars(flagged.limit(MOST_FLAGGED))]
            ids = list(dict.fromkeys(found))
            for start in range(0, len(ids), PORTION):
                jobs.enqueue(session, "authenticity.look_at_items", brand_id=brand.id, item_ids=ids[start : start + PORTION])
