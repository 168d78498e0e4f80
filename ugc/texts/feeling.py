"""Words that praise or complain, from our own lists in six languages, and what they add up to in a text (decision 0136). Pure.

It is what sentiment starts from before a brand taught it anything: the lists know which words, the models learn how much.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import numpy

from ugc.texts.features import ADDRESS, HANDLE, LONG, NEGATORS, NUMBER, Numbers, Words

LANGUAGES = ("de", "en", "es", "fr", "it", "pt")
BUT = frozenset(("but", "however", "aber", "jedoch", "mais", "pero", "mas", "porém", "porem", "ma", "però", "maar", "men"))
"""What stands before them counts half."""
SHORTEST_STEM = 3
# How much a word before strengthens, how much a negator takes away and turns, how much capitals strengthen: Hutto and Gilbert's
# VADER (2014) measured .293, −.74 and .733 on a scale to 4; these are ours on a scale to 3, the models correct them.
STRONGER, TURN, CAPITALS = 1.3, -0.6, 1.2
# What one sum of strengths must reach to be half way to the end of the scale.
HALF_WAY = 15
WIDTH = 34
"""Numbers a text is summed up in."""
COUNTED = 3
"""A sign or word counts so many times at most: the hundredth exclamation mark says nothing more."""
TWICE = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Lists:
    """The words of one language: exact ones, beginnings of words, and what strengthens the next."""

    exact: dict[str, int]
    stems: dict[str, int]
    boosters: frozenset[str]


def folded(word: str) -> str:
    """A word without case and accents."""
    plain = unicodedata.normalize("NFD", word.lower().replace("ß", "ss").replace("’", "'"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@cache
def lists_of(name: str) -> Lists:
    """The lists of a language, or `signs`."""
    exact, stems, boosters = dict[str, int](), dict[str, int](), set[str]()
    for line in resources.files("ugc.texts").joinpath("polarity", f"{name}.txt").read_text(encoding="utf-8").splitlines():
        strength, *words = line.split()
        for word in map(folded, words):
            if strength == "!":
                boosters.add(word)
            elif word.endswith("*"):
                stems.setdefault(word[:-1], int(strength))
            else:
                exact.setdefault(word, int(strength))
    return Lists(exact, stems, frozenset(boosters))


@lru_cache(maxsize=100_000)
def strength_of(word: str, language: str) -> int:
    """−3 to +3; 0 for a word of no list. Without a known language, what all that know the word agree on."""
    if word in lists_of("signs").exact:
        return lists_of("signs").exact[word]
    if language not in LANGUAGES:
        found = {strength_of(word, each) for each in LANGUAGES} - {0}
        return max(found, key=abs) if found and (min(found) > 0) == (max(found) > 0) else 0
    return look_up(folded(word).lstrip("#"), lists_of(language))


def look_up(word: str, lists: Lists) -> int:
    """A word's strength, also where its letters are drawn out (`sooo niice`)."""
    shapes = (word, TWICE.sub(r"\1\1", word), TWICE.sub(r"\1", word))
    for shape in shapes:
        if shape in lists.exact:
            return lists.exact[shape]
    for shape in dict.fromkeys((word, shapes[2])):
        for length in range(len(shape), SHORTEST_STEM - 1, -1):
            if shape[:length] in lists.stems:
                return lists.stems[shape[:length]]
    return 0


@lru_cache(maxsize=100_000)
def strengthens(word: str, language: str) -> bool:
    """Whether a word strengthens the next."""
    return language in LANGUAGES and folded(word) in lists_of(language).boosters


@lru_cache(maxsize=100_000)
def marks_of(word: str) -> tuple[int, ...]:
    """Which columns a word counts in besides its strength."""
    columns = {20: "!" in word and len(word) > 1, 21: "!" in word, 22: "?" in word and "!" not in word}
    columns |= {23: word.startswith(("..", "…")), 24: word in {ADDRESS, "http"}, 25: word == HANDLE, 26: word[0] == "#"}
    columns |= {27: word == NUMBER, 28: bool(LONG.search(word)), 29: word in NEGATORS, 30: word in BUT}
    return tuple(column for column, counts in columns.items() if counts)


def sums_of(words: Words, languages: list[str]) -> tuple[Numbers, Numbers]:
    """What the words of each text add up to, `WIDTH` numbers a text, and the strength of each word as it stands there."""
    sums = numpy.zeros((words.count, WIDTH), dtype=numpy.float32)
    strengths = numpy.zeros(len(words.normal), dtype=numpy.float32)
    bounds = numpy.searchsorted(words.of, numpy.arange(words.count + 1)).tolist()
    for place, language in enumerate(languages):
        sum_up(words, bounds[place], bounds[place + 1], language, sums[place], strengths)
    return sums, strengths


def sum_up(words: Words, start: int, end: int, language: str, row: Numbers, strengths: Numbers) -> None:
    """One text's numbers: strengths by sign, size and negation; their sum, extremes and last; signs and lengths."""
    counts = [0.0] * WIDTH
    total = last = highest = lowest = 0.0
    boosted, spoken = 1.0, 0
    for place in range(start, end):
        word, written = words.normal[place], words.written[place]
        loud = len(written) > 2 and written.isupper()
        spoken += word[0].isalpha()
        counts[31] += loud
        if strength := strength_of(word, language):
            counts[(abs(strength) - 1) * 4 + (strength < 0) * 2 + words.turned[place]] += 1
            last = strength * boosted * (TURN if words.turned[place] else 1) * (CAPITALS if loud else 1)
            strengths[place] = last
            total += last
            highest, lowest = max(highest, last), min(lowest, last)
        boosted = STRONGER if strengthens(word, language) else 1.0
        for column in marks_of(word):
            counts[column] += 1
        if word in BUT:
            total /= 2
    row[:] = numpy.minimum(counts, COUNTED)
    leaning = 3 * total / float(numpy.sqrt(total * total + HALF_WAY))
    row[12:19] = (
        leaning, highest / 2, lowest / 2, numpy.sign(last), abs(leaning), not (highest or lowest),
        total / float(numpy.sqrt(max(spoken, 1))),
    )  # fmt: skip
    row[32:34] = (float(numpy.log1p(spoken)) / 3, spoken < 6)
