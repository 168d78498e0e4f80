"""Gathers what a brand decided, and learns from it: rows for the tag model, and the weights of products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ugc.kit.db import among
from ugc.library import queries as library_queries
from ugc.library.models import Decision, Item, ItemProduct, ItemTag
from ugc.runtime import Runtime
from ugc.suggestions import evidence, looking, ranking, seeing, suggesting
from ugc.suggestions.matching import Index
from ugc.suggestions.models import Standing, Suggestion, What
from ugc.suggestions.ranking import Row, Weights
from ugc.suggestions.tagging import Seen

MOST_TAGGED = 5_000
"""Newest tagged items that the tag model learns from."""
MOST_WITH_PRODUCT = 800
"""Newest items with a decided product; each costs two searches for what looks alike."""
UNTAGGED = 0.5
"""Decided items without any tag that are learnt from too, as a share of the tagged ones: they show what is not tagged."""
PORTION = 200
LEAST_PAIRS = 40
LEAST_PAIRS_OF_EACH = 8
"""Products of items that were right, and that were wrong, from which on the weights are worth fitting."""
HELD_OUT = 0.25
"""Share of the items, the newest, on which new weights are compared."""
FOUND_BETTER = 1e-3


@dataclass(frozen=True, slots=True)
class Tagged:
    """An item that a person tagged or passed over."""

    item_id: int
    seen: Seen
    tags: frozenset[str]
    unsure: frozenset[str]
    creator: int


def find_tagged(session: Session, brand_id: int) -> list[Tagged]:
    """What the tag model learns from, newest first: tagged items, items whose suggestions were refused, some without tags.

    Tags that a rule put on and nobody confirmed are unknown, refused ones are known to be wrong.
    """
    tagged = select(Item.id).where(Item.brand_id == brand_id)
    with_tag = tagged.where(select(ItemTag.id).where(ItemTag.item_id == Item.id).exists())
    ids = list(session.scalars(with_tag.order_by(Item.id.desc()).limit(MOST_TAGGED)))
    refused = select(Suggestion.item_id).where(
        Suggestion.brand_id == brand_id, Suggestion.what == What.TAG, Suggestion.state == Standing.REFUSED
    )
    ids += session.scalars(refused.distinct().order_by(Suggestion.item_id.desc()).limit(MOST_TAGGED))
    passed = tagged.where(select(Decision.id).where(Decision.item_id == Item.id, Decision.undone_at.is_(None)).exists())
    without = passed.where(~select(ItemTag.id).where(ItemTag.item_id == Item.id).exists())
    ids += session.scalars(without.order_by(Item.id.desc()).limit(int(UNTAGGED * len(set(ids)))))
    return [
        each for some in portions(sorted(set(ids), reverse=True)[:MOST_TAGGED]) for each in read_tagged(session, brand_id, some)
    ]


def portions(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    """Ids in portions, so that no query reads a whole library."""
    return (ids[start : start + PORTION] for start in range(0, len(ids), PORTION))


def read_tagged(session: Session, brand_id: int, ids: Sequence[int]) -> list[Tagged]:
    """One portion, in the order of the ids."""
    items = library_queries.map_items(session, brand_id, ids)
    seen = seeing.map_seen(session, brand_id, items)
    applied: dict[int, set[str]] = defaultdict(set)
    query = select(Suggestion.item_id, Suggestion.name).where(
        Suggestion.brand_id == brand_id, Suggestion.what == What.TAG, Suggestion.state == Standing.APPLIED,
        among(Suggestion.item_id, ids),
    )  # fmt: skip
    for item_id, name in session.execute(query):
        applied[item_id].add(name)
    made = []
    for id in ids:
        if id in items:
            tags = frozenset(each.tag.name for each in items[id].tags) - applied[id]
            made.append(Tagged(id, seen[id], tags, frozenset(applied[id]), items[id].creator_id or 0))
    session.expunge_all()
    return made


@dataclass(frozen=True, slots=True)
class Pair:
    """A family that something spoke for on an item, and whether it is on it."""

    item_id: int
    family: str
    row: Row
    right: bool


def find_pairs(runtime: Runtime, session: Session, brand_id: int, index: Index) -> list[Pair]:
    """Families of the newest items whose products a person decided on, with the evidence as it is today, newest item first.

    On an item with products every other family is wrong; on one without, only those that were refused are.
    """
    query = select(func.distinct(ItemProduct.item_id)).join(Item, Item.id == ItemProduct.item_id).where(Item.brand_id == brand_id)
    ids = list(session.scalars(query.order_by(ItemProduct.item_id.desc()).limit(MOST_WITH_PRODUCT)))
    refused: dict[int, set[str]] = defaultdict(set)
    query_refused = select(Suggestion.item_id, Suggestion.name).where(
        Suggestion.brand_id == brand_id, Suggestion.what == What.PRODUCT, Suggestion.state == Standing.REFUSED
    )
    for item_id, name in session.execute(query_refused.order_by(Suggestion.item_id.desc()).limit(4 * MOST_WITH_PRODUCT)):
        refused[item_id].add(name)
    listed = sorted(set(ids) | refused.keys(), reverse=True)[:MOST_WITH_PRODUCT]
    return [pair for some in portions(listed) for pair in read_pairs(runtime, session, brand_id, index, some, refused)]


def read_pairs(
    runtime: Runtime, session: Session, brand_id: int, index: Index, ids: Sequence[int], refused: Mapping[int, set[str]]
) -> list[Pair]:  # fmt: skip
    """One portion, newest item first."""
    items = library_queries.map_items(session, brand_id, ids)
    seen = seeing.map_seen(session, brand_id, items)
    alike = looking.find_alike(session, brand_id, {id: row.vector for id, row in seen.items() if row.vector is not None})
    carried = looking.find_carried(session, brand_id, {near.key for each in alike.values() for near in each.items} | items.keys())
    found = suggesting.gather(runtime, session, index, items, alike, carried)
    own = looking.families_of(index, carried.products)
    made = []
    for id in ids:
        for each in found.get(id, ()):
            right = each.family in own.get(id, ())
            if right or own.get(id) or each.family in refused.get(id, ()):
                made.append(Pair(id, each.family, evidence.features(each, items[id].published_at), right))
    return made


@dataclass(frozen=True, slots=True)
class Fitted:
    """New weights beside those in use, both measured on the newest items."""

    weights: Weights
    metrics: dict[str, float]
    incumbent: dict[str, float]
    better: bool
    why: str


def have_enough(pairs: Sequence[Pair]) -> int:
    """How many of the pairs that are needed there are, counted by the rarer kind."""
    right = sum(pair.right for pair in pairs)
    each = LEAST_PAIRS // LEAST_PAIRS_OF_EACH
    return min(len(pairs), each * right, each * (len(pairs) - right), LEAST_PAIRS)


def fit_weights(pairs: Sequence[Pair], incumbent: Weights) -> Fitted:
    """Weights from all pairs, newest first; compared by a twin that saw only the older items."""
    items = list(dict.fromkeys(pair.item_id for pair in pairs))
    newest = set(items[: max(1, round(HELD_OUT * len(items)))])
    held = [pair for pair in pairs if pair.item_id in newest]
    older = [pair for pair in pairs if pair.item_id not in newest]
    twin = ranking.fit([pair.row for pair in older], [pair.right for pair in older])
    metrics, before = measure(twin, held), measure(incumbent, held)
    better = metrics["log_loss"] < before["log_loss"] - FOUND_BETTER
    word = "fewer" if better else "no fewer"
    why = f"{word} surprises on the newest items: log loss {metrics['log_loss']:.3f} against {before['log_loss']:.3f}"
    final = ranking.fit([pair.row for pair in pairs], [pair.right for pair in pairs])
    return Fitted(final, metrics, before, better, why)


def measure(weights: Weights, pairs: Sequence[Pair]) -> dict[str, float]:
    """Log loss of the pairs; precision of each item's first family and recall of the first three, where one is right."""
    chances = ranking.probabilities(weights, [pair.row for pair in pairs])
    labels = labels_of(pairs)
    by_item: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for pair, p in zip(pairs, chances, strict=True):
        by_item[pair.item_id].append((float(p), pair.right))
    ranked = [sorted(each, key=lambda pair: -pair[0]) for each in by_item.values() if any(right for _, right in each)]
    first = [each[0][1] for each in ranked]
    three = [sum(right for _, right in each[:3]) / min(3, sum(right for _, right in each)) for each in ranked]
    return {
        "log_loss": round(ranking.log_loss(chances, labels), 4), "precision_at_1": share(first), "recall_at_3": share(three),
        "held_out": float(len(pairs)),
    }  # fmt: skip


def share(values: Sequence[float]) -> float:
    """Their mean, 0 without any."""
    return round(float(numpy.mean(values)), 4) if values else 0.0


def folds_of(pairs: Sequence[Pair], count: int = 5) -> list[int]:
    """A fold a pair; all pairs of an item in one."""
    return [pair.item_id % count for pair in pairs]


def held_out_chances(pairs: Sequence[Pair]) -> numpy.ndarray[tuple[int], numpy.dtype[numpy.float64]]:
    """Each pair's probability by weights that did not learn from its item."""
    folds = numpy.array(folds_of(pairs))
    chances = numpy.zeros(len(pairs))
    for fold in set(folds.tolist()):
        kept = [pair for pair, own in zip(pairs, folds, strict=True) if own != fold]
        held = [int(place) for place in numpy.flatnonzero(folds == fold)]
        weights = ranking.fit([pair.row for pair in kept], [pair.right for pair in kept])
        chances[held] = ranking.probabilities(weights, [pairs[place].row for place in held])
    return chances


def labels_of(pairs: Sequence[Pair]) -> numpy.ndarray[tuple[int], numpy.dtype[numpy.bool_]]:
    """Whether each is right."""
    return numpy.array([pair.right for pair in pairs], dtype=bool)
