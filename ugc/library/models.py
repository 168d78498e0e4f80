"""Tables of items and what hangs on them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Computed, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ugc.catalog.models import Product
from ugc.kit.db import Base, fk, named_enum, pk, stamped
from ugc.media.models import File, FileState


class Kind(StrEnum):
    """What an item is."""

    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    REVIEW = "review"
    POST = "post"


class State(StrEnum):
    """Moderation states."""

    INBOX = "inbox"
    APPROVED = "approved"
    REJECTED = "rejected"
    SPAM = "spam"
    TRASH = "trash"


class Reason(StrEnum):
    """Why something was rejected; rating-blind on purpose (L-01)."""

    COPYRIGHT = "copyright"
    PERSONAL_DATA = "personal_data"
    OFF_TOPIC = "off_topic"
    LOW_QUALITY = "low_quality"
    UNSAFE = "unsafe"
    SPAM = "spam"
    DUPLICATE = "duplicate"
    LEGAL = "legal"
    OTHER = "other"


class RightsState(StrEnum):
    """Where the permission to use an item stands; upcoming, expiring and expired are derived from the window."""

    NONE = "none"
    QUEUED = "queued"
    REQUESTED = "requested"
    REPLIED_UNCLEAR = "replied_unclear"
    GRANTED = "granted"
    DECLINED = "declined"
    NO_REPLY = "no_reply"
    OWNED = "owned"
    REVOKED = "revoked"


class SourcePolicy(StrEnum):
    """What may be kept of an item, by the terms of where it came from (L-20 to L-25)."""

    OWN = "own"
    """Given to the brand directly: upload, form, import."""
    EMBED_ONLY = "embed_only"
    """Nothing but the address is stored; only the network's own embed may show it."""
    API_CACHED = "api_cached"
    """Kept while the network's interface confirms it: `lease_until`."""
    RIGHTS_GRANTED = "rights_granted"
    """The creator's licence allows a copy of our own."""


class Creator(Base):
    """Who made an item, as the network or the shop knows them."""

    __tablename__ = "creators"
    __table_args__ = (UniqueConstraint("brand_id", "network", "handle"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    network: Mapped[str] = mapped_column(server_default="")
    handle: Mapped[str]
    """Lower case, what tells creators of one network apart."""
    name: Mapped[str]
    url: Mapped[str] = mapped_column(server_default="")
    created: Mapped[stamped]


class Item(Base):
    """A photo, video, audio, review or post of a customer."""

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("brand_id", "source", "external_id"),
        # As the sorts of queries.orders write them, so that a page is read from the index.
        Index("ix_items_by_score", "brand_id", "state", text("score desc"), text("id desc")),
        Index("ix_items_by_date", "brand_id", "state", text("published_at desc"), text("id desc")),
        Index(
            "ix_items_by_teaches",
            "brand_id",
            "state",
            text("teaches desc"),
            text("id desc"),
            postgresql_where=text("teaches IS NOT NULL"),
        ),
        Index("ix_items_by_language", "brand_id", "search_language"),
        # What comes into sight by itself, and when: a snapshot must not outlive it.
        Index("ix_items_scheduled", "brand_id", "publish_at", postgresql_where=text("publish_at IS NOT NULL")),
        Index("ix_items_rights_from", "brand_id", "rights_from", postgresql_where=text("rights_from IS NOT NULL")),
        # What ended since the last look, of all brands; a lease has an index of its own.
        Index("ix_items_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        Index("ix_items_rights_until", "rights_until", postgresql_where=text("rights_until IS NOT NULL")),
        Index("ix_items_flagged", "brand_id", "id", postgresql_where=text("flags <> '[]'::jsonb")),
        Index("ix_items_gone", "brand_id", "gone_at", postgresql_where=text("gone_at IS NOT NULL")),
        Index("ix_items_search", "search", postgresql_using="gin"),
        # In the order in which an import is undone, batch by batch.
        Index("ix_items_import_id", "import_id", "id"),
        CheckConstraint("rating between 1 and 5", name="rating"),
        CheckConstraint("score between 0 and 100", name="score"),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    kind: Mapped[Kind]
    title: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str] = mapped_column(server_default="")
    """The caption of a picture, the text of a review or post."""
    language: Mapped[str] = mapped_column(server_default="")
    """ISO 639-1 where known."""
    rating: Mapped[int | None]
    verified: Mapped[bool] = mapped_column(server_default=text("false"))
    incentivised: Mapped[bool] = mapped_column(server_default=text("false"))
    helpful_count: Mapped[int] = mapped_column(server_default="0")
    like_count: Mapped[int] = mapped_column(server_default="0")
    comment_count: Mapped[int] = mapped_column(server_default="0")
    extra: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What the source said beyond our columns, e.g. the reviewer's age group; never shown in public."""

    creator_id: Mapped[int | None] = fk("creators.id", ondelete="SET NULL")
    source: Mapped[str]
    """`upload`, `api`, `import`, or a network: `instagram`, … ."""
    source_url: Mapped[str] = mapped_column(server_default="")
    external_id: Mapped[str]
    """What tells items of one source apart; a repeated import finds the item by it."""
    import_id: Mapped[int | None]
    source_policy: Mapped[SourcePolicy] = mapped_column(server_default="own")
    embed_url: Mapped[str] = mapped_column(server_default="")
    """The network's own embed, for `embed_only`."""
    lease_until: Mapped[datetime | None] = mapped_column(index=True)
    """Until when what was read from a network may be kept unless it is confirmed again."""
    gone_at: Mapped[datetime | None]
    """When it was found to be deleted or closed where it came from."""
    waiting_media: Mapped[int] = mapped_column(server_default="0")
    """Files that are still to be fetched; the inbox shows the item once there are none."""
    published_at: Mapped[datetime]
    created: Mapped[stamped]

    state: Mapped[State] = mapped_column(server_default="inbox")
    state_reason: Mapped[Reason | None]
    state_note: Mapped[str] = mapped_column(server_default="")
    state_at: Mapped[datetime | None]
    publish_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    needs_product: Mapped[bool] = mapped_column(server_default=text("false"))
    """Published only while at least one product is tagged."""

    # Facts that flow down; written only through library.actions.set_… by the rooms that own them.
    rights_state: Mapped[RightsState] = mapped_column(server_default="none")
    rights_from: Mapped[datetime | None]
    rights_until: Mapped[datetime | None]
    score: Mapped[int | None]
    approval_p: Mapped[float | None]
    teaches: Mapped[float | None]
    """How much a decision on it would teach, 0–1: the uncertain first, each further one of its like a little later."""
    performance: Mapped[float | None]
    flags: Mapped[list[str]] = mapped_column(server_default="[]")
    """Kinds of signs that it may not be what it says it is, which a person did not dismiss."""

    search_language: Mapped[str] = mapped_column(server_default="simple")
    """The text search configuration of the item's language: `english`, `german`, … or `simple`."""
    search_extra: Mapped[str] = mapped_column(server_default="")
    """Words from elsewhere that find the item: creator, tags, product titles; kept by library.actions."""
    search: Mapped[Any] = mapped_column(
        TSVECTOR,
        Computed(
            "setweight(ugc_tsvector(search_language, title), 'A') || setweight(ugc_tsvector(search_language, body), 'B')"
            " || setweight(ugc_tsvector(search_language, search_extra), 'C')",
            persisted=True,
        ),
        deferred=True,
    )

    creator: Mapped[Creator | None] = relationship()
    media: Mapped[list[ItemMedia]] = relationship(back_populates="item", order_by="ItemMedia.position")
    tags: Mapped[list[ItemTag]] = relationship(back_populates="item", order_by="ItemTag.id")
    products: Mapped[list[ItemProduct]] = relationship(back_populates="item", order_by="ItemProduct.position")


def by_import(table: str) -> Index:
    """Finds what an import put on items that were there before."""
    return Index(f"ix_{table}_import_id", "import_id", postgresql_where=text("import_id IS NOT NULL"))


class ItemMedia(Base):
    """A file of an item, in its place."""

    __tablename__ = "item_media"
    __table_args__ = (
        UniqueConstraint("item_id", "file_id"),
        by_import("item_media"),
        Index("ix_item_media_uncompared", "item_id", postgresql_where=text("NOT is_compared")),
    )

    id: Mapped[pk]
    item_id: Mapped[int] = fk("items.id", index=False)
    file_id: Mapped[int] = fk("files.id")
    position: Mapped[int] = mapped_column(server_default="0")
    alt: Mapped[str] = mapped_column(server_default="")
    import_id: Mapped[int | None]
    """The import that put it on an item that was there before, so that the import can be undone."""
    is_compared: Mapped[bool] = mapped_column(server_default=text("true"))
    """Compared with what is kept out (T-19); a new one is not, and the public does not see it before."""
    item: Mapped[Item] = relationship(back_populates="media")
    file: Mapped[File] = relationship()

    @property
    def is_showable(self) -> bool:
        """Whether the public may see it with its item; its twin is in `galleries.queries.showable`."""
        return self.is_compared and self.file.state is FileState.READY


class Tag(Base):
    """A word of the brand's own."""

    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("brand_id", "name"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    name: Mapped[str]
    """Lower case, single spaces."""


class ItemTag(Base):
    """A tag on an item."""

    __tablename__ = "item_tags"
    __table_args__ = (UniqueConstraint("item_id", "tag_id"), by_import("item_tags"))

    id: Mapped[pk]
    item_id: Mapped[int] = fk("items.id", index=False)
    tag_id: Mapped[int] = fk("tags.id")
    import_id: Mapped[int | None]
    """The import that put it on an item that was there before, so that the import can be undone."""
    item: Mapped[Item] = relationship(back_populates="tags")
    tag: Mapped[Tag] = relationship()


class ItemProduct(Base):
    """A product on an item; with x and y it is a hotspot in the first picture."""

    __tablename__ = "item_products"
    __table_args__ = (
        UniqueConstraint("item_id", "product_id"),
        by_import("item_products"),
        CheckConstraint("(x is null) = (y is null) and x between 0 and 1 and y between 0 and 1", name="hotspot"),
    )

    id: Mapped[pk]
    item_id: Mapped[int] = fk("items.id", index=False)
    product_id: Mapped[int] = fk("products.id")
    position: Mapped[int] = mapped_column(server_default="0")
    x: Mapped[float | None]
    """Fraction of the picture's width from its left edge."""
    y: Mapped[float | None]
    """Fraction of the picture's height from its top edge."""
    import_id: Mapped[int | None]
    """The import that put it on an item that was there before, so that the import can be undone."""
    item: Mapped[Item] = relationship(back_populates="products")
    product: Mapped[Product] = relationship()


class Decision(Base):
    """One change of moderation state, kept for the history and for undo."""

    __tablename__ = "decisions"

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    item_id: Mapped[int] = fk("items.id")
    batch: Mapped[str] = mapped_column(index=True)
    """Decisions made by one action share it; undo takes back a whole batch."""
    at: Mapped[datetime]
    actor: Mapped[str]
    from_state: Mapped[State] = mapped_column(named_enum(State, "from_state"))
    to_state: Mapped[State]
    reason: Mapped[Reason | None]
    note: Mapped[str] = mapped_column(server_default="")
    from_reason: Mapped[Reason | None] = mapped_column(named_enum(Reason, "from_reason"))
    from_note: Mapped[str] = mapped_column(server_default="")
    undone_at: Mapped[datetime | None]
