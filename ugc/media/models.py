"""Tables of files and their renditions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ugc.kit.db import Base, fk, pk, stamped


class FileState(StrEnum):
    """How far a file has come."""

    PENDING = "pending"
    READY = "ready"
    DAMAGED = "damaged"


class FileKind(StrEnum):
    """What a file is, by our own decoder."""

    PICTURE = "picture"
    VIDEO = "video"
    AUDIO = "audio"


class Role(StrEnum):
    """What a public copy is for."""

    PICTURE = "picture"
    """A still: the photo itself, a video's poster, an audio's waveform."""
    LOOP = "loop"
    """The short, silent animation of an animated picture."""
    VIDEO = "video"
    PREVIEW = "preview"
    """The first silent seconds of a video."""
    AUDIO = "audio"
    CAPTIONS = "captions"


class File(Base):
    """An original of a brand, content-addressed: the same bytes are one row."""

    __tablename__ = "files"
    # The second adds up a brand's bytes without reading the rows: 17 ms of 300,000 files instead of 134.
    __table_args__ = (
        UniqueConstraint("brand_id", "sha256"),
        Index(None, "brand_id", "size"),
        # The cells of its main colours, for the filter by colour.
        Index("ix_files_colour_cells", text("ugc_colour_cells(colours)"), postgresql_using="gin"),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    sha256: Mapped[str]
    size: Mapped[int]
    format: Mapped[str]
    """`jpeg`, `mp4`, …, from our own decoder, never from the sender."""
    kind: Mapped[FileKind] = mapped_column(server_default="picture")
    name: Mapped[str] = mapped_column(server_default="")
    """As the sender called it: text only, never a path."""
    width: Mapped[int]
    """Pixels after the picture was turned upright."""
    height: Mapped[int]
    frames: Mapped[int] = mapped_column(server_default="1")
    duration_ms: Mapped[int | None]
    """Of a video or audio."""
    has_sound: Mapped[bool] = mapped_column(server_default=text("false"))
    storage_key: Mapped[str]
    """The private original."""
    public_name: Mapped[str] = mapped_column(unique=True)
    """128 random bits in the address of the renditions; renewed when the file leaves the public."""
    state: Mapped[FileState] = mapped_column(server_default="pending", index=True)
    placeholder: Mapped[str] = mapped_column(server_default="")
    """ThumbHash in base64."""
    colours: Mapped[list[str]] = mapped_column(server_default="[]")
    """Dominant colours as `#rrggbb`, the commonest first."""
    perceptual_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """32 bytes; see docs/decisions for the choice of hash."""
    turned_hashes: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The hashes of its seven mirrored and turned copies, 32 bytes each; files from before they were made have none."""
    measures: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Pixel measures by name, made where pixels are decoded; scoring turns them into parts."""
    measures_version: Mapped[int] = mapped_column(server_default="1")
    """Which release of the measures and the descriptor made them; an older one is measured again by a job."""
    descriptor: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Layout of colours, gradients and texture as numbers, made where pixels are decoded; similarity makes vectors of it."""
    provenance: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What the file's Content Credentials declare, read before metadata is stripped (L-29)."""
    error: Mapped[str] = mapped_column(server_default="")
    created: Mapped[stamped]
    ready_at: Mapped[datetime | None]
    renditions: Mapped[list[Rendition]] = relationship(back_populates="file", order_by="Rendition.width")


class Rendition(Base):
    """A resized, re-encoded, metadata-free copy that the public may see."""

    __tablename__ = "renditions"
    __table_args__ = (UniqueConstraint("file_id", "role", "width", "type"),)

    id: Mapped[pk]
    file_id: Mapped[int] = fk("files.id", index=False)
    role: Mapped[Role] = mapped_column(server_default="picture")
    width: Mapped[int]
    height: Mapped[int]
    type: Mapped[str]
    """`image/webp`, `video/mp4`, …"""
    name: Mapped[str]
    """File name behind the public name: `640.webp`."""
    size: Mapped[int]
    file: Mapped[File] = relationship(back_populates="renditions")
