"""What customers send themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0060"
down_revision = "20261122_0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables of settings, terms, uploads in pieces, submissions, refusals."""
    moment = sa.DateTime(timezone=True)
    json = postgresql.JSONB(astext_type=sa.Text())
    now = sa.text("now()")
    op.create_table(
        "submission_settings",
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("origins", json, server_default="[]", nullable=False),
        sa.Column("least_age", sa.BigInteger(), server_default="16", nullable=False),
        sa.Column("accent", sa.Text(), server_default="", nullable=False),
        foreign_key("submission_settings", "brand_id", "brands"),
        sa.PrimaryKeyConstraint("brand_id", name=op.f("pk_submission_settings")),
    )
    op.create_table(
        "submission_terms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created", moment, server_default=now, nullable=False),
        foreign_key("submission_terms", "brand_id", "brands"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_terms")),
        sa.UniqueConstraint("brand_id", "version", name=op.f("uq_submission_terms_brand_id_version")),
    )
    op.create_table(
        "partial_uploads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("created", moment, server_default=now, nullable=False),
        foreign_key("partial_uploads", "brand_id", "brands"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partial_uploads")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_partial_uploads_fingerprint")),
    )
    op.create_index(op.f("ix_partial_uploads_brand_id"), "partial_uploads", ["brand_id"], unique=False)
    op.create_index(op.f("ix_partial_uploads_expires_at"), "partial_uploads", ["expires_at"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("token_fingerprint", sa.Text(), nullable=False),
        sa.Column("person_digest", sa.Text(), nullable=False),
        sa.Column("email_sealed", sa.Text(), nullable=False),
        sa.Column("relationship_kind", sa.Text(), server_default="none", nullable=False),
        sa.Column("channels", json, server_default="[]", nullable=False),
        sa.Column("network", sa.Text(), server_default="", nullable=False),
        sa.Column("created", moment, server_default=now, nullable=False),
        sa.Column("withdrawn_at", moment, nullable=True),
        sa.Column("erased_at", moment, nullable=True),
        foreign_key("submissions", "brand_id", "brands"),
        foreign_key("submissions", "terms_id", "submission_terms", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("brand_id", "request_digest", name=op.f("uq_submissions_brand_id_request_digest")),
        sa.UniqueConstraint("token_fingerprint", name=op.f("uq_submissions_token_fingerprint")),
    )
    op.create_index(op.f("ix_submissions_item_id"), "submissions", ["item_id"], unique=False)
    op.create_index(
        op.f("ix_submissions_brand_id_person_digest_created"), "submissions", ["brand_id", "person_digest", "created"], unique=False
    )
    op.create_index(
        "uq_submissions_content", "submissions", ["brand_id", "content_digest"], unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "refused_submissions",
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        foreign_key("refused_submissions", "brand_id", "brands"),
        sa.PrimaryKeyConstraint("brand_id", "day", "reason", name=op.f("pk_refused_submissions")),
    )
    op.create_table(
        "spent_stamps",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_spent_stamps")),
    )
    op.create_index(op.f("ix_spent_stamps_at"), "spent_stamps", ["at"], unique=False)
    op.create_index(op.f("ix_files_brand_id_size"), "files", ["brand_id", "size"], unique=False)


def foreign_key(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    """A reference under the naming convention."""
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete=ondelete)


def downgrade() -> None:
    """Submissions and their terms are forgotten; the items stay."""
    op.drop_index(op.f("ix_files_brand_id_size"), "files")
    for name in (
        "spent_stamps",
        "refused_submissions",
        "submissions",
        "partial_uploads",
        "submission_terms",
        "submission_settings",
    ):
        op.drop_table(name)
