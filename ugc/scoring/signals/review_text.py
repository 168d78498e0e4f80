"""Does the review help others? Length is the strongest sign that needs no training (Kim et al. 2006); stars don't count."""

from __future__ import annotations

import math

from ugc.library.models import Kind
from ugc.scoring.signals.base import Facts, Measured, Signal, counted, shouting, words_of

# Half of what length is worth is reached at 35 words, about two sentences.
HALF = 35


def measure(facts: Facts) -> Measured:
    """.65 for length (1 − 2^(−words/35)), .2 for variety of words, .15 for a title, less up to half for shouting."""
    if facts.kind is not Kind.REVIEW:
        return Measured(None, "Not a review")
    words = words_of(facts.body)
    if not words:
        return Measured(0.0, "Stars without a text")
    length = 1 - math.pow(2, -len(words) / HALF)
    # Guiraud's index does not fall with length as the plain share of distinct words does; 6 is ordinary prose of 60 words.
    variety = min(1.0, len({word.lower() for word in words}) / math.sqrt(len(words)) / 6)
    value = (0.65 * length + 0.2 * variety + 0.15 * bool(facts.title)) * (1 - shouting(words) / 2)
    return Measured(value, f"{counted(len(words), 'word')}{' with a title' if facts.title else ''}")


SIGNAL = Signal("review_text", "Review text", 30, measure)
