"""Texts as hashed numbers: words, pairs of words and pieces of words, the same in training and in prediction (decision 0136).

Hashing keeps no word of anybody, needs no vocabulary and meets no word that it doesn't know. Each number knows the word that it
came from, so that a prediction can name the words that made it. A batch at once: Python reads the words, numpy their pieces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any
from zlib import crc32

import numpy
from numpy.typing import NDArray

from ugc.texts.base import ENOUGH

BITS = 18
NEGATORS = frozenset(resources.files("ugc.texts").joinpath("polarity", "negators.txt").read_text(encoding="utf-8").split())
"""Words that turn round what follows them."""
TURNED = 3
"""Words that a negator turns round, unless a sign ends the clause before."""
PIECES = (2, 3, 4, 5)
"""Letters of the pieces of words; a word's edges count as letters."""

TOKEN = re.compile(
    r"https?://\S+|www\.\S+"
    r"|[@#]?\w+(?:['’](?:t|s|m|re|ll|ve|d)\b)?"
    r"|[:;=8xX][-o^']?[)(\]\[dDpP/\\|*3]+(?!\w)|<3+|[-_]{2,}"
    r"|[!?.…]+|[,;:]"
    r"|[\U0001F000-\U0001FAFF\u2190-\u2BFF\u3030\u303D\u3297\u3299\u00A9\u00AE\u203C\u2049]"
)
ADDRESS, HANDLE, NUMBER = "<url>", "<user>", "<number>"
LONG = re.compile(r"(.)\1{2,}")
ENDS = re.compile(r"[!?.…,;:]+")
STEP = numpy.uint64(1_099_511_628_211)
MIX = numpy.uint64(0x9E37_79B9_7F4A_7C15)
PAIR = numpy.uint64(0xC2B2_AE3D_27D4_EB4F)
PIECE_SALT = numpy.uint64(0x1656_67B1_9E37_79F9)
SPACE = ord(" ")

Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch of texts in one list, as written and as they are compared, with the text that each is of."""

    written: list[str]
    normal: list[str]
    turned: list[bool]
    """Whether a negator stands shortly before."""
    of: Numbers
    count: int
    """Texts in the batch."""


@dataclass(frozen=True, slots=True)
class Features:
    """Hashed numbers of a batch: the text, the bucket, the value and the word of each."""

    texts: Numbers
    buckets: Numbers
    values: Numbers
    origins: Numbers
    words: Words


def words_of(texts: Sequence[str]) -> Words:
    """The words of texts: lower case, addresses and handles as signs for themselves, long-drawn letters cut to three."""
    written: list[str] = []
    normal: list[str] = []
    turned: list[bool] = []
    of: list[int] = []
    for place, text in enumerate(texts):
        left = 0
        tokens = TOKEN.findall(unicodedata.normalize("NFC", text[:ENOUGH]))
        for token in tokens:
            word = normal_word(token)
            normal.append(word)
            turned.append(left > 0)
            if word in NEGATORS:
                left = TURNED
            elif left:
                left = 0 if ENDS.fullmatch(word) else left - 1
        written.extend(tokens)
        of.extend([place] * len(tokens))
    return Words(written, normal, turned, numpy.asarray(of, dtype=numpy.int64), len(texts))


@lru_cache(maxsize=100_000)
def normal_word(token: str) -> str:
    """A word as it is compared."""
    word = LONG.sub(r"\1\1\1", token.lower().replace("’", "'"))
    if word.startswith(("http", "www.")) and ("://" in word or word.startswith("www.")):
        return ADDRESS
    if word[0] == "@" and len(word) > 1:
        return HANDLE
    if word.isdigit():
        return NUMBER
    return word.replace("'", "") if word.replace("'", "") in NEGATORS else word


@lru_cache(maxsize=1)  # several readers look at one batch, one after the other
def hashed(texts: tuple[str, ...], bits: int = BITS) -> Features:
    """Words, pairs of neighbours and pieces of words of texts, each kind with length one in every text."""
    words = words_of(texts)
    marks = numpy.fromiter(map(mark_of, words.normal), dtype=numpy.uint64, count=len(words.normal))
    turned = numpy.asarray(words.turned, dtype=numpy.uint64)
    marks_turned = (marks + turned) * MIX
    parts = [single(words, marks_turned), pairs(words, marks_turned), pieces(words)]
    shift = numpy.uint64(64 - bits)
    values = numpy.concatenate([scaled(texts_, words.count) for _, texts_, _ in parts])
    return Features(
        texts=numpy.concatenate([texts_ for _, texts_, _ in parts]),
        buckets=(numpy.concatenate([keys for keys, _, _ in parts]) >> shift).astype(numpy.int32),
        values=values,
        origins=numpy.concatenate([origins for _, _, origins in parts]),
        words=words,
    )


@lru_cache(maxsize=100_000)
def mark_of(word: str) -> int:
    """A word's own 64 bits."""
    data = word.encode("utf-8", "surrogatepass")
    return crc32(data) << 32 | crc32(data, 0x5EED)


Part = tuple[Numbers, Numbers, Numbers]
"""Keys of 64 bits, the text of each, the word of each."""


def single(words: Words, marks: Numbers) -> Part:
    """The words themselves."""
    return marks * MIX, words.of, numpy.arange(len(words.of))


def pairs(words: Words, marks: Numbers) -> Part:
    """Neighbours in one text; a pair counts for its second word."""
    together = words.of[1:] == words.of[:-1]
    keys = (marks[:-1] * PAIR + marks[1:]) * MIX
    return keys[together], words.of[1:][together], numpy.flatnonzero(together) + 1


def pieces(words: Words, lengths: Sequence[int] = PIECES) -> Part:
    """Pieces of words with their edges, by a rolling hash over all letters of the batch at once."""
    if not words.normal:  # a batch of empty texts has edges, but no word that they belong to
        return numpy.empty(0, dtype=numpy.uint64), words.of, words.of
    letters, owners = letters_of(words)
    spaces = numpy.concatenate([[0], numpy.cumsum(letters == SPACE)])
    keys, origins = [], []
    rolled = letters.copy()
    for length in range(2, max(lengths) + 1):
        rolled = rolled[:-1] * STEP + letters[length - 1 :]
        if length in lengths:
            # No space inside: only the first and the last letter may be an edge. The owner is the word of the second letter.
            inside = spaces[length - 1 : len(letters)][: len(rolled)] - spaces[1 : len(rolled) + 1]
            whole = numpy.flatnonzero(inside == 0)
            keys.append((rolled[whole] + numpy.uint64(length) * PIECE_SALT) * MIX)
            origins.append(owners[whole + (letters[whole] == SPACE)])
    owner = numpy.concatenate(origins)
    return numpy.concatenate(keys), words.of[owner], owner


def letters_of(words: Words) -> tuple[Numbers, Numbers]:
    """The letters of all words as numbers with a space around each word, and the word of each letter."""
    joined = " " + " ".join(words.normal) + " "
    letters = numpy.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=numpy.uint32).astype(numpy.uint64)
    owners = numpy.cumsum(letters == SPACE) - 1
    return letters, numpy.minimum(owners, max(len(words.normal) - 1, 0))


def scaled(texts: Numbers, count: int) -> Numbers:
    """Equal values whose squares add up to one in each text."""
    sizes = numpy.bincount(texts, minlength=count).astype(numpy.float32)
    return (1 / numpy.sqrt(numpy.maximum(sizes, 1)))[texts]
