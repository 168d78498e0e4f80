"""Files for the tests, built from nothing: small pictures, bombs, half files, pictures with secrets beside their pixels."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable

import numpy
from PIL import Image

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def photo(width: int = 640, height: int = 480, *, seed: int = 1) -> Image.Image:
    """Clouds of every size in colour, statistically like a photo, so that measures and hashes have something to hold on to."""
    random = numpy.random.default_rng(seed)
    pixels = numpy.full((height, width, 3), 128, dtype=numpy.float32)
    for grid, strength in ((4, 70), (9, 50), (19, 35), (41, 20), (97, 14), (223, 12), (389, 12)):
        coarse = Image.fromarray(random.integers(0, 256, (grid, grid, 3), dtype=numpy.uint8))
        pixels += (
            (numpy.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=numpy.float32) - 128) / 128 * strength
        )
    return Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    """The picture's bytes in a format."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def jpeg(width: int = 640, height: int = 480, **options: object) -> bytes:
    """A JPEG photo."""
    return encoded(photo(width, height), "JPEG", **({"quality": 88} | options))


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ihdr(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG's header chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(*chunks: bytes, width: int = 8, height: int = 8) -> bytes:
    """A grey RGB PNG with chunks of one's own before its pixels."""
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * (3 * width) for _ in range(height)))
    return PNG_MAGIC + ihdr(width, height) + b"".join(chunks) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pixel_bomb() -> bytes:
    """65 bytes that say 100,000 × 100,000 (T-01)."""
    return PNG_MAGIC + ihdr(100_000, 100_000) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def one_bit_bomb() -> bytes:
    """48 kB: 20,000 × 20,000 pixels of one bit, all sound (T-01)."""
    rows = zlib.compress(bytes((1 + 20_000 // 8) * 20_000), 9)
    return PNG_MAGIC + ihdr(20_000, 20_000, depth=1, colour=0) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def text_bomb(megabytes: int, *, chunks: int = 1) -> bytes:
    """A PNG whose compressed text unpacks to so many megabytes, in so many chunks (T-03)."""
    packed = zlib.compress(bytes(megabytes * 1024**2), 9)
    return png(*(chunk(b"zTXt", b"Comment%d\0\0" % number + packed) for number in range(chunks)))


def gif(width: int, height: int, frames: int) -> bytes:
    """A GIF of frames that end at once, each of the whole screen: 35 bytes a frame, whatever its size (T-02)."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2" + b"\x16" + bytes([0x44, 1]) + bytes(20) + b"\0"
    return head + frame * frames + b"\x3b"


def moving_gif(width: int, height: int, frames: int) -> bytes:
    """A sound animation."""
    pictures = [Image.new("RGB", (width, height), (number % 256, number // 2 % 256, 90)) for number in range(frames)]
    return encoded(pictures[0], "GIF", save_all=True, append_images=pictures[1:])


def apng(width: int, height: int, frames: int) -> bytes:
    """An animated PNG that announces frames of the whole size; only their headers are there."""
    controls = [chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, 0, 0, 1, 10, 0, 0)) for number in range(frames)]
    return png(chunk(b"acTL", struct.pack(">II", frames, 0)), *controls, width=width, height=height)


def animated_webp(width: int, height: int, frames: int) -> bytes:
    """A WebP that announces frames; none has pixels."""

    def three(value: int) -> bytes:
        return (value - 1).to_bytes(3, "little")

    frame = b"ANMF" + struct.pack("<I", 16) + bytes(6) + three(width) + three(height) + bytes(4)
    body = b"VP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + three(width) + three(height)
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6) + frame * frames
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def exif(orientation: int = 1) -> bytes:
    """EXIF with an orientation, a maker, a serial number and a place in Paris."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "SecretMaker"
    tags[0x0110] = "SecretModel"
    tags.get_ifd(0x8769)[0xA431] = "SERIAL-12345"
    tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 28.0), 3: "E", 4: (2.0, 17.0, 42.0)})
    return tags.tobytes()


def with_segments(jpeg_bytes: bytes, segments: Iterable[tuple[int, bytes]]) -> bytes:
    """A JPEG with segments of one's own right after its start."""
    extra = b"".join(struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments)
    return jpeg_bytes[:2] + extra + jpeg_bytes[2:]


def talkative_jpeg(orientation: int = 1) -> bytes:
    """A JPEG with GPS, XMP, IPTC and a comment."""
    return with_segments(
        jpeg(exif=exif(orientation)),
        [
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:RDF>SecretXmp</rdf:RDF></x:xmpmeta>"),
            (0xED, b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x0eSecretIptc1234"),
            (0xFE, b"<script>SecretComment</script>"),
        ],
    )


def mpo() -> bytes:
    """A phone's JPEG with a second picture behind the first."""
    buffer = io.BytesIO()
    photo(320, 240).save(buffer, "MPO", save_all=True, append_images=[photo(160, 120, seed=2)])
    return buffer.getvalue()
