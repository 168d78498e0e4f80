"""ThumbHash: about 25 bytes that hold a blurred picture and its aspect ratio, shown before the picture comes.

Written after the public description of the algorithm (evanw.github.io/thumbhash) for opaque pictures; see decision 0012.
"""

from __future__ import annotations

import math

import numpy
from PIL import Image

Channel = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.float64]]
# The format is defined on pictures of at most this side.
MAX_SIDE = 100


def thumbhash(picture: Image.Image) -> bytes:
    """The hash of an RGB picture."""
    small = picture.copy()
    small.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    width, height = small.size
    red, green, blue = numpy.moveaxis(numpy.asarray(small, dtype=numpy.float64) / 255, 2, 0)
    luma, yellow_blue, red_green = (red + green + blue) / 3, (red + green) / 2 - blue, red - green
    across = max(1, round_half_up(7 * width / max(width, height)))
    down = max(1, round_half_up(7 * height / max(width, height)))
    light, light_waves, light_scale = waves(luma, max(3, across), max(3, down))
    first, first_waves, first_scale = waves(yellow_blue, 3, 3)
    second, second_waves, second_scale = waves(red_green, 3, 3)
    is_landscape = width > height
    header = (
        round_half_up(63 * light) | round_half_up(31.5 + 31.5 * first) << 6 | round_half_up(31.5 + 31.5 * second) << 12
        | round_half_up(31 * light_scale) << 18
    )  # fmt: skip
    more = (
        (down if is_landscape else across) | round_half_up(63 * first_scale) << 3 | round_half_up(63 * second_scale) << 9
        | is_landscape << 15
    )  # fmt: skip
    nibbles = [round_half_up(15 * value) for value in (*light_waves, *first_waves, *second_waves)]
    pairs = [low | high << 4 for low, high in zip(nibbles[::2], [*nibbles[1::2], 0], strict=False)]
    return header.to_bytes(3, "little") + more.to_bytes(2, "little") + bytes(pairs)


def round_half_up(value: float) -> int:
    """Rounding as the reference has it; Python's goes to the even neighbour."""
    return math.floor(value + 0.5)


def waves(channel: Channel, across: int, down: int) -> tuple[float, list[float], float]:
    """A channel's mean, its low cosine waves scaled to 0–1 in zigzag order, and the scale."""
    height, width = channel.shape
    rows = numpy.cos(math.pi / height * numpy.outer(numpy.arange(down), numpy.arange(height) + 0.5))
    columns = numpy.cos(math.pi / width * numpy.outer(numpy.arange(across), numpy.arange(width) + 0.5))
    factors = rows @ channel @ columns.T / (width * height)
    wanted = [
        float(factors[y, x]) for y in range(down) for x in range(across) if (x or y) and x * down < across * (down - y)
    ]  # fmt: skip
    scale = max((abs(value) for value in wanted), default=0.0)
    return float(factors[0, 0]), [0.5 + 0.5 / scale * value if scale else 0.5 for value in wanted], scale
