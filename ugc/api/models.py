"""/api/v1/models: what was learnt, for programs; the artefacts themselves stay inside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import BaseModel, Field

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Strict, api
from ugc.modelling import actions, queries
from ugc.modelling.models import TrainedModel


class ModelPath(Strict):
    """Which version of a model."""

    model_id: int = Field(ge=1, le=2**63 - 1)


class TrainIn(Strict):
    """Which kind to train."""

    kind: str = Field(max_length=40, description="`approval`, `tags`, `sentiment`, …; all of them stand in docs/models.md.")


class AskedOut(BaseModel):
    """What a worker will do."""

    kind: str


class ModelOut(BaseModel):
    """One version of a model and how it did on what it never saw."""

    id: int
    kind: str
    version: int
    state: str
    rows: int
    data: dict[str, Any]
    metrics: dict[str, float]
    incumbent: dict[str, float] | None
    """The same metrics, on the same rows, of the version that was in use."""
    why: str
    trained_at: datetime
    activated_at: datetime | None

    @classmethod
    def of(cls, row: TrainedModel) -> ModelOut:
        """From its row."""
        return cls(
            id=row.id, kind=row.kind, version=row.version, state=row.state.value, rows=row.rows, data=row.data,
            metrics=row.metrics, incumbent=row.incumbent, why=row.why, trained_at=row.trained_at, activated_at=row.activated_at,
        )  # fmt: skip


@api.get("/models", summary="All versions of all models", responses={200: schema.many(ModelOut)})
@web.needs(Role.VIEWER)
def find_models() -> Response:
    """By kind, the newest version first."""
    return schema.listed([ModelOut.of(row) for row in queries.find_versions(web.session(), web.principal().brand_id)])


@api.post("/models/train", summary="Train a kind of model now", responses={202: AskedOut})
@web.needs(Role.COORDINATOR)
def train_model(body: TrainIn) -> Response:
    """A worker does it; a version that is better is in use afterwards."""
    actions.ask_for_training(web.session(), web.principal().brand_id, body.kind)
    return schema.answer({"kind": body.kind}, 202)


@api.post("/models/<int:model_id>/activate", summary="Use a version", responses={200: ModelOut})
@web.needs(Role.COORDINATOR)
def activate_model(path: ModelPath) -> Response:
    """Back or forth; predictions are made anew in the background."""
    who = web.principal()
    return schema.answer(ModelOut.of(actions.activate(web.session(), who.brand_id, path.model_id, actor=who.actor, now=web.now())))
