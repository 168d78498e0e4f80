"""Files that items wait for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261122_0030"
down_revision = "20261122_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Addresses whose files an item waits for."""
    op.create_table(
        "wanted_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("alt", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="picture", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "kept",
                "refused",
                "gone",
                "failed",
                name="wantedstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_wanted_files_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_wanted_files_file_id_files"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_wanted_files_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wanted_files")),
        sa.UniqueConstraint("item_id", "key", name=op.f("uq_wanted_files_item_id_key")),
    )
    op.create_index(op.f("ix_wanted_files_brand_id"), "wanted_files", ["brand_id"], unique=False)
    op.create_index(
        "ix_wanted_files_failed", "wanted_files", ["resolved_at"], unique=False, postgresql_where=sa.text("state = 'failed'")
    )
    op.create_index(op.f("ix_wanted_files_file_id"), "wanted_files", ["file_id"], unique=False)


def downgrade() -> None:
    """What is still to be fetched is forgotten."""
    op.drop_index(op.f("ix_wanted_files_file_id"), table_name="wanted_files")
    op.drop_index("ix_wanted_files_failed", table_name="wanted_files", postgresql_where=sa.text("state = 'failed'"))
    op.drop_index(op.f("ix_wanted_files_brand_id"), table_name="wanted_files")
    op.drop_table("wanted_files")
