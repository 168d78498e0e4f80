"""Runs that score anew, previews, and what sells."""

from __future__ import annotations

revision = "20261122_0180"
down_revision = "20261122_0170"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
