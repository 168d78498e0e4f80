"""Linear models over hashed texts: prediction, and which words made it. Numpy alone; `training.py` makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy
from numpy.typing import NDArray

from ugc.modelling.artefacts import Artefact
from ugc.texts.features import NEGATORS, Features, Words

Numbers = NDArray[Any]
SHOWN = 5
"""Words that a finding names at most."""
# A word that did a fifth of what the strongest did is worth naming.
WORTH_NAMING = 0.2


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of classes: for buckets as whole numbers to ±127 with a scale a class, for what sums a text up as they are."""

    labels: tuple[str, ...]
    bits: int
    weights: Numbers
    """(classes, buckets) int8."""
    scale: Numbers
    dense: Numbers
    """(classes, numbers)."""
    bias: Numbers

    def scores(self, features: Features, dense: Numbers) -> Numbers:
        """(texts, classes): what the softmax is taken of."""
        found = dense @ self.dense.T + self.bias
        for place, scale in enumerate(self.scale):
            summed = numpy.bincount(
                features.texts, weights=features.values * self.weights[place, features.buckets], minlength=len(dense)
            )
            found[:, place] += summed * scale
        return found

    def times(self, heat: float) -> Linear:
        """The same model, surer or less sure."""
        return replace(self, scale=self.scale * heat, dense=self.dense * heat, bias=self.bias * heat)

    def pull(self, features: Features, towards: Numbers) -> Numbers:
        """How much each word drew its text towards the class that the text was given, against the mean of the others."""
        classes = max(len(self.labels), 2)  # of a value there is only one, and its mean counts half
        own = towards[features.texts]
        drawn = self.weights[own, features.buckets] * self.scale[own]
        for place, scale in enumerate(self.scale):
            drawn = drawn - self.weights[place, features.buckets] * (scale / classes)
        size = len(features.words.normal)
        return numpy.bincount(features.origins, weights=features.values * drawn, minlength=size) * classes / (classes - 1)


def unpack(artefact: Artefact) -> Linear:
    """The model in an artefact."""
    arrays = artefact.arrays
    return Linear(
        tuple(artefact.facts["labels"]), int(artefact.facts["bits"]),
        arrays["weights"], arrays["scale"], arrays["dense"], arrays["bias"],
    )  # fmt: skip


def packed(kind: str, format: int, model: Linear, facts: dict[str, Any]) -> Artefact:
    """The artefact of a model."""
    arrays = {"weights": model.weights, "scale": model.scale, "dense": model.dense, "bias": model.bias}
    return Artefact(kind, format, arrays, {"labels": list(model.labels), "bits": model.bits, **facts})


def quantised(labels: Sequence[str], bits: int, weights: Numbers, dense: Numbers, bias: Numbers) -> Linear:
    """A model whose weights are rounded to ±127 of the largest of their class, which changes no probability by a hundredth."""
    scale = numpy.maximum(numpy.abs(weights).max(axis=1), 1e-9) / 127
    rounded = numpy.rint(weights / scale[:, None]).astype(numpy.int8)
    return Linear(
        tuple(labels), bits, rounded, scale.astype(numpy.float32), dense.astype(numpy.float32), bias.astype(numpy.float32)
    )


def softmax(scores: Numbers) -> Numbers:
    """Probabilities that add up to one in each row."""
    grown = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    return numpy.asarray(grown / grown.sum(axis=1, keepdims=True))


def words_behind(words: Words, pulls: Numbers, start: int, end: int) -> tuple[str, ...]:
    """The words of one text that drew it most, strongest first, each once, as written, with the negator that turns it."""
    order = start + numpy.argsort(-pulls[start:end], kind="stable")[: 3 * SHOWN]
    least = WORTH_NAMING * float(pulls[order[0]]) if len(order) else 0.0
    named: dict[str, None] = {}
    for place in order.tolist():
        if pulls[place] > max(least, 0) and (shown := as_read(words, place, start)):
            named.setdefault(shown)
    return tuple(named)[:SHOWN]


def as_read(words: Words, place: int, start: int) -> str:
    """A word as it stands in the text, from its negator on; empty for signs of punctuation and what is no word."""
    word = words.normal[place]
    if not (word[0].isalnum() or word[0] == "#" or not word.isascii()) or word in NEGATORS:
        return ""
    if words.turned[place]:
        begin = next(
            (before for before in range(place - 1, max(start, place - 4) - 1, -1) if words.normal[before] in NEGATORS), place
        )
        return " ".join(words.written[begin : place + 1]).lower()
    return words.written[place].lower()
