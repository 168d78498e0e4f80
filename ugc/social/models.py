"""Tables of connected sources: how they are, what they brought and could not read, and what the networks asked us to forget."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk, stamped
from ugc.library.models import SourcePolicy


class SourceState(StrEnum):
    """How a source is."""

    ACTIVE = "active"
    PAUSED = "paused"
    NEEDS_CONNECT = "needs_connect"
    """The network refused the access; a person must connect it again."""
    DEGRADED = "degraded"
    """It failed several times in a row and is tried rarely."""


class PullOutcome(StrEnum):
    """How a pull ended."""

    RUNNING = "running"
    DONE = "done"
    THROTTLED = "throttled"
    FAILED = "failed"


class Listening(Base):
    """Keywords that the brand listens for; its sources look for them in many places."""

    __tablename__ = "listenings"

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    name: Mapped[str]
    terms: Mapped[list[str]] = mapped_column(server_default="[]")
    """Words and phrases; one of them is enough."""
    excluded: Mapped[list[str]] = mapped_column(server_default="[]")
    """Words that make a text one about something else."""
    skus: Mapped[list[str]] = mapped_column(server_default="[]")
    """The product that it is about, where it is about one; else the catalogue's titles are looked for in the text."""
    created: Mapped[stamped]


class Source(Base):
    """Something on a network that is pulled regularly, e.g. a hashtag or the brand's own posts."""

    __tablename__ = "sources"
    __table_args__ = (Index("ix_sources_due", "next_pull_at", postgresql_where=text("state in ('active', 'degraded')")),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    listening_id: Mapped[int | None] = fk("listenings.id")
    """Where set, only what matches the keywords is kept, as mentions."""
    network: Mapped[str]
    mode: Mapped[str]
    name: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What the mode's fields were filled in with, but for secrets."""
    tags: Mapped[list[str]] = mapped_column(server_default="[]")
    """Put on everything that it brings."""
    secrets: Mapped[str] = mapped_column(server_default="")
    """Access token, refresh token and secret fields as one sealed text (T-38)."""
    token_expires_at: Mapped[datetime | None]
    account: Mapped[str] = mapped_column(server_default="")
    """The account on the network that gave the access, as the network numbers it."""
    state: Mapped[SourceState] = mapped_column(server_default="active")
    interval_minutes: Mapped[int] = mapped_column(server_default="60")
    next_pull_at: Mapped[datetime | None]
    cursor: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    failures: Mapped[int] = mapped_column(server_default="0")
    """In a row."""
    error_code: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str] = mapped_column(server_default="")
    error_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    new_count: Mapped[int] = mapped_column(server_default="0")
    changed_count: Mapped[int] = mapped_column(server_default="0")
    skipped_count: Mapped[int] = mapped_column(server_default="0")
    quota_day: Mapped[date | None]
    quota_used: Mapped[int] = mapped_column(server_default="0")
    created: Mapped[stamped]


class SourcePull(Base):
    """One pull of a source; the newest are kept."""

    __tablename__ = "source_pulls"
    __table_args__ = (Index("ix_source_pulls_source_id_id", "source_id", "id"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    source_id: Mapped[int] = fk("sources.id", index=False)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[PullOutcome] = mapped_column(server_default="running")
    pages: Mapped[int] = mapped_column(server_default="0")
    new_count: Mapped[int] = mapped_column(server_default="0")
    changed_count: Mapped[int] = mapped_column(server_default="0")
    same_count: Mapped[int] = mapped_column(server_default="0")
    skipped_count: Mapped[int] = mapped_column(server_default="0")
    note: Mapped[str] = mapped_column(server_default="")
    """Why it stopped before the network had no more, in words."""
    error_code: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str] = mapped_column(server_default="")


class SkippedPost(Base):
    """A post that could not be read, with the field that was missing; the newest of a source are kept."""

    __tablename__ = "skipped_posts"
    __table_args__ = (UniqueConstraint("source_id", "external_id", "field"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    source_id: Mapped[int] = fk("sources.id", index=False)
    external_id: Mapped[str]
    field: Mapped[str]
    reason: Mapped[str]
    times: Mapped[int] = mapped_column(server_default="1")
    at: Mapped[datetime]


class Post(Base):
    """What a network says of an item of ours: one row a post, however many sources bring it."""

    __tablename__ = "network_posts"
    __table_args__ = (UniqueConstraint("brand_id", "network", "external_id"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    network: Mapped[str]
    external_id: Mapped[str]
    item_id: Mapped[int] = fk("items.id", unique=True, index=False)
    source_id: Mapped[int | None] = fk("sources.id", ondelete="SET NULL")
    """The source that brought it first, and that asks the network about it."""
    sources: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Ids of all the sources that brought it."""
    policy: Mapped[SourcePolicy]
    """What the network's terms allow as long as nobody gave us more."""
    text_digest: Mapped[str]
    """Of the text as the network last said it: tells its changes from a coordinator's."""
    media: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Addresses of the post's files, for the day on which its creator lets us copy them."""
    seen_at: Mapped[datetime]
    checked_at: Mapped[datetime] = mapped_column(index=True)
    """When the network last showed it or was asked about it."""


class SearchedTerm(Base):
    """A hashtag that counts against the network's limit of different ones in a week."""

    __tablename__ = "searched_terms"
    __table_args__ = (UniqueConstraint("brand_id", "network", "term"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    network: Mapped[str]
    term: Mapped[str]
    counted_from: Mapped[datetime]


class NetworkApp(Base):
    """The brand's own app on a network, with which people connect accounts."""

    __tablename__ = "network_apps"
    __table_args__ = (UniqueConstraint("brand_id", "network"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    network: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[str]
    """Sealed."""
    created: Mapped[stamped]


class DeletionRequest(Base):
    """What a network asked us to forget of a person, and whether it is done (L-23)."""

    __tablename__ = "deletion_requests"

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    network: Mapped[str]
    code: Mapped[str] = mapped_column(unique=True)
    """What the person is given to ask about it."""
    account: Mapped[str]
    """As the network numbers the person; emptied once it is done."""
    items: Mapped[int] = mapped_column(server_default="0")
    created: Mapped[stamped]
    done_at: Mapped[datetime | None]


class Mention(Base):
    """A place where somebody speaks of what the brand listens for: the sentence and its address, no copy of the post."""

    __tablename__ = "mentions"
    __table_args__ = (
        UniqueConstraint("listening_id", "network", "external_id"),
        Index("ix_mentions_by_date", "brand_id", "published_at", "id"),
        Index("ix_mentions_leased", "lease_until", postgresql_where=text("lease_until IS NOT NULL")),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    listening_id: Mapped[int] = fk("listenings.id", index=False)
    source_id: Mapped[int | None] = fk("sources.id", ondelete="SET NULL")
    network: Mapped[str]
    external_id: Mapped[str]
    site: Mapped[str] = mapped_column(index=True)
    """The host of its address, without `www.`."""
    url: Mapped[str]
    title: Mapped[str] = mapped_column(server_default="")
    author: Mapped[str] = mapped_column(server_default="")
    sentence: Mapped[str]
    """The sentence that matched; emptied when the network's terms end its keeping."""
    term: Mapped[str]
    """What matched."""
    product_id: Mapped[int | None] = fk("products.id", ondelete="SET NULL")
    item_id: Mapped[int | None] = fk("items.id", ondelete="SET NULL")
    """The item that somebody made of it."""
    published_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    """When somebody said that it is about something else."""
    created: Mapped[stamped]
