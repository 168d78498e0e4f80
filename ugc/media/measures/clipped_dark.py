"""How much of the picture is lost in black."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Sample

NAME = "clipped_dark"
# Video black and below: nothing can be told apart there on most screens. Half a level more, since a weighted sum in single
# precision may lie a hair beside the whole number, on which side depends on the processor.
LIMIT = 5.5


def measure(sample: Sample) -> float:
    """The fraction of pixels whose luma is at most 5 of 255."""
    return float(numpy.mean(sample.luma < LIMIT))
