"""Vectors and product pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

revision = "20261122_0140"
down_revision = "20261122_0130"
branch_labels = None
depends_on = None

WIDTHS = (64, 128, 256, 384, 512, 768, 1024)
# The cell of a colour: the upper half of red, green and blue, 16 steps each; the first three colours are a picture's main ones.
COLOUR_CELLS = """
create function ugc_colour_cells(colours jsonb) returns smallint[]
language sql immutable strict parallel safe
return array(
    select ('x0' || substr(value, 2, 1) || substr(value, 4, 1) || substr(value, 6, 1))::bit(16)::integer::smallint
    from jsonb_array_elements_text(colours) with ordinality as each (value, place)
    where place <= 3 and value ~ '^#[0-9a-f]{6}$')
"""


def upgrade() -> None:
    """The extension that compares vectors, its tables, and an index of the main colours of files."""
    op.execute("create extension if not exists vector")
    add_vectors()
    add_product_pictures()
    op.execute(COLOUR_CELLS)
    op.create_index("ix_files_colour_cells", "files", [sa.text("ugc_colour_cells(colours)")], postgresql_using="gin")


def add_vectors() -> None:
    """Vectors of items, with a graph a space and width, and of products, which are compared one by one."""
    op.create_table(
        "item_vectors",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("shelf", sa.Text(), nullable=False),
        sa.Column("vector", HALFVEC(), nullable=True),
        sa.Column("made_of", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_item_vectors_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_vectors_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "space", "encoder", name=op.f("pk_item_vectors")),
    )
    op.create_index("ix_item_vectors_by_brand", "item_vectors", ["brand_id", "space", "encoder", "item_id"])
    # The numbers are hardly smaller when packed, and unpacking costs each comparison.
    op.execute("alter table item_vectors alter column vector set storage plain")
    for space in ("picture", "text"):
        for width in WIDTHS:
            op.create_index(
                f"ix_item_vectors_{space}_{width}", "item_vectors", [sa.text(f"(vector::halfvec({width})) halfvec_ip_ops")],
                postgresql_using="hnsw", postgresql_with={"m": 16, "ef_construction": 64},
                postgresql_where=sa.text(f"shelf = '{space}-{width}'"),
            )  # fmt: skip
    op.create_table(
        "product_vectors",
        sa.Column("product_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("vector", HALFVEC(), nullable=True),
        sa.Column("made_of", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_product_vectors_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_vectors_product_id_products"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "encoder", name=op.f("pk_product_vectors")),
    )
    op.create_index("ix_product_vectors_by_brand", "product_vectors", ["brand_id", "encoder"])


def add_product_pictures() -> None:
    """The catalogue's pictures, each with what came of fetching it."""
    op.create_table(
        "product_pictures",
        sa.Column("product_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting", "kept", "failed", "refused", name="picturestate", native_enum=False, create_constraint=True, length=32
            ),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_product_pictures_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_product_pictures_file_id_files"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_pictures_product_id_products"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_product_pictures")),
    )
    op.create_index(op.f("ix_product_pictures_brand_id"), "product_pictures", ["brand_id"])
    op.create_index(op.f("ix_product_pictures_file_id"), "product_pictures", ["file_id"])
    op.create_index("ix_product_pictures_due", "product_pictures", ["state", "next_try"])


def downgrade() -> None:
    """Vectors and copies of the catalogue's pictures can be made again; the extension stays, others may use it."""
    op.drop_index("ix_files_colour_cells", "files")
    op.execute("drop function ugc_colour_cells(jsonb)")
    op.drop_table("product_pictures")
    op.drop_table("product_vectors")
    op.drop_table("item_vectors")
