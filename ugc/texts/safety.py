"""What a brand's decisions teach about spam and offence: which texts count, how many are needed, training and keeping the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from ugc.kit import clock
from ugc.library.models import Item, Reason, State
from ugc.modelling import actions as modelling_actions
from ugc.modelling import queries as modelling_queries
from ugc.modelling.models import TrainedModel
from ugc.runtime import Runtime
from ugc.texts import queries, rules
from ugc.texts.base import Text
from ugc.texts.readers import offence, spam
from ugc.texts.rules import Need, Trained

FORMATS = {"spam": spam.FORMAT, "offence": offence.FORMAT}
NEEDED = 20
"""Texts that are one, and as many that are none: fewer teach a handful of words by heart."""
NAMES = {"spam": "texts called spam", "offence": "texts rejected as unsafe"}
# What says yes; what says no is what was approved, and for spam whatever else was rejected too. Stars say nothing (L-01).
IS_SPAM = or_(Item.state == State.SPAM, Item.state_reason == Reason.SPAM)
IS_OFFENCE = and_(Item.state == State.REJECTED, Item.state_reason == Reason.UNSAFE)
ANSWERS = {
    "spam": case((IS_SPAM, True), (Item.state.in_((State.APPROVED, State.REJECTED)), False)),
    "offence": case((IS_OFFENCE, True), (Item.state == State.APPROVED, False)),
}


@dataclass(frozen=True, slots=True)
class Decided:
    """Texts with an answer each, the oldest first."""

    texts: list[Text]
    answers: list[bool]


def find_decided(session: Session, brand_id: int, kind: str, *, limit: int = rules.MOST_ROWS) -> Decided:
    """The newest texts that somebody decided on, with what the decision says of this kind."""
    answer = ANSWERS[kind]
    query = (
        select(Item.title, Item.body, Item.kind, Item.language, answer)
        .where(Item.brand_id == brand_id, answer.is_not(None), or_(Item.body != "", Item.title != ""))
        .order_by(Item.state_at.desc().nulls_last(), Item.id.desc())
        .limit(limit)
    )
    found = session.execute(query).all()[::-1]
    return Decided([Text(title, body, kind.value, language) for title, body, kind, language, _ in found], [row[4] for row in found])


def need_of(kind: str, answers: Sequence[bool]) -> Need | None:
    """What is missing before there is something to learn from; None when nothing is."""
    yes = sum(answers)
    if yes < NEEDED:
        return Need(yes, NEEDED, NAMES[kind])
    return Need(len(answers) - yes, NEEDED, "texts that are none") if len(answers) - yes < NEEDED else None


def train(runtime: Runtime, brand_id: int, kind: str) -> None:
    """Train a brand's model on its decisions and keep it when it is better; with too few of them say how many more."""
    with runtime.transaction() as session:
        decided = find_decided(session, brand_id, kind)
        if need := need_of(kind, decided.answers):
            modelling_actions.note_need(
                session, brand_id, kind, have=need.have, needed=need.needed, of=need.of, now=clock.now()
            )  # fmt: skip
            return
        context = queries.get_context(session, brand_id)
        incumbent = modelling_queries.load(session, brand_id, kind, format=FORMATS[kind])
    # scikit-learn takes seconds to import and 100 MB: only for as long as something is trained.
    from ugc.texts import safety_training

    trained = safety_training.train(kind, decided.texts, decided.answers, incumbent, context)
    with runtime.transaction() as session:
        keep(session, brand_id, trained, source="your decisions", actor="system", now=clock.now())


def keep(session: Session, brand_id: int, trained: Trained, *, source: str, actor: str, now: datetime) -> TrainedModel:
    """Keep a candidate as the next version; it is used when it is better."""
    return modelling_actions.consider(
        session, brand_id, trained.artefact, rows=trained.rows, data={"source": source, **trained.data}, metrics=trained.metrics,
        incumbent=trained.incumbent, better=trained.better, why=trained.why, actor=actor, now=now,
    )  # fmt: skip
