"""Which texts speak of what the brand listens for, in which sentence, and of which product. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ugc.kit.errors import Unprocessable

MAX_TERMS = 20
MAX_TERM = 80
MAX_SENTENCE = 400
LONGEST_TITLE = 8
"""Words of a product's title that are looked for in a text."""
# A product called "Top" would be found in every other sentence.
SHORTEST_TITLE = 6
SHORTEST_SKU = 4
"""Of one with a digit in it."""

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*", re.UNICODE)
# Scripts that are written without spaces between words: there a term is found as a piece of text.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|[\n\r]+|(?<=[。！？])")


class BadTerms(Unprocessable):
    """Listening needs 1 to 20 words or phrases of at most 80 characters, each with a letter or digit."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text in its plain form, and where it stands."""

    plain: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What matched, the sentence around it, and the product that the text speaks of, if one is named."""

    term: str
    sentence: str
    product_id: int | None


def plain(text: str) -> str:
    """Without case, accents and width: `Café` = `CAFE`."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    return "".join(each for each in apart if not unicodedata.combining(each)).replace("’", "'")


def words_of(text: str) -> list[Word]:
    """The words of a text; signs before and between them do not count, so `#sun-hat` is `sun hat`."""
    return [Word(plain(match[0]), match.start(), match.end()) for match in WORD.finditer(text)]


def clean_terms(terms: Sequence[str], *, required: bool = True) -> list[str]:
    """The terms without repetitions and spare spaces; raises BadTerms."""
    tidy = list(dict.fromkeys(" ".join(term.split()) for term in terms if term.strip()))
    if len(tidy) > MAX_TERMS or any(len(term) > MAX_TERM or not WORD.search(term) for term in tidy) or (required and not tidy):
        raise BadTerms()
    return tidy


def hear(
    text: str, terms: Sequence[str], excluded: Sequence[str] = (), products: Mapping[tuple[str, ...], int] | None = None
) -> Heard | None:
    """The first match of a term in a text that has none of the excluded ones; None where nothing matches."""
    words = words_of(text)
    if any(find(text, words, term) is not None for term in excluded):
        return None
    found = [(span, term) for term in terms if (span := find(text, words, term)) is not None]
    if not found:
        return None
    (start, end), term = min(found)
    return Heard(term, sentence_at(text, start, end), product_in(words, products or {}))


def find(text: str, words: Sequence[Word], term: str) -> tuple[int, int] | None:
    """Where a term stands: whole words in their order, the last one open with `*`; in scripts without spaces any piece of text."""
    if UNSPACED.search(term):
        place = text.casefold().find(term.casefold())
        return (place, place + len(term)) if place >= 0 else None
    wanted = [word.plain for word in words_of(term)]
    if not wanted:
        return None
    is_open = term.endswith("*")
    for first in range(len(words) - len(wanted) + 1):
        standing = [word.plain for word in words[first : first + len(wanted)]]
        if standing[:-1] == wanted[:-1] and fits(standing[-1], wanted[-1], is_open=is_open):
            return words[first].start, words[first + len(wanted) - 1].end
    return None


def fits(word: str, wanted: str, *, is_open: bool) -> bool:
    """Whether a text's word is the term's: also as somebody's (`Acme's`), after an article (`l'Acme`), and open at its end."""
    bare = word.removesuffix("'s").rpartition("'")[2] if "'" in word and "'" not in wanted else word
    return wanted in {word, bare, word.rstrip("'")} or (is_open and (word.startswith(wanted) or bare.startswith(wanted)))


def sentence_at(text: str, start: int, end: int) -> str:
    """The sentence around a match, cut to a bearable length with the match inside."""
    left = max((mark.end() for mark in SENTENCE_END.finditer(text, 0, start)), default=0)
    right = next((mark.start() for mark in SENTENCE_END.finditer(text, end)), len(text))
    if right - left <= MAX_SENTENCE:
        return " ".join(text[left:right].split())
    left = max(left, min(start, end - MAX_SENTENCE // 2) - MAX_SENTENCE // 3)
    right = min(right, left + MAX_SENTENCE)
    return f"{'… ' if left else ''}{' '.join(text[left:right].split())} …"


def titles_of(products: Sequence[tuple[int, str, str]]) -> dict[tuple[str, ...], int]:
    """What products are called in a text: (id, SKU, title) → words → id; what two products are called stands for neither."""
    named: dict[tuple[str, ...], int] = {}
    twice: set[tuple[str, ...]] = set()
    for product_id, sku, title in products:
        for name, least in ((title, SHORTEST_TITLE), (sku, SHORTEST_SKU if any(map(str.isdigit, sku)) else SHORTEST_TITLE)):
            words = tuple(word.plain for word in words_of(name))
            if not words or len(words) > LONGEST_TITLE or sum(map(len, words)) < least:
                continue
            if named.setdefault(words, product_id) != product_id:
                twice.add(words)
    return {words: product_id for words, product_id in named.items() if words not in twice}


def product_in(words: Sequence[Word], products: Mapping[tuple[str, ...], int]) -> int | None:
    """The product with the longest name in the text."""
    if not products:
        return None
    best = max(((len(run), products[run]) for run in runs(words) if run in products), default=None)
    return best[1] if best else None


def runs(words: Sequence[Word]) -> Iterator[tuple[str, ...]]:
    """Every run of at most LONGEST_TITLE words."""
    texts = [word.plain for word in words]
    for first in range(len(texts)):
        for size in range(1, min(LONGEST_TITLE, len(texts) - first) + 1):
            yield tuple(texts[first : first + size])


def site_of(url: str) -> str:
    """The host of an address without `www.`; empty where there is none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")
