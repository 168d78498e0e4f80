"""What a text is about: fit, quality, delivery … by word lists in six languages, and a brand's own topics by its own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ugc.texts import folding, hashed_model, lexicon
from ugc.texts.base import Context, Finding, Reader, Text

OWN_WORD = 0.9
# A single word in a long text is said in passing.
LONG, IN_PASSING = 120, 0.75
LEAST = 0.5
BUILT_IN = tuple(sorted({row.list.partition(".")[2] for row in lexicon.rows("en") if row.list.startswith("topic.")}))
"""The topics that ship."""


def read(texts: Sequence[Text], context: Context) -> list[tuple[Finding, ...]]:
    """The topics of each text, the surest first, with the words that made it."""
    own = lexicon.build(lexicon.parse(topic, word, OWN_WORD) for topic, words in context.topics.items() for word in words)
    return [topics_of(text, own) for text in texts]


def topics_of(text: Text, own: lexicon.Lexicon) -> tuple[Finding, ...]:
    """The topics of one text."""
    words = folding.read(text.whole).words
    known = lexicon.lexicon("topic", text.language, "en" if text.language in lexicon.LANGUAGES else "any")
    by_topic: dict[str, dict[str, float]] = {}
    for hit in [*own.find(words), *known.find(words)]:
        by_topic.setdefault(hit.list, {})[hit.word] = hit.weight
    found = [finding(topic, hits, len(words)) for topic, hits in by_topic.items()]
    return tuple(sorted((each for each in found if each.p >= LEAST), key=lambda each: (-each.p, each.label)))


def finding(topic: str, hits: Mapping[str, float], length: int) -> Finding:
    """A topic by its words: the more of them, the surer; a lone one in a long text less so."""
    p = 1 - product(1 - weight for weight in hits.values())
    if len(hits) == 1 and length > LONG:
        p *= IN_PASSING
    words = sorted(hits, key=lambda word: (-hits[word], word))
    return Finding(topic, round(p, 4), tuple(words[: hashed_model.WORDS_SHOWN]))


def product(numbers: Iterable[float]) -> float:
    """All multiplied."""
    total = 1.0
    for number in numbers:
        total *= number
    return total


READER = Reader("topics", read)
