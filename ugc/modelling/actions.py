"""Writes of trained models: keep, swap when better, roll back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand
from ugc.kit import jobs
from ugc.kit.errors import Conflict
from ugc.modelling import artefacts, queries, rules
from ugc.modelling.artefacts import Artefact
from ugc.modelling.models import ModelState, TrainedModel, TrainingNeed

KEPT_VERSIONS = 10
"""Versions of a kind that were in use and can be gone back to; the active one is always kept."""
KEPT_REFUSED = 5
"""Versions of a kind that never were in use: each night may add one, and they must not push out what was good."""
SET_ASIDE = "a person chose what comes with the program, so it waits to be chosen"


class UnreadableModel(Conflict):
    """This version can't be read any more; choose another or train anew."""


def consider(
    session: Session, brand_id: int, artefact: Artefact, *, rows: int, data: Mapping[str, Any], metrics: Mapping[str, float],
    incumbent: Mapping[str, float] | None, better: bool, why: str, actor: str, now: datetime,
) -> TrainedModel:  # fmt: skip
    """Keep a candidate as the next version; it becomes the active one if it is better, unless a person went back to the
    built-in. `metrics` and `incumbent` are of the same held-out rows; `why` says in a sentence what decided. The same bytes as
    the version in use are that version: nothing new was there to learn from.
    """
    hold(session, brand_id)
    packed = artefacts.pack(artefact)
    active = queries.find_active(session, brand_id, artefact.kind)
    if active is not None and active.checksum == hashlib.sha256(packed).hexdigest():
        return active
    if better and active is None and is_set_aside(session, brand_id, artefact.kind):
        better, why = False, f"{why.removesuffix('.')}; {SET_ASIDE}"
    model = TrainedModel(
        brand_id=brand_id, kind=rules.get_kind(artefact.kind).name, version=next_version(session, brand_id, artefact.kind),
        state=ModelState.REFUSED, format=artefact.format, checksum=hashlib.sha256(packed).hexdigest(), size=len(packed),
        artefact=packed, rows=rows, data=dict(data), metrics=dict(metrics),
        incumbent=None if incumbent is None else dict(incumbent), why=why, actor=actor, trained_at=now,
    )  # fmt: skip
    session.add(model)
    session.flush()
    session.execute(delete(TrainingNeed).where(TrainingNeed.brand_id == brand_id, TrainingNeed.kind == model.kind))
    if better:
        put_in_use(session, model, now)
    forget_old(session, brand_id, model.kind)
    return model


def hold(session: Session, brand_id: int) -> None:
    """Lock the brand's row until the commit: two trainings of one kind number their versions one after the other."""
    session.execute(select(Brand.id).where(Brand.id == brand_id).with_for_update(key_share=True))


def next_version(session: Session, brand_id: int, kind: str) -> int:
    """One more than the highest so far."""
    query = select(func.max(TrainedModel.version)).where(TrainedModel.brand_id == brand_id, TrainedModel.kind == kind)
    return (session.scalar(query) or 0) + 1


def is_set_aside(session: Session, brand_id: int, kind: str) -> bool:
    """Whether nothing is in use because a person took the last version out of use; one that was damaged is replaced."""
    query = (
        select(TrainedModel.state)
        .where(TrainedModel.brand_id == brand_id, TrainedModel.kind == kind, TrainedModel.activated_at.is_not(None))
        .order_by(TrainedModel.activated_at.desc(), TrainedModel.version.desc())
        .limit(1)
    )
    return session.scalar(query) is ModelState.RETIRED


def put_in_use(session: Session, model: TrainedModel, now: datetime) -> None:
    """Make a version the active one; what follows is announced."""
    retire(session, model.brand_id, model.kind)
    model.state, model.activated_at = ModelState.ACTIVE, now
    session.flush()
    jobs.announce(session, "modelling.model_activated", brand_id=model.brand_id, kind=model.kind)


def retire(session: Session, brand_id: int, kind: str) -> None:
    """Take the active version, if any, out of use."""
    session.execute(
        update(TrainedModel)
        .where(TrainedModel.brand_id == brand_id, TrainedModel.kind == kind, TrainedModel.state == ModelState.ACTIVE)
        .values(state=ModelState.RETIRED)
    )


def activate(session: Session, brand_id: int, model_id: int, *, actor: str, now: datetime) -> TrainedModel:
    """Use a version from now on, older or newer than the present one; raises NoSuchModel, UnreadableModel."""
    hold(session, brand_id)
    model = queries.get_model(session, brand_id, model_id)
    try:
        artefacts.unpack(queries.read_bytes(session, model), kind=model.kind, format=model.format)
    except (artefacts.DamagedModel, artefacts.OtherFormat) as fault:
        raise UnreadableModel from fault
    if model.state is not ModelState.ACTIVE:
        put_in_use(session, model, now)
        note(session, brand_id, "activate", model.kind, model.version, actor=actor, now=now)
    return model


def use_builtin(session: Session, brand_id: int, kind: str, *, actor: str, now: datetime) -> None:
    """Use no trained version from now on, only what comes with the program."""
    hold(session, brand_id)
    active = queries.find_active(session, brand_id, rules.get_kind(kind).name)
    if active is None:
        return
    retire(session, brand_id, kind)
    jobs.announce(session, "modelling.model_activated", brand_id=brand_id, kind=kind)
    note(session, brand_id, "use_builtin", kind, active.version, actor=actor, now=now)


def note(session: Session, brand_id: int, verb: str, kind: str, version: int, *, actor: str, now: datetime) -> None:
    """Write into the audit log who chose which version."""
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action=f"modelling.{verb}", subject_type="brand", subject_id=brand_id, now=now,
        kind=kind, version=version,
    )  # fmt: skip


def mark_damaged(session: Session, model: TrainedModel) -> None:
    """Take a version that can't be read out of use; its kind goes on without a model until it is trained anew."""
    was_active = model.state is ModelState.ACTIVE
    model.state = ModelState.DAMAGED
    session.flush()
    if was_active:
        jobs.announce(session, "modelling.model_activated", brand_id=model.brand_id, kind=model.kind)


def note_need(session: Session, brand_id: int, kind: str, *, have: int, needed: int, of: str, now: datetime) -> None:
    """Remember that there is too little to learn from, and how much is missing."""
    row = {"brand_id": brand_id, "kind": rules.get_kind(kind).name, "have": have, "needed": needed, "of": of, "noted_at": now}
    statement = insert(TrainingNeed).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["brand_id", "kind"], set_=row))


def ask_for_training(session: Session, brand_id: int, kind: str) -> None:
    """Have a kind trained soon; asking twice before it starts is asking once. One at a time, whichever brand's: a training holds
    thousands of rows in memory, and the worker's other slots are for everything else.
    """
    job = rules.get_kind(kind).job
    jobs.enqueue(session, job, once=f"{job}:{brand_id}", lock="modelling.training", brand_id=brand_id)


def forget_old(session: Session, brand_id: int, kind: str) -> None:
    """Delete the oldest versions beyond those that are kept, of those that were in use and of the others apart."""
    versions = queries.find_versions(session, brand_id, kind)
    used = [model for model in versions if model.activated_at is not None]
    unused = [model for model in versions if model.activated_at is None]
    for model in used[KEPT_VERSIONS:] + unused[KEPT_REFUSED:]:
        if model.state is not ModelState.ACTIVE:
            session.delete(model)
    session.flush()
