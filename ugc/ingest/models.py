"""Tables of imports, of keys that make uploads repeatable, and of files that items wait for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk, stamped


class ImportState(StrEnum):
    """How far an import has come."""

    DRAFT = "draft"
    """Its file lies here, and somebody is saying what it holds."""
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    """Somebody stopped it between two batches; what was in stays until it is undone."""
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


class Import(Base):
    """One run of an import with its report."""

    __tablename__ = "imports"

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    kind: Mapped[str]
    """`catalog`, `reviews`, `media`, `posts` or `orders`."""
    format: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str] = mapped_column(server_default="")
    actor: Mapped[str]
    dry_run: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[ImportState] = mapped_column(server_default="finished", index=True)
    options: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What a person said in the browser about the file: mapping, order of dates, state and rights of its items."""
    storage_key: Mapped[str] = mapped_column(server_default="")
    """The file that was sent through the browser, until the import has ended."""
    size: Mapped[int] = mapped_column(server_default="0")
    """Bytes of that file."""
    done: Mapped[int] = mapped_column(server_default="0")
    """Rows or files that are behind, while it runs or is undone."""
    total: Mapped[int] = mapped_column(server_default="0")
    """Rows or files in all, as far as known; 0 = not known."""
    error: Mapped[str] = mapped_column(server_default="")
    report: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created: Mapped[stamped]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class ImportChange(Base):
    """What an import added or changed beside its items, with what stood there before: the way back."""

    __tablename__ = "import_changes"
    # In the order in which an import is undone, batch by batch.
    __table_args__ = (Index("ix_import_changes_import_id", "import_id", "id"),)

    id: Mapped[pk]
    import_id: Mapped[int] = fk("imports.id", index=False)
    brand_id: Mapped[int] = fk("brands.id", index=False)
    kind: Mapped[str]
    """`product` or `order`."""
    subject: Mapped[str]
    """The product's SKU, or the order's id at its source."""
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The facts that were changed, as they were; None = the import added it."""
    after: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """The same facts as the import wrote them: what was changed again since is left alone."""


class IdempotencyKey(Base):
    """The answer that was given to a request with an `Idempotency-Key`, to be given again (F-03)."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("brand_id", "key"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    key: Mapped[str]
    request_sha256: Mapped[str]
    item_id: Mapped[int]
    added: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether the request made the item, so that a repeat is answered with the same status."""
    created: Mapped[stamped]


class WantedState(StrEnum):
    """How far a wanted file has come."""

    WAITING = "waiting"
    KEPT = "kept"
    REFUSED = "refused"
    """It came and is no file that we take, or its address is one that we don't fetch from."""
    GONE = "gone"
    """It is not there any more."""
    FAILED = "failed"
    """It could not be fetched in several attempts; it is tried again later."""


class WantedFile(Base):
    """A file of an item by its address: fetched at once, since networks' addresses expire (L-22)."""

    __tablename__ = "wanted_files"
    __table_args__ = (
        UniqueConstraint("item_id", "key"),
        Index("ix_wanted_files_failed", "resolved_at", postgresql_where=text("state = 'failed'")),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    item_id: Mapped[int] = fk("items.id", index=False)
    key: Mapped[str]
    """What stays the same when a network signs the address anew."""
    url: Mapped[str]
    position: Mapped[int] = mapped_column(server_default="0")
    alt: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str] = mapped_column(server_default="picture")
    state: Mapped[WantedState] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    code: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str] = mapped_column(server_default="")
    file_id: Mapped[int | None] = fk("files.id", ondelete="SET NULL")
    created: Mapped[stamped]
    resolved_at: Mapped[datetime | None]
