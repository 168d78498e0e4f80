"""Suggested products, tags and alt texts."""

from __future__ import annotations

revision = "20261122_0150"
down_revision = "20261122_0140"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
