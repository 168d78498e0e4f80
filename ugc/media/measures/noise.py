"""How much grain there is: what differs from one pixel to the next without being an edge."""

from __future__ import annotations

import math

import numpy

from ugc.media.measures.base import Pixels, Sample, quantile

NAME = "noise"
# Half the pixels of a photo lie on texture; the quieter quarter of its tiles shows the grain alone.
TILE = 16
QUIET = 0.25


def measure(sample: Sample) -> float:
    """Standard deviation of the noise in levels of luma: Immerkær (1996), per tile of 16 × 16, the quietest quarter's."""
    return grain_of(sample.luma)


def grain_of(values: Pixels) -> float:
    """The same of any plane. The mask 1 −2 1 / −2 4 −2 / 1 −2 1 is blind to what is linear across three pixels."""
    if min(values.shape) < 3:
        return 0.0
    across = values[:, :-2] - 2 * values[:, 1:-1] + values[:, 2:]
    mask = numpy.abs(across[:-2] - 2 * across[1:-1] + across[2:])
    height, width = (max(1, side // TILE) for side in mask.shape)
    tall, wide = mask.shape[0] // height, mask.shape[1] // width
    tiles = mask[: height * tall, : width * wide].reshape(height, tall, width, wide).mean(axis=(1, 3))
    return math.sqrt(math.pi / 2) / 6 * quantile(tiles, QUIET)
