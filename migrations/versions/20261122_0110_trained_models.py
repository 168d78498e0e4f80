"""Trained models and what each kind still needs."""

from __future__ import annotations

revision = "20261122_0110"
down_revision = "20261122_0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
