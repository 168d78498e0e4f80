"""Words as the matching compares them: folded, without endings, hashtags and compounds split by a vocabulary. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_TEXT = 6_000
"""Characters that are read of a text: a caption of 50 kB says what it shows at its beginning."""
MAX_WORDS = 600
MAX_HASHTAGS = 60
LONGEST_TAG = 80
SHORTEST_PIECE = 3
"""Letters of the shortest word that is looked for inside another; shorter ones are found in anything."""
HASHTAG = re.compile(r"[#＃](\w+)")
# Letters with their marks, or digits; a model number such as A-12/b falls into its parts.
WORD = re.compile(r"[^\W\d_]+|\d+")
# Letters of scripts that are written without spaces: each pair of neighbours counts as a word.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f]")
HUMP = re.compile(r"[a-zß-ÿ0-9](?=[A-ZÀ-Þ])")
# Umlauts are written in three ways: ü, ue, u. All of them become the last.
MARKLESS = str.maketrans({"ß": "ss", "ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "ı": "i", "þ": "th", "ð": "d"})
DIGRAPHS = re.compile("(?<=[^aeiouqy])([aou])e(?=[^aeiou\\W])")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: what is compared, and how it is written there."""

    key: str
    shown: str
    from_hashtag: bool = False


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Lower case, without accents."""
    plain = unicodedata.normalize("NFKD", word.casefold()).translate(MARKLESS)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


@lru_cache(maxsize=65_536)
def key_of(word: str) -> str:
    """The folded word without the ending of a plural, umlauts in any of their spellings as one: `Dresses` → `dress`."""
    return DIGRAPHS.sub(r"\1", singular(fold(word)))


def singular(folded: str) -> str:
    """Without the ending of an English plural."""
    if len(folded) < 4 or not folded.isascii() or not folded.endswith("s") or folded.endswith("ss"):
        return folded
    if folded.endswith("ies") and len(folded) > 4:
        return folded[:-3] + "y"
    if folded.endswith(("sses", "shes", "ches", "xes", "zes")):
        return folded[:-2]
    return folded[:-1]


def words_of(text: str) -> list[Word]:
    """The words of a plain text in their order."""
    return [Word(key_of(each), each) for each in pieces(text)][:MAX_WORDS]


def pieces(text: str) -> Iterator[str]:
    """What a text is made of: words, numbers, and pairs of letters where a script has no spaces."""
    for found in WORD.finditer(unicodedata.normalize("NFKC", text[:MAX_TEXT])):
        piece = found[0]
        if len(piece) > 1 and UNSPACED.match(piece):
            yield from (piece[place : place + 2] for place in range(len(piece) - 1))
        else:
            yield piece


def read_text(text: str, known: Collection[str]) -> list[Word]:
    """The words of a caption with those in its hashtags; what is not `known` is split where that gives known words."""
    short = text[:MAX_TEXT]
    tags = [tag[:LONGEST_TAG] for tag in HASHTAG.findall(short)][:MAX_HASHTAGS]
    plain = list(parted(words_of(HASHTAG.sub(" ", short)), known))
    tagged = [Word(key, tag, True) for tag in tags for key in split_hashtag(tag, known)]
    return (plain + tagged)[:MAX_WORDS]


def parted(words: Iterable[Word], known: Collection[str]) -> Iterator[Word]:
    """Words, compounds among them split: `Leinenkleid` → `leinen`, `kleid` where both are known."""
    for word in words:
        parts = [] if word.key in known or len(word.key) < 2 * SHORTEST_PIECE else split(word.key, known)
        if parts and all(part in known for part in parts):
            yield from (Word(part, word.shown) for part in parts)
        else:
            yield word


def split_hashtag(tag: str, known: Collection[str]) -> list[str]:
    """The words that a hashtag is made of: `#linendress`, `#LinenDress` and `#linen_dress` are two words each."""
    made: list[str] = []
    for part in HUMP.sub(r"\g<0> ", tag.replace("_", " ")).split():
        for piece in pieces(part):
            key = key_of(piece)
            made += [key] if key in known else split(fold(piece), known) or [key]
    return made


def split(word: str, known: Collection[str]) -> list[str]:
    """The cheapest way to write a word as known words with as few letters left over as can be; empty where none is known.

    Each known word costs 1 and each letter that belongs to none costs 1.5, so that few long words beat many short ones.
    """
    costs: list[tuple[float, int, str]] = [(0.0, 0, "")]
    for end in range(1, len(word) + 1):
        best = (costs[end - 1][0] + 1.5, end - 1, "")
        for start in range(max(0, end - 24), end - SHORTEST_PIECE + 1):
            key = key_of(word[start:end])
            if key in known and costs[start][0] + 1 < best[0]:
                best = (costs[start][0] + 1, start, key)
        costs.append(best)
    found: list[str] = []
    end = len(word)
    while end:
        _, start, key = costs[end]
        if key:
            found.append(key)
        end = start
    covered = sum(map(len, found))
    return found[::-1] if 2 * covered >= len(word) else []
