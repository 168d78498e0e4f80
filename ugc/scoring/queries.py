"""Reads of weights, scores, stored values and runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ugc.catalog.models import Product
from ugc.kit import jobs
from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.library.models import Item, ItemMedia, ItemProduct
from ugc.media.models import File, FileState
from ugc.scoring import rules, weighing
from ugc.scoring.models import ItemPerformance, ItemScore, ItemValue, RunState, ScoringRun, SignalWeight, WeightSet
from ugc.scoring.signals.base import Facts, Performance
from ugc.scoring.weighing import Values
from ugc.texts import queries as texts_queries
from ugc.texts.base import Finding

# Joined in the database: three long strings cost a hundredth of as many rows. All three are made of the same rows in one pass, so
# that they are in one order, whichever it is.
LOAD = """
select string_agg(int8send(item_id), ''), string_agg(int2send(score::int2), ''), string_agg(measured, '')
from (select item_id, score, measured from item_values where brand_id = %(brand)s and signals = %(signals)s {condition}) chosen
"""

Columns = Row[*tuple[Any, ...]]
MONTH, YEARS = timedelta(days=30), timedelta(days=3 * 365)
"""A month costs an item a ninth of its freshness, about half a point of its score; after three years there is none left to lose."""
OF_ITEM = (
    Item.kind, Item.title, Item.body, Item.like_count, Item.comment_count, Item.helpful_count, Item.published_at, Item.rights_state,
    Item.rights_from, Item.rights_until,
)  # fmt: skip


def get_weights(session: Session, brand_id: int) -> dict[str, float]:
    """Every signal's weight for a brand: its own where set, else the signal's default."""
    query = select(SignalWeight.signal, SignalWeight.weight).where(SignalWeight.brand_id == brand_id)
    own = {signal: weight for signal, weight in session.execute(query)}  # noqa: C416  # dict() can't see that the rows are pairs
    return {name: own.get(name, weight) for name, weight in rules.DEFAULT_WEIGHTS.items()}


def get_weight_set(session: Session, brand_id: int, key: int) -> dict[str, float]:
    """The weights of a key, or NotFound."""
    found = session.scalar(select(WeightSet.weights).where(WeightSet.brand_id == brand_id, WeightSet.key == key))
    if found is None:
        raise NotFound("no such weights")
    return found


def get_score(session: Session, brand_id: int, item_id: int) -> rules.Score | None:
    """The newest score of an item with its parts; None before the first."""
    return map_scores(session, brand_id, [item_id]).get(item_id)


def map_scores(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, rules.Score]:
    """The newest scores of many items; their points follow from the weights that each was made with."""
    query = (
        select(ItemScore.item_id, ItemScore.parts, WeightSet.weights)
        .join(ItemValue, ItemValue.item_id == ItemScore.item_id)
        .join(WeightSet, (WeightSet.brand_id == ItemScore.brand_id) & (WeightSet.key == ItemValue.weights))
        .where(ItemScore.brand_id == brand_id, among(ItemScore.item_id, item_ids))
    )
    return {
        row.item_id: rules.weigh([rules.Finding(part["signal"], part["value"], part["reason"]) for part in row.parts], row.weights)
        for row in session.execute(query)
    }


def get_computed_at(session: Session, brand_id: int, item_id: int) -> datetime | None:
    """When an item was measured last."""
    return session.scalar(select(ItemScore.computed_at).where(ItemScore.brand_id == brand_id, ItemScore.item_id == item_id))


def find_ids(session: Session, brand_id: int, *, after: int, limit: int) -> list[int]:
    """The brand's next items by id."""
    query = select(Item.id).where(Item.brand_id == brand_id, Item.id > after).order_by(Item.id).limit(limit)
    return list(session.scalars(query))


def find_aged(session: Session, brand_id: int, *, now: datetime, limit: int) -> list[int]:
    """Items whose score says something else by now without anything having happened to them: it got old, or the right to use it
    began or ended since. The longest unmeasured first.
    """
    got_old = (ItemScore.computed_at < now - MONTH) & (Item.published_at > now - YEARS)
    began, ended = ((at > ItemScore.computed_at) & (at <= now) for at in (Item.rights_from, Item.rights_until))
    query = (
        select(Item.id)
        .join(ItemScore, (ItemScore.item_id == Item.id) & (ItemScore.brand_id == Item.brand_id))
        .where(Item.brand_id == brand_id, or_(got_old, began, ended))
        .order_by(ItemScore.computed_at, Item.id)
    )
    return list(session.scalars(query.limit(limit)))


def count_items(session: Session, brand_id: int) -> int:
    """How many items a brand has in all."""
    return session.scalar(select(func.count()).select_from(Item).where(Item.brand_id == brand_id)) or 0


def find_differing(session: Session, brand_id: int, *, limit: int) -> list[tuple[int, int | None, int | None]]:
    """Items whose copy of the score differs from its source: id, the copy, the source."""
    query = (
        select(Item.id, Item.score, ItemValue.score)
        .outerjoin(ItemValue, ItemValue.item_id == Item.id)
        .where(Item.brand_id == brand_id, or_(Item.score.is_distinct_from(ItemValue.score)))
        .order_by(Item.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query.limit(limit))]


def map_totals(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, int]:
    """Item → score, without its parts."""
    query = select(ItemValue.item_id, ItemValue.score).where(ItemValue.brand_id == brand_id, among(ItemValue.item_id, item_ids))
    return {item_id: score for item_id, score in session.execute(query)}  # noqa: C416  # dict() can't see that the rows are pairs


# What a score rests on. Columns, not rows of the library: loading items as objects took longer than judging them.


def map_facts(session: Session, brand_id: int, item_ids: Iterable[int], now: datetime) -> dict[int, Facts]:
    """Item → what its score rests on, in a few queries however many; those that the brand does not have are left out."""
    query = select(Item.id, *OF_ITEM).where(Item.brand_id == brand_id, among(Item.id, item_ids))
    items = {row.id: row for row in session.execute(query)}
    pictures, products = map_pictures(session, items), map_products(session, items)
    measured, useful = map_performances(session, brand_id, items), texts_queries.map_usefulness(session, brand_id, items)
    return {
        id: facts_of(row, pictures.get(id), products.get(id, []), measured.get(id), useful.get(id), now)
        for id, row in items.items()
    }


def facts_of(
    item: Columns, picture: Columns | None, products: Sequence[Columns], measured: Performance | None, useful: Finding | None,
    now: datetime,
) -> Facts:  # fmt: skip
    """What was read of one item."""
    return Facts(
        kind=item.kind, now=now, title=item.title, body=item.body,
        width=picture.width if picture else None, height=picture.height if picture else None,
        measures=picture.measures if picture else {},
        likes=item.like_count, comments=item.comment_count, helpful=item.helpful_count,
        products=tuple(row.title for row in products), hotspots=sum(row.is_placed for row in products),
        published_at=item.published_at,
        usefulness=useful.p if useful else None, useful_words=useful.words if useful else (),
        rights_state=item.rights_state, rights_from=item.rights_from, rights_until=item.rights_until, performance=measured,
    )  # fmt: skip


def map_pictures(session: Session, item_ids: Iterable[int]) -> dict[int, Columns]:
    """Item → its first finished picture, which stands for all of them."""
    query = (
        select(ItemMedia.item_id, File.width, File.height, File.measures)
        .join(File, File.id == ItemMedia.file_id)
        .where(among(ItemMedia.item_id, item_ids), File.state == FileState.READY)
        .order_by(ItemMedia.item_id, ItemMedia.position, ItemMedia.id)
        .ext(distinct_on(ItemMedia.item_id))
    )
    return {row.item_id: row for row in session.execute(query)}


def map_products(session: Session, item_ids: Iterable[int]) -> dict[int, list[Columns]]:
    """Item → the titles of its products, and whether each is placed on the picture."""
    query = (
        select(ItemProduct.item_id, Product.title, ItemProduct.x.is_not(None).label("is_placed"))
        .join(Product, Product.id == ItemProduct.product_id)
        .where(among(ItemProduct.item_id, item_ids))
        .order_by(ItemProduct.position, ItemProduct.id)
    )
    found: dict[int, list[Columns]] = defaultdict(list)
    for row in session.execute(query):
        found[row.item_id].append(row)
    return found


# Stored values.


def load_values(session: Session, brand_id: int, *, kinds: Sequence[str] = (), one_of: int = 1) -> Values:
    """The stored values of a brand's items, of some kinds where given, of one item of so many; those that were measured by other
    signals than today's are left out.
    """
    conditions = ["and kind = any(%(kinds)s)"] * bool(kinds) + ["and item_id %% %(one_of)s = 0"] * (one_of > 1)
    facts = {"brand": brand_id, "signals": rules.fingerprint(), "kinds": list(kinds), "one_of": one_of}
    return unpacked(session, LOAD.format(condition=" ".join(conditions)), facts)


def load_values_of(session: Session, brand_id: int, item_ids: Sequence[int]) -> Values:
    """The same of some items."""
    facts = {"brand": brand_id, "signals": rules.fingerprint(), "ids": list(item_ids)}
    return unpacked(session, LOAD.format(condition="and item_id = any(%(ids)s)"), facts)


def unpacked(session: Session, statement: str, facts: dict[str, Any]) -> Values:
    """What a statement like LOAD found; in binary, since megabytes of digits would take longer than the weighing."""
    session.flush()
    with jobs.driver_connection(session).cursor(binary=True) as cursor:
        ids, scores, measured = cursor.execute(statement, facts).fetchone()
    return weighing.unpack(bytes(ids or b""), bytes(scores or b""), bytes(measured or b""))


def count_values(session: Session, brand_id: int, *, kinds: Sequence[str] = ()) -> int:
    """How many of a brand's items were scored."""
    query = select(func.count()).select_from(ItemValue).where(ItemValue.brand_id == brand_id)
    return session.scalar(query.where(ItemValue.kind.in_(kinds)) if kinds else query) or 0


def count_stale(session: Session, brand_id: int, weights: int) -> int:
    """Items whose score was made with other weights than those of the key."""
    query = select(func.count()).select_from(ItemValue)
    return session.scalar(query.where(ItemValue.brand_id == brand_id, ItemValue.weights != weights)) or 0


def has_other_signals(session: Session, brand_id: int) -> bool:
    """Whether some of a brand's items were measured by other signals than today's."""
    query = select(ItemValue.item_id).where(ItemValue.brand_id == brand_id, ItemValue.signals != rules.fingerprint())
    return session.scalar(query.limit(1)) is not None


# Runs.


def find_runs(session: Session, brand_id: int, *, limit: int = 10) -> list[ScoringRun]:
    """The newest runs of a brand."""
    query = select(ScoringRun).where(ScoringRun.brand_id == brand_id).order_by(ScoringRun.id.desc()).limit(limit)
    return list(session.scalars(query))


def get_run(session: Session, brand_id: int, run_id: int) -> ScoringRun:
    """A run of the brand, or NotFound."""
    found = session.scalar(select(ScoringRun).where(ScoringRun.brand_id == brand_id, ScoringRun.id == run_id))
    if found is None:
        raise NotFound("no such run")
    return found


def find_running(session: Session, brand_id: int) -> ScoringRun | None:
    """The run that goes on now, if any."""
    query = select(ScoringRun).where(ScoringRun.brand_id == brand_id, ScoringRun.state == RunState.RUNNING)
    return session.scalar(query.order_by(ScoringRun.id.desc()).limit(1))


# What was measured.


def map_performances(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, Performance]:
    """What these items did where they were shown."""
    columns = [getattr(ItemPerformance, field.name) for field in fields(Performance)]
    query = select(ItemPerformance.item_id, *columns).where(
        ItemPerformance.brand_id == brand_id, among(ItemPerformance.item_id, item_ids)
    )
    return {row[0]: Performance(*row[1:]) for row in session.execute(query)}
