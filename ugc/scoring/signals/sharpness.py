"""Is the picture sharp? Variance of the Laplacian at long side 512 (peers.md §4: 1,836 original, 938 and 111 when blurred)."""

from __future__ import annotations

import math

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

# The measure spans powers of ten, and so does what the eye makes of it: below 10 nothing is sharp, above 3,000 everything is.
SOFT, USABLE, FULL = 10, 300, 3_000
# The kernel's weights (−4, 1, 1, 1, 1) make a variance of 16 + 4 of noise of deviation 1; the quietest quarter, of which the
# noise is measured, lies up to 7 % below the rest.
NOISE = 20 / 0.93**2


def measure(facts: Facts) -> Measured:
    """log(1 + s / 10) / log(1 + 3,000 / 10), at most 1, without the grain: the sharper of two is never the worse."""
    if not facts.has_picture or "sharpness" not in facts.measures:
        return NO_PICTURE
    whole, grain = max(0.0, facts.measures["sharpness"]), NOISE * facts.measures.get("noise", 0.0) ** 2
    found = max(0.0, whole - grain)
    value = within(math.log1p(found / SOFT) / math.log1p(FULL / SOFT))
    word = "Sharp" if found >= 3 * USABLE else "Sharp enough" if found >= USABLE else "Soft" if found >= USABLE / 4 else "Blurred"
    note = ", without the grain" if grain > whole / 2 > 0 else ""
    return Measured(value, f"{word}: {found:,.0f} against {USABLE} for a usable photo{note}")


SIGNAL = Signal("sharpness", "Sharpness", 7, measure)
