"""Tables of brands, people, memberships, sign-ins, keys, audit entries and failed attempts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ugc.kit.db import Base, fk, pk, stamped


class Role(StrEnum):
    """What a person may do in a brand; each includes the ones below it."""

    OWNER = "owner"
    COORDINATOR = "coordinator"
    VIEWER = "viewer"


class KeyKind(StrEnum):
    """What an API key is for."""

    SECRET = "secret"  # noqa: S105  # the word for the kind, not a password
    PUBLISHABLE = "publishable"
    WEBHOOK = "webhook"


class Brand(Base):
    """A tenant: a shop whose content, people and figures are its own."""

    __tablename__ = "brands"

    id: Mapped[pk]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str] = mapped_column(server_default="EUR")
    product_identifier: Mapped[str] = mapped_column(server_default="id")
    """The catalogue column that is the SKU: `id`, `gtin`, `mpn`, … ."""
    shop_url: Mapped[str] = mapped_column(server_default="")
    content_version: Mapped[int] = mapped_column(server_default="0")
    """Grows with every change that a gallery could show; a snapshot rendered under an older one is not kept."""
    created: Mapped[stamped]


class Person(Base):
    """Somebody who signs in."""

    __tablename__ = "people"

    id: Mapped[pk]
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    name: Mapped[str] = mapped_column(server_default="")
    password_hash: Mapped[str]
    disabled_at: Mapped[datetime | None]
    created: Mapped[stamped]
    memberships: Mapped[list[Membership]] = relationship(back_populates="person")


class Membership(Base):
    """A person's role in a brand."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("person_id", "brand_id"),)

    id: Mapped[pk]
    person_id: Mapped[int] = fk("people.id")
    brand_id: Mapped[int] = fk("brands.id")
    role: Mapped[Role]
    created: Mapped[stamped]
    person: Mapped[Person] = relationship(back_populates="memberships")
    brand: Mapped[Brand] = relationship()


class SignIn(Base):
    """A server-side session: the cookie holds a random token, the row its fingerprint."""

    __tablename__ = "sign_ins"

    id: Mapped[pk]
    token_fingerprint: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = fk("people.id")
    brand_id: Mapped[int] = fk("brands.id")
    """The brand that the person looks at now."""
    created: Mapped[stamped]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    person: Mapped[Person] = relationship()
    brand: Mapped[Brand] = relationship()


class ApiKey(Base):
    """A key: `sk_…` acts for the brand, `pk_…` names it in public, `whsec_…` signs one source's webhooks."""

    __tablename__ = "api_keys"

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    kind: Mapped[KeyKind]
    fingerprint: Mapped[str] = mapped_column(unique=True)
    shown: Mapped[str]
    """What the studio shows: the first characters, or a publishable key in full, since galleries carry it."""
    source: Mapped[str] = mapped_column(server_default="")
    """For webhooks: `generic`, `shopify`, … ."""
    sealed: Mapped[str] = mapped_column(server_default="")
    """For webhooks: the secret, encrypted, since checking a signature needs it."""
    created: Mapped[stamped]
    revoked_at: Mapped[datetime | None]
    brand: Mapped[Brand] = relationship()


class AuditEntry(Base):
    """Who did what to which thing, when."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "brand_id", "subject_type", "subject_id"), Index(None, "brand_id", text("at desc")))

    id: Mapped[pk]
    brand_id: Mapped[int | None] = fk("brands.id", index=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    """`person:7`, `key:3`, `system` or `creator`."""
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class FailedAttempt(Base):
    """A refused sign-in, kept to slow guessing per account and per address (T-94). No address is stored, only a keyed digest."""

    __tablename__ = "failed_attempts"
    __table_args__ = (Index(None, "account_digest", "at"), Index(None, "address_digest", "at"))

    id: Mapped[pk]
    at: Mapped[datetime]
    account_digest: Mapped[str]
    address_digest: Mapped[str]
