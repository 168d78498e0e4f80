"""How much detail each octave of size holds. Photos lose it evenly; blur takes the finest, noise adds to it, haze takes all."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Sample, halved
from ugc.media.measures.sharpness import laplacian_variance

NAMES = ("detail_2", "detail_4", "detail_8")


def measure(sample: Sample) -> dict[str, float]:
    """Variance of the Laplacian at long side 256, 128 and 64 (Field 1987: nearly even in natural scenes)."""
    luma, found = sample.luma, {}
    for name in NAMES:
        luma = halved(luma)
        found[name] = laplacian_variance(numpy.ascontiguousarray(luma))
    return found
