"""Bounds, predictions and checks of approval; what a decision on an item would teach."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0160"
down_revision = "20261122_0150"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every brand starts with suggestions only: a brand without a row decides nothing by itself."""
    op.add_column("items", sa.Column("teaches", sa.Float(), nullable=True))
    op.create_index(
        "ix_items_by_teaches",
        "items",
        ["brand_id", "state", sa.literal_column("teaches DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("teaches IS NOT NULL"),
    )
    op.create_table(
        "item_approvals",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("why", postgresql.JSONB(), nullable=False),
        sa.Column("model_version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_item_approvals_item_id_items", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_item_approvals_brand_id_brands", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name="pk_item_approvals"),
    )
    op.create_index("ix_item_approvals_brand_id", "item_approvals", ["brand_id"])
    op.create_table(
        "triage_bounds",
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Float(), nullable=False),
        sa.Column("kinds", postgresql.JSONB(), nullable=False),
        sa.Column("decides", sa.Text(), nullable=False),
        sa.Column("per_day", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_triage_bounds_brand_id_brands", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("brand_id", name="pk_triage_bounds"),
        sa.CheckConstraint("mode in ('off', 'suggest', 'automatic')", name="ck_triage_bounds_mode"),
        sa.CheckConstraint("decides in ('approve', 'both')", name="ck_triage_bounds_decides"),
        sa.CheckConstraint("agreement between 0.8 and 0.999", name="ck_triage_bounds_agreement"),
    )
    op.create_table(
        "triage_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("model_version", sa.BigInteger(), nullable=False),
        sa.Column("approved", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_triage_runs_brand_id_brands", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_triage_runs"),
    )
    op.create_index("ix_triage_runs_brand_id_at", "triage_runs", ["brand_id", "at"])
    op.create_table(
        "triage_checks",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("approves", sa.Boolean(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("model_version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_triage_checks_item_id_items", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_triage_checks_brand_id_brands", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name="pk_triage_checks"),
    )
    op.create_index("ix_triage_checks_brand_id_at", "triage_checks", ["brand_id", "at"])


def downgrade() -> None:
    """What was predicted can be predicted again; decisions stay."""
    op.drop_table("triage_checks")
    op.drop_table("triage_runs")
    op.drop_table("triage_bounds")
    op.drop_table("item_approvals")
    op.drop_index("ix_items_by_teaches", table_name="items")
    op.drop_column("items", "teaches")
