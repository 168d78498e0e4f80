"""Tables of vectors, and of the pictures that the catalogue's products have."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ForeignKey, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, stamped

PICTURE, TEXT = "picture", "text"
SPACES = (PICTURE, TEXT)
"""In what items are compared."""
WIDTHS = (64, 128, 256, 384, 512, 768, 1024)
"""Lengths of vectors that have an index; shorter ones are filled up with zeros to the next, which changes no angle (0156)."""
BUILD = {"m": 16, "ef_construction": 64}
"""How the graphs are built; measured in benchmarks/similar.py (decision 0156)."""


def shelf_of(space: str, width: int) -> str:
    """Where vectors of a space and width stand: each shelf has an index of its own."""
    return f"{space}-{width}"


def graph(space: str, width: int) -> Index:
    """The index of one shelf: a graph of neighbours over inner products, which are cosines at length 1."""
    return Index(
        f"ix_item_vectors_{space}_{width}", literal_column(f"(vector::halfvec({width}))").label("cast"),
        postgresql_using="hnsw", postgresql_with=BUILD, postgresql_ops={"cast": "halfvec_ip_ops"},
        postgresql_where=text(f"shelf = '{shelf_of(space, width)}'"),
    )  # fmt: skip


class ItemVector(Base):
    """Where an item lies in a space, as one encoder sees it; vectors of an older encoder stay until they are replaced."""

    __tablename__ = "item_vectors"
    __table_args__ = (
        Index("ix_item_vectors_by_brand", "brand_id", "space", "encoder", "item_id"),
        *(graph(space, width) for space in SPACES for width in WIDTHS),
    )

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    space: Mapped[str] = mapped_column(primary_key=True)
    encoder: Mapped[str] = mapped_column(primary_key=True)
    """Name and version, e.g. `own:1`."""
    brand_id: Mapped[int] = fk("brands.id", index=False)
    shelf: Mapped[str]
    vector: Mapped[Any] = mapped_column(HALFVEC, nullable=True)
    """Of length 1; none where there is nothing to compare, so that nobody tries again."""
    made_of: Mapped[str]
    """What it was made from: the file's id, or a digest of the text."""
    made_at: Mapped[datetime]


class PictureState(StrEnum):
    """What came of fetching a product's picture."""

    WAITING = "waiting"
    KEPT = "kept"
    FAILED = "failed"
    """It did not come this time; it is tried again later."""
    REFUSED = "refused"
    """What came is no picture, or may not be fetched; tried again only under another address."""


class ProductPicture(Base):
    """The picture that a product has in the catalogue, fetched once for an address."""

    __tablename__ = "product_pictures"
    __table_args__ = (Index("ix_product_pictures_due", "state", "next_try"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    brand_id: Mapped[int] = fk("brands.id")
    url: Mapped[str]
    state: Mapped[PictureState] = mapped_column(server_default="waiting")
    file_id: Mapped[int | None] = fk("files.id", ondelete="SET NULL")
    attempts: Mapped[int] = mapped_column(server_default="0")
    code: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str] = mapped_column(server_default="")
    next_try: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    created: Mapped[stamped]


class ProductVector(Base):
    """Where a product's catalogue picture lies in the space of pictures."""

    __tablename__ = "product_vectors"
    __table_args__ = (Index("ix_product_vectors_by_brand", "brand_id", "encoder"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    encoder: Mapped[str] = mapped_column(primary_key=True)
    brand_id: Mapped[int] = fk("brands.id", index=False)
    vector: Mapped[Any] = mapped_column(HALFVEC, nullable=True)
    made_of: Mapped[str]
    made_at: Mapped[datetime]


class PictureDescription(Base):
    """What the endpoint of the settings said of a picture, asked once a model; why nothing, where it said nothing."""

    __tablename__ = "picture_descriptions"

    file_id: Mapped[int] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    brand_id: Mapped[int] = fk("brands.id")
    model: Mapped[str]
    tags: Mapped[dict[str, float]] = mapped_column(server_default="{}")
    """With their probabilities."""
    alt: Mapped[str] = mapped_column(server_default="")
    """A stranger's sentence: a draft at most, never shown before somebody took it."""
    error: Mapped[str] = mapped_column(server_default="")
    described_at: Mapped[datetime]


class VisionDay(Base):
    """What a brand sent to the endpoint in a day (UTC), and how that went."""

    __tablename__ = "vision_days"

    brand_id: Mapped[int] = fk("brands.id", index=False, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    sent: Mapped[int] = mapped_column(server_default="0")
    """Pictures, counted before each is sent: a process that dies can't send more than it may."""
    tokens: Mapped[int] = mapped_column(server_default="0")
    """As the endpoint counts them."""
    error: Mapped[str] = mapped_column(server_default="")
    """Why it was not asked further the last time; empty while all is well."""
    paused_until: Mapped[datetime | None]
    """Until when nobody asks by himself."""


class NameVector(Base):
    """Where a brand's word lies among pictures, as an encoder sees it: what it is like is compared without the model."""

    __tablename__ = "name_vectors"

    brand_id: Mapped[int] = fk("brands.id", index=False, primary_key=True)
    encoder: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    """A tag, or empty for what every picture is like."""
    vector: Mapped[Any] = mapped_column(HALFVEC, nullable=True)
    made_at: Mapped[datetime]
