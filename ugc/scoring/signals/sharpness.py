"""Is the picture sharp? Variance of the Laplacian at long side 512 (peers.md §4: 1,836 original, 938 and 111 when blurred)."""

from __future__ import annotations

import math

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

# The measure spans powers of ten, and so does what the eye makes of it: below 10 nothing is sharp, above 3,000 everything is.
SOFT, USABLE, FULL = 10, 300, 3_000


def measure(facts: Facts) -> Measured:
    """log(1 + s / 10) / log(1 + 3,000 / 10), at most 1: the sharper of two is never the worse."""
    if not facts.has_picture or "sharpness" not in facts.measures:
        return NO_PICTURE
    found = max(0.0, facts.measures["sharpness"])
    value = within(math.log1p(found / SOFT) / math.log1p(FULL / SOFT))
    word = "Sharp" if found >= 3 * USABLE else "Sharp enough" if found >= USABLE else "Soft" if found >= USABLE / 4 else "Blurred"
    return Measured(value, f"{word}: {found:,.0f} against {USABLE} for a usable photo")


SIGNAL = Signal("sharpness", "Sharpness", 7, measure)
