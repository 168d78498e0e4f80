"""Tables of credits and of roll-ups."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

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
