"""Imports with progress, a kept file and an undo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0070"
down_revision = "20261122_0060"
branch_labels = None
depends_on = None


STATES = ("draft", "waiting", "running", "finished", "stopped", "failed", "undoing", "undone")
LINKS = ("item_media", "item_tags", "item_products")


def upgrade() -> None:
    """Imports that stand count as finished; what they changed beside their items was not kept."""
    state = sa.Enum(*STATES, name="importstate", native_enum=False, create_constraint=True, length=32)
    op.add_column("imports", sa.Column("state", state, server_default="finished", nullable=False))
    op.add_column("imports", sa.Column("options", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("imports", sa.Column("storage_key", sa.Text(), server_default="", nullable=False))
    for name in ("size", "done", "total"):
        op.add_column("imports", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("imports", sa.Column("error", sa.Text(), server_default="", nullable=False))
    op.add_column("imports", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_imports_state"), "imports", ["state"], unique=False)
    op.create_table(
        "import_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_changes_import_id_imports"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_import_changes_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_changes")),
    )
    op.create_index("ix_import_changes_import_id", "import_changes", ["import_id", "id"], unique=False)
    op.drop_index("ix_items_import_id", table_name="items")
    op.create_index("ix_items_import_id", "items", ["import_id", "id"], unique=False)
    for table in LINKS:
        op.add_column(table, sa.Column("import_id", sa.BigInteger(), nullable=True))
        op.create_index(
            f"ix_{table}_import_id", table, ["import_id"], unique=False, postgresql_where=sa.text("import_id IS NOT NULL")
        )


def downgrade() -> None:
    """Imports can't be undone any more."""
    for table in LINKS:
        op.drop_index(f"ix_{table}_import_id", table_name=table, postgresql_where=sa.text("import_id IS NOT NULL"))
        op.drop_column(table, "import_id")
    op.drop_index("ix_items_import_id", table_name="items")
    op.create_index("ix_items_import_id", "items", ["import_id"], unique=False)
    op.drop_index("ix_import_changes_import_id", table_name="import_changes")
    op.drop_table("import_changes")
    op.drop_index(op.f("ix_imports_state"), table_name="imports")
    for name in ("undone_at", "error", "total", "done", "size", "storage_key", "options", "state"):
        op.drop_column("imports", name)
