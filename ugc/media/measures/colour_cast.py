"""Has the light dyed the whole picture? Its colours then lie far from grey, and close together."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Pixels, Sample

NAME = "colour_cast"
# Every fourth pixel either way says the same of colour for a sixteenth of the work.
STEP = 4
# Linear sRGB to XYZ under D65, divided by its white.
XYZ = numpy.array([[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0178, 0.1096, 0.8728]], dtype=numpy.float32)
# Of the tenth of a step of chroma that nobody sees, no ratio is made.
LEAST = 2.0


def measure(sample: Sample) -> float:
    """Gasparini and Schettini (2004): (distance of the mean a*b* from grey − spread) / spread; above 0 a cast is likely."""
    lab = a_b_of(sample.rgb[::STEP, ::STEP])
    centre = lab.mean(axis=(0, 1), dtype=numpy.float64)
    spread = float(numpy.hypot(*lab.std(axis=(0, 1), dtype=numpy.float64)))
    away = float(numpy.hypot(*centre))
    return (away - spread) / max(spread, LEAST)


def a_b_of(rgb: Pixels) -> Pixels:
    """CIELAB's a* and b* of sRGB 0–255."""
    share = rgb / 255
    linear = numpy.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = linear @ XYZ.T
    cube = numpy.where(xyz > 0.008856, numpy.cbrt(xyz), 7.787 * xyz + 16 / 116)
    found: Pixels = numpy.stack([500 * (cube[..., 0] - cube[..., 1]), 200 * (cube[..., 1] - cube[..., 2])], axis=2)
    return found
