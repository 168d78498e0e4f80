"""How much of the picture is lost in white."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Sample

NAME = "clipped_light"
# Half a level below 250, as in clipped_dark.
LIMIT = 249.5


def measure(sample: Sample) -> float:
    """The fraction of pixels whose luma is at least 250 of 255."""
    return float(numpy.mean(sample.luma > LIMIT))
