"""The small model that combines evidence into a probability: logistic regression whose weights start from ours. Pure.

A brand's few decisions pull the weights away from ours (a Gaussian prior around them), so that ten decisions change
little and a thousand decide. It has eleven figures, so Newton's method on them needs no library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from ugc.modelling.artefacts import Artefact
from ugc.suggestions.calibrating import sigmoid
from ugc.suggestions.evidence import FEATURES

KIND, FORMAT = "products", 1
PRIOR = 4.0
"""How many decisions our own weights are worth, a weight."""
STEPS = 50
DEFAULT = {
    "covered": 3.2, "run": 1.6, "weight": 1.2, "hashtag": 0.3, "rivals": 2.4, "code": 5.4, "page": 6.8, "bought": 1.2, "among": 3.8,
    "catalogue_picture": 3.4, "neighbours": 5.2,
}  # fmt: skip
BIAS = -4.4
"""Set by hand: the whole title of one product reads as .73, its number as .9, its page as .9, the only product bought a week
ago as .55, three photos that look half as alike as the same picture as .14, a word that a hundred products share as .001.
"""

Row = NDArray[numpy.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """One weight a feature, and the bias last; `version` 0 is ours."""

    values: NDArray[numpy.float64]
    version: int = 0


def default_weights() -> Weights:
    """The weights that we chose."""
    return Weights(numpy.array([*(DEFAULT[name] for name in FEATURES), BIAS]))


def read_weights(artefact: Artefact | None, version: int) -> Weights:
    """A brand's own weights where it has some that fit, else ours."""
    if artefact is None or list(artefact.facts.get("features", ())) != list(FEATURES):
        return default_weights()
    return Weights(numpy.asarray(artefact.arrays["weights"], dtype=numpy.float64), version)


def write_weights(weights: Weights, thresholds: dict[str, float]) -> Artefact:
    """The weights as they are kept, with the probability from which on each precision was met on held-out decisions."""
    return Artefact(KIND, FORMAT, {"weights": weights.values}, {"features": list(FEATURES), "thresholds": thresholds})


def probabilities(weights: Weights, rows: Sequence[Row]) -> NDArray[numpy.float64]:
    """How likely each record's family is on the item."""
    if not rows:
        return numpy.zeros(0)
    return sigmoid(widened(rows) @ weights.values)


def widened(rows: Sequence[Row] | NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """Rows with a 1 at their end, for the bias."""
    table = numpy.asarray(rows, dtype=numpy.float64)
    return numpy.hstack([table, numpy.ones((len(table), 1))])


def fit(rows: Sequence[Row], labels: Sequence[bool], *, prior: float = PRIOR) -> Weights:
    """The weights that explain the decisions best without leaving ours for no reason (maximum a posteriori, Newton's method)."""
    start = default_weights().values
    if not rows:
        return Weights(start)
    table, wanted, values = widened(rows), numpy.asarray(labels, dtype=numpy.float64), start.copy()
    for _ in range(STEPS):
        p = sigmoid(table @ values)
        slope = table.T @ (p - wanted) + prior * (values - start)
        curve = (table * (p * (1 - p))[:, None]).T @ table + prior * numpy.eye(len(values))
        step = numpy.linalg.solve(curve, slope)
        values = values - numpy.clip(step, -2, 2)  # a longer step could jump over the best
        if float(numpy.abs(step).max()) < 1e-6:
            break
    # All evidence speaks for a product; what says the opposite in few decisions is chance.
    values[:-1] = numpy.maximum(values[:-1], 0)
    return Weights(values)


def log_loss(p: NDArray[numpy.float64], labels: NDArray[numpy.bool_]) -> float:
    """The mean surprise: lower is better; 0 is certainty that was right."""
    if not len(p):
        return 0.0
    kept = numpy.clip(p, 1e-6, 1 - 1e-6)
    return float(-numpy.where(labels, numpy.log(kept), numpy.log(1 - kept)).mean())
