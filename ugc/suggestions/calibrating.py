"""Logistic curves from scores to probabilities, one a tag, all fitted at once (Platt 1999). Pure numpy.

A library's regression a tag takes milliseconds, which hundreds of tags times six fits make a minute of.
"""

from __future__ import annotations

from typing import Any

import numpy
from numpy.typing import NDArray

Table = NDArray[numpy.float64]
PRIOR = 1e-3
"""On the slope: scores lie around 0 to 1, so that slopes of fifty are usual and hardly bound."""
STEPS = 60
LONGEST = numpy.array([8.0, 2.0])
"""Of a step of slope and offset: a longer one could jump over the best."""


def sigmoid(values: NDArray[Any]) -> Table:
    """Log-odds as probabilities, without overflow."""
    return numpy.asarray(1 / (1 + numpy.exp(-numpy.clip(values, -30, 30).astype(numpy.float64))))


def curves(scores: NDArray[Any], labels: NDArray[Any], known: NDArray[numpy.bool_]) -> tuple[Table, Table]:
    """Slope and offset of each column's curve, over the rows whose label is known (Newton's method, two unknowns a column).

    Where a higher score does not make it likelier, or all are of one class, the share of the ones for any score.
    """
    x, wanted, counted = scores.astype(numpy.float64), labels > 0.5, known.astype(numpy.float64)
    ones, of = (counted * wanted).sum(axis=0), counted.sum(axis=0)
    usual = numpy.log((ones + 1) / (of - ones + 1))
    found = numpy.stack([numpy.zeros_like(usual), usual])
    for _ in range(STEPS):
        p = sigmoid(x * found[0] + found[1])
        step = step_of(x, counted * (p - wanted), counted * p * (1 - p), found[0])
        found -= numpy.clip(step, -LONGEST[:, None], LONGEST[:, None])
        if float(numpy.abs(step).max(initial=0.0)) < 1e-4:
            break
    fits = (found[0] > 0) & (ones > 0) & (ones < of)
    return numpy.where(fits, found[0], 0.0), numpy.where(fits, found[1], usual)


def step_of(x: Table, misses: Table, weights: Table, slope: Table) -> Table:
    """Newton's step of every column: the 2 × 2 system solved by hand."""
    first, second = (misses * x).sum(axis=0) + PRIOR * slope, misses.sum(axis=0)
    # A grain on the diagonal: where all probabilities are 0 or 1 nothing curves any more.
    squares, mixed, plain = (weights * x * x).sum(axis=0) + PRIOR, (weights * x).sum(axis=0), weights.sum(axis=0) + 1e-6
    determinant = squares * plain - mixed**2
    return numpy.stack([(plain * first - mixed * second) / determinant, (squares * second - mixed * first) / determinant])
