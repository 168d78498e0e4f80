"""Words as the lexicons compare them: without case, accents, invisible signs, borrowed letters, digits for letters and gaps within.

Everything takes time that grows with the text's length, whatever the text is made of.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MOST = 100_000
"""Characters that are looked at; what stands behind them in a longer text is not read."""
KEPT_LENGTH = 4_000
"""Characters of a text that is remembered for the next reader; what longer ones take would add up."""
LONGEST = 40
"""Letters of a word that a lexicon may know; a longer one is nobody's word and is never compared."""

# What is not seen, or only decorates: joiners, marks of direction, soft hyphens, variation selectors, stacked accents.
UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# The same with the star of a word list, which no text can hold.
WORD_OR_STAR = re.compile("[^\\W_\ue001]*[\ue001]?[^\\W_\ue001]+(?:['’][^\\W_\ue001]+)*[\ue001]?")
# Letters one by one with a sign or a space between them: "f u c k", "f.u.c.k".
SPELT = re.compile(r"(?<![^\W_])[^\W\d_](?:[ .\-_*][^\W\d_](?![^\W_])){2,15}")
# A chunk in which a sign or digit may stand for a letter: "sh1t", "a$$", "f**k".
DISGUISED = re.compile(r"(?<!\S)[\w$@!*#|+]{2,30}(?=[\s.,;:?)\"']|$)")
STANDS_FOR = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "$": "s", "@": "a", "!": "i", "|": "i"})
# Letters of other alphabets that look Latin.
LOOK_LIKE = str.maketrans("абвеікмнорстухѕјԁһѵԛԝαβεηικνορτυχωϲɡıℓ", "abbeikmhopctyxsjdhvqwabenikvoptuxwcgil")
FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f]")
LATIN = re.compile("[a-z]")
RUNS = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as the lexicons see it."""

    text: str
    """Folded, in its order, no longer than MOST."""
    words: tuple[str, ...]
    """Its words, folded."""
    hidden: tuple[str, ...]
    """Words that were spelt or disguised, as they read when the disguise is taken off."""
    starred: tuple[str, ...]
    """Chunks in which stars cover letters: `f**k`."""
    tricks: tuple[str, ...]
    """Words that mix alphabets, or that were cut by signs which nobody sees."""


def fold(text: str) -> str:
    """The text without case, accents and what is not seen; ñ stays, since it is another letter and makes another word."""
    text = text[:MOST]
    if text.isascii():
        return text.lower()
    text = UNSEEN.sub("", text).casefold().replace("ñ", "\ue000").replace("n\u0303", "\ue000")
    return MARKS.sub("", unicodedata.normalize("NFKD", text)).replace("\ue000", "ñ").replace("’", "'")


def read(text: str) -> Folded:
    """The words of a text, those that it hides among them."""
    return read_short(text) if len(text) <= KEPT_LENGTH else read_any(text)


@lru_cache(maxsize=512)  # several readers look at one batch, one after the other
def read_short(text: str) -> Folded:
    """The same, remembered."""
    return read_any(text)


def read_any(text: str) -> Folded:
    """The same, however long the text is."""
    folded = fold(text)
    words = [word[0] for word in WORD.finditer(folded)]
    tricks = list(cut_words(text[:MOST]))
    if not folded.isascii():
        mixed = {word for word in words if FOREIGN.search(word) and LATIN.search(word)}
        tricks += sorted(mixed)
        words = [word.translate(LOOK_LIKE) if word in mixed else word for word in words]
    hidden = [re.sub(r"[^\w]|_", "", found[0]) for found in SPELT.finditer(folded)]
    starred = []
    for found in DISGUISED.finditer(folded):
        chunk = found[0].rstrip("!")
        if "*" in chunk or "#" in chunk[1:]:
            starred.append(chunk.replace("#", "*"))
        elif LATIN.search(chunk) and not chunk.isalpha():
            hidden.append(chunk.translate(STANDS_FOR))
    if RUNS.search(folded):
        hidden += [short for word in words if len(word) <= LONGEST and (short := RUNS.sub(r"\1", word)) != word]
    return Folded(folded, tuple(words), tuple(hidden), tuple(starred), tuple(tricks))


CUT = re.compile("[^\\W\\d_]{1,20}[\u00ad\u200b\u2060\ufeff]+[^\\W\\d_]{1,20}")


def cut_words(text: str) -> list[str]:
    """Words that an unseen sign cuts, which lets a filter pass by; joiners that scripts and emoji need don't count."""
    return [] if text.isascii() else [UNSEEN.sub("", found[0]) for found in CUT.finditer(text)]
