"""The short, silent loop of an animated picture: an animated WebP of lossy frames, its container written here.

Pillow's own animation encoder stores what stays the same between frames as alpha, which WebP keeps losslessly: a stranger's
bytes could survive in it (T-07). Frames that are whole, lossy pictures leave nothing of the kind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from PIL import Image, ImageFile

from ugc.media.child import decoding, renditions
from ugc.media.child.decoding import refusing
from ugc.media.child.headers import MAX_PIXELS, Header
from ugc.media.child.refusal import Refused
from ugc.media.child.renditions import Copy

ANIMATED = {"gif", "webp", "png"}
WIDTH = 480
MAX_HEIGHT = 960
# Six seconds at ten frames a second: about what people watch of a gallery's picture, and at most a second of encoding.
MAX_FRAMES = 60
MAX_MILLISECONDS = 6000
LEAST_STEP = 100
MAX_BYTES = 1_500_000
# Browsers show a frame that says 0 or 10 ms for 100 ms.
SHORTEST, USUAL = 11, 100
QUALITY = {"quality": 60, "method": 2}


def make(header: Header, picture: ImageFile.ImageFile) -> list[Copy]:
    """The loop, or none where the picture does not move; what breaks after the first frame ends the loop."""
    if header.format not in ANIMATED or header.frames < 2:
        return []
    scale = min(WIDTH / header.width, MAX_HEIGHT / header.height, 1)
    size = max(1, round(header.width * scale)), max(1, round(header.height * scale))
    frames: list[bytes] = []
    for pixels, milliseconds in thinned(frames_of(header, picture)):
        encoded = renditions.encode(pixels.resize(size, renditions.FILTER), "WEBP", QUALITY)
        if sum(map(len, frames)) + len(encoded) > MAX_BYTES:
            break
        frames.append(frame(encoded, *size, milliseconds))
    return [Copy(*size, "image/webp", container(*size, frames), "loop")] if len(frames) > 1 else []


def frames_of(header: Header, picture: ImageFile.ImageFile) -> Iterator[tuple[Image.Image, int]]:
    """Frames with their times; each costs its whole canvas, however small it is, and all together no more than one picture may."""
    for number in range(min(header.frames, MAX_PIXELS // (header.width * header.height))):
        try:
            with refusing(header.format):
                picture.seek(number)
                pixels = picture.convert("RGBA")
        except Refused:
            return
        milliseconds = picture.info.get("duration", 0)
        is_known = isinstance(milliseconds, int | float) and milliseconds >= SHORTEST
        yield decoding.on_white(pixels, pixels.getchannel("A")), int(milliseconds) if is_known else USUAL


def thinned(frames: Iterable[tuple[Image.Image, int]]) -> Iterator[tuple[Image.Image, int]]:
    """Frames that come faster than a step are left out and the one before is shown as long; ends with the time or the count."""
    shown: Image.Image | None = None
    waited = total = count = 0
    for pixels, milliseconds in frames:
        if shown is not None and waited >= LEAST_STEP:
            yield shown, waited
            total, count, shown, waited = total + waited, count + 1, None, 0
            if total >= MAX_MILLISECONDS or count >= MAX_FRAMES:
                return
        shown = shown or pixels
        waited += min(milliseconds, MAX_MILLISECONDS)
    if shown is not None:
        yield shown, max(waited, LEAST_STEP)


def frame(encoded: bytes, width: int, height: int, milliseconds: int) -> bytes:
    """An ANMF chunk that covers the canvas; `encoded` is a plain WebP file, of which the picture chunk is kept."""
    head = bytes(6) + three(width - 1) + three(height - 1) + three(milliseconds) + b"\2"  # replace what is there, don't blend
    return b"ANMF" + struct.pack("<I", len(head) + len(encoded) - 12) + head + encoded[12:]


def container(width: int, height: int, frames: list[bytes]) -> bytes:
    """The file: canvas, white background, repeated for ever."""
    body = b"WEBPVP8X" + struct.pack("<IB3x", 10, 2) + three(width - 1) + three(height - 1)
    body += b"ANIM" + struct.pack("<IIH", 6, 0xFFFFFFFF, 0) + b"".join(frames)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def three(value: int) -> bytes:
    """24 bits, lowest byte first."""
    return value.to_bytes(3, "little")
