"""Table of flags on items."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ugc.kit.db import Base, fk, pk
from ugc.library.models import Item


class FlagState(StrEnum):
    """What a person made of a flag."""

    OPEN = "open"
    DISMISSED = "dismissed"
    """Looked at and found harmless; never raised again for the item."""
    CONFIRMED = "confirmed"


class ItemFlag(Base):
    """A sign that an item may not be what it says it is, with what was seen. It rejects nothing."""

    __tablename__ = "item_flags"
    __table_args__ = (UniqueConstraint("item_id", "kind"), Index("ix_item_flags_by_state", "brand_id", "state", "id"))

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    item_id: Mapped[int] = fk("items.id", index=False)
    kind: Mapped[str]
    """One of `rules.KINDS`."""
    p: Mapped[float]
    """How far it is beyond chance or usual, 0 to 1; 1 is certain, as with a declaration."""
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Other items, counts, spans: what a person needs to check it."""
    state: Mapped[FlagState] = mapped_column(server_default="open")
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    actor: Mapped[str] = mapped_column(server_default="")
    item: Mapped[Item] = relationship()
