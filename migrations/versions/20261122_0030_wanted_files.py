"""Files that items wait for."""

from __future__ import annotations

revision = "20261122_0030"
down_revision = "20261122_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
