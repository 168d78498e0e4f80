"""Near-duplicates and what was decided of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0050"
down_revision = "20261122_0040"
branch_labels = None
depends_on = None


KINDS = ("picture", "video", "audio")
REASONS = ("copyright", "personal_data", "off_topic", "low_quality", "unsafe", "spam", "duplicate", "legal", "other")
LIKENESSES = ("picture", "text")
STANDINGS = ("open", "merged", "apart")


def words(name: str, values: tuple[str, ...]) -> sa.Enum:
    """A column of known words with its check."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def brand() -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    """Whose row it is."""
    return sa.Column("brand_id", sa.BigInteger(), nullable=False), sa.ForeignKeyConstraint(
        ["brand_id"], ["brands.id"], ondelete="CASCADE"
    )


def upgrade() -> None:
    """Files that stand have no hashes of their turned copies, which are then made of the upright one, and stay in sight."""
    op.add_column("files", sa.Column("turned_hashes", sa.LargeBinary(), nullable=True))
    op.add_column("item_media", sa.Column("is_compared", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_index("ix_item_media_uncompared", "item_media", ["item_id"], postgresql_where=sa.text("NOT is_compared"))
    op.create_table(
        "picture_prints",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *brand(),
        sa.Column("kind", words("filekind", KINDS), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("blocked", words("reason", REASONS), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("file_id"),
    )
    op.create_index("ix_picture_prints_in_order", "picture_prints", ["brand_id", "kind", "id"])
    op.create_table(
        "text_prints",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *brand(),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_index("ix_text_prints_digest", "text_prints", ["brand_id", "digest", "item_id"])
    op.create_table(
        "text_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "item_id"),
    )
    op.create_index(op.f("ix_text_keys_item_id"), "text_keys", ["item_id"])
    op.create_table(
        "duplicate_pairs",
        sa.Column("low_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("high_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *brand(),
        sa.Column("likeness", words("likeness", LIKENESSES), nullable=False),
        sa.Column("distance", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("standing", words("standing", STANDINGS), server_default="open", nullable=False),
        sa.Column("found", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("low_id < high_id", name="order"),
        sa.ForeignKeyConstraint(["low_id"], ["items.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["high_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("low_id", "high_id"),
    )
    op.create_index(op.f("ix_duplicate_pairs_brand_id"), "duplicate_pairs", ["brand_id"])
    op.create_index("ix_duplicate_pairs_high_id", "duplicate_pairs", ["high_id"])
    op.create_table(
        "duplicate_groups",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *brand(),
        sa.Column("likeness", words("likeness", LIKENESSES), nullable=False),
        sa.Column("centre_id", sa.BigInteger(), nullable=False),
        sa.Column("standing", words("standing", STANDINGS), server_default="open", nullable=False),
        sa.Column("best_id", sa.BigInteger(), nullable=True),
        sa.Column("batch", sa.Text(), server_default="", nullable=False),
        sa.Column("gained", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["centre_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_duplicate_groups_in_order", "duplicate_groups", ["brand_id", "standing", "id"])
    op.create_index(op.f("ix_duplicate_groups_centre_id"), "duplicate_groups", ["centre_id"])
    op.create_index(op.f("ix_duplicate_groups_batch"), "duplicate_groups", ["batch"])
    op.create_table(
        "duplicate_members",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["duplicate_groups.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "item_id"),
    )
    op.create_index(op.f("ix_duplicate_members_item_id"), "duplicate_members", ["item_id"])
    op.create_index("ix_duplicate_members_open", "duplicate_members", ["item_id"], unique=True, postgresql_where=sa.text("is_open"))


def downgrade() -> None:
    """What was decided is forgotten."""
    for table in ("duplicate_members", "duplicate_groups", "duplicate_pairs", "text_keys", "text_prints", "picture_prints"):
        op.drop_table(table)
    op.drop_column("item_media", "is_compared")
    op.drop_column("files", "turned_hashes")
