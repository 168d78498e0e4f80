"""What was found in an item's text, for the item page and the inbox: each with its probability and the words that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ugc.library.models import Item, Kind
from ugc.texts import queries as texts_queries
from ugc.texts.base import UNKNOWN, Finding, Reading

# Below this a kind of offence or spam is a guess that would only disquiet.
LIKELY = 0.5
LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hr": "Croatian", "hu": "Hungarian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A reading as the panel shows it."""

    language: str
    sentiment: Finding | None
    usefulness: Finding | None
    topics: tuple[Finding, ...]
    warnings: tuple[tuple[str, Finding], ...]
    """Spam and offence where they are likely."""
    personal_data: tuple[Finding, ...]
    mentions: tuple[Finding, ...]
    is_review: bool


def panel(session: Session, brand_id: int, items: Sequence[Item]) -> dict[int, Shown]:
    """The readings of items that say something."""
    readings = texts_queries.map_readings(session, brand_id, [item.id for item in items])
    shown = {item.id: shown_of(readings[item.id], item) for item in items if item.id in readings}
    return {id: each for id, each in shown.items() if each.language or each.sentiment or each.topics or each.warnings}


def shown_of(reading: Reading, item: Item) -> Shown:
    """What the panel shows of a reading."""
    warnings = [("Spam", reading.spam), (offence_words(reading.offence), reading.offence)]
    return Shown(
        language=LANGUAGES.get(reading.language.label, ""),
        sentiment=known(reading.sentiment), usefulness=known(reading.usefulness),
        topics=reading.topics[:6], warnings=tuple((label, found) for label, found in warnings if found.p >= LIKELY),
        personal_data=reading.personal_data[:6], mentions=reading.mentions[:6], is_review=item.kind is Kind.REVIEW,
    )  # fmt: skip


def known(found: Finding) -> Finding | None:
    """A finding that says something."""
    return None if found.label == UNKNOWN else found


def offence_words(found: Finding) -> str:
    """The kind of offence, for people."""
    return found.label.replace("_", " ").capitalize()
