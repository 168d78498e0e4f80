"""Tables of trained models and of what each kind still needs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk


class ModelState(StrEnum):
    """Where a version stands."""

    ACTIVE = "active"
    """What predictions are made with; at most one a brand and kind."""
    RETIRED = "retired"
    """Was active and can be again."""
    REFUSED = "refused"
    """Was not better than the one in use when it was made."""
    DAMAGED = "damaged"
    """Can't be read any more."""


class TrainedModel(Base):
    """One version of one kind of model of a brand, with what it was trained on and how it did on what it never saw."""

    __tablename__ = "trained_models"
    __table_args__ = (
        UniqueConstraint("brand_id", "kind", "version"),
        Index("ix_trained_models_active", "brand_id", "kind", unique=True, postgresql_where=text("state = 'active'")),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    kind: Mapped[str]
    version: Mapped[int]
    state: Mapped[ModelState]
    format: Mapped[int]
    checksum: Mapped[str]
    """SHA-256 of the artefact; processes keep what they unpacked under it."""
    size: Mapped[int]
    artefact: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    rows: Mapped[int]
    """Labelled rows that it was trained on."""
    data: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Which rows: from when to when, how they were split, how many of each class."""
    metrics: Mapped[dict[str, float]] = mapped_column(server_default="{}")
    """On held-out rows."""
    incumbent: Mapped[dict[str, float] | None] = mapped_column()
    """The same metrics, on the same rows, of the model that was in use; None where there was none."""
    why: Mapped[str] = mapped_column(server_default="")
    """Why it was taken or refused, for people."""
    actor: Mapped[str]
    trained_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]


class TrainingNeed(Base):
    """What a kind of model has and needs before it can be trained: "37 of 100 decisions"."""

    __tablename__ = "training_needs"
    __table_args__ = (UniqueConstraint("brand_id", "kind"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    kind: Mapped[str]
    have: Mapped[int]
    needed: Mapped[int]
    of: Mapped[str]
    """What is counted, in the plural: `decisions`."""
    noted_at: Mapped[datetime]
