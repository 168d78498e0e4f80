"""How clearly the 8 × 8 blocks of JPEG's coding show."""

from __future__ import annotations

import numpy
from numpy.typing import NDArray

from ugc.media.measures.base import Pixels, Sample, quantile

NAME = "blockiness"
BLOCK = 8
# Three blocks: below that a period is a coincidence.
LEAST = 3 * BLOCK
# A tenth of a level: on a plain ground rounding alone would make a ratio of nothing.
ROUNDING = 0.1


def measure(sample: Sample) -> float:
    """Steps at block edges against steps elsewhere, minus one; 0 none, 1 twice as steep (after Wang, Sheikh and Bovik 2002).

    Measured before the resize; where the grid begins is sought, since a crop or turn moves it.
    """
    found = [excess(lone_steps(sample.native, axis)) for axis in (0, 1) if min(sample.native.shape) >= LEAST]
    return max(0.0, sum(found) / len(found)) if found else 0.0


def lone_steps(luma: Pixels, axis: int) -> NDArray[numpy.float32]:
    """Along an axis, by how much a step is steeper than the mean of its two neighbours: texture and ramps count little."""
    step = numpy.abs(numpy.diff(luma, axis=axis))
    before, middle, after = (step[:-2], step[1:-1], step[2:]) if axis == 0 else (step[:, :-2], step[:, 1:-1], step[:, 2:])
    lone: NDArray[numpy.float32] = numpy.maximum(0, middle - (before + after) / 2).mean(axis=1 - axis)
    return lone


def excess(lone: NDArray[numpy.float32]) -> float:
    """How far the strongest of the eight phases lies above the median one."""
    whole = len(lone) // BLOCK * BLOCK
    phases = lone[:whole].reshape(-1, BLOCK).mean(axis=0)
    return float((phases.max() + ROUNDING) / (quantile(phases, 0.5) + ROUNDING) - 1)
