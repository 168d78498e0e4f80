"""What customers send themselves."""

from __future__ import annotations

revision = "20261122_0060"
down_revision = "20261122_0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
