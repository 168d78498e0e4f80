"""Does the caption say something? Words of its own rather than hashtags; shouting costs (length: Kim et al. 2006)."""

from __future__ import annotations

from ugc.library.models import Kind
from ugc.scoring.signals.base import HASHTAG, Facts, Measured, Signal, counted, shouting, within, words_of

# A sentence: more does not make a caption better.
FULL = 12


def measure(facts: Facts) -> Measured:
    """Words against 12, less up to half for hashtags that outnumber them and up to half for shouting."""
    text = f"{facts.title} {facts.body}".strip()
    if facts.kind is Kind.REVIEW:
        return Measured(None, "A review's text is judged as a review")
    if not text:
        return Measured(None, "No caption")
    words, hashtags = words_of(text), len(HASHTAG.findall(text))
    crowd = within(hashtags / (len(words) + hashtags)) if hashtags > 3 else 0.0
    value = within(len(words) / FULL) * (1 - crowd / 2) * (1 - shouting(words) / 2)
    extra = f", {counted(hashtags, 'hashtag')}" if hashtags else ""
    return Measured(value, f"{counted(len(words), 'word')}{extra}")


SIGNAL = Signal("caption", "Caption", 10, measure)
