"""Tables of suggestions, of what a brand lets be applied by itself, and of which items were looked at."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk, stamped


class What(StrEnum):
    """What is suggested."""

    PRODUCT = "product"
    TAG = "tag"
    ALT = "alt"


class Standing(StrEnum):
    """Where a suggestion stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Never offered again for this item."""
    APPLIED = "applied"
    """Put on the item by the brand's own rule, without a person; undone as a batch."""
    SUPERSEDED = "superseded"
    """No longer offered: better ones came, or what it rested on is gone."""


class Suggestion(Base):
    """One thing that an item probably shows. `name`: the tag, the product's family (its SKU where it has none), or the alt text."""

    __tablename__ = "suggestions"
    __table_args__ = (
        UniqueConstraint("item_id", "what", "name"),
        CheckConstraint("p between 0 and 1", name="p"),
        Index("ix_suggestions_open", "brand_id", "what", "p", postgresql_where=text("state = 'open'")),
        Index("ix_suggestions_decided", "brand_id", "what", "decided_at", postgresql_where=text("decided_at IS NOT NULL")),
        Index("ix_suggestions_batch", "brand_id", "batch", postgresql_where=text("batch <> ''")),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    item_id: Mapped[int] = fk("items.id", index=False)
    what: Mapped[What]
    name: Mapped[str]
    product_id: Mapped[int | None] = fk("products.id")
    file_id: Mapped[int | None] = fk("files.id")
    """The picture that an alt text describes."""
    p: Mapped[float]
    reasons: Mapped[list[str]]
    """Plain words, the strongest first."""
    state: Mapped[Standing] = mapped_column(server_default="open")
    model_version: Mapped[int] = mapped_column(server_default="0")
    """Of the brand's own model that gave the probability; 0 = the weights that we chose."""
    created: Mapped[stamped]
    decided_at: Mapped[datetime | None]
    """When a person or the brand's rule last decided; one that was decided on once is never applied by the rule."""
    actor: Mapped[str] = mapped_column(server_default="")
    added: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether accepting it put something on the item that was not there; only that is taken off again by undo."""
    former: Mapped[str] = mapped_column(server_default="")
    """The alt text that an accepted one took the place of."""
    batch: Mapped[str] = mapped_column(server_default="")
    """Suggestions that were applied together share it."""


class SuggestionSettings(Base):
    """What a brand lets be applied without a person: the least precision, measured on held-out decisions; none = nothing."""

    __tablename__ = "suggestion_settings"

    brand_id: Mapped[int] = fk("brands.id", index=False, primary_key=True)
    tags: Mapped[float | None]
    products: Mapped[float | None]
    updated: Mapped[stamped]


class SuggestedItem(Base):
    """An item that was looked at, and a digest of all that its suggestions rest on: the same digest again is no work."""

    __tablename__ = "suggested_items"

    item_id: Mapped[int] = fk("items.id", index=False, primary_key=True)
    brand_id: Mapped[int] = fk("brands.id")
    digest: Mapped[str]
    at: Mapped[datetime]
