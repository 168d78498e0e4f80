"""sRGB as CIELAB, where equal distances look about equally far."""

from __future__ import annotations

import numpy
from numpy.typing import NDArray

Lab = NDArray[numpy.float32]

STEPS = numpy.arange(256) / 255
# What each of the 256 levels is in linear light (IEC 61966-2-1).
LINEAR = numpy.where(STEPS <= 0.04045, STEPS / 12.92, ((STEPS + 0.055) / 1.055) ** 2.4).astype(numpy.float32)
# Linear sRGB → XYZ, divided by the white of D65.
TO_XYZ = numpy.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])
TO_WHITE = (TO_XYZ / numpy.array([[0.95047], [1.0], [1.08883]])).T.astype(numpy.float32)
DARK, SLOPE = 216 / 24389, 24389 / 27


def lab_of(rgb: NDArray[numpy.uint8]) -> Lab:
    """sRGB levels (last axis) in CIELAB under D65 (CIE 15)."""
    white = LINEAR[rgb] @ TO_WHITE
    bent = numpy.where(white > DARK, numpy.cbrt(white), (SLOPE * white + 16) / 116).astype(numpy.float32)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return numpy.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
