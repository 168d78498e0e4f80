"""What the worker calls to keep items findable."""

from __future__ import annotations

from sqlalchemy import select

from ugc.kit import jobs
from ugc.library import actions
from ugc.library.models import ItemProduct
from ugc.runtime import Runtime


@jobs.job("library.refresh_product")
def refresh_product(runtime: Runtime, *, brand_id: int, product_id: int) -> None:
    """Let items be found by their product's new title."""
    with runtime.transaction() as session:
        ids = session.scalars(select(ItemProduct.item_id).where(ItemProduct.product_id == product_id).order_by(ItemProduct.item_id))
        actions.refresh_search(session, ids.all())
