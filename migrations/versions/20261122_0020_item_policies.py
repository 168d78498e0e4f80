"""What may be kept of an item, and what is still to be fetched for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261122_0020"
down_revision = "20261122_0010"
branch_labels = None
depends_on = None


POLICIES = ("own", "embed_only", "api_cached", "rights_granted")


def upgrade() -> None:
    """What stands was given to the brand directly."""
    policy = sa.Enum(*POLICIES, name="sourcepolicy", native_enum=False, create_constraint=True, length=32)
    op.add_column("items", sa.Column("source_policy", policy, server_default="own", nullable=False))
    op.add_column("items", sa.Column("embed_url", sa.Text(), server_default="", nullable=False))
    op.add_column("items", sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("items", sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("items", sa.Column("waiting_media", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(op.f("ix_items_lease_until"), "items", ["lease_until"], unique=False)


def downgrade() -> None:
    """The policies are forgotten."""
    op.drop_index(op.f("ix_items_lease_until"), table_name="items")
    for name in ("waiting_media", "gone_at", "lease_until", "embed_url", "source_policy"):
        op.drop_column("items", name)
