"""Files of all kinds: pictures, videos, audio; public copies told apart by what they are for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261122_0010"
down_revision = "20261121_1910"
branch_labels = None
depends_on = None


KINDS = ("picture", "video", "audio")
ENDS = ("expires_at", "rights_until")
ROLES = ("picture", "loop", "video", "preview", "audio", "captions")


def upgrade() -> None:
    """What stands is pictures, and every copy of them a still."""
    kind = sa.Enum(*KINDS, name="filekind", native_enum=False, create_constraint=True, length=32)
    role = sa.Enum(*ROLES, name="role", native_enum=False, create_constraint=True, length=32)
    op.add_column("files", sa.Column("kind", kind, server_default="picture", nullable=False))
    op.add_column("files", sa.Column("duration_ms", sa.BigInteger(), nullable=True))
    op.add_column("files", sa.Column("has_sound", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("renditions", sa.Column("role", role, server_default="picture", nullable=False))
    op.drop_constraint(op.f("uq_renditions_file_id_width_type"), "renditions", type_="unique")
    op.create_unique_constraint(op.f("uq_renditions_file_id_role_width_type"), "renditions", ["file_id", "role", "width", "type"])
    for end in ENDS:
        op.create_index(f"ix_items_{end}", "items", [end], postgresql_where=sa.text(f"{end} IS NOT NULL"))


def downgrade() -> None:
    """Copies that are no stills are forgotten; they are made anew from the originals."""
    for end in ENDS:
        op.drop_index(f"ix_items_{end}", table_name="items", postgresql_where=sa.text(f"{end} IS NOT NULL"))
    op.execute("delete from renditions where role <> 'picture'")
    op.drop_constraint(op.f("uq_renditions_file_id_role_width_type"), "renditions", type_="unique")
    op.create_unique_constraint(op.f("uq_renditions_file_id_width_type"), "renditions", ["file_id", "width", "type"])
    op.drop_column("renditions", "role")
    op.drop_column("files", "has_sound")
    op.drop_column("files", "duration_ms")
    op.drop_column("files", "kind")
