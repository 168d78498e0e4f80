"""Texts as weighted, hashed words, and their place in a space: the same in training and in use."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
import zlib
from collections import Counter
from functools import cache

import numpy
from numpy.typing import NDArray

from ugc.modelling.artefacts import Artefact
from ugc.similarity.encoders.base import Vector, unit

SLOTS = 1 << 14
"""Words share so many slots; a brand's reviews use some ten thousand words, and SVD merges slots anyway."""
WIDTH = 128
MOST_SIGNS = 20_000
MOST_WORDS = 2_000
SHORT = 3
STEM = 5
"""Letters that stand for a longer word's stem: `jacket`, `jackets` and `jacke` share one."""
WORD = re.compile(r"[^\W_]+")
LINK = re.compile(r"(?:https?://|www\.)\S+|[@]\w+")
# Scripts written without spaces: pairs of signs stand for words there.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")

Words = dict[int, float]
"""Slot → weight."""


def words_of(text: str) -> list[str]:
    """Words without case and accents, links and names taken out."""
    plain = LINK.sub(" ", text[:MOST_SIGNS])
    if not plain.isascii():
        plain = "".join(sign for sign in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(sign))
    found = []
    for word in WORD.findall(plain.casefold()):
        found += [word[at : at + 2] for at in range(max(1, len(word) - 1))] if UNSPACED.search(word) else [word]
    return found[:MOST_WORDS]


def slot_of(word: str) -> int:
    """The slot of a word, the same on every machine."""
    return zlib.crc32(word.encode()) % SLOTS


def weigh(text: str) -> Words:
    """1 + log of how often each word and stem occurs, by slot; stems count half, short words less, numbers and letters nothing."""
    counted: Counter[str] = Counter()
    for word in words_of(text):
        if len(word) > 1 and not word.isdigit():
            counted[word] += 1
            if len(word) > STEM:
                counted["~" + word[:STEM]] += 1
    weights: Words = {}
    for word, count in counted.items():
        # What holds sentences together is short, in all languages that we know the letters of.
        share = 0.5 if word[0] == "~" else 0.4 if len(word) <= SHORT and word.isascii() else 1.0
        weight = share * (1.0 + math.log(count))
        weights[slot_of(word)] = weights.get(slot_of(word), 0.0) + weight
    return weights


def project(words: Words, space: Artefact | None) -> Vector | None:
    """The place of weighted words in a fitted space, or in the random one; None without words."""
    if not words:
        return None
    slots = numpy.fromiter(words.keys(), dtype=numpy.int64, count=len(words))
    weights = numpy.fromiter(words.values(), dtype=numpy.float32, count=len(words))
    if space is None:
        return unit(weights @ random_signs()[slots].astype(numpy.float32))
    weights = weights * space.arrays["idf"][slots].astype(numpy.float32)
    return unit(weights @ (space.arrays["projection"][slots].astype(numpy.float32) * space.arrays["scale"]))


@cache
def random_signs() -> NDArray[numpy.int8]:
    """A random sign for each slot and number, from a digest, so that it never changes (Achlioptas 2003)."""
    drawn = b"".join(hashlib.blake2b(slot.to_bytes(4, "little"), digest_size=WIDTH // 8).digest() for slot in range(SLOTS))
    bits = numpy.unpackbits(numpy.frombuffer(drawn, dtype=numpy.uint8)).reshape(SLOTS, WIDTH)
    return bits.astype(numpy.int8) * 2 - 1
