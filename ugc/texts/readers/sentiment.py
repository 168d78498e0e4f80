"""Does the text praise or complain? The brand's own model where its starred reviews trained one, else what ships.

Shown, and never an input of a decision or a score (16 CFR 465, L-01).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy

from ugc.modelling.artefacts import Artefact, read_shipped
from ugc.texts import features, feeling, linear
from ugc.texts.base import NOTHING, UNKNOWN, Context, Finding, Reader, Text
from ugc.texts.features import Features, Numbers
from ugc.texts.linear import Linear

KIND, FORMAT = "sentiment", 1
LABELS = ("negative", "neutral", "positive")
# Reviews are seldom neutral and mostly praise (Hu, Pavlou and Zhang 2009: "J-shaped"); of the posts that taught what ships each
# class is a third. So much likelier each label is of a review; held back, since shops differ and complaints must not drown.
OF_REVIEWS = numpy.log(numpy.asarray([0.3, 0.15, 0.55]) * len(LABELS))
# How much a word of our lists draws beside what the model learnt of it, to name the words that made the finding.
LISTED = 0.3


def read(texts: Sequence[Text], context: Context) -> list[Finding]:
    """A sentiment for each text."""
    artefact = context.models.get(KIND) or shipped()
    found = features.hashed(tuple(text.whole for text in texts))
    sums, strengths = feeling.sums_of(found.words, [text.language for text in texts])
    before = numpy.zeros(len(LABELS)) if KIND in context.models else leaning(texts)
    p, chosen, pulls = predict(linear.unpack(artefact), found, sums, before)
    ways = numpy.asarray([-1.0, 0.0, 1.0])[chosen][found.words.of]
    return name(texts, found, p, chosen, pulls + LISTED * strengths * ways, known_of(artefact, texts, strengths, found))


def shipped() -> Artefact:
    """What ships: learnt from public posts in six languages (its model card lies beside it)."""
    return read_shipped("ugc.texts", "sentiment", kind=KIND, format=FORMAT)


def leaning(texts: Sequence[Text]) -> Numbers:
    """What is said before a word is read to a model of posts: (texts, labels) to be added to its scores."""
    return numpy.where([[text.kind == "review"] for text in texts], OF_REVIEWS, 0.0)


def of_reviews(model: Linear) -> Linear:
    """What ships as it reads reviews; its labels stand in the order of LABELS."""
    return replace(model, bias=model.bias + OF_REVIEWS)


def predict(model: Linear, found: Features, sums: Numbers, before: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Probabilities in the order of LABELS, which label each text has, and how much each word drew towards it. `before`: what
    the labels have ahead of each other, of all texts or of each.
    """
    places = [LABELS.index(label) for label in model.labels]
    p = linear.softmax(model.scores(found, with_prior(model, found, sums)) + before[..., places])
    everywhere = numpy.zeros((len(p), len(LABELS)))
    everywhere[:, places] = p
    return everywhere, everywhere.argmax(axis=1), model.pull(found, p.argmax(axis=1))


def with_prior(model: Linear, found: Features, sums: Numbers) -> Numbers:
    """The sums of texts, with what ships says of them where the model was trained on that too."""
    if model.dense.shape[1] == feeling.WIDTH:
        return sums
    return numpy.hstack([sums, prior(found, sums)])


def prior(found: Features, sums: Numbers) -> Numbers:
    """What the model that ships says, as scores whose mean is 0."""
    scores = linear.unpack(shipped()).scores(found, sums)
    return numpy.asarray(scores - scores.mean(axis=1, keepdims=True), dtype=numpy.float32)


def known_of(artefact: Artefact, texts: Sequence[Text], strengths: Numbers, found: Features) -> Numbers:
    """Whether there is something to go by: a word or sign of our lists, or a language that the model was taught."""
    taught = set(artefact.facts.get("languages", ())) | {""}
    listed = numpy.bincount(found.words.of, weights=strengths != 0, minlength=len(texts)) > 0
    return numpy.asarray(listed | numpy.asarray([text.language in taught for text in texts]))


def name(texts: Sequence[Text], found: Features, p: Numbers, chosen: Numbers, pulls: Numbers, known: Numbers) -> list[Finding]:
    """The findings; nothing for a text without a word."""
    bounds = numpy.searchsorted(found.words.of, numpy.arange(len(texts) + 1)).tolist()
    findings = []
    for place in range(len(texts)):
        start, end = bounds[place], bounds[place + 1]
        if not has_words(found, start, end):
            findings.append(NOTHING)
        elif not known[place]:
            findings.append(Finding(UNKNOWN, round(float(p[place].max()), 4)))
        else:
            label = int(chosen[place])
            words = linear.words_behind(found.words, pulls, start, end)
            findings.append(Finding(LABELS[label], round(float(p[place, label]), 4), words))
    return findings


def has_words(found: Features, start: int, end: int) -> bool:
    """Whether a text holds a word or a sign that says something, not punctuation and addresses alone."""
    return any(word[0].isalpha() or not word[0].isascii() or word in feeling.lists_of("en").exact or
               word in feeling.lists_of("signs").exact for word in found.words.normal[start:end])  # fmt: skip


READER = Reader("sentiment", read, version=2, model=KIND, format=FORMAT)
