"""Learning from decisions: the only module of the room that imports scikit-learn, and only jobs and commands import it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ugc.triage import learning, rules
from ugc.triage.features import Row
from ugc.triage.learning import Matrix, Model, Space

STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3)
"""Inverse regularisation that is tried; the best on held-out decisions is taken."""
FOLDS = 8


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
    rows, y = [one.row for one in taught], outcomes(taught)
    folds = folds_of([one.group for one in taught])
    tried = [(cross_fitted(rows, y, folds, strength), strength) for strength in STRENGTHS]
    sums, strength = min(tried, key=lambda pair: rules.log_loss(learning.squashed(pair[0]), y))
    slope, offset = calibrated(sums, y)
    space, weights, bias = fitted(rows, y, strength)
    heldout: dict[str, NDArray[Any]] = {
        "p": learning.squashed(sums * slope + offset),
        "y": y.astype(numpy.int8),
        "kind": numpy.asarray([one.kind for one in taught]),
        "item": numpy.asarray([one.item_id for one in taught], dtype=numpy.int64),
    }
    return Model(space, weights, bias, slope, offset, heldout, {"strength": strength, "folds": int(folds.max()) + 1})


def outcomes(taught: Sequence[Taught]) -> NDArray[numpy.float64]:
    """1 for approved, 0 for rejected."""
    return numpy.asarray([float(one.approved) for one in taught])


def folds_of(groups: Sequence[int]) -> NDArray[numpy.int64]:
    """The fold of each row: whole groups, in turn by their first decision, so that every fold spans the whole time."""
    turn: dict[int, int] = {}
    for group in groups:
        turn.setdefault(group, len(turn) % FOLDS)
    return numpy.asarray([turn[group] for group in groups], dtype=numpy.int64)


def cross_fitted(rows: Sequence[Row], y: Matrix, folds: NDArray[numpy.int64], strength: float) -> Matrix:
    """The log-odds of each row by a model that saw nothing of its fold."""
    sums = numpy.zeros(len(rows))
    for fold in range(int(folds.max()) + 1):
        unseen = folds == fold
        mine, others = list(compress(rows, unseen)), list(compress(rows, ~unseen))
        space, weights, bias = fitted(others, y[~unseen], strength)
        sums[unseen] = learning.matrix_of(mine, space) @ weights + bias
    return sums


def fitted(rows: Sequence[Row], y: Matrix, strength: float) -> tuple[Space, Matrix, float]:
    """A regularised logistic regression; of rows with one outcome only, that outcome's odds and no weights."""
    space = learning.space_of(rows)
    x = learning.matrix_of(rows, space)
    if len(set(y.tolist())) < 2:
        share = (y.sum() + 1.0) / (len(y) + 2.0)
        return space, numpy.zeros(x.shape[1]), float(numpy.log(share / (1 - share)))
    model = LogisticRegression(C=strength, max_iter=2_000, tol=1e-5)
    model.fit(x, y)
    return space, model.coef_[0].astype(numpy.float64), float(model.intercept_[0])


def calibrated(sums: Matrix, y: Matrix) -> tuple[float, float]:
    """Platt's line through held-out log-odds, with his priors against certainty (1999)."""
    ones, zeros = float(y.sum()), float((1 - y).sum())
    target = numpy.where(y > 0, (ones + 1) / (ones + 2), 1 / (zeros + 2))
    slope, offset = 1.0, 0.0
    design = numpy.stack([sums, numpy.ones_like(sums)])
    for _ in range(50):
        p = learning.squashed(sums * slope + offset)
        gradient = design @ (target - p)
        curvature = (design * (p * (1 - p))) @ design.T + 1e-6 * numpy.eye(2)
        step = numpy.clip(numpy.linalg.solve(curvature, gradient), -1.0, 1.0)
        slope, offset = slope + step[0], offset + step[1]
        if numpy.abs(step).max() < 1e-6:
            break
    return max(float(slope), 0.05), float(offset)
