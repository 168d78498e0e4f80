"""Learning from decisions: the only module of the room that imports scikit-learn, and only jobs and commands import it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

import numpy
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ugc.triage import learning, rules
from ugc.triage.features import Row
from ugc.triage.forest import Forest
from ugc.triage.learning import Matrix, Model

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3)
"""Inverse regularisation that is tried; the best on held-out decisions is taken."""
FOLDS = 8
TREES, DEPTH = 120, 5
ENOUGH_FOR_TREES = 150
"""Decisions below which trees learn little but chance."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A decided item: its numbers, what was decided, and who made it. In the order of the decisions."""

    item_id: int
    row: Row
    approved: bool
    kind: str
    group: int
    """Items of one group (a creator) are much alike: they are learnt from or tested on together."""


def train(taught: Sequence[Taught]) -> Model:
    """A calibrated model, with its predictions for each decision made without that decision. Needs both outcomes."""
    # Threads that wait for each other by spinning take a busy machine a hundred times as long; a night's job needs one.
    with threadpool_limits(1):
        return learnt(taught)


def learnt(taught: Sequence[Taught]) -> Model:
    """The best strength by cross-fitting, trees beside it where there is enough for them, one line through both."""
    rows, y = [one.row for one in taught], outcomes(taught)
    folds = folds_of([one.group for one in taught])
    tried = [(cross_fitted(rows, y, folds, linear(strength)), strength) for strength in STRENGTHS]
    sums, strength = min(tried, key=lambda pair: rules.log_loss(learning.squashed(pair[0]), y))
    has_trees = len(rows) >= ENOUGH_FOR_TREES
    seen = [sums, cross_fitted(rows, y, folds, grown)] if has_trees else [sums]
    line = line_of(numpy.stack(seen), y)
    space = learning.space_of(rows)
    x = learning.matrix_of(rows, space)
    weights, bias = weighted(x, y, strength)
    heldout: dict[str, NDArray[Any]] = {
        "p": learning.squashed(numpy.stack(seen).T @ numpy.asarray(line[: len(seen)]) + line[2]),
        "y": y.astype(numpy.int8),
        "kind": numpy.asarray([one.kind for one in taught]),
        "item": numpy.asarray([one.item_id for one in taught], dtype=numpy.int64),
    }
    facts = {"strength": strength, "folds": int(folds.max()) + 1, "trees_count_for": round(line[1], 2)}
    return Model(space, weights, bias, forest_of(x, y) if has_trees else None, line, heldout, facts)


def outcomes(taught: Sequence[Taught]) -> NDArray[numpy.float64]:
    """1 for approved, 0 for rejected."""
    return numpy.asarray([float(one.approved) for one in taught])


def folds_of(groups: Sequence[int]) -> NDArray[numpy.int64]:
    """The fold of each row: whole groups, in turn by their first decision, so that every fold spans the whole time."""
    turn: dict[int, int] = {}
    for group in groups:
        turn.setdefault(group, len(turn) % FOLDS)
    return numpy.asarray([turn[group] for group in groups], dtype=numpy.int64)


Learn = Callable[[Matrix, Matrix], Callable[[Matrix], Matrix]]
"""Of columns and outcomes: what gives the log-odds of other columns."""


def cross_fitted(rows: Sequence[Row], y: Matrix, folds: NDArray[numpy.int64], learn: Learn) -> Matrix:
    """The log-odds of each row by a model that saw nothing of its fold, not even its averages."""
    sums = numpy.zeros(len(rows))
    for fold in range(int(folds.max()) + 1):
        unseen = folds == fold
        mine, others = list(compress(rows, unseen)), list(compress(rows, ~unseen))
        space = learning.space_of(others)
        foretell = learn(learning.matrix_of(others, space), y[~unseen])
        sums[unseen] = foretell(learning.matrix_of(mine, space))
    return sums


def linear(strength: float) -> Learn:
    """Weights of a given strength."""

    def learn(x: Matrix, y: Matrix) -> Callable[[Matrix], Matrix]:
        weights, bias = weighted(x, y, strength)
        return lambda other: other @ weights + bias

    return learn


def weighted(x: Matrix, y: Matrix, strength: float) -> tuple[Matrix, float]:
    """A regularised logistic regression; of rows with one outcome only, that outcome's odds and no weights."""
    if len(set(y.tolist())) < 2:
        return numpy.zeros(x.shape[1]), odds_of(y)
    model = LogisticRegression(C=strength, max_iter=2_000, tol=1e-5)
    model.fit(x, y)
    return model.coef_[0].astype(numpy.float64), float(model.intercept_[0])


def odds_of(y: Matrix) -> float:
    """The log-odds of the share of ones, held away from certainty."""
    share = (y.sum() + 1.0) / (len(y) + 2.0)
    return float(numpy.log(share / (1 - share)))


def grown(x: Matrix, y: Matrix) -> Callable[[Matrix], Matrix]:
    """Boosted trees."""
    return forest_of(x, y).sums


def forest_of(x: Matrix, y: Matrix) -> Forest:
    """Boosted trees as arrays; of rows with one outcome only, that outcome's odds."""
    if len(set(y.tolist())) < 2:
        empty = numpy.zeros((1, 1), dtype=numpy.int16)
        return Forest(empty, numpy.zeros((1, 1)), empty, empty, numpy.zeros((1, 1)), odds_of(y), 0)
    model = HistGradientBoostingClassifier(
        max_iter=TREES, learning_rate=0.06, max_leaf_nodes=8, max_depth=DEPTH, min_samples_leaf=10, l2_regularization=1.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    model.fit(x, y)
    # There is no public way to the nodes; a test holds our sums to scikit-learn's own.
    nodes = [stage[0].nodes for stage in model._predictors]
    most = max(len(one) for one in nodes)
    padded = [padded_tree(one, most) for one in nodes]
    column, threshold, left, right, value = (numpy.stack(arrays) for arrays in zip(*padded, strict=True))
    made = Forest(column, threshold, left, right, value, 0.0, DEPTH)
    return replace(made, base=float(model.decision_function(x[:1])[0] - made.sums(x[:1])[0]))


def padded_tree(nodes: Any, most: int) -> tuple[NDArray[Any], ...]:
    """One tree's arrays: leaves lead to themselves, inner nodes get the mean of their leaves."""
    itself, leaf = numpy.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    left, right = numpy.where(leaf, itself, nodes["left"]), numpy.where(leaf, itself, nodes["right"])
    value, count = nodes["value"].copy(), nodes["count"]
    for place in reversed(itself[~leaf].tolist()):  # children stand behind their parents
        sons = [left[place], right[place]]
        value[place] = (value[sons] * count[sons]).sum() / count[sons].sum()
    column = numpy.where(leaf, 0, nodes["feature_idx"])
    filled = [(column, numpy.int16), (nodes["num_threshold"], numpy.float64), (left, numpy.int16), (right, numpy.int16),
              (value, numpy.float64)]  # fmt: skip
    return tuple(numpy.pad(array.astype(kind), (0, most - len(nodes))) for array, kind in filled)


def line_of(seen: Matrix, y: Matrix) -> tuple[float, float, float]:
    """Slopes of one or two held-out sums and the offset that make probabilities of them; one that would count against itself
    does not count.
    """
    slopes, offset = calibrated(seen, y)
    if len(slopes) == 2 and slopes.min() <= 0:
        kept = int(slopes.argmax())
        alone, offset = calibrated(seen[[kept]], y)
        slopes = numpy.where(numpy.arange(2) == kept, alone[0], 0.0)
    first, second = (*numpy.maximum(slopes, 0.0).tolist(), 0.0)[:2]
    return (max(first, 0.05) if second == 0 else first), second, offset


def calibrated(seen: Matrix, y: Matrix) -> tuple[Matrix, float]:
    """Platt's line through held-out log-odds, with his priors against certainty (1999)."""
    ones, zeros = float(y.sum()), float((1 - y).sum())
    target = numpy.where(y > 0, (ones + 1) / (ones + 2), 1 / (zeros + 2))
    design = numpy.concatenate([seen, numpy.ones((1, len(y)))])
    found = numpy.asarray([1.0 / len(seen)] * len(seen) + [0.0])
    for _ in range(100):
        p = learning.squashed(found @ design)
        gradient = design @ (target - p) - 1e-3 * found
        curvature = (design * (p * (1 - p))) @ design.T + 1e-3 * numpy.eye(len(found))
        step = numpy.clip(numpy.linalg.solve(curvature, gradient), -0.5, 0.5)
        found = found + step
        if numpy.abs(step).max() < 1e-6:
            break
    return found[:-1], float(found[-1])
