"""The table of products."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk, stamped


class Availability(StrEnum):
    """Google Merchant's words for stock."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"


class Product(Base):
    """Something for sale, named by the brand's chosen identifier."""

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("brand_id", "sku"),
        Index(None, "brand_id", "family"),
        Index(None, "brand_id", "type"),
        Index(None, "brand_id", "line"),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    sku: Mapped[str]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    url: Mapped[str] = mapped_column(server_default="")
    image_url: Mapped[str] = mapped_column(server_default="")
    price: Mapped[Decimal | None]
    currency: Mapped[str] = mapped_column(server_default="")
    """ISO 4217; empty where no price is known."""
    availability: Mapped[Availability] = mapped_column(server_default="in_stock")
    family: Mapped[str] = mapped_column(server_default="")
    """item_group_id: variants of one product share it; empty = a family of its own."""
    line: Mapped[str] = mapped_column(server_default="")
    """Product line, e.g. a brand name or collection."""
    type: Mapped[str] = mapped_column(server_default="")
    """Product type, e.g. `Women > Dresses`."""
    gtin: Mapped[str] = mapped_column(server_default="")
    mpn: Mapped[str] = mapped_column(server_default="")
    created: Mapped[stamped]
    updated: Mapped[stamped]
    removed_at: Mapped[datetime | None]
