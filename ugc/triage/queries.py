"""Reads: decisions that teach, what is known of items, predictions, what waits, how it goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy
from sqlalchemy import and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from ugc.authenticity import queries as authenticity_queries
from ugc.catalog.models import Product
from ugc.duplicates.models import Pair
from ugc.kit.db import among
from ugc.library.models import Decision, Item, ItemMedia, Kind, State
from ugc.media.models import File, FileState
from ugc.modelling import queries as modelling_queries
from ugc.modelling.models import TrainingNeed
from ugc.scoring import queries as scoring_queries
from ugc.scoring.models import ItemScore
from ugc.scoring.signals.base import words_of
from ugc.similarity import queries as similarity_queries
from ugc.texts import queries as texts_queries
from ugc.triage import learning, rules
from ugc.triage.features import REVIEW, Facts, Signalled
from ugc.triage.models import Decides, ItemApproval, Mode, TriageBounds, TriageCheck, TriageRun
from ugc.triage.rules import Bounds, Wanted

TEACHING = {State.APPROVED: True, State.REJECTED: False, State.SPAM: False}
"""Decisions that say what a person thinks of an item; to move it to the trash or back to the inbox says nothing."""
PERSON = "person:%"
TITLES = 2_000
"""The newest products whose names are looked for in captions."""
COLOURS = 3
LIVE = 300
"""Of so many newest checks, and of the decisions of so many newest runs, agreement is measured."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The last word of a person on an item."""

    item_id: int
    approved: bool
    decision_id: int
    at: datetime


def find_decided(session: Session, brand_id: int, *, limit: int = rules.NEWEST) -> list[Decided]:
    """What people decided last on each item, not taken back since, in the order of the decisions; the newest of them."""
    query = (
        select(Decision.item_id, Decision.to_state, Decision.id, Decision.at)
        .where(Decision.brand_id == brand_id, Decision.actor.like(PERSON), Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
        .limit(2 * limit)
    )
    last: dict[int, Decided | None] = {}
    for item_id, state, id, at in session.execute(query):
        last.setdefault(item_id, Decided(item_id, TEACHING[state], id, at) if state in TEACHING else None)
    found = [one for one in last.values() if one is not None][:limit]
    return found[::-1]


# What is known of items.


def map_facts(session: Session, brand_id: int, item_ids: Collection[int]) -> dict[int, Facts]:
    """What may be known of items before a decision, but their creators' past. Neither stars nor sentiment are even read."""
    rows = find_columns(session, brand_id, item_ids)
    ids = [row.id for row in rows]
    scores = scoring_queries.map_scores(session, brand_id, ids)
    readings = texts_queries.map_readings(session, brand_id, ids)
    pictures = similarity_queries.map_vectors(session, brand_id, ids, "picture")
    captioned = [row.id for row in rows if row.kind.value != REVIEW]
    words = similarity_queries.map_vectors(session, brand_id, captioned, "text")
    twins, titles = find_twins(session, brand_id, ids), find_titles(session, brand_id)
    colours = map_colours(session, brand_id, ids)
    return {
        row.id: Facts(
            kind=row.kind.value, source=row.source, title=row.title, body=row.body,
            parts=signalled(scores[row.id].parts) if row.id in scores else {},
            reading=readings.get(row.id), names_product=names_product(f"{row.title} {row.body}", titles),
            is_twin=row.id in twins, colours=colours.get(row.id, ()), picture=pictures.get(row.id), words=words.get(row.id),
        )
        for row in rows
    }  # fmt: skip


def find_columns(session: Session, brand_id: int, item_ids: Collection[int]) -> Sequence[Any]:
    """The columns of items that may be looked at."""
    query = select(Item.id, Item.kind, Item.source, Item.title, Item.body).where(Item.brand_id == brand_id)
    return session.execute(query.where(among(Item.id, item_ids)).order_by(Item.id)).all()


def signalled(parts: Iterable[Any]) -> dict[str, Signalled]:
    """The parts of a score by their names."""
    return {part.signal: Signalled(part.label, part.value, part.reason) for part in parts}


def map_colours(session: Session, brand_id: int, item_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The commonest colours of each item's first picture."""
    query = select(ItemMedia.item_id, File.colours).join(File, File.id == ItemMedia.file_id)
    mine = query.where(File.brand_id == brand_id, among(ItemMedia.item_id, item_ids), File.state == FileState.READY)
    rows = session.execute(mine.order_by(ItemMedia.position.desc()))
    return {item_id: tuple(colours[:COLOURS]) for item_id, colours in rows}


def find_twins(session: Session, brand_id: int, item_ids: Collection[int]) -> set[int]:
    """Items that were found to be like another one, whatever was decided of it since: that came after."""
    ids = list(item_ids)
    low = select(Pair.low_id).where(Pair.brand_id == brand_id, among(Pair.low_id, ids))
    high = select(Pair.high_id).where(Pair.brand_id == brand_id, among(Pair.high_id, ids))
    return set(session.scalars(low)) | set(session.scalars(high))


def find_titles(session: Session, brand_id: int) -> dict[str, set[tuple[str, ...]]]:
    """The distinct words of the newest products' titles: by each word, the titles that have it."""
    query = select(Product.title).where(Product.brand_id == brand_id).order_by(Product.id.desc()).limit(TITLES)
    titles: dict[str, set[tuple[str, ...]]] = {}
    for title in session.scalars(query):
        telling = tuple(sorted({word.casefold() for word in words_of(title) if len(word) > 2}))
        for word in telling:
            titles.setdefault(word, set()).add(telling)
    return titles


def names_product(text: str, titles: Mapping[str, set[tuple[str, ...]]]) -> bool:
    """Whether a text has two words of a product's title, or all of a shorter one."""
    found = {word.casefold() for word in words_of(text)} & titles.keys()
    return any(len(found.intersection(title)) >= min(2, len(title)) for word in found for title in titles[word])


def with_pasts(session: Session, brand_id: int, facts: Mapping[int, Facts]) -> dict[int, Facts]:
    """The facts with how each creator's other items were decided until now."""
    creators = map_creators(session, brand_id, facts)
    pasts = map_pasts(session, brand_id, set(creators.values()))
    filled = {}
    for item_id, known in facts.items():
        past = pasts.get(creators.get(item_id, 0), {})
        others = [approved for other, approved in past.items() if other != item_id]
        filled[item_id] = replace(known, approved=sum(others), rejected=len(others) - sum(others))
    return filled


def map_creators(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, int]:
    """The creators of items that have one."""
    query = select(Item.id, Item.creator_id).where(Item.brand_id == brand_id, among(Item.id, item_ids))
    return {item_id: creator_id for item_id, creator_id in session.execute(query) if creator_id is not None}


def map_pasts(session: Session, brand_id: int, creator_ids: Collection[int]) -> dict[int, dict[int, bool]]:
    """How people decided on creators' items: by creator and item, the last word."""
    query = (
        select(Item.creator_id, Decision.item_id, Decision.to_state)
        .join(Item, Item.id == Decision.item_id)
        .where(Decision.brand_id == brand_id, among(Item.creator_id, creator_ids), Decision.actor.like(PERSON))
        .where(Decision.undone_at.is_(None))
        .order_by(Decision.id)
    )
    pasts: dict[int, dict[int, bool]] = {}
    for creator_id, item_id, state in session.execute(query):
        past = pasts.setdefault(creator_id or 0, {})
        past.pop(item_id, None)
        if state in TEACHING:
            past[item_id] = TEACHING[state]
    return pasts


def pasts_in_order(decided: Sequence[Decided], creators: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    """For each decision, how its creator's items had been decided before it: what was known when it was taken."""
    counts: dict[int, list[int]] = {}
    pasts = {}
    for one in decided:
        creator = creators.get(one.item_id)
        mine = counts.setdefault(creator, [0, 0]) if creator else [0, 0]
        pasts[one.item_id] = (mine[1], mine[0])
        mine[int(one.approved)] += 1
    return pasts


# Bounds and predictions.


def get_wanted(session: Session, brand_id: int) -> Wanted:
    """What the brand lets the machine do; without a word of it, suggest."""
    row = session.get(TriageBounds, brand_id)
    if row is None:
        return Wanted()
    return Wanted(Mode(row.mode), row.agreement, tuple(row.kinds), Decides(row.decides), row.per_day, row.note)


def get_model(session: Session, brand_id: int) -> learning.Model | None:
    """The model in use."""
    artefact = modelling_queries.load(session, brand_id, learning.KIND, format=learning.FORMAT)
    return learning.from_artefact(artefact) if artefact else None


def get_need(session: Session, brand_id: int) -> tuple[int, int]:
    """Decisions that there are and that are needed, as the last training found or as they are now."""
    query = select(TrainingNeed).where(TrainingNeed.brand_id == brand_id, TrainingNeed.kind == learning.KIND)
    noted = session.scalar(query)
    if noted is not None:
        return noted.have, noted.needed
    return rules.have_enough([one.approved for one in find_decided(session, brand_id, limit=rules.NEEDED)])


def bounds_of(model: learning.Model, wanted: Wanted) -> Bounds:
    """What the model may decide of the kinds that the brand wants, at the agreement that it asks for."""
    p, y, may = heldout_of(model, wanted)
    return rules.choose_bounds(p, y, wanted.agreement, may)


def sides_of(model: learning.Model, wanted: Wanted, bounds: Bounds) -> tuple[rules.Side, rules.Side]:
    """How it does inside the bounds, on the same decisions from which they were chosen."""
    return rules.sides(*heldout_of(model, wanted), bounds)


def heldout_of(model: learning.Model, wanted: Wanted) -> tuple[rules.Numbers, rules.Numbers, rules.Numbers]:
    """What was said and decided of the kinds that the brand wants, and which of it the machine may take."""
    kinds = model.heldout["kind"]
    mine = numpy.isin(kinds, list(wanted.kinds))
    p, y = model.heldout["p"][mine], model.heldout["y"][mine]
    return p, y, rules.may_decide(p, kinds[mine], wanted)


def map_approvals(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, ItemApproval]:
    """The predictions of items."""
    query = select(ItemApproval).where(ItemApproval.brand_id == brand_id, among(ItemApproval.item_id, item_ids))
    return {row.item_id: row for row in session.scalars(query)}


def find_checked(session: Session, brand_id: int, item_ids: Iterable[int]) -> set[int]:
    """Which of some items are checks: nobody is told what the machine thinks of them before he decided."""
    query = select(TriageCheck.item_id).where(TriageCheck.brand_id == brand_id, among(TriageCheck.item_id, item_ids))
    return set(session.scalars(query))


def waits() -> Any:
    """An item that waits for a decision."""
    return and_(Item.state == State.INBOX, Item.waiting_media == 0)


def find_waiting(session: Session, brand_id: int, *, after: int, limit: int) -> list[int]:
    """The brand's next waiting items by id."""
    query = select(Item.id).where(Item.brand_id == brand_id, waits(), Item.id > after).order_by(Item.id).limit(limit)
    return list(session.scalars(query))


def find_stale(session: Session, brand_id: int, version: int, *, after: int, limit: int) -> list[int]:
    """The brand's next waiting items that were not predicted by a version, or were scored anew since."""
    query = (
        select(Item.id)
        .outerjoin(ItemApproval, ItemApproval.item_id == Item.id)
        .outerjoin(ItemScore, ItemScore.item_id == Item.id)
        .where(Item.brand_id == brand_id, waits(), Item.id > after)
        .where(or_(ItemApproval.model_version.is_distinct_from(version), ItemScore.computed_at > ItemApproval.at))
        .order_by(Item.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def keep_waiting(session: Session, brand_id: int, item_ids: Iterable[int]) -> list[int]:
    """Those of some items that wait for a decision."""
    query = select(Item.id).where(Item.brand_id == brand_id, waits(), among(Item.id, item_ids)).order_by(Item.id)
    return list(session.scalars(query))


def find_predicted(session: Session, brand_id: int, *, after: int, limit: int) -> list[int]:
    """The brand's next predicted items by id."""
    query = select(ItemApproval.item_id).where(ItemApproval.brand_id == brand_id, ItemApproval.item_id > after)
    return list(session.scalars(query.order_by(ItemApproval.item_id).limit(limit)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A waiting item that lies inside the bounds."""

    item_id: int
    kind: Kind
    p: float
    approves: bool
    why: list[Any]
    has_text: bool


def find_candidates(
    session: Session, brand_id: int, wanted: Wanted, bounds: Bounds, version: int, *, after: int = 0, limit: int = 200
) -> list[Candidate]:
    """The next waiting items inside the bounds on which nobody ever decided anything: what somebody took back stays his."""
    inside = [ItemApproval.p >= bounds.approve_at] if bounds.approve_at is not None else []
    if bounds.reject_at is not None and wanted.decides is Decides.BOTH:
        inside.append(and_(ItemApproval.p <= bounds.reject_at, Item.kind != Kind.REVIEW))
    query = (
        select(Item.id, Item.kind, ItemApproval.p, ItemApproval.why, func.length(Item.title) + func.length(Item.body) > 0)
        .join(ItemApproval, ItemApproval.item_id == Item.id)
        .where(Item.brand_id == brand_id, waits(), Item.id > after, Item.kind.in_([Kind(kind) for kind in wanted.kinds]))
        .where(ItemApproval.model_version == version, or_(false(), *inside))
        .where(~exists().where(Decision.item_id == Item.id), ~exists().where(TriageCheck.item_id == Item.id))
        .order_by(Item.id)
        .limit(limit)
    )
    return [Candidate(id, kind, p, p >= 0.5, why, has_text) for id, kind, p, why, has_text in session.execute(query)]


def find_barriers(session: Session, brand_id: int, item_ids: Collection[int]) -> dict[int, list[str]]:
    """What keeps items from being decided on alone, by item."""
    readings = texts_queries.map_readings(session, brand_id, item_ids)
    twins = find_twins(session, brand_id, item_ids)
    # Not those that rest on stars: a review must not wait for a person because of them (L-01).
    flags = authenticity_queries.map_deciding(session, brand_id, item_ids)
    barriers = {}
    for item_id in item_ids:
        reading = readings.get(item_id)
        barriers[item_id] = rules.barriers(
            spam=reading.spam.p if reading else 0.0, offence=reading.offence.p if reading else 0.0,
            personal=len(reading.personal_data) if reading else 0, flags=len(flags.get(item_id, ())), is_twin=item_id in twins,
        )  # fmt: skip
    return barriers


def find_read(session: Session, brand_id: int, item_ids: Collection[int]) -> set[int]:
    """Items whose text was read."""
    return set(texts_queries.map_readings(session, brand_id, item_ids))


def count_decided_since(session: Session, brand_id: int, since: datetime) -> int:
    """How many items were decided on automatically since a moment, also what was taken back."""
    query = select(func.coalesce(func.sum(TriageRun.approved + TriageRun.rejected), 0))
    return int(session.scalar(query.where(TriageRun.brand_id == brand_id, TriageRun.at > since)) or 0)


# How it goes.


@dataclass(frozen=True, slots=True)
class Live:
    """Agreement as it is now: checks that a person decided, and automatic decisions that a person changed."""

    checked: int
    agreed: int
    decided: int
    overturned: int

    def has_dropped(self, agreement: float) -> bool:
        """Whether it is hardly what was asked any more."""
        return rules.has_dropped(self.checked - self.agreed, self.checked, agreement) or rules.has_dropped(
            self.overturned, self.decided, agreement
        )


def get_live(session: Session, brand_id: int, *, since: datetime | None = None) -> Live:
    """Agreement of the newest checks and runs, of those since the bounds were set where given."""
    agreed = check_outcomes(session, brand_id, since)
    decided, overturned = run_outcomes(session, brand_id, since)
    return Live(len(agreed), sum(agreed), decided, overturned)


def check_outcomes(session: Session, brand_id: int, since: datetime | None) -> list[bool]:
    """Whether the person agreed, of each of the newest checks that were decided on since."""
    newest = select(TriageCheck).where(TriageCheck.brand_id == brand_id).order_by(TriageCheck.at.desc()).limit(LIVE)
    checks = {one.item_id: one for one in session.scalars(newest.where(TriageCheck.at >= since) if since else newest)}
    query = select(Decision.item_id, Decision.to_state).where(
        Decision.brand_id == brand_id, among(Decision.item_id, checks), Decision.actor.like(PERSON), Decision.undone_at.is_(None)
    )
    last = dict(session.execute(query.order_by(Decision.id)).all())
    return [checks[item_id].approves is TEACHING[state] for item_id, state in last.items() if state in TEACHING]


def run_outcomes(session: Session, brand_id: int, since: datetime | None) -> tuple[int, int]:
    """How many items the newest runs decided on, and how many of them a person decided otherwise or took back."""
    newest = select(TriageRun.batch).where(TriageRun.brand_id == brand_id).order_by(TriageRun.at.desc()).limit(LIVE)
    batches = list(session.scalars(newest.where(TriageRun.at >= since) if since else newest))
    later = Decision.__table__.alias("later")
    changed = exists().where(
        later.c.item_id == Decision.item_id, later.c.id > Decision.id, later.c.undone_at.is_(None),
        later.c.actor.like(PERSON), later.c.to_state != Decision.to_state,
        later.c.to_state.in_([state.value for state in (*TEACHING, State.INBOX)]),
    )  # fmt: skip
    query = select(func.count(), func.count().filter(or_(Decision.undone_at.is_not(None), changed)))
    row = session.execute(query.where(Decision.brand_id == brand_id, among(Decision.batch, batches))).one()
    return int(row[0]), int(row[1])


@dataclass(frozen=True, slots=True)
class Run:
    """A batch of automatic decisions and how many of them were taken back."""

    batch: str
    model_version: int
    approved: int
    rejected: int
    at: datetime
    undone: int


def find_runs(session: Session, brand_id: int, *, limit: int = 30) -> list[Run]:
    """The newest batches."""
    runs = session.scalars(
        select(TriageRun).where(TriageRun.brand_id == brand_id).order_by(TriageRun.at.desc(), TriageRun.id.desc()).limit(limit)
    ).all()
    undone = select(Decision.batch, func.count()).where(
        Decision.brand_id == brand_id, among(Decision.batch, [run.batch for run in runs]), Decision.undone_at.is_not(None)
    )
    counts = dict(session.execute(undone.group_by(Decision.batch)).all())
    return [
        Run(run.batch, run.model_version, run.approved, run.rejected, run.at, counts.get(run.batch, 0)) for run in runs
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Star:
    """Held-out decisions on reviews of one rating: how many people approved, how many the machine would, how often they agree."""

    rating: int
    count: int
    approved: int
    said: float
    agreed: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the agreement."""
        return rules.wilson(self.agreed, self.count)


def find_stars(session: Session, brand_id: int, model: learning.Model) -> list[Star]:
    """Agreement by star, a report only: no prediction knows the stars, so it should be flat (L-01)."""
    ids = model.heldout["item"].tolist()
    query = select(Item.id, Item.rating).where(Item.brand_id == brand_id, among(Item.id, ids), Item.kind == Kind.REVIEW)
    ratings = {item_id: rating for item_id, rating in session.execute(query) if rating is not None}
    by_star: dict[int, list[tuple[float, int]]] = {}
    for item_id, p, y in zip(ids, model.heldout["p"].tolist(), model.heldout["y"].tolist(), strict=True):
        if item_id in ratings:
            by_star.setdefault(ratings[item_id], []).append((p, y))
    return [
        Star(rating, len(rows), sum(y for _, y in rows), sum(p for p, _ in rows) / len(rows),
             sum((p >= 0.5) == bool(y) for p, y in rows))
        for rating, rows in sorted(by_star.items())
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preview:
    """What bounds would do with what waits."""

    approve: int
    reject: int
    waiting: int
    """Predicted items that wait."""


def preview(session: Session, brand_id: int, wanted: Wanted, bounds: Bounds, version: int) -> Preview:
    """How many waiting items lie inside the bounds, before checks, limits and findings; nothing is changed."""
    waiting = (
        select(func.count())
        .select_from(Item)
        .join(ItemApproval, ItemApproval.item_id == Item.id)
        .where(Item.brand_id == brand_id, waits(), ItemApproval.model_version == version)
    )
    new = waiting.where(~exists().where(Decision.item_id == Item.id), Item.kind.in_([Kind(kind) for kind in wanted.kinds]))
    approve = session.scalar(new.where(ItemApproval.p >= bounds.approve_at)) if bounds.approve_at is not None else 0
    may = wanted.decides is Decides.BOTH and bounds.reject_at is not None
    reject = session.scalar(new.where(ItemApproval.p <= bounds.reject_at, Item.kind != Kind.REVIEW)) if may else 0
    return Preview(approve or 0, reject or 0, session.scalar(waiting) or 0)


DAY = timedelta(days=1)
