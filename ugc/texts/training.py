"""Fits linear models over hashed texts with scikit-learn; imported by jobs and commands alone, since scikit-learn is heavy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.linear_model import LogisticRegression, Ridge

from ugc.texts import features, linear
from ugc.texts.features import BITS, Features, Numbers
from ugc.texts.linear import Linear

SEED = 20_261_122
PORTION = 250
"""Texts hashed at once: what they take while they are is bounded, however many there are."""
RARE = 2
"""A bucket that fewer rows meet is left out: one row's own words teach nothing about another's."""
# Convergence to a thousandth changes no prediction; the limit bounds the time on data that never settles.
TOLERANCE, STEPS = 1e-3, 400

SumUp = Callable[[Features, slice], Numbers]
"""The sums of each text of a portion: (its features, which rows it is) → (texts, numbers)."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts as numbers: hashed ones in a sparse matrix, sums in a dense one."""

    hashed: Any
    dense: Numbers

    def __getitem__(self, places: Any) -> Rows:
        """Some of the rows."""
        return Rows(self.hashed[places], self.dense[places])


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is fitted; the defaults won a cross-validation on training rows (decision 0136)."""

    strength: float = 0.2
    """Inverse of the regularisation."""
    balance: float = 0.0
    """0: classes count as often as they come; 1: equally; between: by that power."""
    keep: int = 0
    """Buckets that are kept at most, those of the largest weights; 0: all."""


def rows_of(texts: Sequence[str], sum_up: SumUp, *, bits: int = BITS) -> Rows:
    """Texts as numbers, portion by portion."""
    hashed, dense = [], []
    for start in range(0, len(texts), PORTION):
        place = slice(start, min(start + PORTION, len(texts)))
        found = features.hashed(tuple(texts[place]), bits)
        shape = (found.words.count, 1 << bits)
        hashed.append(csr_matrix((found.values.astype(numpy.float32), (found.texts, found.buckets)), shape=shape))
        dense.append(sum_up(found, place))
    return Rows(vstack(hashed).tocsr(), numpy.vstack(dense))


def rarity_of(hashed: Any) -> Numbers:
    """Inverse document frequency of buckets, as scikit-learn smooths it; 0 for those that too few rows meet."""
    rows, width = hashed.shape
    counts = numpy.bincount(hashed.indices, minlength=width)
    return numpy.where(counts >= RARE, numpy.log((1 + rows) / (1 + counts)) + 1, 0.0).astype(numpy.float32)


def weighed(rows: Rows, rarity: Numbers) -> Any:
    """Hashed numbers by how rare they are, beside the sums."""
    return hstack([rows.hashed.multiply(rarity), csr_matrix(rows.dense)]).tocsr()


def fit(rows: Rows, labels: Sequence[str], settings: Settings = Settings()) -> Linear:
    """A multinomial logistic regression; rarity is folded into its weights, so that prediction needs none."""
    rarity = rarity_of(rows.hashed)
    classes, counts = numpy.unique(numpy.asarray(labels), return_counts=True)
    weigh = {name: (counts.mean() / count) ** settings.balance for name, count in zip(classes.tolist(), counts, strict=True)}
    model = LogisticRegression(C=settings.strength, class_weight=weigh, max_iter=STEPS, tol=TOLERANCE, random_state=SEED)
    model.fit(weighed(rows, rarity), labels)
    weights, bias = model.coef_, model.intercept_
    if len(classes) == 2:  # scikit-learn keeps one row for two classes
        weights, bias = numpy.vstack([-weights, weights]) / 2, numpy.concatenate([-bias, bias]) / 2
    return folded(classes.tolist(), weights, bias, rarity, settings.keep)


def fit_value(rows: Rows, values: Numbers, *, strength: float, label: str) -> Linear:
    """A ridge regression of a value, as a linear model of one class."""
    rarity = rarity_of(rows.hashed)
    model = Ridge(alpha=1 / strength, solver="sparse_cg", max_iter=STEPS, tol=TOLERANCE, random_state=SEED)
    model.fit(weighed(rows, rarity), values)
    return folded([label], model.coef_[None, :], numpy.asarray([model.intercept_]), rarity, 0)


def folded(labels: list[str], weights: Numbers, bias: Numbers, rarity: Numbers, keep: int) -> Linear:
    """Fitted weights as a model."""
    width = len(rarity)
    hashed = weights[:, :width] * rarity
    return linear.quantised(labels, width.bit_length() - 1, pruned(hashed, keep) if keep else hashed, weights[:, width:], bias)


def pruned(weights: Numbers, keep: int) -> Numbers:
    """The weights of the buckets that tell classes apart most; the others are 0."""
    apart = weights.max(axis=0) - weights.min(axis=0)
    least = numpy.partition(apart, -min(keep, len(apart)))[-min(keep, len(apart))]
    return numpy.where(apart >= least, weights, 0.0)


def scores_of(model: Linear, rows: Rows) -> Numbers:
    """What the model says of rows, as `Linear.scores` does of features."""
    weights = model.weights.T.astype(numpy.float32) * model.scale
    return numpy.asarray(rows.hashed @ weights + rows.dense @ model.dense.T + model.bias)


def heat_of(model: Linear, rows: Rows, labels: Sequence[str]) -> float:
    """What makes the model's probabilities as sure as it is right on rows that it never saw (temperature, Guo et al. 2017)."""
    places = numpy.asarray([model.labels.index(label) for label in labels])
    scores = scores_of(model, rows)
    heats = numpy.geomspace(0.25, 4, 33)
    losses = [-numpy.log(linear.softmax(scores * heat)[numpy.arange(len(places)), places] + 1e-9).mean() for heat in heats]
    return float(heats[int(numpy.argmin(losses))])


def metrics_of(labels: Sequence[str], predicted: Sequence[str]) -> dict[str, float]:
    """Accuracy, and the mean of the classes' F1, which a rare class counts in as much as a common one."""
    truth, guess = numpy.asarray(labels), numpy.asarray(predicted)
    return {"accuracy": round(float((truth == guess).mean()), 4), "macro_f1": round(macro_f1(truth, guess), 4)}


def macro_f1(truth: Numbers, guess: Numbers) -> float:
    """The mean of the F1 of the classes that there are."""
    scores = []
    for name in numpy.unique(truth):
        hits = float(((truth == name) & (guess == name)).sum())
        scores.append(2 * hits / max(float((truth == name).sum() + (guess == name).sum()), 1.0))
    return float(numpy.mean(scores))


def calibration_error(labels: Sequence[str], names: Sequence[str], p: Numbers) -> float:
    """Expected calibration error in ten equal steps of the probability of the chosen label."""
    chosen, right = p.max(axis=1), numpy.asarray(names)[p.argmax(axis=1)] == numpy.asarray(labels)
    steps = numpy.minimum((chosen * 10).astype(int), 9)
    gaps = [
        abs(right[steps == step].mean() - chosen[steps == step].mean()) * (steps == step).mean() for step in set(steps.tolist())
    ]
    return round(float(sum(gaps)), 4)
