"""Vectors and product pictures."""

from __future__ import annotations

revision = "20261122_0140"
down_revision = "20261122_0130"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
