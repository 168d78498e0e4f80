"""Tables of orders, their lines, refunds and webhook deliveries."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ugc.kit.db import Base, fk, pk, stamped


class Order(Base):
    """The newest known version of an order; an older `updated_at` never replaces a newer one."""

    __tablename__ = "orders"
    __table_args__ = (
        # The outside id comes before the source: a purchase event names the order alone.
        UniqueConstraint("brand_id", "external_id", "source"),
        Index(None, "brand_id", "placed_at"),
        Index(None, "brand_id", "visitor"),
        # Whose orders: what a creator bought before they posted.
        Index(None, "brand_id", "email_sha256"),
        Index(None, "brand_id", "customer_id"),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    source: Mapped[str]
    external_id: Mapped[str]
    updated_at: Mapped[datetime]
    placed_at: Mapped[datetime]
    status: Mapped[str]
    currency: Mapped[str]
    total: Mapped[Decimal]
    tax: Mapped[Decimal] = mapped_column(server_default="0")
    shipping: Mapped[Decimal] = mapped_column(server_default="0")
    discount: Mapped[Decimal] = mapped_column(server_default="0")
    coupon: Mapped[str] = mapped_column(server_default="")
    visitor: Mapped[str] = mapped_column(server_default="")
    """The visitor id that the shop sent along; empty = joined by a client's purchase event."""
    customer_id: Mapped[str] = mapped_column(server_default="")
    email_sha256: Mapped[str] = mapped_column(server_default="")
    created: Mapped[stamped]
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.id", cascade="all, delete-orphan")
    refunds: Mapped[list[Refund]] = relationship(back_populates="order", order_by="Refund.id", cascade="all, delete-orphan")


class OrderLine(Base):
    """One product in an order: `price` is per unit."""

    __tablename__ = "order_lines"
    __table_args__ = (UniqueConstraint("order_id", "external_id"),)

    id: Mapped[pk]
    order_id: Mapped[int] = fk("orders.id", index=False)
    external_id: Mapped[str]
    sku: Mapped[str]
    product_id: Mapped[int | None] = fk("products.id", ondelete="SET NULL")
    quantity: Mapped[int]
    price: Mapped[Decimal]
    order: Mapped[Order] = relationship(back_populates="lines")


class Refund(Base):
    """Money given back, in whole or by lines."""

    __tablename__ = "refunds"
    __table_args__ = (UniqueConstraint("order_id", "external_id"),)

    id: Mapped[pk]
    order_id: Mapped[int] = fk("orders.id", index=False)
    external_id: Mapped[str]
    at: Mapped[datetime]
    amount: Mapped[Decimal]
    order: Mapped[Order] = relationship(back_populates="refunds")
    lines: Mapped[list[RefundLine]] = relationship(order_by="RefundLine.id", cascade="all, delete-orphan")


class RefundLine(Base):
    """The part of a refund that belongs to one order line."""

    __tablename__ = "refund_lines"

    id: Mapped[pk]
    refund_id: Mapped[int] = fk("refunds.id")
    line_external_id: Mapped[str]
    quantity: Mapped[int]
    amount: Mapped[Decimal]


class WebhookDelivery(Base):
    """A verified webhook as it came, kept until and after it was worked on, so that a repeat changes nothing."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (UniqueConstraint("brand_id", "source", "delivery_id"), Index(None, "brand_id", "source", "body_sha256"))

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    source: Mapped[str]
    delivery_id: Mapped[str]
    body_sha256: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(server_default="")
