"""Is the picture neither too dark nor too bright? Mean luma in a comfortable band, little lost in black or white."""

from __future__ import annotations

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

# The band around middle grey (118) in which people rate exposure as right; beyond it the value falls to 0 at 0 and 255.
DARK, BRIGHT = 80.0, 180.0
# A white wall or a black coat clips a tenth of a good picture.
CLIPPED_FREE, CLIPPED_ALL = 0.1, 0.7


def measure(facts: Facts) -> Measured:
    """Closeness of the mean luma to the band, times what is not clipped beyond a tenth (down to a half)."""
    if not facts.has_picture or "brightness" not in facts.measures:
        return NO_PICTURE
    luma = facts.measures["brightness"]
    clipped = facts.measures.get("clipped_dark", 0.0) + facts.measures.get("clipped_light", 0.0)
    light = luma / DARK if luma < DARK else (255 - luma) / (255 - BRIGHT) if luma > BRIGHT else 1.0
    lost = within((clipped - CLIPPED_FREE) / (CLIPPED_ALL - CLIPPED_FREE))
    word = "Too dark" if luma < DARK else "Very bright" if luma > BRIGHT else "Well lit"
    note = f", {clipped:.0%} lost in black or white" if lost else ""
    return Measured(within(light) * (1 - lost / 2), f"{word}: brightness {luma:.0f} of 255{note}")


SIGNAL = Signal("exposure", "Exposure", 6, measure)
