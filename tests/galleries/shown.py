"""Items that the public may see, and galleries to see them in: plain functions over tests.make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from tests import make
from ugc.accounts.models import Brand
from ugc.catalog.models import Product
from ugc.galleries import actions
from ugc.galleries.models import Gallery
from ugc.library.models import Item, ItemMedia, ItemProduct, RightsState, State


def item(
    session: Session, brand: Brand, *, products: Sequence[tuple[Product, float | None, float | None]] = (), **facts: Any
) -> Item:
    """An approved, owned photo with a finished picture."""
    facts = {"state": State.APPROVED, "rights_state": RightsState.OWNED} | facts
    made = make.item(session, brand, **facts)
    session.add(ItemMedia(item_id=made.id, file_id=make.file(session, brand).id))
    for place, (product, x, y) in enumerate(products):
        session.add(ItemProduct(item_id=made.id, product_id=product.id, position=place, x=x, y=y))
    session.flush()
    session.refresh(made)
    return made


def gallery(session: Session, brand: Brand, **facts: Any) -> Gallery:
    """A gallery of everything that may be shown."""
    facts = {"slug": "home", "name": "Home"} | facts
    return actions.add_gallery(session, brand.id, **facts, actor="test", now=make.NOON)
