"""The 256-bit perceptual hash: near-duplicates lie within 31 bits of each other (decision 0010)."""

from __future__ import annotations

import numpy
import pdqhash
from PIL import Image

SIDE = 512


def perceptual_hash(picture: Image.Image) -> tuple[bytes, int]:
    """PDQ's 32 bytes, first bit highest, and its quality 0–100; below 50 there is too little in the picture to compare."""
    bits, quality = pdqhash.compute(numpy.asarray(picture))
    return numpy.packbits(bits).tobytes(), int(quality)
