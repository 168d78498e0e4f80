"""Linear models over hashed words, as they are stored and as they predict: a gather and a sum, no library that trains.

A model keeps one row of weights per question in eight bits with a scale each; the sign and size of a sum are log-odds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray

from ugc.modelling.artefacts import Artefact
from ugc.texts import features

Numbers = NDArray[Any]
STEPS = 127
"""Of the eight bits that a weight is kept in."""
WORDS_SHOWN = 6
# A word is named where it moved the log-odds by this much.
TELLING = 0.15


@dataclass(frozen=True, slots=True)
class Weighed:
    """Log-odds of a batch, a column per question, and what each word added."""

    logits: Numbers
    found: features.Features
    added: Numbers
    """What each hashed number added, a row per number and a column per question."""

    def words(self, text: int, question: int) -> tuple[str, ...]:
        """The words of a text that speak for a question, the strongest first."""
        of_text = self.found.texts == text
        origins, start = self.found.origins[of_text], int(self.found.origins[of_text].min(initial=0))
        sums = numpy.bincount(origins - start, weights=self.added[of_text, question]) if len(origins) else numpy.empty(0)
        order = numpy.argsort(-sums)[: 2 * WORDS_SHOWN]
        named = dict.fromkeys(self.found.words.written[start + int(place)] for place in order if sums[place] >= TELLING)
        return tuple(named)[:WORDS_SHOWN]


def usable(model: Artefact | None) -> Artefact | None:
    """The model, unless it lacks what prediction needs; then what ships reads."""
    whole = model is not None and "bits" in model.facts and {"weights", "scales", "intercepts"} <= model.arrays.keys()
    return model if whole else None


def weigh(texts: Sequence[str], model: Artefact) -> Weighed:
    """The log-odds of texts by a model; of a text without a word they are the model's intercept."""
    found = features.hashed(tuple(texts), int(model.facts["bits"]))
    weights = model.arrays["weights"][:, found.buckets].T.astype(numpy.float32) * model.arrays["scales"]
    added = weights * found.values[:, None]
    columns = [numpy.bincount(found.texts, weights=column, minlength=len(texts)) for column in added.T]
    return Weighed(numpy.column_stack(columns) + model.arrays["intercepts"], found, added)


def store(kind: str, format: int, bits: int, weights: Numbers, intercepts: Numbers, **facts: Any) -> Artefact:
    """A model as it is kept, from weights in full precision (a row per question)."""
    scales = numpy.maximum(numpy.abs(weights).max(axis=1), 1e-9) / STEPS
    arrays = {
        "weights": numpy.rint(weights / scales[:, None]).astype(numpy.int8),
        "scales": scales.astype(numpy.float32),
        "intercepts": intercepts.astype(numpy.float32),
    }
    return Artefact(kind, format, arrays, {"bits": bits, **facts})


def probability(logit: float) -> float:
    """Log-odds as a probability, without an overflow at either end."""
    return float(1 / (1 + numpy.exp(-numpy.clip(logit, -30, 30))))
