"""Alt text drafts."""

from __future__ import annotations

revision = "20261122_0200"
down_revision = "20261122_0190"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
