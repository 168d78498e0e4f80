"""Tables of what pictures and texts look like, of the pairs that are alike, and of the groups that a person decides on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ugc.kit.db import Base, fk, pk, stamped
from ugc.library.models import Item, Reason
from ugc.media.models import FileKind


class Likeness(StrEnum):
    """In what two items are alike."""

    PICTURE = "picture"
    TEXT = "text"


class Standing(StrEnum):
    """What was decided of a pair or a group."""

    OPEN = "open"
    MERGED = "merged"
    APART = "apart"
    """They are not duplicates; nobody is asked again."""


class PicturePrint(Base):
    """A hash that the index holds. Ids grow in the order of commits (`actions.queue`), so that a reader who asks for larger
    ones than it has misses none.
    """

    __tablename__ = "picture_prints"
    __table_args__ = (Index("ix_picture_prints_in_order", "brand_id", "kind", "id"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    kind: Mapped[FileKind]
    """Pictures are compared with pictures, posters of videos with posters of videos."""
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"), unique=True)
    """None once the file is gone; only what is blocked outlives it."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    blocked: Mapped[Reason | None]
    """Why a copy of it was rejected, where that keeps further copies out (T-19)."""
    created: Mapped[stamped]


class TextPrint(Base):
    """What a text says, without case, signs and spaces."""

    __tablename__ = "text_prints"
    __table_args__ = (Index("ix_text_prints_digest", "brand_id", "digest", "item_id"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    brand_id: Mapped[int] = fk("brands.id", index=False)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """16 bytes; None for a text too short to tell copies from chance."""


class TextKey(Base):
    """Texts that share a key are probably alike (rules.keys_of)."""

    __tablename__ = "text_keys"

    key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class Pair(Base):
    """Two items that are alike, the smaller id first, and what was decided of them, for good."""

    __tablename__ = "duplicate_pairs"
    __table_args__ = (
        CheckConstraint("low_id < high_id", name="order"),
        # Pairs that wait for a group are looked for from either side.
        Index("ix_duplicate_pairs_high_id", "high_id"),
    )

    low_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    high_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    brand_id: Mapped[int] = fk("brands.id")
    likeness: Mapped[Likeness]
    distance: Mapped[int] = mapped_column(server_default="0")
    """Bits between pictures; per cent of the shingles that texts do not share."""
    turn: Mapped[int] = mapped_column(server_default="0")
    """How the one picture lies in the other: `rules.TURNS`."""
    standing: Mapped[Standing] = mapped_column(server_default="open")
    found: Mapped[stamped]


class Group(Base):
    """Items of which each is alike with one of them, the centre."""

    __tablename__ = "duplicate_groups"
    __table_args__ = (Index("ix_duplicate_groups_in_order", "brand_id", "standing", "id"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    likeness: Mapped[Likeness]
    centre_id: Mapped[int] = fk("items.id")
    standing: Mapped[Standing] = mapped_column(server_default="open")
    best_id: Mapped[int | None]
    """What was kept of a merged group."""
    batch: Mapped[str] = mapped_column(server_default="", index=True)
    """The decisions that a merge made, for undo."""
    gained: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What the kept item got by the merge and loses when it is undone."""
    decided_by: Mapped[str] = mapped_column(server_default="")
    decided_at: Mapped[datetime | None]
    created: Mapped[stamped]
    members: Mapped[list[Member]] = relationship(back_populates="group", order_by="Member.id", passive_deletes="all")


class Member(Base):
    """An item of a group."""

    __tablename__ = "duplicate_members"
    __table_args__ = (
        UniqueConstraint("group_id", "item_id"),
        # An item is asked about once at a time, whatever two workers find at the same moment.
        Index("ix_duplicate_members_open", "item_id", unique=True, postgresql_where=text("is_open")),
    )

    id: Mapped[pk]
    group_id: Mapped[int] = fk("duplicate_groups.id", index=False)
    item_id: Mapped[int] = fk("items.id")
    is_open: Mapped[bool] = mapped_column(server_default=text("true"))
    group: Mapped[Group] = relationship(back_populates="members")
    item: Mapped[Item] = relationship()
