"""Tables of weights and of scores with their parts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from ugc.kit.db import Base, fk, pk, stamped


class SignalWeight(Base):
    """How much a signal counts for a brand; without a row the signal's own default counts."""

    __tablename__ = "signal_weights"
    __table_args__ = (UniqueConstraint("brand_id", "signal"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    signal: Mapped[str]
    weight: Mapped[float]
    updated: Mapped[stamped]


class ItemScore(Base):
    """The parts of an item's newest score: `[{signal, value, weight, points, reason}]`."""

    __tablename__ = "item_scores"

    item_id: Mapped[int] = fk("items.id", index=False, primary_key=True)
    brand_id: Mapped[int] = fk("brands.id")
    score: Mapped[int]
    parts: Mapped[list[Any]]
    computed_at: Mapped[datetime]
