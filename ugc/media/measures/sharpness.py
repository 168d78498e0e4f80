"""How much fine detail there is. A blurred picture has little, whatever it shows."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Pixels, Sample

NAME = "sharpness"


def measure(sample: Sample) -> float:
    """Variance of the Laplacian of the luma; comparable only at one size, to which the sample was brought (peers.md §4)."""
    return laplacian_variance(sample.luma)


def laplacian_variance(luma: Pixels) -> float:
    """Kernel 0 1 0 / 1 −4 1 / 0 1 0, edges mirrored without repeating the border (OpenCV's default)."""
    around = numpy.pad(luma, 1, mode="reflect" if min(luma.shape) > 1 else "edge")
    centre = around[1:-1, 1:-1]
    laplacian = around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:] - 4 * centre
    return float(laplacian.var(dtype=numpy.float64))
