"""Is what looks like noise a sensor's? Cloth, sand and leaves go on at twice the size and are of one colour; grain is not."""

from __future__ import annotations

from ugc.media.measures.base import Sample, halved
from ugc.media.measures.noise import grain_of

NAMES = ("noise_2", "noise_colour")


def measure(sample: Sample) -> dict[str, float]:
    """The noise at half the size (half as strong if neighbours don't know of each other), and of the difference red − green."""
    return dict(zip(NAMES, (grain_of(halved(sample.luma)), grain_of(sample.rgb[..., 0] - sample.rgb[..., 1])), strict=True))
