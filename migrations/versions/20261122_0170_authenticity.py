"""Flags on items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0170"
down_revision = "20261122_0160"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    """Nothing was looked at before; items bear the kinds of their flags, so that search reads one table."""
    op.create_table(
        "item_flags",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, server_default="{}", nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "dismissed", "confirmed", name="flagstate", native_enum=False, create_constraint=True, length=32),
            server_default="open",
            nullable=False,
        ),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_item_flags_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_flags_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_flags")),
        sa.UniqueConstraint("item_id", "kind", name=op.f("uq_item_flags_item_id_kind")),
    )
    op.create_index("ix_item_flags_by_state", "item_flags", ["brand_id", "state", "id"])
    op.add_column("items", sa.Column("flags", JSON, server_default="[]", nullable=False))
    op.create_index("ix_items_flagged", "items", ["brand_id", "id"], postgresql_where=sa.text("flags <> '[]'::jsonb"))


def downgrade() -> None:
    """Flags are found again."""
    op.drop_index("ix_items_flagged", "items")
    op.drop_column("items", "flags")
    op.drop_table("item_flags")
