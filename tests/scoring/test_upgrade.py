"""What the release before these signals scored is measured anew by itself after an upgrade."""

from __future__ import annotations

import json
from dataclasses import replace

from alembic import command
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from tests.conftest import at, fresh_database
from ugc.kit import db, schema
from ugc.runtime import Runtime
from ugc.scoring import jobs, queries, rules
from ugc.scoring.models import Cause, RunState

BEFORE = "20261122_0080"
OLD_SIGNALS = (
    "sharpness", "exposure", "contrast", "colourfulness", "resolution", "caption", "review_text", "engagement", "product_relevance",
    "freshness", "rights_readiness",
)  # fmt: skip
OLD_PARTS = [
    {"signal": name, "label": name, "value": 0.5, "weight": 10, "points": 4, "most": 9.1, "reason": "As it was"}
    for name in OLD_SIGNALS
]
OLD_ROWS = (
    "insert into brands (id, slug, name) overriding system value values (1, 'acme', 'Acme')",
    ("insert into items (id, brand_id, kind, body, score, source, external_id, published_at) overriding system value"
    " select n, 1, 'review', 'Lovely hat ' || n, 44, 'import', n, '2026-11-01' from generate_series(1, 3) n"),
    ("insert into item_scores (item_id, brand_id, score, parts, computed_at)"
    " select n, 1, 44, cast(:parts as jsonb), '2026-11-02' from generate_series(1, 3) n"),
    "insert into signal_weights (brand_id, signal, weight, updated) values (1, 'sharpness', 30, '2026-11-02')",
)  # fmt: skip


def test_scores_of_the_release_before_are_measured_anew_and_its_weights_stay(cluster: str, runtime: Runtime) -> None:
    with fresh_database(at(cluster, "template0"), "house") as url:
        engine = db.make_engine(url)
        with engine.connect() as opened:
            settings = schema.configuration(url)
            settings.attributes["connection"] = opened
            command.upgrade(settings, BEFORE)
        with engine.begin() as connection:
            for statement in OLD_ROWS:
                connection.execute(text(statement), {"parts": json.dumps(OLD_PARTS)} if ":parts" in statement else {})
        schema.migrate(engine)
        upgraded = replace(runtime, engine=engine, sessions=sessionmaker(engine, expire_on_commit=False))
        with Session(engine) as session:
            assert queries.find_differing(session, 1, limit=9) == [], "the nightly check finds nothing lost"
            assert queries.get_score(session, 1, 1) is None, "without its old weights it can't be explained"
        jobs.catch_up(upgraded)
        with Session(engine) as session:
            [run] = queries.find_runs(session, 1)
        assert (run.cause, run.measures, run.total) == (Cause.SIGNALS, True, 3)
        jobs.rescore(upgraded, brand_id=1, run_id=run.id)
        with Session(engine) as session:
            assert queries.get_run(session, 1, run.id).state is RunState.DONE
            score = queries.get_score(session, 1, 1)
            assert score is not None
            assert [part.signal for part in score.parts] == [signal.name for signal in rules.SIGNALS]
            assert "As it was" not in {part.reason for part in score.parts}
            assert {part.signal: part.weight for part in score.parts}["sharpness"] == 30
            assert session.scalar(text("select min(score) from items")) == score.total != 44
        jobs.catch_up(upgraded)
        with Session(engine) as session:
            assert len(queries.find_runs(session, 1)) == 1, "there is nothing left to do"
        engine.dispose()
