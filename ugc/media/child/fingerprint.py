"""The 256-bit perceptual hash: near-duplicates lie within 31 bits of each other (decision 0010).

PDQ as Meta published it (ThreatExchange, hashing/hashing.pdf), written in numpy: its only Python package has no wheels for
the Python versions we run on, and a fresh machine has no compiler.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy
from numpy.typing import NDArray
from PIL import Image

SIDE = 512
# Weights of red, green and blue in luma, as the reference has them (BT.601).
LUMA = numpy.array([0.299, 0.587, 0.114], numpy.float32)
SMALL = 64
WAVES = 16
# The 16 × 64 part of the cosine transform that the hash keeps: no constant term, hence i + 1.
COSINES = math.sqrt(2 / SMALL) * numpy.cos(
    math.pi / 2 / SMALL * numpy.outer(numpy.arange(1, WAVES + 1), 2 * numpy.arange(SMALL) + 1)
).astype(numpy.float32)


# Below this many pixels a side there is nothing to hash; the reference says so too.
LEAST_SIDE = 5


def perceptual_hash(picture: Image.Image) -> tuple[bytes, int]:
    """PDQ's 32 bytes, first bit highest, and its quality 0–100; below 50 there is too little in the picture to compare."""
    if min(picture.size) < LEAST_SIDE:
        return bytes(WAVES * WAVES // 8), 0
    luma = numpy.asarray(picture, numpy.float32) @ LUMA
    small = sampler(luma.shape[0]) @ luma @ sampler(luma.shape[1]).T
    return hash_of(COSINES @ small @ COSINES.T), quality(small)


def turned_hashes(picture: Image.Image) -> bytes:
    """The hashes of the picture mirrored, upside down or both, then of each of the four laid on its side: seven times 32 bytes.

    The box filters are not quite the same from both ends, so what is mirrored is the sampling, not the sampled: each hash is, to
    the bit, the one that the turned picture itself would have (decision 0096).
    """
    if min(picture.size) < LEAST_SIDE:
        return bytes(7 * WAVES * WAVES // 8)
    luma = numpy.asarray(picture, numpy.float32) @ LUMA
    down, across = COSINES @ sampler(luma.shape[0]), COSINES @ sampler(luma.shape[1])
    flat = [rows @ luma @ columns.T for rows in (down, down[:, ::-1]) for columns in (across, across[:, ::-1])]
    return b"".join(hash_of(waves) for waves in [*flat[1:], *(waves.T for waves in flat)])


def hash_of(waves: NDArray[numpy.float32]) -> bytes:
    """Which waves are stronger than the middle one."""
    # The reference takes the lower of the two middle values.
    median = numpy.partition(waves, waves.size // 2 - 1, axis=None)[waves.size // 2 - 1]
    return numpy.packbits((waves.ravel() > median)[::-1]).tobytes()  # the reference writes its last bit first


@lru_cache(64)
def sampler(size: int) -> NDArray[numpy.float32]:
    """What a row of `size` values is multiplied with: 64 samples after two box filters, which together are nearly a tent."""
    window = -(-size // (2 * SMALL))
    rows = ((numpy.arange(SMALL) + 0.5) * size / SMALL).astype(int)
    return numpy.asarray((box(size, window) @ box(size, window))[rows], numpy.float32)


def box(size: int, window: int) -> NDArray[numpy.float64]:
    """The mean over a window around each of `size` values, smaller at the ends; an even window reaches one further ahead."""
    ahead, at = (window + 2) // 2, numpy.arange(size)
    reached = (at[None, :] >= at[:, None] - (window - ahead)) & (at[None, :] < at[:, None] + ahead)
    return numpy.asarray(reached / reached.sum(axis=1, keepdims=True), numpy.float64)


def quality(small: NDArray[numpy.float32]) -> int:
    """How much there is to see: the sum of the steps between neighbours, in whole percent of the range, scaled to 0–100."""
    steps = sum(numpy.abs(numpy.trunc(numpy.diff(small, axis=axis) * 100 / 255)).sum() for axis in (0, 1))
    return min(int(steps / 90), 100)
