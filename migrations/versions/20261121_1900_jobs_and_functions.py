"""Procrastinate's tables and the text search function that generated columns may use."""

from __future__ import annotations

from importlib import resources

from alembic import op

revision = "20261121_1900"
down_revision = None
branch_labels = None
depends_on = None

# Procrastinate ships its schema as dated steps; a fresh database gets the ones that this revision was written for,
# later steps come in revisions of their own.
LAST_STEP = "03.04.00_50_post_add_retry_failed_job_procedure.sql"

TSVECTOR = """
create function ugc_tsvector(language text, content text) returns tsvector
language sql immutable strict parallel safe
return to_tsvector(language::regconfig, content)
"""


def upgrade() -> None:
    """Create the job tables and the function."""
    driver = op.get_bind().connection.driver_connection
    steps = resources.files("procrastinate.sql") / "migrations"
    for step in sorted(steps.iterdir(), key=lambda step: step.name):
        if step.name.endswith(".sql") and step.name <= LAST_STEP:
            driver.execute(step.read_text(encoding="utf-8"))
    op.execute(TSVECTOR)


def downgrade() -> None:
    """Only a fresh database is below this."""
    raise RuntimeError("there is nothing before the first revision")
