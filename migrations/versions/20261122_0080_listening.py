"""Mentions and where they were found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0080"
down_revision = "20261122_0070"
branch_labels = None
depends_on = None


STAMP = sa.text("now()")


def upgrade() -> None:
    """Sources that stand listen for nothing: they bring posts."""
    op.create_table(
        "listenings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("excluded", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("skus", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_listenings_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listenings")),
    )
    op.create_index(op.f("ix_listenings_brand_id"), "listenings", ["brand_id"], unique=False)
    op.add_column("sources", sa.Column("listening_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_sources_listening_id"), "sources", ["listening_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_sources_listening_id_listenings"), "sources", "listenings", ["listening_id"], ["id"], ondelete="CASCADE"
    )
    op.create_table(
        "mentions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("listening_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), server_default=STAMP, nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_mentions_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["listening_id"], ["listenings.id"], name=op.f("fk_mentions_listening_id_listenings"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_mentions_source_id_sources"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_mentions_product_id_products"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_mentions_item_id_items"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sa.UniqueConstraint("listening_id", "network", "external_id", name=op.f("uq_mentions_listening_id_network_external_id")),
    )
    for column in ("brand_id", "source_id", "site", "product_id", "item_id"):
        op.create_index(op.f(f"ix_mentions_{column}"), "mentions", [column], unique=False)
    op.create_index("ix_mentions_by_date", "mentions", ["brand_id", "published_at", "id"], unique=False)
    op.create_index(
        "ix_mentions_leased", "mentions", ["lease_until"], unique=False, postgresql_where=sa.text("lease_until IS NOT NULL")
    )


def downgrade() -> None:
    """Listening sources go with what they heard; the others stay."""
    op.execute("delete from sources where listening_id is not null")
    op.drop_table("mentions")
    op.drop_constraint(op.f("fk_sources_listening_id_listenings"), "sources", type_="foreignkey")
    op.drop_index(op.f("ix_sources_listening_id"), table_name="sources")
    op.drop_column("sources", "listening_id")
    op.drop_table("listenings")
