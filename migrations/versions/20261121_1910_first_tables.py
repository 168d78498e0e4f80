"""The tables of every room that the path from photo to sale crosses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261121_1910"
down_revision = "20261121_1900"
branch_labels = None
depends_on = None


# The ledger is append-only for everybody who comes through SQL, ourselves included.
LEDGER_IS_APPEND_ONLY = """
create function rights_ledger_refuse() returns trigger language plpgsql as
$$ begin raise exception 'the rights ledger is append-only'; end $$
"""
LEDGER_TRIGGER = """
create trigger rights_ledger_append_only before update or delete or truncate on rights_ledger
for each statement execute function rights_ledger_refuse()
"""


def upgrade() -> None:
    """Create the tables, the ledger's guard and the event log's first partition."""
    op.create_table(
        "brands",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("product_identifier", sa.Text(), server_default="id", nullable=False),
        sa.Column("shop_url", sa.Text(), server_default="", nullable=False),
        sa.Column("content_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brands")),
        sa.UniqueConstraint("slug", name=op.f("uq_brands_slug")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("visitor", sa.Text(), server_default="", nullable=False),
        sa.Column("session", sa.Text(), server_default="", nullable=False),
        sa.Column("gallery", sa.Text(), server_default="", nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("sku", sa.Text(), server_default="", nullable=False),
        sa.Column("page_url", sa.Text(), server_default="", nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("ivt_reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "id", "at", name=op.f("pk_events")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(op.f("ix_events_brand_id_visitor_at"), "events", ["brand_id", "visitor", "at"], unique=False)
    op.create_table(
        "failed_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_digest", sa.Text(), nullable=False),
        sa.Column("address_digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_attempts")),
    )
    op.create_index(op.f("ix_failed_attempts_account_digest_at"), "failed_attempts", ["account_digest", "at"], unique=False)
    op.create_index(op.f("ix_failed_attempts_address_digest_at"), "failed_attempts", ["address_digest", "at"], unique=False)
    op.create_table(
        "item_days",
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("gallery", sa.Text(), server_default="", nullable=False),
        sa.Column("impressions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("views", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("opens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("clicks", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("carts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sessions", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "day", "item_id", "gallery", name=op.f("pk_item_days")),
    )
    op.create_index(op.f("ix_item_days_brand_id_item_id_day"), "item_days", ["brand_id", "item_id", "day"], unique=False)
    op.create_table(
        "item_revenue_days",
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "model",
            sa.Enum("same_product", "last_click", "assisted", name="model", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("units", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "day", "item_id", "model", "currency", name=op.f("pk_item_revenue_days")),
    )
    op.create_index(
        op.f("ix_item_revenue_days_brand_id_item_id_day"), "item_revenue_days", ["brand_id", "item_id", "day"], unique=False
    )
    op.create_table(
        "job_failures",
        sa.Column("job_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("kills", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_failures")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )
    op.create_table(
        "purchase_joins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("order_external_id", sa.Text(), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_joins")),
        sa.UniqueConstraint(
            "brand_id", "order_external_id", "visitor", name=op.f("uq_purchase_joins_brand_id_order_external_id_visitor")
        ),
    )
    op.create_index(op.f("ix_purchase_joins_brand_id_visitor"), "purchase_joins", ["brand_id", "visitor"], unique=False)
    op.create_table(
        "pending_counts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_counts")),
    )
    op.create_table(
        "touches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind", sa.Enum("view", "click", name="touchkind", native_enum=False, create_constraint=True, length=32), nullable=False
        ),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("gallery", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touches")),
        sa.UniqueConstraint("brand_id", "event_id", name=op.f("uq_touches_brand_id_event_id")),
    )
    op.create_index(op.f("ix_touches_brand_id_visitor_at"), "touches", ["brand_id", "visitor", "at"], unique=False)
    op.create_table(
        "visitor_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referrer_host", sa.Text(), server_default="", nullable=False),
        sa.Column("landing_url", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitor_sessions")),
        sa.UniqueConstraint("brand_id", "visitor", "session", name=op.f("uq_visitor_sessions_brand_id_visitor_session")),
    )
    op.create_index(op.f("ix_visitor_sessions_brand_id_started_at"), "visitor_sessions", ["brand_id", "started_at"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("secret", "publishable", "webhook", name="keykind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_api_keys_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_api_keys_fingerprint")),
    )
    op.create_index(op.f("ix_api_keys_brand_id"), "api_keys", ["brand_id"], unique=False)
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_audit_entries_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_brand_id"), "audit_entries", ["brand_id", sa.literal_column("at desc")], unique=False)
    op.create_index(
        op.f("ix_audit_entries_brand_id_subject_type_subject_id"),
        "audit_entries",
        ["brand_id", "subject_type", "subject_id"],
        unique=False,
    )
    op.create_table(
        "creators",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.Text(), server_default="", nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_creators_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_creators")),
        sa.UniqueConstraint("brand_id", "network", "handle", name=op.f("uq_creators_brand_id_network_handle")),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("frames", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("public_name", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("pending", "ready", "damaged", name="filestate", native_enum=False, create_constraint=True, length=32),
            server_default="pending",
            nullable=False,
        ),
        sa.Column("placeholder", sa.Text(), server_default="", nullable=False),
        sa.Column("colours", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("perceptual_hash", sa.LargeBinary(), nullable=True),
        sa.Column("measures", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_files_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("brand_id", "sha256", name=op.f("uq_files_brand_id_sha256")),
        sa.UniqueConstraint("public_name", name=op.f("uq_files_public_name")),
    )
    op.create_index(op.f("ix_files_state"), "files", ["state"], unique=False)
    op.create_table(
        "galleries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "layout",
            sa.Enum(
                "grid",
                "masonry",
                "carousel",
                "story",
                "single",
                name="layout",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="grid",
            nullable=False,
        ),
        sa.Column(
            "sort",
            sa.Enum("newest", "score", "performance", name="sort", native_enum=False, create_constraint=True, length=32),
            server_default="score",
            nullable=False,
        ),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("page_size", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column(
            "fallback",
            sa.Enum("product", "family", "type", "all", name="fallback", native_enum=False, create_constraint=True, length=32),
            server_default="type",
            nullable=False,
        ),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_galleries_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_galleries")),
        sa.UniqueConstraint("brand_id", "slug", name=op.f("uq_galleries_brand_id_slug")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_idempotency_keys_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("brand_id", "key", name=op.f("uq_idempotency_keys_brand_id_key")),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_imports_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_brand_id"), "imports", ["brand_id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "coordinator", "viewer", name="role", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_memberships_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("person_id", "brand_id", name=op.f("uq_memberships_person_id_brand_id")),
    )
    op.create_index(op.f("ix_memberships_brand_id"), "memberships", ["brand_id"], unique=False)
    op.create_index(op.f("ix_memberships_person_id"), "memberships", ["person_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("shipping", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("discount", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("coupon", sa.Text(), server_default="", nullable=False),
        sa.Column("visitor", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_id", sa.Text(), server_default="", nullable=False),
        sa.Column("email_sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_orders_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("brand_id", "external_id", "source", name=op.f("uq_orders_brand_id_external_id_source")),
    )
    op.create_index(op.f("ix_orders_brand_id_placed_at"), "orders", ["brand_id", "placed_at"], unique=False)
    op.create_index(op.f("ix_orders_brand_id_visitor"), "orders", ["brand_id", "visitor"], unique=False)
    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("image_url", sa.Text(), server_default="", nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "availability",
            sa.Enum(
                "in_stock",
                "out_of_stock",
                "preorder",
                "backorder",
                name="availability",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="in_stock",
            nullable=False,
        ),
        sa.Column("family", sa.Text(), server_default="", nullable=False),
        sa.Column("line", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.Text(), server_default="", nullable=False),
        sa.Column("gtin", sa.Text(), server_default="", nullable=False),
        sa.Column("mpn", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_products_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("brand_id", "sku", name=op.f("uq_products_brand_id_sku")),
    )
    op.create_index(op.f("ix_products_brand_id_family"), "products", ["brand_id", "family"], unique=False)
    op.create_index(op.f("ix_products_brand_id_line"), "products", ["brand_id", "line"], unique=False)
    op.create_index(op.f("ix_products_brand_id_type"), "products", ["brand_id", "type"], unique=False)
    op.create_table(
        "rights_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("given_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_rights_evidence_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_evidence")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_rights_evidence_entry_id")),
    )
    op.create_index(op.f("ix_rights_evidence_brand_id"), "rights_evidence", ["brand_id"], unique=False)
    op.create_table(
        "rights_ledger",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "none",
                "queued",
                "requested",
                "replied_unclear",
                "granted",
                "declined",
                "no_reply",
                "owned",
                "revoked",
                name="rightsstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("evidence_digest", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_rights_ledger_brand_id_brands"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_ledger")),
        sa.UniqueConstraint("brand_id", "sequence", name=op.f("uq_rights_ledger_brand_id_sequence")),
    )
    op.create_index(op.f("ix_rights_ledger_item_id"), "rights_ledger", ["item_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_fingerprint", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_sign_ins_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_ins_person_id_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_fingerprint", name=op.f("uq_sign_ins_token_fingerprint")),
    )
    op.create_index(op.f("ix_sign_ins_brand_id"), "sign_ins", ["brand_id"], unique=False)
    op.create_index(op.f("ix_sign_ins_person_id"), "sign_ins", ["person_id"], unique=False)
    op.create_table(
        "signal_weights",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_signal_weights_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_weights")),
        sa.UniqueConstraint("brand_id", "signal", name=op.f("uq_signal_weights_brand_id_signal")),
    )
    op.create_table(
        "tags",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_tags_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("brand_id", "name", name=op.f("uq_tags_brand_id_name")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.id"], name=op.f("fk_webhook_deliveries_brand_id_brands"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("brand_id", "source", "delivery_id", name=op.f("uq_webhook_deliveries_brand_id_source_delivery_id")),
    )
    op.create_index(
        op.f("ix_webhook_deliveries_brand_id_source_body_sha256"),
        "webhook_deliveries",
        ["brand_id", "source", "body_sha256"],
        unique=False,
    )
    op.create_table(
        "credits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "model",
            sa.Enum("same_product", "last_click", "assisted", name="model", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("quantity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("touch_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gallery", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_credits_order_id_orders"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credits")),
        sa.UniqueConstraint("order_id", "model", "line_id", "item_id", name=op.f("uq_credits_order_id_model_line_id_item_id")),
    )
    op.create_index(op.f("ix_credits_brand_id_day_item_id"), "credits", ["brand_id", "day", "item_id"], unique=False)
    op.create_index(op.f("ix_credits_brand_id_item_id_day"), "credits", ["brand_id", "item_id", "day"], unique=False)
    op.create_table(
        "items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("photo", "video", "audio", "review", "post", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("rating", sa.BigInteger(), nullable=True),
        sa.Column("verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("incentivised", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("helpful_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("like_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("comment_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), server_default="", nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "inbox", "approved", "rejected", "spam", "trash", name="state", native_enum=False, create_constraint=True, length=32
            ),
            server_default="inbox",
            nullable=False,
        ),
        sa.Column(
            "state_reason",
            sa.Enum(
                "copyright",
                "personal_data",
                "off_topic",
                "low_quality",
                "unsafe",
                "spam",
                "duplicate",
                "legal",
                "other",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("state_note", sa.Text(), server_default="", nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needs_product", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "rights_state",
            sa.Enum(
                "none",
                "queued",
                "requested",
                "replied_unclear",
                "granted",
                "declined",
                "no_reply",
                "owned",
                "revoked",
                name="rightsstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="none",
            nullable=False,
        ),
        sa.Column("rights_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rights_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("approval_p", sa.Double(), nullable=True),
        sa.Column("performance", sa.Double(), nullable=True),
        sa.Column("search_language", sa.Text(), server_default="simple", nullable=False),
        sa.Column("search_extra", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "setweight(ugc_tsvector(search_language, title), 'A') || setweight(ugc_tsvector(search_language, body), 'B')"
                " || setweight(ugc_tsvector(search_language, search_extra), 'C')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("rating between 1 and 5", name=op.f("ck_items_rating")),
        sa.CheckConstraint("score between 0 and 100", name=op.f("ck_items_score")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_items_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["creator_id"], ["creators.id"], name=op.f("fk_items_creator_id_creators"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("brand_id", "source", "external_id", name=op.f("uq_items_brand_id_source_external_id")),
    )
    op.create_index(op.f("ix_items_brand_id"), "items", ["brand_id"], unique=False)
    op.create_index(
        "ix_items_by_score",
        "items",
        ["brand_id", "state", sa.literal_column("score desc"), sa.literal_column("id desc")],
    )
    op.create_index("ix_items_by_language", "items", ["brand_id", "search_language"], unique=False)
    op.create_index(
        "ix_items_by_date", "items", ["brand_id", "state", sa.literal_column("published_at desc"), sa.literal_column("id desc")]
    )
    op.create_index(op.f("ix_items_creator_id"), "items", ["creator_id"], unique=False)
    op.create_index(op.f("ix_items_import_id"), "items", ["import_id"], unique=False)
    op.create_index(
        "ix_items_scheduled", "items", ["brand_id", "publish_at"], unique=False, postgresql_where=sa.text("publish_at IS NOT NULL")
    )
    op.create_index(
        "ix_items_rights_from",
        "items",
        ["brand_id", "rights_from"],
        unique=False,
        postgresql_where=sa.text("rights_from IS NOT NULL"),
    )
    op.create_index("ix_items_search", "items", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "order_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id_orders"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_order_lines_product_id_products"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("order_id", "external_id", name=op.f("uq_order_lines_order_id_external_id")),
    )
    op.create_index(op.f("ix_order_lines_product_id"), "order_lines", ["product_id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id_orders"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("order_id", "external_id", name=op.f("uq_refunds_order_id_external_id")),
    )
    op.create_table(
        "renditions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_renditions_file_id_files"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renditions")),
        sa.UniqueConstraint("file_id", "width", "type", name=op.f("uq_renditions_file_id_width_type")),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("gallery_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.Text(), server_default="", nullable=False),
        sa.Column("family", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.Text(), server_default="", nullable=False),
        sa.Column("takes_all", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("item_ids", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rendered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_snapshots_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["gallery_id"], ["galleries.id"], name=op.f("fk_snapshots_gallery_id_galleries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("gallery_id", "storage_key", name=op.f("uq_snapshots_gallery_id_storage_key")),
    )
    op.create_index(op.f("ix_snapshots_brand_id_family"), "snapshots", ["brand_id", "family"], unique=False)
    op.create_index(op.f("ix_snapshots_brand_id_sku"), "snapshots", ["brand_id", "sku"], unique=False)
    op.create_index(op.f("ix_snapshots_brand_id_type"), "snapshots", ["brand_id", "type"], unique=False)
    op.create_index("ix_snapshots_takes_all", "snapshots", ["brand_id"], unique=False, postgresql_where=sa.text("takes_all"))
    op.create_index("ix_snapshots_item_ids", "snapshots", ["item_ids"], unique=False, postgresql_using="gin")
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "from_state",
            sa.Enum(
                "inbox",
                "approved",
                "rejected",
                "spam",
                "trash",
                name="from_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "inbox", "approved", "rejected", "spam", "trash", name="state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "copyright",
                "personal_data",
                "off_topic",
                "low_quality",
                "unsafe",
                "spam",
                "duplicate",
                "legal",
                "other",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "from_reason",
            sa.Enum(
                "copyright",
                "personal_data",
                "off_topic",
                "low_quality",
                "unsafe",
                "spam",
                "duplicate",
                "legal",
                "other",
                name="from_reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("from_note", sa.Text(), server_default="", nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_decisions_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_decisions_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_batch"), "decisions", ["batch"], unique=False)
    op.create_index(op.f("ix_decisions_brand_id"), "decisions", ["brand_id"], unique=False)
    op.create_index(op.f("ix_decisions_item_id"), "decisions", ["item_id"], unique=False)
    op.create_table(
        "gallery_pins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gallery_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gallery_id"], ["galleries.id"], name=op.f("fk_gallery_pins_gallery_id_galleries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_gallery_pins_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gallery_pins")),
        sa.UniqueConstraint("gallery_id", "item_id", name=op.f("uq_gallery_pins_gallery_id_item_id")),
    )
    op.create_index(op.f("ix_gallery_pins_item_id"), "gallery_pins", ["item_id"], unique=False)
    op.create_table(
        "item_media",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("alt", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_item_media_file_id_files"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_media_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_media")),
        sa.UniqueConstraint("item_id", "file_id", name=op.f("uq_item_media_item_id_file_id")),
    )
    op.create_index(op.f("ix_item_media_file_id"), "item_media", ["file_id"], unique=False)
    op.create_table(
        "item_products",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("x", sa.Double(), nullable=True),
        sa.Column("y", sa.Double(), nullable=True),
        sa.CheckConstraint(
            "(x is null) = (y is null) and x between 0 and 1 and y between 0 and 1", name=op.f("ck_item_products_hotspot")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_products_item_id_items"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_item_products_product_id_products"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_products")),
        sa.UniqueConstraint("item_id", "product_id", name=op.f("uq_item_products_item_id_product_id")),
    )
    op.create_index(op.f("ix_item_products_product_id"), "item_products", ["product_id"], unique=False)
    op.create_table(
        "item_scores",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_item_scores_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_scores_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_scores")),
    )
    op.create_index(op.f("ix_item_scores_brand_id"), "item_scores", ["brand_id"], unique=False)
    op.create_table(
        "item_tags",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("tag_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_tags_item_id_items"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_item_tags_tag_id_tags"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_tags")),
        sa.UniqueConstraint("item_id", "tag_id", name=op.f("uq_item_tags_item_id_tag_id")),
    )
    op.create_index(op.f("ix_item_tags_tag_id"), "item_tags", ["tag_id"], unique=False)
    op.create_table(
        "refund_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("refund_id", sa.BigInteger(), nullable=False),
        sa.Column("line_external_id", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_lines_refund_id_refunds"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_lines")),
    )
    op.create_index(op.f("ix_refund_lines_refund_id"), "refund_lines", ["refund_id"], unique=False)
    op.execute(LEDGER_IS_APPEND_ONLY)
    op.execute(LEDGER_TRIGGER)
    # What falls outside the monthly partitions, which a job makes ahead, is kept all the same.
    op.execute("create table events_default partition of events default")


def downgrade() -> None:
    """Drop everything."""
    op.execute("drop table events_default")
    op.execute("drop trigger rights_ledger_append_only on rights_ledger")
    op.execute("drop function rights_ledger_refuse()")
    op.drop_index(op.f("ix_refund_lines_refund_id"), table_name="refund_lines")
    op.drop_table("refund_lines")
    op.drop_index(op.f("ix_item_tags_tag_id"), table_name="item_tags")
    op.drop_table("item_tags")
    op.drop_index(op.f("ix_item_scores_brand_id"), table_name="item_scores")
    op.drop_table("item_scores")
    op.drop_index(op.f("ix_item_products_product_id"), table_name="item_products")
    op.drop_table("item_products")
    op.drop_index(op.f("ix_item_media_file_id"), table_name="item_media")
    op.drop_table("item_media")
    op.drop_index(op.f("ix_gallery_pins_item_id"), table_name="gallery_pins")
    op.drop_table("gallery_pins")
    op.drop_index(op.f("ix_decisions_item_id"), table_name="decisions")
    op.drop_index(op.f("ix_decisions_brand_id"), table_name="decisions")
    op.drop_index(op.f("ix_decisions_batch"), table_name="decisions")
    op.drop_table("decisions")
    op.drop_index("ix_snapshots_takes_all", table_name="snapshots", postgresql_where=sa.text("takes_all"))
    op.drop_index("ix_snapshots_item_ids", table_name="snapshots", postgresql_using="gin")
    op.drop_index(op.f("ix_snapshots_brand_id_type"), table_name="snapshots")
    op.drop_index(op.f("ix_snapshots_brand_id_sku"), table_name="snapshots")
    op.drop_index(op.f("ix_snapshots_brand_id_family"), table_name="snapshots")
    op.drop_table("snapshots")
    op.drop_table("renditions")
    op.drop_table("refunds")
    op.drop_index(op.f("ix_order_lines_product_id"), table_name="order_lines")
    op.drop_table("order_lines")
    op.drop_index("ix_items_scheduled", table_name="items", postgresql_where=sa.text("publish_at IS NOT NULL"))
    op.drop_index("ix_items_rights_from", table_name="items", postgresql_where=sa.text("rights_from IS NOT NULL"))
    op.drop_index("ix_items_search", table_name="items", postgresql_using="gin")
    op.drop_index(op.f("ix_items_import_id"), table_name="items")
    op.drop_index(op.f("ix_items_creator_id"), table_name="items")
    op.drop_index("ix_items_by_language", table_name="items")
    op.drop_index("ix_items_by_score", table_name="items")
    op.drop_index("ix_items_by_date", table_name="items")
    op.drop_index(op.f("ix_items_brand_id"), table_name="items")
    op.drop_table("items")
    op.drop_index(op.f("ix_credits_brand_id_item_id_day"), table_name="credits")
    op.drop_index(op.f("ix_credits_brand_id_day_item_id"), table_name="credits")
    op.drop_table("credits")
    op.drop_index(op.f("ix_webhook_deliveries_brand_id_source_body_sha256"), table_name="webhook_deliveries")
    op.drop_table("webhook_deliveries")
    op.drop_table("tags")
    op.drop_table("signal_weights")
    op.drop_index(op.f("ix_sign_ins_person_id"), table_name="sign_ins")
    op.drop_index(op.f("ix_sign_ins_brand_id"), table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_index(op.f("ix_rights_ledger_item_id"), table_name="rights_ledger")
    op.drop_table("rights_ledger")
    op.drop_index(op.f("ix_rights_evidence_brand_id"), table_name="rights_evidence")
    op.drop_table("rights_evidence")
    op.drop_index(op.f("ix_products_brand_id_type"), table_name="products")
    op.drop_index(op.f("ix_products_brand_id_line"), table_name="products")
    op.drop_index(op.f("ix_products_brand_id_family"), table_name="products")
    op.drop_table("products")
    op.drop_index(op.f("ix_orders_brand_id_visitor"), table_name="orders")
    op.drop_index(op.f("ix_orders_brand_id_placed_at"), table_name="orders")
    op.drop_table("orders")
    op.drop_index(op.f("ix_memberships_person_id"), table_name="memberships")
    op.drop_index(op.f("ix_memberships_brand_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(op.f("ix_imports_brand_id"), table_name="imports")
    op.drop_table("imports")
    op.drop_table("idempotency_keys")
    op.drop_table("galleries")
    op.drop_index(op.f("ix_files_state"), table_name="files")
    op.drop_table("files")
    op.drop_table("creators")
    op.drop_index(op.f("ix_audit_entries_brand_id_subject_type_subject_id"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_brand_id"), table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_index(op.f("ix_api_keys_brand_id"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_index(op.f("ix_visitor_sessions_brand_id_started_at"), table_name="visitor_sessions")
    op.drop_table("visitor_sessions")
    op.drop_index(op.f("ix_touches_brand_id_visitor_at"), table_name="touches")
    op.drop_table("touches")
    op.drop_table("pending_counts")
    op.drop_index(op.f("ix_purchase_joins_brand_id_visitor"), table_name="purchase_joins")
    op.drop_table("purchase_joins")
    op.drop_table("people")
    op.drop_table("job_failures")
    op.drop_index(op.f("ix_item_revenue_days_brand_id_item_id_day"), table_name="item_revenue_days")
    op.drop_table("item_revenue_days")
    op.drop_index(op.f("ix_item_days_brand_id_item_id_day"), table_name="item_days")
    op.drop_table("item_days")
    op.drop_index(op.f("ix_failed_attempts_address_digest_at"), table_name="failed_attempts")
    op.drop_index(op.f("ix_failed_attempts_account_digest_at"), table_name="failed_attempts")
    op.drop_table("failed_attempts")
    op.drop_index(op.f("ix_events_brand_id_visitor_at"), table_name="events")
    op.drop_table("events")
    op.drop_table("brands")
