"""Reads of trained models."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from ugc.kit.errors import NotFound
from ugc.modelling import artefacts
from ugc.modelling.artefacts import Artefact
from ugc.modelling.models import ModelState, TrainedModel, TrainingNeed

log = structlog.get_logger(__name__)

# Unpacked models that a process keeps; a worker serves a few brands at a time.
KEPT = 32
KEPT_MODELS: OrderedDict[str, Artefact] = OrderedDict()
LOCK = Lock()


class NoSuchModel(NotFound):
    """There is no such version of a model."""


def find_active(session: Session, brand_id: int, kind: str) -> TrainedModel | None:
    """The version that predictions are made with."""
    return session.scalar(
        select(TrainedModel).where(
            TrainedModel.brand_id == brand_id, TrainedModel.kind == kind, TrainedModel.state == ModelState.ACTIVE
        )
    )


def get_model(session: Session, brand_id: int, model_id: int) -> TrainedModel:
    """One version; raises NoSuchModel."""
    found = session.scalar(select(TrainedModel).where(TrainedModel.id == model_id, TrainedModel.brand_id == brand_id))
    if found is None:
        raise NoSuchModel
    return found


def find_versions(session: Session, brand_id: int, kind: str | None = None) -> list[TrainedModel]:
    """Every version that is kept, the newest first."""
    query = select(TrainedModel).where(TrainedModel.brand_id == brand_id).order_by(TrainedModel.kind, TrainedModel.version.desc())
    return list(session.scalars(query.where(TrainedModel.kind == kind) if kind else query))


def map_needs(session: Session, brand_id: int) -> dict[str, TrainingNeed]:
    """What each kind still needs, as its last try to train it said."""
    return {need.kind: need for need in session.scalars(select(TrainingNeed).where(TrainingNeed.brand_id == brand_id))}


def version_of(session: Session, brand_id: int, kind: str) -> int:
    """The number of the active version; 0 without one."""
    active = find_active(session, brand_id, kind)
    return active.version if active else 0


def load(session: Session, brand_id: int, kind: str, *, format: int) -> Artefact | None:
    """The active version, ready to predict with; None without one, or where it is damaged or of another format: the caller
    then does what it does without a model, and the next training replaces it.
    """
    active = find_active(session, brand_id, kind)
    if active is None or active.format != format:
        return None
    with LOCK:
        kept = KEPT_MODELS.get(active.checksum)
    return kept or unpack(session, active)


def unpack(session: Session, model: TrainedModel) -> Artefact | None:
    """Read a version's bytes and keep what they hold for the next time."""
    data = read_bytes(session, model)
    try:
        found = artefacts.unpack(data, kind=model.kind, format=model.format)
    except (artefacts.DamagedModel, artefacts.OtherFormat) as fault:
        log.error("a model can't be read", brand=model.brand_id, kind=model.kind, version=model.version, fault=fault.detail)
        return None
    with LOCK:
        KEPT_MODELS[model.checksum] = found
        while len(KEPT_MODELS) > KEPT:
            KEPT_MODELS.popitem(last=False)
    return found


def read_bytes(session: Session, model: TrainedModel) -> bytes:
    """The artefact's bytes as they are stored."""
    query = select(TrainedModel).where(TrainedModel.id == model.id).options(undefer(TrainedModel.artefact))
    return session.scalars(query.execution_options(populate_existing=True)).one().artefact
