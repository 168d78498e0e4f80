"""Does the review help others? Learnt from the brand's helpful votes, else the formula that needs no training.

Neither stars nor sentiment take part: the model learns which of reviews of equal stars and age were found helpful
(decision 0138).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from ugc.texts import features, linear, usefulness
from ugc.texts.base import ENOUGH, NOTHING, Context, Finding, Reader, Text
from ugc.texts.features import Features, Numbers
from ugc.texts.linear import Linear

KIND, FORMAT = "usefulness", 1
LABEL = "useful"
# Values that differ by less are equal: quantiles are kept in single precision.
EQUAL = 1e-4


def read(texts: Sequence[Text], context: Context) -> list[Finding]:
    """A value for each review; nothing for what is no review or has no word."""
    artefact = context.models.get(KIND)
    if artefact is None:
        return [by_formula(text) for text in texts]
    found = features.hashed(tuple(text.whole for text in texts))
    model = linear.unpack(artefact)
    values = model.scores(found, built(found, texts))[:, 0]
    return name(texts, found, shares_of(values, artefact.arrays["quantiles"]), drawn(model, found))


def shares_of(values: Numbers, quantiles: Numbers) -> Numbers:
    """The share of reviews below each value; of those that are equal, half count."""
    places = numpy.linspace(0, 1, len(quantiles))
    return (numpy.interp(values - EQUAL, quantiles, places) + numpy.interp(values + EQUAL, quantiles, places)) / 2


def by_formula(text: Text) -> Finding:
    """What the formula gives."""
    words = usefulness.words_of(text.body)
    if text.kind != "review" or not (words or text.title):
        return NOTHING
    return Finding(LABEL, round(usefulness.formula(words, bool(text.title)), 4))


def built(found: Features, texts: Sequence[Text]) -> Numbers:
    """How the texts are built."""
    return usefulness.build_of(found.words, [text.whole[:ENOUGH] for text in texts], [bool(text.title) for text in texts])


def drawn(model: Linear, found: Features) -> Numbers:
    """How much each word lifted the value."""
    values = found.values * model.weights[0, found.buckets] * model.scale[0]
    return numpy.bincount(found.origins, weights=values, minlength=len(found.words.normal))


def name(texts: Sequence[Text], found: Features, shares: Numbers, pulls: Numbers) -> list[Finding]:
    """The findings: the share of the brand's reviews that are less useful, and the words that say so."""
    bounds = numpy.searchsorted(found.words.of, numpy.arange(len(texts) + 1)).tolist()
    findings = []
    for place, text in enumerate(texts):
        if by_formula(text) is NOTHING:
            findings.append(NOTHING)
        else:
            words = linear.words_behind(found.words, pulls, bounds[place], bounds[place + 1])
            findings.append(Finding(LABEL, round(float(shares[place]), 4), words))
    return findings


READER = Reader("usefulness", read, model=KIND, format=FORMAT)
