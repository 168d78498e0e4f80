"""The word lists that ship, one TSV a language: stems and inflections of our own, compared word by word in linear time.

A row is `list, weight, scope, words`. A word may be whole (`seam`), a stem (`deliver*`), a part (`*street`) or several words. Scope
`all` is read in a text of any language; `own` only in one of its own, since words mean other things next door (French `retard`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from ugc.texts import folding

LANGUAGES = ("en", "de", "fr", "es", "pt", "it")
OF_ANY, OF_ITS_OWN = "all", "own"
# A stem of fewer letters would begin every other word.
MIN_STEM = 3
REMEMBERED = 50_000
"""Words whose entries a lexicon remembers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of a list."""

    list: str
    words: tuple[str, ...]
    """Folded, with a star before or behind where the rest of the word is free."""
    weight: float


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that stands in a text."""

    list: str
    word: str
    """As it stands, folded."""
    weight: float
    at: int
    """Place of its first word among the words."""
    length: int = 1


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Entries, arranged so that a word is looked up and not compared with each of them."""

    whole: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    stems: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()
    """Of the stems, so that a word is cut to these only."""
    ends: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    end_lengths: tuple[int, ...] = ()
    parts: tuple[Entry, ...] = ()
    known: dict[str, list[Entry]] = field(default_factory=dict, compare=False)
    """Words that were looked up before."""

    def entries(self, word: str) -> list[Entry]:
        """Entries whose first word this one is."""
        found = list(self.whole.get(word, ()))
        if len(word) > folding.LONGEST:
            return found
        for length in self.lengths:
            if length > len(word):
                break
            found += self.stems.get(word[:length], ())
        for length in self.end_lengths:
            if length > len(word):
                break
            found += self.ends.get(word[-length:], ())
        return found + [entry for entry in self.parts if entry.words[0].strip("*") in word]

    def find(self, words: Sequence[str]) -> list[Hit]:
        """Every entry that stands in these words, in their order."""
        known, found = self.known, []
        for place, word in enumerate(words):
            entries = known.get(word)
            if entries is None:
                if len(known) >= REMEMBERED:
                    known.clear()
                entries = known[word] = self.entries(word)
            for entry in entries:
                length = len(entry.words)
                if length == 1 or follows(entry.words, words, place):
                    found.append(Hit(entry.list, " ".join(words[place : place + length]), entry.weight, place, length))
        return found


def follows(entry: Sequence[str], words: Sequence[str], place: int) -> bool:
    """Whether the rest of an entry of several words stands behind its first one."""
    if place + len(entry) > len(words):
        return False
    return all(is_word(pattern, word) for pattern, word in zip(entry[1:], words[place + 1 : place + len(entry)], strict=True))


def is_word(pattern: str, word: str) -> bool:
    """Whether a word is what a pattern of one word means."""
    if not pattern.endswith("*"):
        return word.endswith(pattern[1:]) if pattern.startswith("*") else word == pattern
    return pattern[1:-1] in word if pattern.startswith("*") else word.startswith(pattern[:-1])


def parse(list_name: str, word: str, weight: float) -> Entry:
    """An entry as a person writes it; an empty one where it holds no word at all."""
    marked = folding.fold(word.strip()).replace("*", "\ue001")
    cells = folding.WORD_OR_STAR.findall(marked)
    return Entry(list_name, tuple(cell.replace("\ue001", "*") for cell in cells), weight)


def build(entries: Iterable[Entry]) -> Lexicon:
    """Arrange entries; those without a word, or with a stem too short to mean anything, are left out."""
    whole: dict[str, list[Entry]] = {}
    stems: dict[str, list[Entry]] = {}
    ends: dict[str, list[Entry]] = {}
    parts = []
    for entry in entries:
        first = entry.words[0] if entry.words else ""
        bare = first.strip("*")
        if not bare or (bare != first and len(bare) < MIN_STEM):
            continue
        if bare == first:
            whole.setdefault(bare, []).append(entry)
        elif first.startswith("*") and first.endswith("*"):
            parts.append(entry)
        else:
            (ends if first.startswith("*") else stems).setdefault(bare, []).append(entry)
    return Lexicon(frozen(whole), frozen(stems), lengths(stems), frozen(ends), lengths(ends), tuple(parts))


def frozen(arranged: Mapping[str, list[Entry]]) -> dict[str, tuple[Entry, ...]]:
    """The same with tuples."""
    return {word: tuple(entries) for word, entries in arranged.items()}


def lengths(words: Iterable[str]) -> tuple[int, ...]:
    """The lengths that occur, the shortest first."""
    return tuple(sorted({len(word) for word in words}))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a word list."""

    list: str
    weight: float
    scope: str
    words: tuple[str, ...]


@cache
def rows(language: str) -> tuple[Row, ...]:
    """The word lists of a language, as they ship."""
    text = resources.files("ugc.texts").joinpath(f"lexicons/{language}.tsv").read_text(encoding="utf-8")
    cells = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(Row(name, float(weight), scope, tuple(words.split(", "))) for name, weight, scope, words in cells)


@cache
def lexicon(family: str, language: str, also: str = "") -> Lexicon:
    """The lists of a family (`offence`, `topic` …) for a text of a language: its own, and what the others let everybody read.

    `also` names a language whose own words count too. A language without lists, or none, has those of all languages where
    `also` is "any", else only what everybody may read.
    """
    entries = []
    for each in LANGUAGES:
        for row in rows(each):
            own = each in {language, also} or (also == "any" and language not in LANGUAGES)
            if row.list.startswith(f"{family}.") and (own or row.scope == OF_ANY):
                entries += [parse(row.list.partition(".")[2], word, row.weight) for word in row.words]
    return build(entries)


@cache
def words_of(name: str) -> frozenset[str]:
    """All words of a list in all languages, folded: for cues such as the words before a telephone number."""
    return frozenset(
        folding.fold(word) for language in LANGUAGES for row in rows(language) if row.list == name for word in row.words
    )
