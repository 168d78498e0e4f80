"""Does the picture have the statistics of undistorted scenes? Their luma, made even locally, is distributed as a bell curve."""

from __future__ import annotations

import numpy

from ugc.media.measures.base import Pixels, Sample, halved, smoothed

# Gaussian of 7 taps with a deviation of 7/6, as in BRISQUE, from the middle outwards.
TAPS = (0.3431, 0.2377, 0.0790, 0.0126)
NAMES = tuple(f"scene_{what}_{scale}" for scale in (1, 2) for what in ("spread", "shape", "across", "down", "flat"))


def measure(sample: Sample) -> dict[str, float]:
    """Moments of mean-subtracted, contrast-normalised luma at two scales (Mittal, Moorthy and Bovik 2012), by name."""
    found = [*moments(sample.luma), *moments(halved(sample.luma))]
    return dict(zip(NAMES, found, strict=True))


def moments(luma: Pixels) -> tuple[float, ...]:
    """Deviation; E|x|² / Ex² (.64 for a bell curve); correlation with the pixel beside and below; share of near-zero contrast."""
    mean = smoothed(luma, TAPS)
    deviation = numpy.sqrt(numpy.maximum(0, smoothed(luma * luma, TAPS) - mean * mean))
    even = (luma - mean) / (deviation + 1)
    square = float(numpy.mean(even * even, dtype=numpy.float64))
    if square < 1e-9:
        return 0.0, 0.0, 0.0, 0.0, 1.0
    across = float(numpy.mean(even[:, 1:] * even[:, :-1], dtype=numpy.float64)) / square if luma.shape[1] > 1 else 0.0
    down = float(numpy.mean(even[1:] * even[:-1], dtype=numpy.float64)) / square if luma.shape[0] > 1 else 0.0
    shape = float(numpy.mean(numpy.abs(even), dtype=numpy.float64)) ** 2 / square
    return square**0.5, shape, across, down, float(numpy.mean(deviation < 1))
