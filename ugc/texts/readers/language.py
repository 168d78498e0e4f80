"""Which language? py3langid's classes, held to those that shops meet; unknown below what a text can tell."""

from __future__ import annotations

from collections.abc import Sequence

from ugc.library import languages
from ugc.texts.base import NOTHING, UNKNOWN, Context, Finding, Reader, Text


def read(texts: Sequence[Text], context: Context) -> list[Finding]:
    """A language for each text."""
    return [language_of(text) for text in texts]


def language_of(text: Text) -> Finding:
    """The language of one text; what the source said counts where the text is too short to tell."""
    start = text.whole[: languages.ENOUGH]
    if sum(map(str.isalpha, start)) < languages.MIN_LETTERS:
        return Finding(text.language, 1.0) if text.language else NOTHING
    language, p = languages.identifier().classify(start)
    return Finding(language if p >= languages.MIN_PROBABILITY else UNKNOWN, round(float(p), 4))


READER = Reader("language", read)
