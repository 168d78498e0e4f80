"""What every measure is given: the pixels once, in the two forms that the formulas need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

Pixels = NDArray[numpy.float32]
# ITU-R BT.601, the weights of JPEG's own luma.
LUMA = numpy.array([0.299, 0.587, 0.114], dtype=numpy.float32)


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture whose longer side is 512: colours (height × width × 3) and luma (height × width), 0–255."""

    rgb: Pixels
    luma: Pixels


def sample_of(rgb: NDArray[numpy.uint8]) -> Sample:
    """The sample of upright sRGB pixels."""
    colours = rgb.astype(numpy.float32)
    return Sample(colours, colours @ LUMA)
