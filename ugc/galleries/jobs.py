"""Jobs of galleries: drop answers durably, also where the process died between a commit and what follows it."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from sqlalchemy import select

from ugc.accounts import actions as accounts_actions
from ugc.catalog.models import Product
from ugc.galleries import actions, queries, snapshots
from ugc.galleries.models import Sort
from ugc.kit import clock, jobs
from ugc.kit.storage.base import NoSuchFile
from ugc.library import queries as library_queries
from ugc.media import actions as media_actions
from ugc.runtime import Runtime

MARK = "marks/expired"
# Of a service that never ran this before: what ended earlier is no longer in anybody's cache.
FIRST_LOOK = timedelta(days=1)


@jobs.job("galleries.unpublish", gathers="item_ids")
def unpublish(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Drop the answers that changed items touch, and give pictures that left the public new addresses."""
    snapshots.drop_items(runtime, item_ids)
    with runtime.transaction() as session:
        for file in queries.find_hidden_files(session, brand_id, item_ids, clock.now()):
            media_actions.hide(runtime, session, file)
        for file in queries.find_unrefined_files(session, brand_id, item_ids, clock.now()):
            media_actions.want_refined(session, file)


@jobs.job("galleries.unpublish_item")
def unpublish_item(runtime: Runtime, *, brand_id: int, item_id: int) -> None:
    """The same for one item."""
    unpublish(runtime, brand_id=brand_id, item_ids=[item_id])


@jobs.job("galleries.hide_expired")
def hide_expired(runtime: Runtime) -> None:
    """Give pictures of items that time took from the public since the last run new addresses; their answers end by themselves."""
    until = clock.now()
    since = read_mark(runtime) or until - FIRST_LOOK
    with runtime.transaction() as session:
        ended = queries.find_ended(session, since, until)
    for brand_id, item_ids in ended.items():
        unpublish(runtime, brand_id=brand_id, item_ids=item_ids)
    runtime.storage.put(MARK, until.isoformat().encode())


def read_mark(runtime: Runtime) -> datetime | None:
    """When the last run was that went through; a run that broke off leaves its time to the next one."""
    with contextlib.suppress(NoSuchFile, ValueError):
        return datetime.fromisoformat(runtime.storage.read(MARK).decode())
    return None


@jobs.job("galleries.drop_items", gathers="item_ids")
def drop_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Drop the answers that new or newly scored items touch; none of these can have left the public."""
    snapshots.drop_items(runtime, item_ids)


@jobs.job("galleries.drop_brand")
def drop_brand(runtime: Runtime, *, brand_id: int) -> None:
    """Drop every answer of a brand whose publishable key was revoked."""
    snapshots.drop_brand(runtime, brand_id)


@jobs.job("galleries.drop_ordered")
def drop_ordered(runtime: Runtime, *, brand_id: int) -> None:
    """Drop the answers of galleries in order of score or performance: many items have another one now."""
    with runtime.transaction() as session:
        ordered = [gallery.id for gallery in queries.find_galleries(session, brand_id) if gallery.sort is not Sort.NEWEST]
        accounts_actions.bump_content(session, brand_id)
    for gallery_id in ordered:
        snapshots.drop_gallery(runtime, brand_id, gallery_id)


@jobs.job("galleries.drop_gallery")
def drop_gallery(runtime: Runtime, *, brand_id: int, gallery_id: int) -> None:
    """Drop the answers of a gallery that was changed."""
    snapshots.drop_gallery(runtime, brand_id, gallery_id)


@jobs.job("galleries.purge")
def purge(runtime: Runtime, *, brand_id: int, brand: str, gallery: str) -> None:
    """Delete what is left of a gallery that was removed."""
    snapshots.purge(runtime.snapshots, brand, gallery)


@jobs.job("galleries.drop_product")
def drop_product(runtime: Runtime, *, brand_id: int, product_id: int) -> None:
    """Drop the answers that show a product that was changed; the new version keeps older renderings from being stored."""
    with runtime.transaction() as session:
        product = session.scalar(select(Product).where(Product.brand_id == brand_id, Product.id == product_id))
        accounts_actions.bump_content(session, brand_id)
    if product is not None:
        snapshots.drop_product(runtime, product)


@jobs.job("galleries.drop_file_items", gathers="file_ids")
def drop_file_items(runtime: Runtime, *, brand_id: int, file_ids: list[int]) -> None:
    """Pictures became ready: let the items that have them in."""
    with runtime.transaction() as session:
        item_ids = library_queries.find_showing(session, brand_id, file_ids)
        for file in queries.find_unrefined_files(session, brand_id, item_ids, clock.now()):
            media_actions.want_refined(session, file)
        accounts_actions.bump_content(session, brand_id)
    snapshots.drop_items(runtime, item_ids)


@jobs.job("galleries.pin_kept")
def pin_kept(runtime: Runtime, *, brand_id: int, item_id: int, copy_ids: list[int]) -> None:
    """Copies of an item were merged into it: it takes their places."""
    with runtime.transaction() as session:
        actions.pin_kept(session, brand_id, item_id, copy_ids, actor="system", now=clock.now())
