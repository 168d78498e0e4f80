"""The table of readings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk


class TextReading(Base):
    """What was found in the text of an item; the plain columns are copies out of `reading` for counts and sorts."""

    __tablename__ = "text_readings"
    __table_args__ = (Index("ix_text_readings_of_brand", "brand_id", "item_id"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    brand_id: Mapped[int] = fk("brands.id", index=False)
    reading: Mapped[dict[str, Any]]
    language: Mapped[str]
    sentiment: Mapped[str]
    sentiment_p: Mapped[float]
    usefulness: Mapped[float | None]
    """None where there is no text to be useful."""
    spam_p: Mapped[float]
    offence_p: Mapped[float]
    versions: Mapped[dict[str, Any]]
    """What read it: `{text: checksum, readers: …, models: {kind: version}}`; equal versions would find the same again."""
    read_at: Mapped[datetime]
