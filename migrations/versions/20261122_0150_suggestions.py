"""Suggested products, tags and alt texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0150"
down_revision = "20261122_0140"
branch_labels = None
depends_on = None


WHATS = ("product", "tag", "alt")
STANDINGS = ("open", "accepted", "refused", "applied", "superseded")
STAMP = sa.text("now()")


def words(name: str, values: tuple[str, ...], **options: str) -> sa.Column[str]:
    """A column of known words with its check, under the name that the check has."""
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
    return sa.Column({"what": "what", "standing": "state"}[name], kind, nullable=False, **options)


def belongs(column: str, target: str) -> sa.ForeignKeyConstraint:
    """Goes with the row that it belongs to."""
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], ondelete="CASCADE")


def upgrade() -> None:
    """Nothing was suggested yet, and nothing is applied by itself."""
    op.create_table(
        "suggestions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        words("what", WHATS),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        words("standing", STANDINGS, server_default="open"),
        sa.Column("model_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("added", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("former", sa.Text(), server_default="", nullable=False),
        sa.Column("batch", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("p between 0 and 1", name="p"),
        belongs("brand_id", "brands"),
        belongs("item_id", "items"),
        belongs("product_id", "products"),
        belongs("file_id", "files"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "what", "name"),
    )
    op.create_index("ix_suggestions_product_id", "suggestions", ["product_id"])
    op.create_index("ix_suggestions_file_id", "suggestions", ["file_id"])
    op.create_index("ix_suggestions_open", "suggestions", ["brand_id", "what", "p"], postgresql_where=sa.text("state = 'open'"))
    op.create_index(
        "ix_suggestions_decided", "suggestions", ["brand_id", "what", "decided_at"],
        postgresql_where=sa.text("decided_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index("ix_suggestions_batch", "suggestions", ["brand_id", "batch"], postgresql_where=sa.text("batch <> ''"))
    op.create_table(
        "suggestion_settings",
        sa.Column("brand_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tags", sa.Float(), nullable=True),
        sa.Column("products", sa.Float(), nullable=True),
        sa.Column("updated", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        belongs("brand_id", "brands"),
        sa.PrimaryKeyConstraint("brand_id"),
    )
    op.create_table(
        "suggested_items",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        belongs("brand_id", "brands"),
        belongs("item_id", "items"),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_index("ix_suggested_items_brand_id", "suggested_items", ["brand_id"])
    op.create_index("ix_orders_brand_id_email_sha256", "orders", ["brand_id", "email_sha256"])
    op.create_index("ix_orders_brand_id_customer_id", "orders", ["brand_id", "customer_id"])


def downgrade() -> None:
    """What was accepted stays on its items."""
    op.drop_index("ix_orders_brand_id_customer_id", table_name="orders")
    op.drop_index("ix_orders_brand_id_email_sha256", table_name="orders")
    op.drop_table("suggested_items")
    op.drop_table("suggestion_settings")
    op.drop_table("suggestions")
