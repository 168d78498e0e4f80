"""Does the review help others? The brand's own model where helpful votes trained one, else a formula; stars don't count."""

from __future__ import annotations

from ugc.library.models import Kind
from ugc.scoring.signals.base import Facts, Measured, Signal, counted, words_of
from ugc.texts import usefulness


def measure(facts: Facts) -> Measured:
    """The share of the brand's reviews that help less, or the formula of ugc/texts/usefulness.py."""
    if facts.kind is not Kind.REVIEW:
        return Measured(None, "Not a review")
    words = words_of(facts.body)
    if not words:
        return Measured(0.0, "Stars without a text")
    if facts.usefulness is not None:
        return Measured(facts.usefulness, learnt(facts))
    length = f"{counted(len(words), 'word')}{' with a title' if facts.title else ''}"
    return Measured(usefulness.formula(words, bool(facts.title)), length)


def learnt(facts: Facts) -> str:
    """The reason where a model says it: what is less useful, and the words that count for it."""
    share = f"Likely more helpful than {round(100 * (facts.usefulness or 0))} % of your reviews"
    return f"{share}: {', '.join(facts.useful_words)}" if facts.useful_words else share


SIGNAL = Signal("review_text", "Review text", 30, measure)
