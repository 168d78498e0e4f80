"""Is the picture large enough for a large screen? Two megapixels, as PhotoPrism asks for (peers.md §4)."""

from __future__ import annotations

import math

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

# 320 × 240 fills a thumbnail and nothing else; each doubling from there is worth the same.
LEAST, FULL = 320 * 240, 2_000_000


def measure(facts: Facts) -> Measured:
    """log(pixels / 76,800) / log(2,000,000 / 76,800)."""
    if not facts.has_picture or facts.width is None or facts.height is None:
        return NO_PICTURE
    pixels = facts.width * facts.height
    value = within(math.log(max(pixels, 1) / LEAST) / math.log(FULL / LEAST))
    return Measured(value, f"{facts.width:,} × {facts.height:,} pixels against 2 megapixels")


SIGNAL = Signal("resolution", "Resolution", 5, measure)
