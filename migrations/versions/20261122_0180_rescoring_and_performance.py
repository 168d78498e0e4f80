"""Runs that score anew from stored values, and what sells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_0180"
down_revision = "20261122_0170"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB(astext_type=sa.Text())
NUMBER = sa.BigInteger()


def upgrade() -> None:
    """A score moves from beside its reasons into a narrow row; what was scored before counts as measured by other signals."""
    add_values()
    add_runs()
    add_performances()
    # The log is written in the order of time, so that a few bytes a block find a day in it.
    op.create_index("ix_events_at", "events", ["at"], postgresql_using="brin")


def add_values() -> None:
    """What the signals said of each item, and the weights that scores were made with."""
    op.create_table(
        "weight_sets",
        sa.Column("brand_id", NUMBER, nullable=False),
        sa.Column("key", NUMBER, nullable=False),
        sa.Column("weights", JSON, nullable=False),
        sa.Column("created", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_weight_sets_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("brand_id", "key", name=op.f("pk_weight_sets")),
    )
    op.create_table(
        "item_values",
        sa.Column("item_id", NUMBER, nullable=False),
        sa.Column("brand_id", NUMBER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("signals", NUMBER, nullable=False),
        sa.Column("weights", NUMBER, nullable=False),
        sa.Column("score", NUMBER, nullable=False),
        sa.Column("measured", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_item_values_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_values_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_values")),
    )
    op.create_index("ix_item_values_brand_id_item_id", "item_values", ["brand_id", "item_id"])
    # Without these rows the nightly check would take the scores for lost until the first run has come by.
    op.execute("""
        insert into item_values (item_id, brand_id, kind, signals, weights, score, measured)
        select s.item_id, s.brand_id, i.kind, 0, 0, s.score, '' from item_scores s join items i on i.id = s.item_id
    """)
    # The release before still writes it while both run; a later migration drops it.
    op.alter_column("item_scores", "score", nullable=True)


def add_runs() -> None:
    """One row each time that a brand's items are scored anew."""
    op.create_table(
        "scoring_runs",
        sa.Column("id", NUMBER, sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", NUMBER, nullable=False),
        sa.Column(
            "cause",
            sa.Enum("weights", "signals", "asked", name="cause", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("running", "done", "superseded", name="runstate", native_enum=False, create_constraint=True, length=32),
            server_default="running",
            nullable=False,
        ),
        sa.Column("measures", sa.Boolean(), nullable=False),
        sa.Column("weights", NUMBER, nullable=False),
        sa.Column("weights_before", NUMBER, nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("total", NUMBER, nullable=False),
        sa.Column("done", NUMBER, server_default="0", nullable=False),
        sa.Column("changed", NUMBER, server_default="0", nullable=False),
        sa.Column("moved", NUMBER, server_default="0", nullable=False),
        sa.Column("after_id", NUMBER, server_default="0", nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_scoring_runs_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scoring_runs")),
    )
    op.create_index("ix_scoring_runs_brand_id_id", "scoring_runs", ["brand_id", "id"])


def add_performances() -> None:
    """What items did where they were shown, by place, and what that says of each."""
    op.create_table(
        "item_performances",
        sa.Column("item_id", NUMBER, nullable=False),
        sa.Column("brand_id", NUMBER, nullable=False),
        sa.Column("impressions", NUMBER, nullable=False),
        sa.Column("clicks", NUMBER, nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("orders", NUMBER, nullable=False),
        sa.Column("orders_expected", sa.Float(), nullable=False),
        sa.Column("prior", sa.Float(), nullable=False),
        sa.Column("lift", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("measured_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_item_performances_brand_id_brands"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_performances_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_performances")),
    )
    op.create_index("ix_item_performances_brand_id", "item_performances", ["brand_id"])
    op.create_table(
        "item_places",
        sa.Column("brand_id", NUMBER, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("item_id", NUMBER, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("impressions", NUMBER, nullable=False),
        sa.Column("clicks", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "day", "item_id", "position", name=op.f("pk_item_places")),
    )
    op.create_table(
        "place_curves",
        sa.Column("brand_id", NUMBER, nullable=False),
        sa.Column("examined", JSON, nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("slope", sa.Float(), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("impressions", NUMBER, nullable=False),
        sa.Column("clicks", NUMBER, nullable=False),
        sa.Column("measured_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_place_curves_brand_id_brands"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("brand_id", name=op.f("pk_place_curves")),
    )


def downgrade() -> None:
    """Scores go back beside their reasons; those of other weights are made again by the older release's own job."""
    op.drop_index("ix_events_at", "events")
    op.execute("update item_scores s set score = coalesce((select v.score from item_values v where v.item_id = s.item_id), 0)")
    op.alter_column("item_scores", "score", nullable=False)
    for table in ("place_curves", "item_places", "item_performances", "scoring_runs", "item_values", "weight_sets"):
        op.drop_table(table)
