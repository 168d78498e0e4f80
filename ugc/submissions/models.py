"""Tables of terms, settings, uploads that are still arriving, submissions, and counts of what was refused."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ugc.kit.db import Base, fk, pk, stamped


class SubmissionSettings(Base):
    """What a brand chose for its upload page."""

    __tablename__ = "submission_settings"

    brand_id: Mapped[int] = fk("brands.id", index=False, primary_key=True)
    is_open: Mapped[bool] = mapped_column(server_default=text("true"))
    origins: Mapped[list[str]] = mapped_column(server_default="[]")
    """Further sites whose pages may carry the element, besides the shop's own: `https://shop.example`."""
    least_age: Mapped[int] = mapped_column(server_default="16")
    accent: Mapped[str] = mapped_column(server_default="")
    """The brand's colour on its pages, `#rrggbb`; empty = none."""


class Terms(Base):
    """One version of what senders agree to. Never changed or deleted: permissions rest on its exact words."""

    __tablename__ = "submission_terms"
    __table_args__ = (UniqueConstraint("brand_id", "version"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    version: Mapped[int]
    text: Mapped[str]
    sha256: Mapped[str]
    """Of the text in UTF-8."""
    actor: Mapped[str]
    created: Mapped[stamped]


class PartialUpload(Base):
    """A file that is arriving in pieces. `received` counts the bytes that lie safely on the disk, and only those."""

    __tablename__ = "partial_uploads"

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    fingerprint: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the random id in the upload's address."""
    name: Mapped[str] = mapped_column(server_default="")
    length: Mapped[int]
    received: Mapped[int] = mapped_column(server_default="0")
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created: Mapped[stamped]


class Submission(Base):
    """What one person sent at one time, with what was agreed to; the way to withdraw it hangs on it."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("brand_id", "request_digest"),
        # The same words and bytes of the same person again add nothing; after a withdrawal they may come again.
        Index("uq_submissions_content", "brand_id", "content_digest", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
        Index(None, "brand_id", "person_digest", "created"),
    )

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False)
    terms_id: Mapped[int] = fk("submission_terms.id", ondelete="RESTRICT", index=False)
    item_id: Mapped[int | None] = mapped_column(index=True)
    """No foreign key: evidence hangs on the number of an item that the brand deleted, and its sender may have it erased."""
    request_digest: Mapped[str]
    """Keyed digest of the form's stamp and all that came with it: a repeated request finds its first answer."""
    content_digest: Mapped[str]
    """Keyed digest of person, words, stars, product and files."""
    token_fingerprint: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the token in the link to withdraw; the token itself is kept nowhere."""
    person_digest: Mapped[str]
    """Keyed digest of the e-mail address."""
    email_sealed: Mapped[str]
    relationship_kind: Mapped[str] = mapped_column(server_default="none")
    channels: Mapped[list[str]] = mapped_column(server_default="[]")
    network: Mapped[str] = mapped_column(server_default="")
    """The first half of the sender's address (/24, /48): part of the evidence (T-65)."""
    created: Mapped[stamped]
    withdrawn_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    terms: Mapped[Terms] = relationship()


class RefusedCount(Base):
    """How many submissions were refused on a day, by reason; of the senders nothing is kept."""

    __tablename__ = "refused_submissions"

    brand_id: Mapped[int] = fk("brands.id", index=False, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(server_default="0")


class SpentStamp(Base):
    """A form that may not be sent again (its sender was too young); forgotten when the form's own time is over."""

    __tablename__ = "spent_stamps"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
