"""Near-duplicates and what was decided of them."""

from __future__ import annotations

revision = "20261122_0050"
down_revision = "20261122_0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
