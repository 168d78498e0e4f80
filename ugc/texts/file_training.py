"""Training from a table of texts and labels that somebody has: what labels mean, which rows are taken, which trainer they go to."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from zlib import crc32

from ugc.accounts.models import Brand
from ugc.kit.errors import Unprocessable
from ugc.modelling import queries as modelling_queries
from ugc.modelling.models import TrainedModel
from ugc.runtime import Runtime
from ugc.texts import queries, reading, rules, safety
from ugc.texts.base import Context, Text
from ugc.texts.rules import Need, Trained

KINDS = ("sentiment", "spam", "offence", "usefulness")
YES = {
    "spam": {"spam", "1", "true", "yes", "y", "t", "junk"},
    "offence": {
        "offence", "offensive", "offending", "hate", "insult", "profanity", "toxic", "abusive", "unsafe", "1", "true", "yes",
        "y", "t",
    },
}  # fmt: skip
NO = {
    "ham",
    "0",
    "false",
    "no",
    "n",
    "f",
    "none",
    "neither",
    "ok",
    "normal",
    "not spam",
    "clean",
    "safe",
    "not",
    "not_spam",
    "legit",
}
STARS = {"negative": 1, "neg": 1, "neutral": 3, "neu": 3, "mixed": 3, "positive": 5, "pos": 5}
LONGEST_LABEL = 40


class UnknownLabel(Unprocessable):
    """A label in the file means nothing here."""


class TooLittle(Unprocessable):
    """There is too little in the file to learn from."""


def train_from_file(
    runtime: Runtime, brand: Brand, kind: str, rows: Iterable[tuple[str, str]], now: datetime, *, actor: str = "system"
) -> TrainedModel:  # fmt: skip
    """Train a brand's model of a kind on texts and labels; it is used when it is better. Raises UnknownLabel, TooLittle.

    Of more than MOST_ROWS rows as many are taken at random, the same ones each time; memory does not grow with the file.
    """
    taken = sample((text, number_of(kind, label, place)) for place, (text, label) in enumerate(rows, 1) if text.strip())
    with runtime.transaction() as session:
        context = queries.get_context(session, brand.id)
    texts = with_languages([Text(body=text) for text, _ in taken])
    trained = train(runtime, brand.id, kind, texts, [number for _, number in taken], context, now)
    with runtime.transaction() as session:
        return safety.keep(session, brand.id, trained, source="a file", actor=actor, now=now)


def sample(rows: Iterable[tuple[str, float]], most: int = rules.MOST_ROWS) -> list[tuple[str, float]]:
    """As many rows as training takes, chosen and ordered by a checksum: a file sorted by label is no trap."""
    keyed = ((crc32(f"{text}\0{place}".encode("utf-8", "surrogatepass")), place, text, number)
             for place, (text, number) in enumerate(rows))  # fmt: skip
    return [(text, number) for _, _, text, number in heapq.nsmallest(most, keyed)]


def number_of(kind: str, label: str, place: int) -> float:
    """A label as the number that the kind is trained on: 1 or 0, stars, helpful votes; raises UnknownLabel."""
    word = " ".join(label.split()).casefold()
    try:
        if kind == "sentiment":
            return float(STARS[word]) if word in STARS else float(stars_of(word))
        if kind == "usefulness":
            return max(0.0, float(word or 0))
    except ValueError:
        pass
    else:
        if word in YES[kind] | NO:
            return float(word in YES[kind])
    raise UnknownLabel(f"row {place}: {label[:LONGEST_LABEL]!r} is no label of {kind}; {meant(kind)}")


def stars_of(word: str) -> int:
    """1 to 5 stars; raises ValueError."""
    stars = round(float(word))
    if not 1 <= stars <= 5:
        raise ValueError(word)
    return stars


def meant(kind: str) -> str:
    """Which labels a kind takes."""
    if kind == "sentiment":
        return "it takes positive, neutral, negative, or 1 to 5 stars"
    if kind == "usefulness":
        return "it takes the number of helpful votes"
    return f"it takes {kind}, 1, yes or true, and none, 0, no or false"


def with_languages(texts: list[Text]) -> list[Text]:
    """The texts with the languages that are found in them."""
    language = reading.READERS[0]
    return [replace(text, language=found.label) if found.p else text
            for text, found in zip(texts, language.read(texts, Context()), strict=True)]  # fmt: skip


def train(
    runtime: Runtime, brand_id: int, kind: str, texts: list[Text], numbers: list[float], context: Context, now: datetime
) -> Trained:  # fmt: skip
    """A candidate of a kind; raises TooLittle."""
    if need := need_of(kind, numbers):
        raise TooLittle(f"{kind} needs {need.needed:,} {need.of}, the file has {need.have:,}")
    with runtime.transaction() as session:
        incumbent = modelling_queries.load(session, brand_id, kind, format=reading.models()[kind])
    # scikit-learn takes seconds to import and 100 MB: only for as long as something is trained.
    from ugc.texts import safety_training, sentiment_training, usefulness_training

    if kind == "sentiment":
        return sentiment_training.train(texts, [int(number) for number in numbers], incumbent)
    if kind == "usefulness":
        votes = [int(number) for number in numbers]
        return usefulness_training.train(texts, [None] * len(texts), votes, [now] * len(texts), incumbent)
    return safety_training.train(kind, texts, [number > 0 for number in numbers], incumbent, context)


def need_of(kind: str, numbers: list[float]) -> Need | None:
    """What is missing; None with enough."""
    if kind == "sentiment":
        return rules.sentiment_need([int(number) for number in numbers])
    if kind == "usefulness":
        return rules.usefulness_need([int(number) for number in numbers])
    return safety.need_of(kind, [number > 0 for number in numbers])
