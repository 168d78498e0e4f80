"""A brand's own topics, words and competitors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261122_0190"
down_revision = "20261122_0180"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A word a row; a brand without any is read with what ships."""
    op.create_table(
        "text_terms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "use",
            sa.Enum("topic", "blocked", "allowed", "competitor", name="use", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_text_terms_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_terms")),
        sa.UniqueConstraint("brand_id", "use", "topic", "term", name=op.f("uq_text_terms_brand_id_use_topic_term")),
    )


def downgrade() -> None:
    """The words are lost; texts are read with what ships."""
    op.drop_table("text_terms")
