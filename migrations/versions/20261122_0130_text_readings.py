"""What texts say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0130"
down_revision = "20261122_0120"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A reading an item; the hourly round reads what was there before."""
    op.create_table(
        "text_readings",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("reading", postgresql.JSONB(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sentiment", sa.Text(), nullable=False),
        sa.Column("sentiment_p", sa.Float(), nullable=False),
        sa.Column("usefulness", sa.Float(), nullable=True),
        sa.Column("spam_p", sa.Float(), nullable=False),
        sa.Column("offence_p", sa.Float(), nullable=False),
        sa.Column("versions", postgresql.JSONB(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_index("ix_text_readings_of_brand", "text_readings", ["brand_id", "item_id"])


def downgrade() -> None:
    """What was read can be read again."""
    op.drop_table("text_readings")
