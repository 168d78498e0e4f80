"""Fits a brand's usefulness on helpful votes; imported by jobs alone, since scikit-learn is heavy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy
from scipy.stats import rankdata, spearmanr

from ugc.modelling.artefacts import Artefact
from ugc.texts import features, linear, training
from ugc.texts.base import Text
from ugc.texts.features import Features, Numbers
from ugc.texts.linear import Linear
from ugc.texts.readers import usefulness as reader
from ugc.texts.rules import Trained, is_better

STRENGTH = 0.003
"""Of .0005 to .1, the best rank correlation on the fourth fifth of a shop's reviews (decision 0138)."""
AGES = 8
"""Groups of equal size by date: reviews compete with those that were there as long to be voted for."""
PEERS = 12
"""Reviews that a group of equal stars and age must hold; smaller ones join those of equal age."""
QUANTILES = 51


def train(
    texts: Sequence[Text], stars: Sequence[int | None], helpful: Sequence[int], dates: Sequence[datetime],
    incumbent: Artefact | None,
) -> Trained:  # fmt: skip
    """A model of reviews in the order of their dates, measured on the newest fifth beside the incumbent and the formula."""
    rows, votes = rows_of(texts), numpy.asarray(helpful)
    cut = len(texts) * 4 // 5
    groups = groups_of(stars, dates)
    trial = fit(rows[numpy.arange(cut)], targets_of(votes[:cut], groups[:cut]))
    held = rows[numpy.arange(cut, len(texts))]
    truth = targets_of(votes[cut:], groups[cut:])
    metrics = {
        **measure(training.scores_of(trial, held)[:, 0], truth),
        "stars": of_stars(training.scores_of(trial, held), stars[cut:]),
    }
    others = {"formula": measure(held.dense[:, 0], truth)}
    if incumbent is not None:
        others["incumbent"] = measure(training.scores_of(linear.unpack(incumbent), held)[:, 0], truth)
    better, why = is_better("spearman", metrics, others)
    whole = fit(rows, targets_of(votes, groups))
    data = {
        "split": "the newest fifth is held out",
        "held_out": len(texts) - cut,
        "voted": int((votes > 0).sum()),
        "others": others,
    }
    return Trained(packed(whole, rows), len(texts), data, metrics, others.get("incumbent", others["formula"]), better, why)


def rows_of(texts: Sequence[Text]) -> training.Rows:
    """Reviews as numbers: hashed words, and how they are built."""

    def sum_up(found: Features, place: slice) -> Numbers:
        return reader.built(found, texts[place])

    return training.rows_of([text.whole for text in texts], sum_up, bits=features.BITS)


def fit(rows: training.Rows, targets: Numbers) -> Linear:
    """A ridge regression of the targets."""
    return training.fit_value(rows, targets, strength=STRENGTH, label=reader.LABEL)


def packed(model: Linear, rows: training.Rows) -> Artefact:
    """The artefact, with the values that turn a score into the share of reviews below it."""
    quantiles = numpy.quantile(training.scores_of(model, rows)[:, 0], numpy.linspace(0, 1, QUANTILES))
    artefact = linear.packed(reader.KIND, reader.FORMAT, model, {"rows": rows.hashed.shape[0]})
    return Artefact(
        artefact.kind, artefact.format, {**artefact.arrays, "quantiles": quantiles.astype(numpy.float32)}, artefact.facts
    )


def groups_of(stars: Sequence[int | None], dates: Sequence[datetime]) -> Numbers:
    """Which reviews compete: those of equal stars and about equal age. So stars tell nothing of the target (L-01), an old review
    gains nothing by the votes that time brought, and the many without a vote stand together in the middle of their rank.
    """
    ages = (rankdata([date.timestamp() for date in dates]) - 1) * AGES // max(len(dates), 1)
    groups = ages * 8 + numpy.asarray([each or 0 for each in stars])
    names, counts = numpy.unique(groups, return_counts=True)
    small = set(names[counts < PEERS].tolist())
    return numpy.asarray([age * 8 + 7 if group in small else group for age, group in zip(ages, groups, strict=True)])


def targets_of(votes: Numbers, groups: Numbers) -> Numbers:
    """The rank of each review's votes in its group, 0–1, equal votes in the middle of theirs."""
    targets = numpy.zeros(len(votes))
    for group in numpy.unique(groups):
        own = groups == group
        targets[own] = (rankdata(votes[own]) - 0.5) / own.sum()
    return targets


def measure(scores: Numbers, truth: Numbers) -> dict[str, float]:
    """The rank correlation with what was found helpful; 0 where nothing differs."""
    return {"spearman": correlation(scores, truth)}


def of_stars(scores: Numbers, stars: Sequence[int | None]) -> float:
    """The rank correlation with the stars, to be seen to be that of length alone."""
    known = [place for place, each in enumerate(stars) if each is not None]
    return correlation(scores[known, 0], numpy.asarray([stars[place] for place in known], dtype=float))


def correlation(one: Numbers, other: Numbers) -> float:
    """Spearman's, or 0 where one of them is constant."""
    if len(one) < 2 or not numpy.ptp(one) or not numpy.ptp(other):
        return 0.0
    return round(float(spearmanr(one, other)[0]), 4)
