"""Boosted trees as arrays: their sums, and what each column adds to a sum. Pure; numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray

Matrix = NDArray[numpy.float64]
Places = NDArray[numpy.int16]

PORTION = 2_000
"""Rows that go through the trees at once, to bound memory."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees × nodes. A leaf is its own left and right; `value` of an inner node is the mean of the leaves under it."""

    column: Places
    threshold: Matrix
    left: Places
    right: Places
    value: Matrix
    base: float
    depth: int

    def sums(self, x: Matrix) -> Matrix:
        """The log-odds of each row."""
        summed: Matrix = self.base + self.added(x).sum(axis=1)
        return summed

    def added(self, x: Matrix) -> Matrix:
        """What each column adds to the log-odds of each row beyond `base`: at every split the change of the mean under the node
        goes to the column that is asked (Saabas, 2014); a tree's own mean is the same for all rows and shared out evenly.
        """
        made: Matrix = numpy.zeros(x.shape)
        for start in range(0, len(x), PORTION):
            made[start : start + PORTION] = self.portion(x[start : start + PORTION])
        roots = float(self.value[:, 0].sum())
        made += roots / max(x.shape[1], 1)
        return made

    def portion(self, x: Matrix) -> Matrix:
        """`added` of some rows, without the trees' own means."""
        trees, rows = numpy.arange(len(self.column)), numpy.arange(len(x))[:, None]
        made = numpy.zeros(x.shape)
        node = numpy.zeros((len(x), len(trees)), dtype=numpy.int16)
        for _ in range(self.depth):
            column = self.column[trees, node]
            goes_left = x[rows, column] <= self.threshold[trees, node]
            following = numpy.where(goes_left, self.left[trees, node], self.right[trees, node])
            numpy.add.at(made, (rows, column), self.value[trees, following] - self.value[trees, node])
            node = following
        return made


NAMES = ("column", "threshold", "left", "right", "value")


def to_arrays(forest: Forest | None) -> dict[str, NDArray[Any]]:
    """The arrays under which a forest is kept."""
    if forest is None:
        return {}
    return {f"tree_{name}": getattr(forest, name) for name in NAMES} | {"tree_base": numpy.asarray([forest.base, forest.depth])}


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Forest | None:
    """The forest that was kept; None where there was none."""
    if "tree_base" not in arrays:
        return None
    base, depth = arrays["tree_base"].tolist()
    column, threshold, left, right, value = (arrays[f"tree_{name}"] for name in NAMES)
    return Forest(column, threshold, left, right, value, float(base), int(depth))
