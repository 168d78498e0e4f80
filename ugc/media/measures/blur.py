"""How much of the picture's change from pixel to pixel would survive a blur: nearly all of it where it is blurred already."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Pixels, Sample

NAMES = ("blur_across", "blur_down")
TAPS = 9
# Steps below a thousandth of a level are rounding.
LEAST = 1e-3


def measure(sample: Sample) -> dict[str, float]:
    """Crete, Dolmière, Ladret and Nicolas (2007), each direction by itself: 0 sharp, 1 blurred; a moved camera sets them apart."""
    return dict(zip(NAMES, (blur_of(sample.luma), blur_of(numpy.ascontiguousarray(sample.luma.T))), strict=True))


def blur_of(luma: Pixels) -> float:
    """1 − the share of the steps along rows that a mean of nine pixels takes away; 1 where there are no steps."""
    if luma.shape[1] <= TAPS + 1:
        return 1.0
    # From one mean of nine to the next only the ends differ.
    softer = numpy.abs(luma[:, TAPS:] - luma[:, :-TAPS]) / TAPS
    start = TAPS // 2
    step = numpy.abs(luma[:, start + 1 : start + 1 + softer.shape[1]] - luma[:, start : start + softer.shape[1]])
    whole = float(step.sum(dtype=numpy.float64))
    lost = float(numpy.maximum(0, step - softer).sum(dtype=numpy.float64))
    return 1 - lost / whole if whole > LEAST * step.size else 1.0
