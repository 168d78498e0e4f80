"""Tables of imports and of keys that make uploads repeatable."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk, stamped


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
    report: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created: Mapped[stamped]
    finished_at: Mapped[datetime | None]


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
