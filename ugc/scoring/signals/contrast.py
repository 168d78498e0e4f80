"""Do light and dark lie far enough apart? RMS contrast (Peli 1990) of the luma."""

from __future__ import annotations

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

# Everyday photos lie between 45 and 75; haze and grey cards far below.
FULL = 60


def measure(facts: Facts) -> Measured:
    """Standard deviation of the luma against 60."""
    if not facts.has_picture or "contrast" not in facts.measures:
        return NO_PICTURE
    found = facts.measures["contrast"]
    value = within(found / FULL)
    word = "Clear" if value >= 0.75 else "Fair" if value >= 0.45 else "Flat"
    return Measured(value, f"{word} contrast: {found:.0f} against {FULL}")


SIGNAL = Signal("contrast", "Contrast", 3, measure)
