"""What other weights would change, from stored values: the new top beside the present one, and how far everything moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.kit.db import among
from ugc.library.models import Item, State
from ugc.scoring import queries, rules, weighing
from ugc.scoring.weighing import Values, Whole

TOP = 20
MOST = 100_000
"""Items weighed for one preview; of more, a sample."""
WINDOW = 400
"""Items looked at to find the first that may be used: some of the best are rejected or in the trash."""
POOL = 2_000
"""Of a sample: so many of the best today are always in it."""
SHOWN = (State.INBOX, State.APPROVED)
STEPS = (-20, -10, -5, 5, 10, 20)
"""Bounds of the bars: changes of up to five points are one."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An item among the first: where it stood before, and its scores."""

    item_id: int
    place: int
    place_before: int | None
    """None = below the places that were looked at."""
    score: int
    score_before: int

    @property
    def rose(self) -> int | None:
        """Places gained; below zero = lost."""
        return None if self.place_before is None else self.place_before - self.place


@dataclass(frozen=True, slots=True)
class Bar:
    """How many items change by how much."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft of weights would change."""

    total: int
    """Items that were scored."""
    sampled: int
    """So many of them were weighed; fewer than `total` = the numbers are estimates."""
    unmeasured: int
    """Items that other signals measured; they follow later and are left out here."""
    now: tuple[Ranked, ...]
    """Today's first; their `place` is where each would be, 0 = below the places that were looked at."""
    new: tuple[Ranked, ...]
    entering: frozenset[int]
    leaving: frozenset[int]
    moved: int
    """Items that change by more than five points."""
    bars: tuple[Bar, ...]
    values: Values
    drafted: Whole
    """The new score of each row of `values`."""

    @property
    def is_estimate(self) -> bool:
        """Whether not all items were weighed."""
        return self.sampled < self.total - self.unmeasured

    def scores_of(self, item_ids: Sequence[int]) -> dict[int, int]:
        """Item → its new score, of those that were weighed."""
        order = np.argsort(self.values.ids)
        wanted = np.array(item_ids, dtype=np.int64)
        found = np.searchsorted(self.values.ids, wanted, sorter=order).clip(max=max(len(order) - 1, 0))
        rows = order[found] if len(order) else found
        return {
            int(id): int(self.drafted[row])
            for id, row in zip(wanted, rows, strict=True)
            if len(order) and self.values.ids[row] == id
        }

    def best(self, count: int) -> list[int]:
        """The ids of so many with the highest new scores."""
        return [int(id) for id in self.values.ids[first(self.values.ids, self.drafted, count)]]


def preview(session: Session, brand_id: int, draft: Mapping[str, float], *, kinds: Sequence[str] = ()) -> Preview:
    """What these weights would change, of items of some kinds where given; those not named stay. Raises BadWeight."""
    weights = queries.get_weights(session, brand_id) | dict(draft)
    rules.check_weights(weights)
    total = queries.count_values(session, brand_id, kinds=kinds)
    values = queries.load_values(session, brand_id, kinds=kinds, one_of=-(-total // MOST) if total > MOST else 1)
    sampled = len(values)
    drafted = weighing.weigh(values.table, weights)
    change = drafted - values.scores
    if total > MOST:
        values = with_best(session, brand_id, values, kinds)
        drafted = weighing.weigh(values.table, weights)
    scale = total / sampled if sampled and total > MOST else 1.0
    now, new = tops(session, brand_id, values, drafted)
    before, after = {one.item_id for one in now[:TOP]}, {one.item_id for one in new[:TOP]}
    return Preview(
        total=total, sampled=sampled, unmeasured=max(0, total - sampled) if total <= MOST else 0, now=now[:TOP], new=new[:TOP],
        entering=frozenset(after - before), leaving=frozenset(before - after),
        moved=round(scale * int((np.abs(change) > -STEPS[2]).sum())), bars=bars_of(change, scale), values=values, drafted=drafted,
    )  # fmt: skip


def with_best(session: Session, brand_id: int, values: Values, kinds: Sequence[str]) -> Values:
    """A sample and today's best, who are the likeliest to be the best of tomorrow."""
    query = select(Item.id).where(Item.brand_id == brand_id, Item.state.in_(SHOWN), Item.score.is_not(None))
    query = query.where(Item.kind.in_(kinds)) if kinds else query
    ids = session.scalars(query.order_by(Item.score.desc(), Item.id.desc()).limit(POOL)).all()
    best = queries.load_values_of(session, brand_id, ids)
    extra = ~np.isin(best.ids, values.ids)
    return Values(
        np.concatenate([values.ids, best.ids[extra]]), np.concatenate([values.scores, best.scores[extra]]),
        np.concatenate([values.table, best.table[extra]]),
    )  # fmt: skip


def first(ids: Whole, scores: Whole, count: int) -> NDArray[Any]:
    """The rows of the highest scores, best first; of equal ones the newer item, as everywhere."""
    count = min(count, len(ids))
    if not count:
        return np.zeros(0, dtype=np.int64)
    keys = (scores << 48) | ids
    rows = np.argpartition(keys, -count)[-count:]
    return rows[np.argsort(-keys[rows])]


def tops(session: Session, brand_id: int, values: Values, drafted: Whole) -> tuple[tuple[Ranked, ...], tuple[Ranked, ...]]:
    """The first of today and of tomorrow, only those that are neither rejected nor thrown away, each with both its places."""
    window = WINDOW
    old, new = usable_first(session, brand_id, values, drafted, window)
    while min(len(old), len(new)) < TOP and window < len(values):
        window *= 4
        old, new = usable_first(session, brand_id, values, drafted, window)
    places_old, places_new = ({row: place for place, row in enumerate(rows, 1)} for rows in (old, new))

    def ranked(row: int) -> Ranked:
        score, before = int(drafted[row]), int(values.scores[row])
        return Ranked(int(values.ids[row]), places_new.get(row, 0), places_old.get(row), score, before)

    return tuple(ranked(row) for row in old), tuple(ranked(row) for row in new)


def usable_first(session: Session, brand_id: int, values: Values, drafted: Whole, count: int) -> tuple[list[int], list[int]]:
    """The rows of the first of today and of tomorrow that may be used, out of so many each."""
    both = [first(values.ids, scores, count) for scores in (values.scores, drafted)]
    usable = find_usable(session, brand_id, np.union1d(values.ids[both[0]], values.ids[both[1]]).tolist())
    old, new = ([int(row) for row in rows if int(values.ids[row]) in usable] for rows in both)
    return old, new


def find_usable(session: Session, brand_id: int, item_ids: Sequence[int]) -> set[int]:
    """Those of the items that wait or are approved."""
    query = select(Item.id).where(Item.brand_id == brand_id, among(Item.id, item_ids), Item.state.in_(SHOWN))
    return set(session.scalars(query))


def bars_of(change: Whole, scale: float) -> tuple[Bar, ...]:
    """How many items change by how much, in seven bars; what the bounds include is nearer to no change."""
    low, high = STEPS[2], STEPS[3]
    edges = [-101, *[step - 1 for step in STEPS if step <= low], *[step for step in STEPS if step >= high], 100]
    names = ["−21 and more", "−11 to −20", "−6 to −10", "up to 5", "+6 to +10", "+11 to +20", "+21 and more"]
    counts = [int(((change > below) & (change <= upto)).sum()) for below, upto in pairwise(edges)]
    return tuple(Bar(name, round(scale * count)) for name, count in zip(names, counts, strict=True))
