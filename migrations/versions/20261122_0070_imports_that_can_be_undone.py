"""Imports with progress, a kept file and an undo."""

from __future__ import annotations

revision = "20261122_0070"
down_revision = "20261122_0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
