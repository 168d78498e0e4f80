"""Tables of credits, of roll-ups, and of what items did by the place where they were shown."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk


class Model(StrEnum):
    """How credit is given; figures of different models are never summed."""

    SAME_PRODUCT = "same_product"
    LAST_CLICK = "last_click"
    ASSISTED = "assisted"


class Credit(Base):
    """One item's credit for one order line (or, for last click and assisted, one order) under one model."""

    __tablename__ = "credits"
    __table_args__ = (
        UniqueConstraint("order_id", "model", "line_id", "item_id"),
        Index(None, "brand_id", "item_id", "day"),
        Index(None, "brand_id", "day", "item_id"),
    )

    id: Mapped[pk]
    brand_id: Mapped[int]
    order_id: Mapped[int] = fk("orders.id", index=False)
    line_id: Mapped[int] = mapped_column(server_default="0")
    """0 = the whole order."""
    item_id: Mapped[int]
    model: Mapped[Model]
    day: Mapped[date] = mapped_column(Date)
    currency: Mapped[str]
    amount: Mapped[Decimal]
    """Net of refunds; 0 for assisted, which only counts."""
    quantity: Mapped[int] = mapped_column(server_default="0")
    touch_kind: Mapped[str] = mapped_column(server_default="")
    touched_at: Mapped[datetime]
    gallery: Mapped[str] = mapped_column(server_default="")


class ItemDay(Base):
    """What visitors did with an item on a day (UTC), per gallery. Item 0 holds what can't be summed over items."""

    __tablename__ = "item_days"
    __table_args__ = (PrimaryKeyConstraint("brand_id", "day", "item_id", "gallery"), Index(None, "brand_id", "item_id", "day"))

    brand_id: Mapped[int]
    day: Mapped[date] = mapped_column(Date)
    item_id: Mapped[int]
    gallery: Mapped[str] = mapped_column(server_default="")
    impressions: Mapped[int] = mapped_column(server_default="0")
    views: Mapped[int] = mapped_column(server_default="0")
    opens: Mapped[int] = mapped_column(server_default="0")
    clicks: Mapped[int] = mapped_column(server_default="0")
    carts: Mapped[int] = mapped_column(server_default="0")
    sessions: Mapped[int] = mapped_column(server_default="0")
    """Sessions with a view of the item, each counted once, on the day and in the gallery of its first view."""


class ItemRevenueDay(Base):
    """What an item earned on a day (of the order, UTC) under a model, per currency."""

    __tablename__ = "item_revenue_days"
    __table_args__ = (
        PrimaryKeyConstraint("brand_id", "day", "item_id", "model", "currency"),
        Index(None, "brand_id", "item_id", "day"),
    )

    brand_id: Mapped[int]
    day: Mapped[date] = mapped_column(Date)
    item_id: Mapped[int]
    model: Mapped[Model]
    currency: Mapped[str]
    orders: Mapped[int] = mapped_column(server_default="0")
    units: Mapped[int] = mapped_column(server_default="0")
    revenue: Mapped[Decimal] = mapped_column(server_default="0")


class ItemPlace(Base):
    """How often an item was shown in a place of a gallery on a day (UTC), and how often it was clicked there."""

    __tablename__ = "item_places"
    __table_args__ = (PrimaryKeyConstraint("brand_id", "day", "item_id", "position"),)

    brand_id: Mapped[int]
    day: Mapped[date] = mapped_column(Date)
    item_id: Mapped[int]
    position: Mapped[int]
    """1 = the first; all from the 50th on are one."""
    impressions: Mapped[int]
    clicks: Mapped[int]
    """Impressions after which the same visitor clicked the item within half an hour."""


class PlaceCurve(Base):
    """What a brand's visitors make of places and scores, as measured last."""

    __tablename__ = "place_curves"

    brand_id: Mapped[int] = fk("brands.id", index=False, primary_key=True)
    examined: Mapped[list[Any]]
    """How often people look at each place, against the first."""
    rate: Mapped[float]
    """Clicks per impression of an average item in the first place."""
    slope: Mapped[float]
    """By how much more an item is clicked for each ten points of its score, as a logarithm."""
    strength: Mapped[float]
    """How many clicks of its own an item needs to count as much as what its score says."""
    impressions: Mapped[int]
    clicks: Mapped[int]
    measured_at: Mapped[datetime]
