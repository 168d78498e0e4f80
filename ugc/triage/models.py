"""Tables of predictions, bounds, automatic runs and checks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk


class Mode(StrEnum):
    """What the machine may do with what it learnt."""

    OFF = "off"
    SUGGEST = "suggest"
    AUTOMATIC = "automatic"


class Decides(StrEnum):
    """Which decisions it may take by itself."""

    APPROVE = "approve"
    BOTH = "both"


class ItemApproval(Base):
    """How likely an item is approved, and why; `items.approval_p` is its copy, empty for a check."""

    __tablename__ = "item_approvals"

    item_id: Mapped[int] = fk("items.id", index=False, primary_key=True)
    brand_id: Mapped[int] = fk("brands.id")
    p: Mapped[float]
    why: Mapped[list[Any]]
    """`[[for or against, words, weight]]`, the strongest first."""
    model_version: Mapped[int]
    at: Mapped[datetime]


class TriageBounds(Base):
    """What a brand lets it do; without a row it only suggests."""

    __tablename__ = "triage_bounds"
    __table_args__ = (
        CheckConstraint("mode in ('off', 'suggest', 'automatic')", name="mode"),
        CheckConstraint("decides in ('approve', 'both')", name="decides"),
        CheckConstraint("agreement between 0.8 and 0.999", name="agreement"),
    )

    brand_id: Mapped[int] = fk("brands.id", index=False, primary_key=True)
    mode: Mapped[str]
    agreement: Mapped[float]
    kinds: Mapped[list[str]]
    decides: Mapped[str]
    per_day: Mapped[int]
    note: Mapped[str] = mapped_column(server_default="")
    """Why it went back to suggesting by itself; empty otherwise."""
    changed: Mapped[datetime]


class TriageRun(Base):
    """One batch of automatic decisions."""

    __tablename__ = "triage_runs"
    __table_args__ = (Index(None, "brand_id", "at"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    batch: Mapped[str]
    """Of `library.decisions`: with it the run is undone."""
    model_version: Mapped[int]
    approved: Mapped[int]
    rejected: Mapped[int]
    at: Mapped[datetime]


class TriageCheck(Base):
    """An item that would have been decided and went to a person instead, to measure agreement as it is now."""

    __tablename__ = "triage_checks"
    __table_args__ = (Index(None, "brand_id", "at"),)

    item_id: Mapped[int] = fk("items.id", index=False, primary_key=True)
    brand_id: Mapped[int] = fk("brands.id", index=False)
    approves: Mapped[bool]
    p: Mapped[float]
    model_version: Mapped[int]
    at: Mapped[datetime]
