"""Which language? py3langid's classes, held to those that shops meet; unknown below what a text can tell (decision 0135).

The library's own detection stays as strict as it is: there a wrong guess hides an item from a search, here it is shown beside its
probability and chooses the words that a reader knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ugc.library import languages
from ugc.texts.base import NOTHING, UNKNOWN, Context, Finding, Reader, Text

NOISE = re.compile(r"https?(?:://\S*)?|www\.\S+|@\w+|\brt\b|#", re.IGNORECASE)
"""What is in no language: addresses, handles, the sign before a hashtag."""
FEWEST_LETTERS = 10
ENOUGH = 300
"""Letters that tell a language; more cost time."""
COMMON = frozenset(("en", "de", "fr", "es", "pt", "it", "nl"))
# How much likelier a text is in one of these before it is looked at; and the least probability that is said. Chosen on the first
# four fifths of posts in six languages: more is right, and of what is said 99 in 100 still are.
LIKELIER, LEAST = 10.0, 0.4


def read(texts: Sequence[Text], context: Context) -> list[Finding]:
    """A language for each text."""
    return [language_of(text) for text in texts]


def language_of(text: Text) -> Finding:
    """The language of one text; what the source said counts where the text is too short to tell."""
    start = " ".join(NOISE.sub(" ", text.whole[: 2 * ENOUGH]).split())[:ENOUGH].lower()
    if sum(map(str.isalpha, start)) < FEWEST_LETTERS:
        return Finding(text.language, 1.0) if text.language else NOTHING
    weighed = [(p * (LIKELIER if code in COMMON else 1.0), code) for code, p in languages.identifier().rank(start)]
    best, code = max(weighed)
    p = round(float(best / sum(each for each, _ in weighed)), 4)
    return Finding(code if p >= LEAST else UNKNOWN, p)


READER = Reader("language", read)
