"""A brand's own topics, words and competitors."""

from __future__ import annotations

revision = "20261122_0190"
down_revision = "20261122_0180"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
