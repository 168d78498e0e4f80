"""Resized, re-encoded, metadata-free copies: lossy always, so that nothing hidden in a stranger's pixels survives (T-06, T-07)."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

WIDTHS = (160, 320, 640, 1280)
# A screenshot 40 times as high as wide must not become a rendition of a hundred megapixels; WebP itself ends at 16,383.
MAX_HEIGHT = 4096
# Of a picture between two widths one more copy is worth it at its own width, if that is this much above the last.
WORTH = 1.15
# A third cheaper than Lanczos, 39 to 53 dB from it on photos; Pillow's takes every source pixel into account.
FILTER = Image.Resampling.BICUBIC
# Method 2 is 1.5 times as fast as 4 for 6 % more bytes.
WEBP = {"quality": 78, "method": 2}
JPEG = {"quality": 80, "optimize": False, "progressive": False}
# As near to the original as the WebP (structural similarity), a fifth to a quarter smaller, for as much time as all the rest
# together; below this width next to nothing is saved (decision 0087). One thread: a limited child can start no other.
AVIF = {"quality": 60, "speed": 8, "max_threads": 1}
LEAST_AVIF_WIDTH = 320


@dataclass(frozen=True, slots=True)
class Copy:
    """One rendition's facts and bytes."""

    width: int
    height: int
    type: str
    data: bytes
    role: str = "picture"

    def facts(self) -> dict[str, int | str]:
        """What the answer says of it."""
        return {"width": self.width, "height": self.height, "type": self.type, "role": self.role}


def sizes(width: int, height: int) -> list[tuple[int, int]]:
    """The renditions' sizes for an upright picture, small to large; never larger than the picture, and at least one."""
    own = min(width, WIDTHS[-1])
    wanted = [each for each in WIDTHS if each <= own]
    if not wanted or own >= wanted[-1] * WORTH:
        wanted.append(own)
    made: dict[int, int] = {}
    for each in wanted:
        scale = min(each / width, MAX_HEIGHT / height, 1)
        made[max(1, round(width * scale))] = max(1, round(height * scale))
    return sorted(made.items())


def render(picture: Image.Image, wanted: list[tuple[int, int]]) -> list[Copy]:
    """WebP and JPEG at each size; each is made from the next larger one, which costs a quarter of the first resize."""
    copies: list[Copy] = []
    for width, height in reversed(wanted):
        if picture.size != (width, height):
            picture = picture.resize((width, height), FILTER)
        copies += [
            Copy(width, height, "image/webp", encode(picture, "WEBP", WEBP)),
            Copy(width, height, "image/jpeg", encode(picture, "JPEG", JPEG)),
        ]
    return copies[::-1]


def render_avif(picture: Image.Image, wanted: list[tuple[int, int]]) -> list[Copy]:
    """AVIF at those sizes where it pays."""
    copies: list[Copy] = []
    for width, height in reversed(wanted):
        if width >= LEAST_AVIF_WIDTH:
            picture = picture.resize((width, height), FILTER) if picture.size != (width, height) else picture
            copies.append(Copy(width, height, "image/avif", encode(picture, "AVIF", AVIF)))
    return copies[::-1]


def encode(picture: Image.Image, form: str, options: dict[str, int] | dict[str, bool]) -> bytes:
    """The bytes in one format, from pixels alone."""
    clean = picture if not picture.info else strip(picture)
    buffer = io.BytesIO()
    clean.save(buffer, form, **options)
    return buffer.getvalue()


def strip(picture: Image.Image) -> Image.Image:
    """The same pixels without what the file said beside them; Pillow would write a profile or comment back out."""
    bare = picture.copy()
    bare.info = {}
    return bare
