"""The jobs that train a brand's own models of its texts: load, fit, compare on the newest fifth, swap only when better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from ugc.kit import clock, jobs
from ugc.modelling import actions as modelling_actions
from ugc.modelling import queries as modelling_queries
from ugc.modelling.artefacts import Artefact
from ugc.runtime import Runtime
from ugc.texts import queries, reading, rules, topics
from ugc.texts.queries import Written
from ugc.texts.readers import sentiment, usefulness
from ugc.texts.rules import Need, Trained

Fit = Callable[[list[Written], Artefact | None], Trained | Need]


@jobs.job("texts.train_sentiment", max_attempts=2)
def train_sentiment(runtime: Runtime, *, brand_id: int) -> None:
    """Learn from starred reviews how people of this brand praise and complain."""

    def fit(written: list[Written], incumbent: Artefact | None) -> Trained | Need:
        from ugc.texts import sentiment_training  # scikit-learn takes a second and 100 MB: only where it is used

        starred = [each for each in written if each.rating is not None]
        stars = [each.rating or 0 for each in starred]
        return rules.sentiment_need(stars) or sentiment_training.train(
            reading.told([each.text for each in starred]), stars, incumbent
        )

    train(runtime, brand_id, sentiment.KIND, sentiment.FORMAT, fit)


@jobs.job("texts.train_usefulness", max_attempts=2)
def train_usefulness(runtime: Runtime, *, brand_id: int) -> None:
    """Learn from helpful votes which reviews help others."""

    def fit(written: list[Written], incumbent: Artefact | None) -> Trained | Need:
        from ugc.texts import usefulness_training  # scikit-learn takes a second and 100 MB: only where it is used

        helpful = [each.helpful for each in written]
        return rules.usefulness_need(helpful) or usefulness_training.train(
            [each.text for each in written], [each.rating for each in written], helpful,
            [each.published_at for each in written], incumbent,
        )  # fmt: skip

    train(runtime, brand_id, usefulness.KIND, usefulness.FORMAT, fit)


@jobs.job("texts.train_topics", max_attempts=2)
def train_topics(runtime: Runtime, *, brand_id: int) -> None:
    """Find what this brand's customers write about."""

    def fit(written: list[Written], incumbent: Artefact | None) -> Trained | Need:
        from ugc.texts import topics_training  # scikit-learn takes a second and 100 MB: only where it is used

        need = rules.topics_need(len(written))
        return need or topics_training.train([each.text.whole for each in written], incumbent)

    train(runtime, brand_id, topics.KIND, topics.FORMAT, fit, reviews=False)


def train(runtime: Runtime, brand_id: int, kind: str, format: int, fit: Fit, *, reviews: bool = True) -> None:
    """Load what teaches, fit outside of any transaction, keep what came out or note what is missing."""
    with runtime.transaction() as session:
        written = queries.find_written(session, brand_id, reviews=reviews, limit=rules.MOST_ROWS, letters=rules.LEARNT_LETTERS)
        incumbent = modelling_queries.load(session, brand_id, kind, format=format)
    found = fit(written, incumbent)
    span = {"from": written[0].published_at.isoformat(), "to": written[-1].published_at.isoformat()} if written else {}
    with runtime.transaction() as session:
        keep(session, brand_id, kind, found, span)


def keep(session: Session, brand_id: int, kind: str, found: Trained | Need, span: dict[str, Any]) -> None:
    """Offer the candidate as the next version, or note what is missing."""
    now = clock.now()
    if isinstance(found, Need):
        modelling_actions.note_need(session, brand_id, kind, have=found.have, needed=found.needed, of=found.of, now=now)
    else:
        modelling_actions.consider(
            session, brand_id, found.artefact, rows=found.rows, data={**found.data, **span}, metrics=found.metrics,
            incumbent=found.incumbent, better=found.better, why=found.why, actor="system", now=now,
        )  # fmt: skip
