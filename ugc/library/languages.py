"""The language of a text, and the text search configuration that goes with it."""

from __future__ import annotations

from functools import cache
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

CONFIGURATIONS = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish", "fr": "french", "hu": "hungarian",
    "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""ISO 639-1 → the configuration that PostgreSQL ships; every other language is searched unstemmed."""
SIMPLE = "simple"
CANDIDATES = {*CONFIGURATIONS, "ar", "bg", "cs", "el", "he", "hr", "ja", "ko", "pl", "ru", "sk", "sl", "th", "uk", "vi", "zh"}
"""What a text may be in; a longer list finds more rare languages and takes more short English texts for one of them."""
# Below these a guess is worse than none: a wrong stemmer hides the item from searches in its true language.
MIN_LETTERS = 20
MIN_PROBABILITY = 0.9
# The start of a text tells its language; more only costs time (30 µs, half of what adding an item costs otherwise).
ENOUGH = 160


@cache
def identifier() -> Any:
    """The detector, restricted to the languages that shops meet; loaded when first needed."""
    made = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    made.set_languages(sorted(CANDIDATES))
    return made


def detect(text: str) -> str:
    """ISO 639-1 of a text, or empty where it is too short or too uncertain."""
    start = text[:ENOUGH]
    if sum(map(str.isalpha, start)) < MIN_LETTERS:
        return ""
    language, probability = identifier().classify(start)
    return language if probability >= MIN_PROBABILITY else ""


def normal(language: str) -> str:
    """`en` from `en-GB`, `EN_us`, `en`; empty for anything that is no language code."""
    code = language.strip().lower().replace("_", "-").split("-", 1)[0]
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


def configuration(language: str) -> str:
    """The text search configuration of a language."""
    return CONFIGURATIONS.get(language, SIMPLE)
