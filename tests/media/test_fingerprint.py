"""PDQ in numpy against the bits of Meta's reference, as the package pdqhash 0.2.8 gave them for these drawn pictures."""

from __future__ import annotations

import numpy
import pytest
from PIL import Image

from ugc.media.child.fingerprint import perceptual_hash

REFERENCE = [
    ((512, 384), "62a8e82a6be809ffeff873fee2a8fbf8eba8ffe0f2a8f280f2a8d800c2a05000", 100),
    ((384, 512), "0e544c5e6e502e7c2f583f78af78ff50bffafe40fee8fc00fea8dc00d4005400", 100),
    ((512, 512), "f3fce2f8d2fef2a0f3f8fbfefba0fab0ffb4e3a0f7b0e3a0e000e08060004000", 100),
    ((129, 300), "64cdcd9d93973339e4388c633ce871e3c3ca078e1e08f81ce07803f8fff8fe00", 100),
    ((40, 30), "5aaaa5554aaaa555a5554aaab5555aaa5aaaa5555aaaa555a5555aaaa5555aab", 26),
    ((5, 512), "9b266cdb318cc1e081e0749d9e27348dcb7264d9318c9e276c5b649dc3f0de37", 100),
    ((4, 512), "00" * 32, 0),
]


def drawn(width: int, height: int) -> Image.Image:
    """Waves and squares, different in each channel."""
    y, x = numpy.mgrid[0:height, 0:width]
    red, green, blue = (x * 3 + y * y // 7) % 256, (x * y // 11) % 256, 255 * ((x // 37 + y // 23) % 2)
    return Image.fromarray(numpy.stack((red, green, blue), -1).astype(numpy.uint8))


@pytest.mark.parametrize(("size", "bits", "quality"), REFERENCE)
def test_the_hash_is_the_references_hash(size: tuple[int, int], bits: str, quality: int) -> None:
    assert perceptual_hash(drawn(*size)) == (bytes.fromhex(bits), quality)
