"""What the worker calls: train, predict in portions, decide within the bounds."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.kit import clock, jobs
from ugc.modelling import queries as modelling_queries
from ugc.runtime import Runtime
from ugc.triage import actions, learning, queries
from ugc.triage.models import Mode


@jobs.job("triage.train_approval")
def train_approval(runtime: Runtime, *, brand_id: int) -> None:
    """Learn from the brand's decisions."""
    with runtime.transaction() as session:
        actions.train(session, brand_id, actor="system", now=clock.now())


@jobs.job("triage.follow_model")
def follow_model(runtime: Runtime, *, brand_id: int, kind: str) -> None:
    """Predict anew when another model of approval came into use."""
    if kind == learning.KIND:
        with runtime.transaction() as session:
            jobs.enqueue(session, "triage.predict_brand", once=f"triage.predict_brand:{brand_id}", brand_id=brand_id)


@jobs.job("triage.predict_brand")
def predict_brand(runtime: Runtime, *, brand_id: int) -> None:
    """Predict all that waits, portion by portion; take predictions back where there is nothing to predict with."""
    with runtime.transaction() as session:
        wants = queries.get_wanted(session, brand_id).mode is not Mode.OFF and queries.get_model(session, brand_id) is not None
    (predict_all if wants else forget_all)(runtime, brand_id)


def predict_all(runtime: Runtime, brand_id: int) -> None:
    """Every waiting item, then what may be decided."""
    after: int | None = 0
    while after is not None:
        with runtime.transaction() as session:
            ids = queries.find_waiting(session, brand_id, after=after, limit=actions.PORTION)
            actions.predict(session, brand_id, ids, now=clock.now())
            after = ids[-1] if ids else None
    with runtime.transaction() as session:
        ask_to_decide(session, brand_id)


def forget_all(runtime: Runtime, brand_id: int) -> None:
    """Every prediction there is."""
    after: int | None = 0
    while after is not None:
        with runtime.transaction() as session:
            ids = queries.find_predicted(session, brand_id, after=after, limit=actions.PORTION)
            actions.forget_predictions(session, brand_id, ids)
            after = ids[-1] if ids else None


def ask_to_decide(session: Session, brand_id: int) -> None:
    """Have what is inside the bounds decided, where the brand lets the machine do so."""
    if queries.get_wanted(session, brand_id).mode is Mode.AUTOMATIC:
        jobs.enqueue(
            session, "triage.decide", once=f"triage.decide:{brand_id}", lock=f"triage.decide:{brand_id}", brand_id=brand_id
        )


@jobs.job("triage.predict_items", gathers="item_ids")
def predict_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Predict some items of which something new is known."""
    for start in range(0, len(item_ids), actions.PORTION):
        with runtime.transaction() as session:
            if actions.predict(session, brand_id, item_ids[start : start + actions.PORTION], now=clock.now()):
                ask_to_decide(session, brand_id)


@jobs.job("triage.catch_up")
def catch_up(runtime: Runtime) -> None:
    """Predict what no event led to: items of before the model, items that were scored anew; then decide within the bounds."""
    with runtime.transaction() as session:
        brands = [brand.id for brand in accounts_queries.find_brands(session)]
    for brand_id in brands:
        with runtime.transaction() as session:
            version = modelling_queries.version_of(session, brand_id, learning.KIND)
            wants = queries.get_wanted(session, brand_id).mode is not Mode.OFF
        if version and wants:
            predict_stale(runtime, brand_id, version)


def predict_stale(runtime: Runtime, brand_id: int, version: int) -> None:
    """A brand's stale items, portion by portion."""
    after: int | None = 0
    while after is not None:
        with runtime.transaction() as session:
            ids = queries.find_stale(session, brand_id, version, after=after, limit=actions.PORTION)
            actions.predict(session, brand_id, ids, now=clock.now())
            after = ids[-1] if ids else None
    with runtime.transaction() as session:
        ask_to_decide(session, brand_id)


@jobs.job("triage.decide")
def decide(runtime: Runtime, *, brand_id: int) -> None:
    """Decide what is inside the bounds, a batch a transaction."""
    after: int | None = 0
    while after is not None:
        with runtime.transaction() as session:
            after = actions.decide_some(session, brand_id, after=after, now=clock.now())
