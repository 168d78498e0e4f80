"""Sources on networks, their health, their tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0040"
down_revision = "20261122_0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sources with their pulls, and what networks say of items."""
    op.create_table(
        "deletion_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("items", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_deletion_requests_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion_requests")),
        sa.UniqueConstraint("code", name=op.f("uq_deletion_requests_code")),
    )
    op.create_index(op.f("ix_deletion_requests_brand_id"), "deletion_requests", ["brand_id"], unique=False)
    op.create_table(
        "network_apps",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_network_apps_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_apps")),
        sa.UniqueConstraint("brand_id", "network", name=op.f("uq_network_apps_brand_id_network")),
    )
    op.create_table(
        "searched_terms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("counted_from", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_searched_terms_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_searched_terms")),
        sa.UniqueConstraint("brand_id", "network", "term", name=op.f("uq_searched_terms_brand_id_network_term")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("tags", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("secrets", sa.Text(), server_default="", nullable=False),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active",
                "paused",
                "needs_connect",
                "degraded",
                name="sourcestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="active",
            nullable=False,
        ),
        sa.Column("interval_minutes", sa.BigInteger(), server_default="60", nullable=False),
        sa.Column("next_pull_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error_code", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("new_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("skipped_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quota_day", sa.Date(), nullable=True),
        sa.Column("quota_used", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_sources_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
    )
    op.create_index(op.f("ix_sources_brand_id"), "sources", ["brand_id"], unique=False)
    op.create_index(
        "ix_sources_due", "sources", ["next_pull_at"], unique=False, postgresql_where=sa.text("state in ('active', 'degraded')")
    )
    op.create_table(
        "skipped_posts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_skipped_posts_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_skipped_posts_source_id_sources"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skipped_posts")),
        sa.UniqueConstraint("source_id", "external_id", "field", name=op.f("uq_skipped_posts_source_id_external_id_field")),
    )
    op.create_index(op.f("ix_skipped_posts_brand_id"), "skipped_posts", ["brand_id"], unique=False)
    op.create_table(
        "source_pulls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "running", "done", "throttled", "failed", name="pulloutcome", native_enum=False, create_constraint=True, length=32
            ),
            server_default="running",
            nullable=False,
        ),
        sa.Column("pages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("new_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("same_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("skipped_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("error_code", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_source_pulls_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_source_pulls_source_id_sources"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_pulls")),
    )
    op.create_index(op.f("ix_source_pulls_brand_id"), "source_pulls", ["brand_id"], unique=False)
    op.create_index("ix_source_pulls_source_id_id", "source_pulls", ["source_id", "id"], unique=False)
    op.create_table(
        "network_posts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("sources", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column(
            "policy",
            sa.Enum(
                "own",
                "embed_only",
                "api_cached",
                "rights_granted",
                name="sourcepolicy",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text_digest", sa.Text(), nullable=False),
        sa.Column("media", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_network_posts_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_network_posts_item_id_items"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_network_posts_source_id_sources"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_posts")),
        sa.UniqueConstraint("brand_id", "network", "external_id", name=op.f("uq_network_posts_brand_id_network_external_id")),
        sa.UniqueConstraint("item_id", name=op.f("uq_network_posts_item_id")),
    )
    op.create_index(op.f("ix_network_posts_checked_at"), "network_posts", ["checked_at"], unique=False)
    op.create_index(op.f("ix_network_posts_source_id"), "network_posts", ["source_id"], unique=False)
    op.create_index(
        "ix_items_gone", "items", ["brand_id", "gone_at"], unique=False, postgresql_where=sa.text("gone_at IS NOT NULL")
    )


def downgrade() -> None:
    """Sources are forgotten; what they brought stays."""
    op.drop_index("ix_items_gone", table_name="items", postgresql_where=sa.text("gone_at IS NOT NULL"))
    op.drop_index(op.f("ix_network_posts_source_id"), table_name="network_posts")
    op.drop_index(op.f("ix_network_posts_checked_at"), table_name="network_posts")
    op.drop_table("network_posts")
    op.drop_index("ix_source_pulls_source_id_id", table_name="source_pulls")
    op.drop_index(op.f("ix_source_pulls_brand_id"), table_name="source_pulls")
    op.drop_table("source_pulls")
    op.drop_index(op.f("ix_skipped_posts_brand_id"), table_name="skipped_posts")
    op.drop_table("skipped_posts")
    op.drop_index("ix_sources_due", table_name="sources", postgresql_where=sa.text("state in ('active', 'degraded')"))
    op.drop_index(op.f("ix_sources_brand_id"), table_name="sources")
    op.drop_table("sources")
    op.drop_table("searched_terms")
    op.drop_table("network_apps")
    op.drop_index(op.f("ix_deletion_requests_brand_id"), table_name="deletion_requests")
    op.drop_table("deletion_requests")
