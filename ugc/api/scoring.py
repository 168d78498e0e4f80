"""/api/v1/scoring: weights, what other weights would change, and the runs that score anew."""

from __future__ import annotations

from datetime import datetime

from flask import Response
from pydantic import BaseModel, Field

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Id, Strict, api
from ugc.galleries import reordering
from ugc.galleries.reordering import Reordered
from ugc.library.models import Kind
from ugc.scoring import actions, previewing, queries, rules
from ugc.scoring.models import Cause, ScoringRun
from ugc.scoring.previewing import Preview, Ranked


class WeightsIn(Strict):
    """New weights, 0–100 each; signals that are not named keep theirs."""

    weights: dict[str, float] = Field(min_length=1, max_length=100)


class DraftIn(Strict):
    """Weights to try, and the kinds of items to look at; none = all."""

    weights: dict[str, float] = Field(max_length=100)
    kinds: list[Kind] = Field(default_factory=list, max_length=len(Kind))


class RunPath(Strict):
    """Which run."""

    id: Id


class RunOut(BaseModel):
    """A brand's items scored anew in the background."""

    id: int
    cause: str
    state: str
    measures: bool
    """Whether the items are measured anew, not only weighed."""
    total: int
    done: int
    changed: int
    moved: int
    """Items that changed by more than five points."""
    started_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: ScoringRun) -> RunOut:
        """From its row."""
        return cls(
            id=run.id, cause=run.cause, state=run.state, measures=run.measures, total=run.total, done=run.done, changed=run.changed,
            moved=run.moved, started_at=run.started_at, finished_at=run.finished_at,
        )  # fmt: skip


class WeightsOut(BaseModel):
    """What each signal counts, what it would by default, and the run that goes on, if any."""

    weights: dict[str, float]
    defaults: dict[str, float]
    run: RunOut | None


class RankedOut(BaseModel):
    """An item among the first; a place of null is below what was looked at."""

    item: int
    place: int | None
    place_before: int | None
    score: int
    score_before: int

    @classmethod
    def of(cls, one: Ranked) -> RankedOut:
        """From the preview."""
        return cls(
            item=one.item_id, place=one.place or None, place_before=one.place_before, score=one.score, score_before=one.score_before
        )  # fmt: skip


class BarOut(BaseModel):
    """How many items change by how many points."""

    points: str
    items: int


class ReorderedOut(BaseModel):
    """A gallery whose first page would change."""

    gallery: str
    places: int
    size: int
    entering: int

    @classmethod
    def of(cls, one: Reordered) -> ReorderedOut:
        """From the comparison."""
        return cls(gallery=one.slug, places=one.places, size=one.size, entering=one.entering)


class PreviewOut(BaseModel):
    """What weights would change; the numbers are estimates where fewer items were weighed than there are."""

    total: int
    sampled: int
    moved: int
    changes: list[BarOut]
    top: list[RankedOut]
    top_now: list[RankedOut]
    entering: list[int]
    leaving: list[int]
    galleries: list[ReorderedOut]

    @classmethod
    def of(cls, found: Preview, galleries: list[Reordered]) -> PreviewOut:
        """From the preview and the galleries compared under it."""
        return cls(
            total=found.total, sampled=found.sampled, moved=found.moved,
            changes=[BarOut(points=bar.label, items=bar.count) for bar in found.bars],
            top=[RankedOut.of(one) for one in found.new], top_now=[RankedOut.of(one) for one in found.now],
            entering=sorted(found.entering), leaving=sorted(found.leaving), galleries=[ReorderedOut.of(one) for one in galleries],
        )  # fmt: skip


def shown() -> WeightsOut:
    """The brand's weights as they stand."""
    session, brand_id = web.session(), web.principal().brand_id
    run = queries.find_running(session, brand_id)
    return WeightsOut(
        weights=queries.get_weights(session, brand_id), defaults=rules.DEFAULT_WEIGHTS, run=RunOut.of(run) if run else None
    )  # fmt: skip


@api.get("/scoring/weights", summary="What each signal counts", responses={200: WeightsOut})
@web.needs(Role.VIEWER)
def get_weights() -> Response:
    """The weights, their defaults, and the run that goes on."""
    return schema.answer(shown())


@api.put("/scoring/weights", summary="Change what signals count", responses={200: WeightsOut})
@web.needs(Role.COORDINATOR)
def set_weights(body: WeightsIn) -> Response:
    """Change weights; the items are scored anew in the background, and `run` says how far that has come."""
    who = web.principal()
    actions.set_weights(web.session(), who.brand_id, body.weights, actor=who.actor, now=web.now())
    return schema.answer(shown())


@api.post("/scoring/preview", summary="What other weights would change", responses={200: PreviewOut})
@web.needs(Role.VIEWER)
def preview_weights(body: DraftIn) -> Response:
    """The new top 20 beside today's, how far scores would move, and galleries whose first page would change."""
    session, brand_id = web.session(), web.principal().brand_id
    found = previewing.preview(session, brand_id, body.weights, kinds=body.kinds)
    galleries, _ = reordering.find_reordered(session, brand_id, found, web.now())
    return schema.answer(PreviewOut.of(found, galleries))


@api.get("/scoring/runs", summary="Runs that scored anew", responses={200: schema.many(RunOut)})
@web.needs(Role.VIEWER)
def find_runs() -> Response:
    """The newest ten."""
    return schema.listed([RunOut.of(run) for run in queries.find_runs(web.session(), web.principal().brand_id)])


@api.post("/scoring/runs", summary="Measure every item anew", responses={202: RunOut})
@web.needs(Role.COORDINATOR)
def start_run() -> Response:
    """Measure and score all items again in the background."""
    who = web.principal()
    run = actions.rescore(web.session(), who.brand_id, Cause.ASKED, actor=who.actor, now=web.now())
    response = schema.answer(RunOut.of(run))
    response.status_code = 202
    return response


@api.get("/scoring/runs/<int:id>", summary="How far a run has come", responses={200: RunOut})
@web.needs(Role.VIEWER)
def get_run(path: RunPath) -> Response:
    """One run."""
    return schema.answer(RunOut.of(queries.get_run(web.session(), web.principal().brand_id, path.id)))
