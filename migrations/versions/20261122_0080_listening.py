"""Mentions and where they were found."""

from __future__ import annotations

revision = "20261122_0080"
down_revision = "20261122_0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
