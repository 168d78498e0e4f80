"""How colourful the picture looks: 0 not at all, 33 moderately, 59 quite, 109 extremely."""

from __future__ import annotations

import math

import numpy

from ugc.media.measures.base import Sample

NAME = "colourfulness"


def measure(sample: Sample) -> float:
    """Hasler and Süsstrunk's M3 (2003) with signed opponent channels; snippets that take their absolutes come out too low."""
    red, green, blue = numpy.moveaxis(sample.rgb, 2, 0)
    red_green = red - green
    yellow_blue = (red + green) / 2 - blue
    spread = math.hypot(red_green.std(dtype=numpy.float64), yellow_blue.std(dtype=numpy.float64))
    shift = math.hypot(red_green.mean(dtype=numpy.float64), yellow_blue.mean(dtype=numpy.float64))
    return spread + 0.3 * shift
