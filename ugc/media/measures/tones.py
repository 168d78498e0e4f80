"""From which tone to which the picture reaches."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Sample

NAMES = ("tone_dark", "tone_middle", "tone_light")


def measure(sample: Sample) -> dict[str, float]:
    """The 5th, 50th and 95th percentile of the luma, 0–255, to whole levels."""
    counts = numpy.bincount(sample.luma.astype(numpy.uint8).ravel(), minlength=256)
    reached = numpy.cumsum(counts) / counts.sum()
    return {name: float(numpy.searchsorted(reached, share)) for name, share in zip(NAMES, (0.05, 0.5, 0.95), strict=True)}
