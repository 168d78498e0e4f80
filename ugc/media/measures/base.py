"""What every measure is given: the pixels once, in the forms that the formulas need."""

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
    native: Pixels
    """Luma of the middle of the picture as it was decoded, before it was brought to 512: a block's edge lies where it was made."""


def sample_of(rgb: NDArray[numpy.uint8], native: NDArray[numpy.uint8] | None = None) -> Sample:
    """The sample of upright sRGB pixels; `native` = luma before they were resized, where they were."""
    colours = rgb.astype(numpy.float32)
    luma = colours @ LUMA
    return Sample(colours, luma, luma if native is None else native.astype(numpy.float32))


def quantile(values: NDArray[numpy.float32], share: float) -> float:
    """The value below which that share lies. numpy's own would import a module, for which the limited child may open no file."""
    return float(numpy.sort(values, axis=None)[int(share * (values.size - 1) + 0.5)])


def halved(luma: Pixels) -> Pixels:
    """The next coarser octave: means of 2 × 2 pixels; a side of one pixel stays."""
    height, width = luma.shape
    half = numpy.float32(0.5)
    if height > 1:
        luma = (luma[: height // 2 * 2 : 2] + luma[1 : height // 2 * 2 : 2]) * half
    if width > 1:
        luma = (luma[:, : width // 2 * 2 : 2] + luma[:, 1 : width // 2 * 2 : 2]) * half
    return luma


def smoothed(values: Pixels, taps: tuple[float, ...]) -> Pixels:
    """A symmetric kernel across and down, edges repeated; `taps` from the middle outwards."""
    for axis in (0, 1):
        reach = len(taps) - 1
        padded = numpy.pad(values, [(reach, reach) if axis == each else (0, 0) for each in (0, 1)], mode="edge")
        length = values.shape[axis]

        def shifted(by: int, padded: Pixels = padded, axis: int = axis, start: int = reach, length: int = length) -> Pixels:
            place = slice(start + by, start + by + length)
            return padded[place] if axis == 0 else padded[:, place]

        values = taps[0] * shifted(0)
        for by, weight in enumerate(taps[1:], start=1):
            values += weight * (shifted(by) + shifted(-by))
    return values
