"""Bounds and predictions of approval."""

from __future__ import annotations

revision = "20261122_0160"
down_revision = "20261122_0150"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
