"""Tables of weights, of scores with their reasons, of runs that score anew, and of what items were measured to do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

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


class WeightSet(Base):
    """All weights that scores of a brand were made with, own and default, under a key made from them; never changed."""

    __tablename__ = "weight_sets"
    __table_args__ = (PrimaryKeyConstraint("brand_id", "key"),)

    brand_id: Mapped[int] = fk("brands.id", index=False)
    key: Mapped[int]
    weights: Mapped[dict[str, float]]
    created: Mapped[stamped]


class ItemScore(Base):
    """Why an item scores as it does: `[{signal, value, reason}]`, as measured last. Its points follow from the weights."""

    __tablename__ = "item_scores"

    item_id: Mapped[int] = fk("items.id", index=False, primary_key=True)
    brand_id: Mapped[int] = fk("brands.id")
    score: Mapped[int | None]
    """Written by the release before only, and read by nobody; dropped once no such process can run."""
    parts: Mapped[list[Any]]
    computed_at: Mapped[datetime]


class ItemValue(Base):
    """An item's score and the bare values that it rests on: a narrow row, so that a hundred thousand are read and written at once
    (decision 0165).
    """

    __tablename__ = "item_values"
    __table_args__ = (Index(None, "brand_id", "item_id"),)

    item_id: Mapped[int] = fk("items.id", index=False, primary_key=True)
    brand_id: Mapped[int] = fk("brands.id", index=False)
    kind: Mapped[str]
    signals: Mapped[int]
    """The fingerprint of the signals that measured it."""
    weights: Mapped[int]
    """The key of the weights that its score was made with."""
    score: Mapped[int]
    measured: Mapped[bytes]
    """Per signal two bytes: the value in ten-thousandths, −1 where it does not apply."""


class Cause(StrEnum):
    """Why a brand's items are scored anew."""

    WEIGHTS = "weights"
    SIGNALS = "signals"
    ASKED = "asked"


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"


class ScoringRun(Base):
    """Scoring a brand's items anew in the background; goes on where it was killed."""

    __tablename__ = "scoring_runs"
    __table_args__ = (Index(None, "brand_id", "id"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    cause: Mapped[Cause]
    state: Mapped[RunState] = mapped_column(server_default="running")
    measures: Mapped[bool]
    """Whether the items are loaded and measured anew; else the stored values are weighed anew."""
    weights: Mapped[int]
    weights_before: Mapped[int | None]
    """What to go back to."""
    actor: Mapped[str]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(server_default="0")
    changed: Mapped[int] = mapped_column(server_default="0")
    moved: Mapped[int] = mapped_column(server_default="0")
    """Items that changed by more than five points."""
    after_id: Mapped[int] = mapped_column(server_default="0")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ItemPerformance(Base):
    """What an item did where it was shown, beside what an item of the same places would have done; written by insights."""

    __tablename__ = "item_performances"

    item_id: Mapped[int] = fk("items.id", index=False, primary_key=True)
    brand_id: Mapped[int] = fk("brands.id")
    impressions: Mapped[int]
    clicks: Mapped[int]
    expected: Mapped[float]
    """Clicks that the brand's average item would have got in the same places."""
    orders: Mapped[int]
    orders_expected: Mapped[float]
    prior: Mapped[float]
    """What its score alone says: 1 = as often as others."""
    lift: Mapped[float]
    """How often it is clicked against others in the same place: mean, and where it lies with 95 %."""
    low: Mapped[float]
    high: Mapped[float]
    value: Mapped[float]
    """The same with its orders; what galleries are sorted by."""
    measured_at: Mapped[datetime]
