"""What the worker calls: check what is in use, and have every kind trained."""

from __future__ import annotations

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.kit import jobs
from ugc.modelling import actions, artefacts, queries, rules
from ugc.modelling.models import ModelState, TrainedModel
from ugc.runtime import Runtime

log = structlog.get_logger(__name__)


@jobs.job("modelling.retrain")
def retrain(runtime: Runtime) -> None:
    """Ask for the training of every kind of every brand; each decides itself whether there is enough that is new."""
    with runtime.transaction() as session:
        for brand in accounts_queries.find_brands(session):
            for kind in rules.KINDS:
                actions.ask_for_training(session, brand.id, kind)


@jobs.job("modelling.check")
def check(runtime: Runtime) -> None:
    """Take every active version that can't be read out of use and have its kind trained anew."""
    with runtime.transaction() as session:
        ids = session.scalars(select(TrainedModel.id).where(TrainedModel.state == ModelState.ACTIVE)).all()
    for model_id in ids:
        # One at a time: all of a server's models at once would be its memory.
        with runtime.transaction() as session:
            check_one(session, model_id)


def check_one(session: Session, model_id: int) -> None:
    """Take a version out of use if it can't be read."""
    model = session.get(TrainedModel, model_id)
    if model is None or model.state is not ModelState.ACTIVE or not (fault := fault_of(queries.read_bytes(session, model))):
        return
    log.error("a model is damaged", brand=model.brand_id, kind=model.kind, version=model.version, fault=fault)
    actions.mark_damaged(session, model)
    actions.ask_for_training(session, model.brand_id, model.kind)


def fault_of(data: bytes) -> str:
    """What is wrong with a version's bytes; empty where nothing is."""
    try:
        artefacts.open_packed(data)
    except artefacts.DamagedModel as fault:
        return fault.detail
    return ""
