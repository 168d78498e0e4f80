"""Creators who have nothing here any more."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ugc.library.models import Creator, Item


def remove_idle(session: Session, brand_id: int, creator_id: int) -> bool:
    """Forget a creator of whom no item is left; False where there is one."""
    session.flush()
    left = select(Item.id).where(Item.creator_id == Creator.id)
    gone = delete(Creator).where(Creator.brand_id == brand_id, Creator.id == creator_id, ~left.exists()).returning(Creator.id)
    return session.scalar(gone) is not None
