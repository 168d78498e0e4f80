"""Is the picture sharp? Variance of the Laplacian at long side 512 (peers.md §4: 1,836 original, 938 and 111 when blurred)."""

from __future__ import annotations

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal

# Half the value lies here: among phone photos of clothes and flowers, what is below looks soft.
USABLE = 300


def measure(facts: Facts) -> Measured:
    """s / (s + 300): rises all the way, so that the sharper of two is never the worse."""
    if not facts.has_picture or "sharpness" not in facts.measures:
        return NO_PICTURE
    found = max(0.0, facts.measures["sharpness"])
    value = found / (found + USABLE)
    word = "Sharp" if value >= 0.75 else "Sharp enough" if value >= 0.5 else "Soft" if value >= 0.25 else "Blurred"
    return Measured(value, f"{word}: {found:,.0f} against {USABLE} for a usable photo")


SIGNAL = Signal("sharpness", "Sharpness", 20, measure)
