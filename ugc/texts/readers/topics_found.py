"""Which of the topics found in the brand's own texts does the text hold? Nothing before the brand has enough texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from ugc.texts import topics
from ugc.texts.base import Context, Finding, Reader, Text
from ugc.texts.features import Numbers
from ugc.texts.topics import FORMAT, KIND, Topics

# A topic is named where it is a quarter of what is said, and said with two known words at least.
SHARE, WORDS, MOST = 0.25, 2, 3


def read(texts: Sequence[Text], context: Context) -> list[tuple[Finding, ...]]:
    """The topics of each text, the largest first."""
    artefact = context.models.get(KIND)
    if artefact is None:
        return [()] * len(texts)
    found = topics.unpack(artefact)
    rows, known = topics.weights_of(found, [text.whole for text in texts])
    shares = topics.shares_of(found, rows)
    return [name(found, row, share, terms) for row, share, terms in zip(rows, shares, known, strict=True)]


def name(found: Topics, row: Numbers, shares: Numbers, terms: list[str]) -> tuple[Finding, ...]:
    """One text's topics with the words that tell them."""
    distinct = list(dict.fromkeys(terms))
    if len(distinct) < WORDS:
        return ()
    named = []
    for place in numpy.argsort(-shares, kind="stable")[:MOST].tolist():
        if shares[place] >= SHARE:
            told = {term: float(row[found.places[term]] * found.projection[place, found.places[term]]) for term in distinct}
            words = tuple(term for term in sorted(told, key=lambda term: -told[term]) if told[term] > 0)[:5]
            named.append(Finding(found.names[place], round(float(shares[place]), 4), words))
    return tuple(named)


READER = Reader("topics", read, model=KIND, format=FORMAT)
