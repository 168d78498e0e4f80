"""What the worker calls: suggest for what came in or changed, learn from what was decided, catch up."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.catalog.models import Product
from ugc.kit import clock, jobs
from ugc.library.models import Item, State
from ugc.modelling import actions as modelling_actions
from ugc.modelling import queries as modelling_queries
from ugc.runtime import Runtime
from ugc.suggestions import catalogue, describing, learning, ranking, seeing, suggesting, tagging
from ugc.suggestions.models import SuggestedItem

PORTION = 100
"""Items of one transaction."""
MOST_AGAIN = 5_000
"""Newest items that are looked at again after a new model: those further back are looked at when something in them changes."""
CAUGHT_UP = 2_000
SHOWN = (State.INBOX, State.APPROVED)
"""States in which somebody looks at suggestions."""
TRAINER = "system"


@jobs.job("suggestions.suggest_for_items", gathers="item_ids")
def suggest_for_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Suggest products and tags for items, whose vectors are there now."""
    for start in range(0, len(item_ids), PORTION):
        with runtime.transaction() as session:
            suggesting.suggest(runtime, session, brand_id, item_ids[start : start + PORTION], now=clock.now())


@jobs.job("suggestions.look_again", gathers="item_ids")
def look_again(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Suggest anew for those of the items whose words, tags or products changed."""
    for start in range(0, len(item_ids), PORTION):
        with runtime.transaction() as session:
            suggesting.suggest(runtime, session, brand_id, item_ids[start : start + PORTION], now=clock.now(), again=False)


@jobs.job("suggestions.suggest_for_brand")
def suggest_for_brand(runtime: Runtime, *, brand_id: int) -> None:
    """Have a brand's newest items looked at again, in portions, when nothing else is to be done."""
    with runtime.transaction() as session:
        newest = select(Item.id).where(Item.brand_id == brand_id, Item.state.in_(SHOWN)).order_by(Item.id.desc())
        enqueue(session, brand_id, list(session.scalars(newest.limit(MOST_AGAIN))))


def enqueue(session: Session, brand_id: int, ids: list[int], *, once: str | None = None) -> None:
    """Portions of items as jobs below the usual priority; with `once`, no portion is asked for while its like still waits."""
    for start in range(0, len(ids), PORTION):
        jobs.enqueue(
            session, "suggestions.suggest_for_items", brand_id=brand_id, item_ids=ids[start : start + PORTION], priority=-1,
            once=f"{once}:{brand_id}:{start}" if once else None,
        )  # fmt: skip


@jobs.job("suggestions.after_model")
def after_model(runtime: Runtime, *, brand_id: int, kind: str) -> None:
    """Look at items again once another version of one of our models is in use."""
    if kind in (ranking.KIND, tagging.KIND):
        suggest_for_brand(runtime, brand_id=brand_id)


@jobs.job("suggestions.catch_up")
def catch_up(runtime: Runtime) -> None:
    """Look at items that nobody looked at, and at those in the inbox that were before the catalogue changed."""
    now = clock.now()
    with runtime.transaction() as session:
        for brand in accounts_queries.find_brands(session):
            changed = session.scalar(
                select(Product.updated).where(Product.brand_id == brand.id).order_by(Product.updated.desc()).limit(1)
            )
            looked = select(SuggestedItem.at).where(SuggestedItem.item_id == Item.id).scalar_subquery()
            due = looked.is_(None) if changed is None else or_(looked.is_(None), looked < changed)
            waiting = select(Item.id).where(Item.brand_id == brand.id, Item.state == State.INBOX, Item.waiting_media == 0, due)
            # What came in a moment ago is being looked at anyway.
            waiting = waiting.where(Item.created < now - timedelta(minutes=10))
            due_ids = list(session.scalars(waiting.order_by(Item.id.desc()).limit(CAUGHT_UP)))
            # A worker that is hours behind must not find the same work again for every hour.
            enqueue(session, brand.id, due_ids, once="suggestions.catch_up")


@jobs.job("suggestions.train_tags")
def train_tags(runtime: Runtime, *, brand_id: int) -> None:
    """Learn what the brand tags; says what is missing where there is too little."""
    # scikit-learn takes seconds and 100 MB to import: only the worker needs it, and only here.
    training = import_module("ugc.suggestions.training")
    now = clock.now()
    with runtime.transaction() as session:
        encoder = seeing.encoder_of(session, brand_id)
        version = modelling_queries.version_of(session, brand_id, tagging.KIND)
        kept = modelling_queries.load(session, brand_id, tagging.KIND, format=tagging.FORMAT)
        incumbent = tagging.read_tagger(kept, version, encoder)
        rows = learning.find_tagged(session, brand_id)
    lessons = [training.Lesson(row.seen, row.tags, row.unsure, row.creator, row.item_id) for row in rows]
    outcome = training.compare(lessons, encoder, incumbent)
    with runtime.transaction() as session:
        if outcome is None:
            have, needed, of = training.missing(lessons)
            modelling_actions.note_need(session, brand_id, tagging.KIND, have=have, needed=needed, of=of, now=now)
            return
        data = {"items": len(lessons), "tags": {name: sum(name in row.tags for row in rows) for name in outcome.tagger.tags[:50]}}
        modelling_actions.consider(
            session, brand_id, tagging.write_tagger(outcome.tagger), rows=len(lessons), data=data, metrics=outcome.metrics,
            incumbent=outcome.incumbent, better=outcome.better, why=outcome.why, actor=TRAINER, now=now,
        )  # fmt: skip


@jobs.job("suggestions.train_products")
def train_products(runtime: Runtime, *, brand_id: int) -> None:
    """Learn how much each kind of evidence says about this brand's products."""
    now = clock.now()
    with runtime.transaction() as session:
        index = catalogue.get_index(session, brand_id)
        version = modelling_queries.version_of(session, brand_id, ranking.KIND)
        kept = modelling_queries.load(session, brand_id, ranking.KIND, format=ranking.FORMAT)
        pairs = learning.find_pairs(runtime, session, brand_id, index)
    have = learning.have_enough(pairs)
    if have < learning.LEAST_PAIRS:
        with runtime.transaction() as session:
            modelling_actions.note_need(
                session, brand_id, ranking.KIND, have=have, needed=learning.LEAST_PAIRS, of="decisions", now=now
            )
        return
    # As above: the bound of confidence needs scipy.
    training = import_module("ugc.suggestions.training")
    fitted = learning.fit_weights(pairs, ranking.read_weights(kept, version))
    thresholds = training.thresholds_of(learning.held_out_chances(pairs), learning.labels_of(pairs))
    with runtime.transaction() as session:
        modelling_actions.consider(
            session, brand_id, ranking.write_weights(fitted.weights, thresholds), rows=len(pairs),
            data={"items": len({pair.item_id for pair in pairs}), "right": sum(pair.right for pair in pairs)},
            metrics=fitted.metrics, incumbent=fitted.incumbent, better=fitted.better, why=fitted.why, actor=TRAINER, now=now,
        )  # fmt: skip


@jobs.job("suggestions.draft_alt_texts", gathers="item_ids")
def draft_alt_texts(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Draft descriptions of the items' pictures from what is known of them now."""
    for start in range(0, len(item_ids), PORTION):
        with runtime.transaction() as session:
            describing.draft_items(session, brand_id, item_ids[start : start + PORTION], now=clock.now())
