"""Tables of events, sessions, touches and purchase joins; item and gallery ids without foreign keys, since events outlive both."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, pk, stamped


class TouchKind(StrEnum):
    """How a visitor met an item."""

    VIEW = "view"
    CLICK = "click"


class Event(Base):
    """Something that a visitor's browser reported. Partitioned by `at`, month by month; the same id and time is the same event."""

    __tablename__ = "events"
    __table_args__ = (
        PrimaryKeyConstraint("brand_id", "id", "at"),
        Index(None, "brand_id", "visitor", "at"),
        # Written in the order of time: a few bytes a block find a day in it.
        Index("ix_events_at", "at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[UUID] = mapped_column(Uuid)
    brand_id: Mapped[int]
    at: Mapped[datetime]
    """When it happened, as the browser said, within bounds; part of the key, so a resent event must repeat it."""
    received_at: Mapped[datetime]
    type: Mapped[str]
    visitor: Mapped[str] = mapped_column(server_default="")
    session: Mapped[str] = mapped_column(server_default="")
    gallery: Mapped[str] = mapped_column(server_default="")
    item_id: Mapped[int | None]
    sku: Mapped[str] = mapped_column(server_default="")
    page_url: Mapped[str] = mapped_column(server_default="")
    """Without its query string (T-75)."""
    data: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    ivt_reason: Mapped[str] = mapped_column(server_default="")
    """Why it does not count (bot, rate, origin, …); empty = it counts."""


class VisitorSession(Base):
    """A visitor's stay: ends after 30 minutes without an event."""

    __tablename__ = "visitor_sessions"
    __table_args__ = (
        UniqueConstraint("brand_id", "visitor", "session"),
        Index(None, "brand_id", "started_at"),
    )

    id: Mapped[pk]
    brand_id: Mapped[int]
    session: Mapped[str]
    visitor: Mapped[str]
    started_at: Mapped[datetime]
    last_at: Mapped[datetime]
    referrer_host: Mapped[str] = mapped_column(server_default="")
    landing_url: Mapped[str] = mapped_column(server_default="")


class Touch(Base):
    """A view or click of an item by a visitor: what attribution reads, so that its cost follows orders, not events."""

    __tablename__ = "touches"
    __table_args__ = (
        UniqueConstraint("brand_id", "event_id"),
        Index(None, "brand_id", "visitor", "at"),
    )

    id: Mapped[pk]
    brand_id: Mapped[int]
    event_id: Mapped[UUID] = mapped_column(Uuid)
    visitor: Mapped[str]
    at: Mapped[datetime]
    kind: Mapped[TouchKind]
    item_id: Mapped[int]
    gallery: Mapped[str] = mapped_column(server_default="")


class PurchaseJoin(Base):
    """A client's word that a visitor made an order; it joins, it never makes revenue (T-71)."""

    __tablename__ = "purchase_joins"
    __table_args__ = (UniqueConstraint("brand_id", "order_external_id", "visitor"), Index(None, "brand_id", "visitor"))

    id: Mapped[pk]
    brand_id: Mapped[int]
    order_external_id: Mapped[str]
    visitor: Mapped[str]
    event_id: Mapped[UUID] = mapped_column(Uuid)
    at: Mapped[datetime]
    created: Mapped[stamped]


class PendingCounts(Base):
    """What one beacon adds to the roll-ups, stored with its events and taken away with the roll-up's own commit (decision 0061)."""

    __tablename__ = "pending_counts"

    id: Mapped[pk]
    brand_id: Mapped[int]
    counts: Mapped[list[Any]]
    """One `[day, item id, gallery, what]` for each thing to count."""
