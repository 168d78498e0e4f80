"""What makes a review useful, without stars and without praise or complaint: how it is built and what it tells. Pure (L-01)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy

from ugc.texts.features import NUMBER, Numbers, Words

# Half of what length is worth is reached at 35 words, about two sentences (Kim et al. 2006: length is the strongest sign).
HALF = 35
PROSE = 6
"""Guiraud's index of ordinary prose of 60 words; unlike the plain share of distinct words it does not fall with length."""
WIDTH = 12
WORD = re.compile(r"[^\W\d_][\w'’-]*")
NOISE = re.compile(r"https?://\S+|[#@]\w+")
MEASURE = re.compile(
    r"\d+\s?(?:cm|mm|m|kg|g|lbs?|pounds?|inch(?:es)?|in|ft|feet|hours?|days?|weeks?|months?|years?|[\"'’″])(?!\w)", re.IGNORECASE
)
SENTENCE = re.compile(r"[.!?…]+(?:\s|$)|\n")


def words_of(text: str) -> list[str]:
    """The words of a text without addresses, hashtags and handles."""
    return WORD.findall(NOISE.sub(" ", text))


def formula(words: Sequence[str], has_title: bool) -> float:
    """.65 for length (1 − 2^(−words/35)), .2 for variety of words, .15 for a title, less up to half for shouting; 0–1."""
    if not words:
        return 0.0
    length = 1 - math.pow(2, -len(words) / HALF)
    variety = min(1.0, len({word.lower() for word in words}) / math.sqrt(len(words)) / PROSE)
    return (0.65 * length + 0.2 * variety + 0.15 * has_title) * (1 - shouting(words) / 2)


def shouting(words: Sequence[str]) -> float:
    """The share of words of three letters or more that are all capitals; short texts may shout."""
    long = [word for word in words if len(word) > 2]
    return sum(word.isupper() for word in long) / len(long) if len(long) >= 5 else 0.0


def build_of(words: Words, texts: Sequence[str], titles: Sequence[bool]) -> Numbers:
    """How each text is built, `WIDTH` numbers a text: lengths, variety, sentences, measures, questions, capitals, a title."""
    built = numpy.zeros((words.count, WIDTH), dtype=numpy.float32)
    bounds = numpy.searchsorted(words.of, numpy.arange(words.count + 1)).tolist()
    for place, text in enumerate(texts):
        start, end = bounds[place], bounds[place + 1]
        spoken = [word for word in words.written[start:end] if word[0].isalpha()]
        built[place] = build(spoken, words.normal[start:end], text, titles[place])
    return built


def build(spoken: list[str], normal: Sequence[str], text: str, has_title: bool) -> list[float]:
    """One text's numbers."""
    count, sentences = len(spoken), len(SENTENCE.findall(text)) or 1
    return [
        formula(spoken, has_title), math.log1p(count) / 5, 1 - math.pow(2, -count / 120),
        len({word.lower() for word in spoken}) / math.sqrt(max(count, 1)) / 8,
        math.log1p(sentences) / 3, math.log1p(count / sentences) / 4,
        math.log1p(normal.count(NUMBER)), math.log1p(len(MEASURE.findall(text))), "?" in text, "\n" in text.strip(),
        shouting(spoken), float(has_title),
    ]  # fmt: skip
