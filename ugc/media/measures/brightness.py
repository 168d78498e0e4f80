"""How light the picture is on the whole."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Sample

NAME = "brightness"


def measure(sample: Sample) -> float:
    """Mean luma, 0 (black) to 255 (white)."""
    return float(sample.luma.mean(dtype=numpy.float64))
