"""Topics as groups of words that come together: which words of a text are looked at, and how much of each topic it holds. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import numpy

from ugc.modelling.artefacts import Artefact
from ugc.texts import feeling
from ugc.texts.base import ENOUGH
from ugc.texts.features import Numbers

KIND, FORMAT = "topics", 1
WORD = re.compile(r"[^\W\d_][^\W\d_'’-]{2,}")
NAMED = 3
"""Words of a topic's name."""


@dataclass(frozen=True, slots=True)
class Topics:
    """What was found in a brand's texts: names, the words that are known with their rarity, and what each tells of each topic."""

    names: tuple[str, ...]
    places: dict[str, int]
    rarity: Numbers
    projection: Numbers
    """(topics, words): the shares that explain a text's words best, before what is below 0 is cut off."""


@cache
def stopwords() -> frozenset[str]:
    """Words that stand in any text."""
    return frozenset(resources.files("ugc.texts").joinpath("stopwords.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=100_000)
def is_term(word: str) -> bool:
    """Whether a word can tell a topic: neither one that stands in any text nor one that only praises or complains."""
    return word not in stopwords() and not feeling.strength_of(word, "")


def terms_of(text: str) -> list[str]:
    """The words of a text that can tell a topic."""
    return [word for word in WORD.findall(text[:ENOUGH].lower()) if is_term(word)]


def unpack(artefact: Artefact) -> Topics:
    """The topics in an artefact."""
    names, terms = tuple(artefact.facts["names"]), tuple(artefact.facts["terms"])
    return Topics(names, places_of(terms), artefact.arrays["rarity"], artefact.arrays["projection"])


@lru_cache(maxsize=8)
def places_of(terms: tuple[str, ...]) -> dict[str, int]:
    """The place of each known word; kept, since a brand's texts come in many batches."""
    return {term: place for place, term in enumerate(terms)}


def weights_of(topics: Topics, texts: Sequence[str]) -> tuple[Numbers, list[list[str]]]:
    """(texts, words) as TF-IDF rows of length one, and the known words of each text."""
    rows = numpy.zeros((len(texts), len(topics.places)), dtype=numpy.float32)
    known = [[term for term in terms_of(text) if term in topics.places] for text in texts]
    for place, terms in enumerate(known):
        for term in terms:
            rows[place, topics.places[term]] += 1
    rows = numpy.where(rows > 0, 1 + numpy.log(numpy.maximum(rows, 1)), 0) * topics.rarity
    lengths = numpy.sqrt((rows * rows).sum(axis=1, keepdims=True))
    return rows / numpy.maximum(lengths, 1e-9), known


def shares_of(topics: Topics, rows: Numbers) -> Numbers:
    """(texts, topics): how much of what is said each topic is; a row adds up to one, or is 0 where no word is known."""
    found = numpy.maximum(rows @ topics.projection.T, 0)
    whole = found.sum(axis=1, keepdims=True)
    return numpy.asarray(numpy.where(whole > 1e-6, found / numpy.maximum(whole, 1e-6), 0))


def name_of(terms: Sequence[str]) -> str:
    """A topic's name: its strongest words; a longer form of one that is there already tells nothing new."""
    chosen: list[str] = []
    for term in terms:
        if not any(term.startswith(other[:5]) or other.startswith(term[:5]) for other in chosen):
            chosen.append(term)
    return " · ".join(chosen[:NAMED])
