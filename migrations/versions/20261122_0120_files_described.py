"""Descriptor, provenance and the version of the measures of a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0120"
down_revision = "20261122_0110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Files that stand were measured by the first version and have no descriptor; a job measures them again."""
    op.add_column("files", sa.Column("measures_version", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("files", sa.Column("descriptor", sa.LargeBinary(), nullable=True))
    op.add_column("files", sa.Column("provenance", postgresql.JSONB(), server_default="{}", nullable=False))


def downgrade() -> None:
    """What was measured can be measured again."""
    op.drop_column("files", "provenance")
    op.drop_column("files", "descriptor")
    op.drop_column("files", "measures_version")
