"""Tables of galleries, pins and the index of rendered snapshots."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import BigInteger

from ugc.kit.db import Base, fk, pk, stamped


class Layout(StrEnum):
    """How the element lays a gallery out."""

    GRID = "grid"
    MASONRY = "masonry"
    CAROUSEL = "carousel"
    STORY = "story"
    SINGLE = "single"


class Sort(StrEnum):
    """The order behind the pins."""

    NEWEST = "newest"
    SCORE = "score"
    PERFORMANCE = "performance"


class Fallback(StrEnum):
    """How far a product's gallery may look when the product has nothing of its own; each includes the ones before it."""

    PRODUCT = "product"
    FAMILY = "family"
    TYPE = "type"
    ALL = "all"


class Gallery(Base):
    """A rule, pins, an order and a layout under a name."""

    __tablename__ = "galleries"
    __table_args__ = (UniqueConstraint("brand_id", "slug"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    slug: Mapped[str]
    name: Mapped[str]
    layout: Mapped[Layout] = mapped_column(server_default="grid")
    sort: Mapped[Sort] = mapped_column(server_default="score")
    rule: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Filter names of GET /items → values."""
    page_size: Mapped[int] = mapped_column(server_default="30")
    fallback: Mapped[Fallback] = mapped_column(server_default="type")
    created: Mapped[stamped]
    updated: Mapped[stamped]
    pins: Mapped[list[Pin]] = relationship(back_populates="gallery", order_by="Pin.position", cascade="all, delete-orphan")


class Pin(Base):
    """An item that stands before the sorted ones."""

    __tablename__ = "gallery_pins"
    __table_args__ = (UniqueConstraint("gallery_id", "item_id"),)

    id: Mapped[pk]
    gallery_id: Mapped[int] = fk("galleries.id", index=False)
    item_id: Mapped[int] = fk("items.id")
    position: Mapped[int]
    gallery: Mapped[Gallery] = relationship(back_populates="pins")


class Snapshot(Base):
    """One rendered answer in storage: which items it holds and what would change it."""

    __tablename__ = "snapshots"
    __table_args__ = (
        UniqueConstraint("gallery_id", "storage_key"),
        Index(None, "brand_id", "sku"),
        Index("ix_snapshots_takes_all", "brand_id", postgresql_where=text("takes_all")),
        Index(None, "brand_id", "family"),
        Index(None, "brand_id", "type"),
        Index("ix_snapshots_item_ids", "item_ids", postgresql_using="gin"),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    gallery_id: Mapped[int] = fk("galleries.id", index=False)
    sku: Mapped[str] = mapped_column(server_default="")
    """Items of this product would change it; empty = the gallery without a product."""
    family: Mapped[str] = mapped_column(server_default="")
    """So would items of this family; empty where the product's own items stand before them."""
    type: Mapped[str] = mapped_column(server_default="")
    """So would items of this product type; empty where the product or its family has items."""
    takes_all: Mapped[bool] = mapped_column(server_default=text("false"))
    """So would any item of the brand."""
    storage_key: Mapped[str]
    item_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    etag: Mapped[str]
    valid_until: Mapped[datetime | None]
    rendered_at: Mapped[datetime]
