"""Fits a brand's sentiment on its starred reviews; imported by jobs alone, since scikit-learn is heavy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy

from ugc.modelling.artefacts import Artefact
from ugc.texts import features, feeling, linear, training
from ugc.texts.base import Text
from ugc.texts.features import Features, Numbers
from ugc.texts.linear import Linear
from ugc.texts.readers import sentiment
from ugc.texts.rules import Trained, is_better

# A class of fewer reviews than these can't be told from chance on the fifth of them that is held out.
TAUGHT = 30
"""Reviews in a language from which on the model is said to know it."""
SETTINGS = training.Settings(strength=0.4, balance=0.5, keep=100_000)
"""Chosen on the first four fifths of two shops' reviews: by the mean of accuracy and macro-F1 (decision 0136)."""


def label_of(stars: int) -> str:
    """1–2 stars complain, 4–5 praise."""
    return "negative" if stars <= 2 else "neutral" if stars == 3 else "positive"


def train(texts: Sequence[Text], stars: Sequence[int], incumbent: Artefact | None) -> Trained:
    """A model of reviews in the order of their dates, measured on the newest fifth beside the incumbent and what ships."""
    labels = [label_of(each) for each in stars]
    rows = rows_of(texts)
    cut = len(texts) * 4 // 5
    seen, held = numpy.arange(cut), numpy.arange(cut, len(texts))
    heat = heat_of(rows[seen], labels[:cut])
    trial = training.fit(rows[seen], labels[:cut], SETTINGS).times(heat)
    metrics = measure(trial, rows[held], labels[cut:])
    others = {"shipped": measure(shipped(), without_prior(rows[held]), labels[cut:])}
    if incumbent is not None:
        model = linear.unpack(incumbent)
        others["incumbent"] = measure(model, rows[held] if has_prior(model) else without_prior(rows[held]), labels[cut:])
    better, why = is_better("macro_f1", metrics, others)
    whole = training.fit(rows, labels, SETTINGS).times(heat)
    facts = {"languages": languages_of(texts), "rows": len(texts)}
    data = {"classes": dict(Counter(labels)), "split": "the newest fifth is held out", "held_out": len(held), "others": others}
    return Trained(linear.packed(sentiment.KIND, sentiment.FORMAT, whole, facts), len(texts), data, metrics,
                   others.get("incumbent", others["shipped"]), better, why)  # fmt: skip


def rows_of(texts: Sequence[Text]) -> training.Rows:
    """Reviews as numbers: hashed words, the sums of our lists, and what the model that ships says."""

    def sum_up(found: Features, place: slice) -> Numbers:
        sums, _ = feeling.sums_of(found.words, [text.language for text in texts[place]])
        return numpy.hstack([sums, sentiment.prior(found, sums)])

    return training.rows_of([text.whole for text in texts], sum_up, bits=features.BITS)


def heat_of(rows: training.Rows, labels: Sequence[str]) -> float:
    """How sure to be, learnt on the quarter that a model of the other three never saw; as it is where that holds no new class."""
    places = numpy.arange(len(labels))
    seen, unseen = places[places % 4 > 0], places[places % 4 == 0]
    if {labels[place] for place in unseen} - {labels[place] for place in seen} or len({labels[place] for place in seen}) < 2:
        return 1.0
    trial = training.fit(rows[seen], [labels[place] for place in seen], SETTINGS)
    return training.heat_of(trial, rows[unseen], [labels[place] for place in unseen])


def measure(model: Linear, rows: training.Rows, labels: Sequence[str]) -> dict[str, float]:
    """Accuracy, macro-F1 and calibration error on rows."""
    p = linear.softmax(training.scores_of(model, rows))
    told = [model.labels[place] for place in p.argmax(axis=1)]
    return {**training.metrics_of(labels, told), "calibration_error": training.calibration_error(labels, model.labels, p)}


def shipped() -> Linear:
    """What a brand without a model of its own has."""
    return sentiment.of_reviews(linear.unpack(sentiment.shipped()))


def has_prior(model: Linear) -> bool:
    """Whether a model looks at what ships says."""
    return bool(model.dense.shape[1] > feeling.WIDTH)


def without_prior(rows: training.Rows) -> training.Rows:
    """Rows without what ships says."""
    return replace(rows, dense=rows.dense[:, : feeling.WIDTH])


def languages_of(texts: Sequence[Text]) -> list[str]:
    """The languages that are taught, and those that what ships knows."""
    counts = Counter(text.language for text in texts if text.language)
    shipped: Any = sentiment.shipped().facts["languages"]
    return sorted({language for language, count in counts.items() if count >= TAUGHT} | set(shipped))
