"""Tables of the ledger and of the evidence behind it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ugc.kit.db import Base, fk, pk, stamped
from ugc.library.models import RightsState


class LedgerEntry(Base):
    """One link of a brand's chain. Holds no names or texts, only keyed digests; the database refuses to change or delete it."""

    __tablename__ = "rights_ledger"
    __table_args__ = (UniqueConstraint("brand_id", "sequence"),)

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id", index=False, ondelete="RESTRICT")
    sequence: Mapped[int]
    item_id: Mapped[int] = mapped_column(index=True)
    """No foreign key: the chain outlives a deleted item."""
    at: Mapped[datetime]
    actor: Mapped[str]
    state: Mapped[RightsState]
    starts_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    file_sha256: Mapped[str] = mapped_column(server_default="")
    evidence_digest: Mapped[str]
    """HMAC-SHA256 over the evidence row under the brand's key."""
    previous_hash: Mapped[str]
    hash: Mapped[str]


class Evidence(Base):
    """What a ledger entry rests on; erasure may delete it, and the chain still verifies and says so."""

    __tablename__ = "rights_evidence"

    id: Mapped[pk]
    brand_id: Mapped[int] = fk("brands.id")
    entry_id: Mapped[int] = mapped_column(unique=True)
    """The ledger entry; no foreign key, since either may outlive the other."""
    text: Mapped[str] = mapped_column(server_default="")
    link: Mapped[str] = mapped_column(server_default="")
    given_by: Mapped[str] = mapped_column(server_default="")
    """The person or handle who gave the permission."""
    created: Mapped[stamped]
