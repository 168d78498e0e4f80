"""How far light and dark lie apart."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Sample

NAME = "contrast"


def measure(sample: Sample) -> float:
    """Standard deviation of the luma (RMS contrast), 0 to 127.5."""
    return float(sample.luma.std(dtype=numpy.float64))
