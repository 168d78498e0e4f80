"""Pictures described by an endpoint, what was sent there, and words among pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql

revision = "20261122_0200"
down_revision = "20261122_0190"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three tables."""
    op.create_table(
        "picture_descriptions",
        sa.Column("file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("tags", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("alt", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("described_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.id"], name=op.f("fk_picture_descriptions_brand_id_brands"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_picture_descriptions_file_id_files"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_picture_descriptions")),
    )
    op.create_index(op.f("ix_picture_descriptions_brand_id"), "picture_descriptions", ["brand_id"])
    op.create_table(
        "vision_days",
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_vision_days_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("brand_id", "day", name=op.f("pk_vision_days")),
    )
    op.create_table(
        "name_vectors",
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vector", HALFVEC(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_name_vectors_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("brand_id", "encoder", "name", name=op.f("pk_name_vectors")),
    )


def downgrade() -> None:
    """All of it can be asked and made again."""
    op.drop_table("name_vectors")
    op.drop_table("vision_days")
    op.drop_table("picture_descriptions")
