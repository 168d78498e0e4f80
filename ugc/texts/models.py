"""Tables of readings and of the words that are a brand's own."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk, stamped


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


class Use(StrEnum):
    """What a brand's own word is for."""

    TOPIC = "topic"
    """It belongs to the topic that `topic` names."""
    BLOCKED = "blocked"
    """A text that holds it offends."""
    ALLOWED = "allowed"
    """It never counts as spam or offence."""
    COMPETITOR = "competitor"
    """A name or a host; a text that holds it mentions somebody else."""


class TextTerm(Base):
    """A word of a brand's own, by which its texts are read."""

    __tablename__ = "text_terms"
    __table_args__ = (UniqueConstraint("brand_id", "use", "topic", "term"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    use: Mapped[Use]
    topic: Mapped[str] = mapped_column(server_default="")
    """Lower case, with `_` between words; empty unless it is a topic's."""
    term: Mapped[str]
    """As the brand wrote it: a word, a stem with a star behind it, or several words."""
    created: Mapped[stamped]
