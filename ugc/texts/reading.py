"""Every reader over a batch of texts. Pure; without a brand's models what ships reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from ugc.texts.base import ENOUGH, PLAIN, UNKNOWN, Context, Finding, Reader, Reading, Text
from ugc.texts.readers import (
    language,
    mentions,
    offence,
    personal_data,
    sentiment,
    spam,
    taxonomy,
    topics_found,
    usefulness,
)

READERS: tuple[Reader, ...] = (
    language.READER, sentiment.READER, usefulness.READER, spam.READER, offence.READER, taxonomy.READER, topics_found.READER,
    personal_data.READER, mentions.READER,
)  # fmt: skip
"""The language comes first: the others are told it. Several may fill one field that holds several findings."""
SEVERAL = frozenset({"topics", "personal_data", "mentions"})


AT_ONCE, LETTERS_AT_ONCE = 256, 200_000
"""Texts and letters that are looked at together: what their numbers take in memory is bounded, however many texts there are."""


def read(texts: Sequence[Text], context: Context = PLAIN) -> list[Reading]:
    """A reading of each text."""
    return [reading for portion in portions(texts) for reading in read_portion(portion, context)]


def portions(texts: Sequence[Text]) -> Iterator[list[Text]]:
    """The texts in portions of so many texts and letters at most."""
    portion, letters = list[Text](), 0
    for text in texts:
        more = min(len(text.title) + len(text.body), ENOUGH)
        if portion and (len(portion) == AT_ONCE or letters + more > LETTERS_AT_ONCE):
            yield portion
            portion, letters = [], 0
        portion.append(text)
        letters += more
    if portion:
        yield portion


def read_portion(texts: Sequence[Text], context: Context) -> list[Reading]:
    """A reading of each text of a portion."""
    given = list(texts)
    found: dict[str, list[Any]] = {}
    for reader in READERS:
        findings = reader.read(given, context)
        if reader.name in SEVERAL and reader.name in found:
            findings = [before + more for before, more in zip(found[reader.name], findings, strict=True)]
        found[reader.name] = findings
        if reader.name == "language":
            given = [tell(text, finding) for text, finding in zip(given, findings, strict=True)]
    return [Reading(**{name: findings[place] for name, findings in found.items()}) for place in range(len(texts))]


def tell(text: Text, language: Finding) -> Text:
    """The text with the language that was found in it."""
    return text if language.label in {UNKNOWN, text.language} else replace(text, language=language.label)


def told(texts: Sequence[Text]) -> list[Text]:
    """The texts with the languages that are found in them, as the readers after the first are given them."""
    return [tell(text, found) for text, found in zip(texts, language.READER.read(texts, PLAIN), strict=True)]


def models() -> dict[str, int]:
    """The kinds of models of a brand's own that readers use, and their formats."""
    return {reader.model: reader.format for reader in READERS if reader.model}


def versions(models: Mapping[str, int]) -> dict[str, Any]:
    """What reads now: the readers in their order and the brand's models, by their versions."""
    return {"readers": "-".join(f"{reader.name}{reader.version}" for reader in READERS), "models": dict(models)}


def as_json(reading: Reading) -> dict[str, Any]:
    """A reading as it is stored and as the API gives it."""
    return asdict(reading)


def from_json(stored: Mapping[str, Any]) -> Reading:
    """A stored reading; fields that it lacks are as if nothing was found."""
    found: dict[str, Any] = {}
    for field in fields(Reading):
        if (value := stored.get(field.name)) is not None:
            found[field.name] = tuple(map(finding, value)) if field.name in SEVERAL else finding(value)
    return Reading(**found)


def finding(stored: Mapping[str, Any]) -> Finding:
    """A stored finding."""
    return Finding(stored["label"], stored["p"], tuple(stored["words"]))
