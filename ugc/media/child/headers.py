"""Own reading of magic numbers and headers: format, size and frames are known, and refused, before a decoder runs (T-01, T-02).

Only what the budgets need is read; every length comes from a stranger and is checked against the file's own.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from ugc.media.child import heif
from ugc.media.child.refusal import Refused

MAX_SIDE = 20_000
# imgproxy's default too; a 50 MP RGBA picture takes 200 MB decoded, which leaves room for one more copy under the 1 GB limit.
MAX_PIXELS = 50_000_000
MAX_FRAMES = 300
# All text of a PNG together, uncompressed or not; Pillow's own limits (1 MB each, 64 MB all) stand behind this one.
MAX_TEXT_BYTES = 1_000_000

# A phone's 48 megapixels come in tiles of 512 × 512 that reach beyond the right and lower edge.
TILED = 1.25
# Between a JPEG's segments some editors leave bytes that mean nothing; decoders step over them.
MAX_JUNK_BYTES = 4096

ACCEPTED = ("jpeg", "png", "webp", "gif", "avif", "heic")
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
OTHER_MAGIC = {
    b"BM": "bmp", b"II*\0": "tiff", b"MM\0*": "tiff", b"II+\0": "tiff", b"MM\0+": "tiff", b"8BPS": "psd", b"%PDF": "pdf",
    b"%!PS": "postscript", b"\xc5\xd0\xd3\xc6": "postscript", b"\0\0\1\0": "ico", b"\0\0\2\0": "cur", b"<svg": "svg",
    b"<?xml": "xml", b"<htm": "html", b"<!DO": "html", b"<!do": "html", b"PK\3\4": "zip",
    b"\x1aE\xdf\xa3": "matroska", b"OggS": "ogg",
    b"\0\0\0\x0cjP  ": "jpeg2000", b"\xff\x4f\xff\x51": "jpeg2000", b"\xff\x0a": "jxl", b"\0\0\0\x0cJXL ": "jxl", b"icns": "icns",
    b"DDS ": "dds", b"qoif": "qoi", b"SIMPLE": "fits", b"#EXTM3U": "hls", b"FLV": "flv", b"ID3": "mp3",
}  # fmt: skip
RIFF_KINDS = {b"AVI ": "avi", b"WAVE": "wave"}


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture says of itself before it is decoded; sides as stored, not yet upright."""

    format: str
    width: int
    height: int
    frames: int = 1
    frame_pixels: int = 0
    """Sum over all frames, each at its own size."""


def name_format(head: bytes) -> str:
    """The one format that the first bytes are, accepted or not; empty if they are none that we know."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(PNG_MAGIC):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and len(head) >= 12:
        return "webp" if head[8:12] == b"WEBP" else RIFF_KINDS.get(head[8:12], "riff")
    if head[4:8] == b"ftyp":
        brand, others = head[8:12], {head[place : place + 4] for place in range(16, 32, 4)}
        if brand in {b"avif", b"avis"} or (brand in {b"mif1", b"msf1"} and b"avif" in others):
            return "avif"
        return "heic" if brand in HEIF_BRANDS else "mp4"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((name for magic, name in OTHER_MAGIC.items() if head.startswith(magic) or text.startswith(magic)), "")


def read_header(file: BinaryIO, accepted: Collection[str] = ACCEPTED) -> Header:
    """The header of an accepted picture, inside the budgets; raises Refused otherwise."""
    size = os.fstat(file.fileno()).st_size
    head = file.read(32)
    if not head:
        raise Refused("empty_file")
    name = name_format(head)
    if not name:
        raise Refused("not_a_picture")
    if name not in accepted:
        raise Refused("wrong_format", format=name)
    file.seek(0)
    try:
        header = READERS[name](file, size)
    except (struct.error, IndexError, EOFError):
        raise Refused("truncated", format=name) from None
    except KeyError:
        raise Refused("damaged", format=name) from None
    if header.format != name:
        raise Refused("wrong_format", format=header.format)
    check_budgets(header)
    file.seek(0)
    return header


def check_budgets(header: Header) -> None:
    """Refuse a picture whose pixels or frames cost too much, from its header alone."""
    width, height = header.width, header.height
    if width < 1 or height < 1:
        raise Refused("damaged", format=header.format)
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise Refused("picture_too_large", width=width, height=height)
    if header.frames > MAX_FRAMES or header.frame_pixels > MAX_PIXELS:
        raise Refused("too_many_frames", frames=header.frames, width=width, height=height)


def exactly(file: BinaryIO, length: int) -> bytes:
    """The next bytes, all of them; raises EOFError at the end of the file."""
    data = file.read(length)
    if len(data) < length:
        raise EOFError
    return data


def read_jpeg(file: BinaryIO, size: int) -> Header:
    """Walk the segments to the frame header (SOFn); sizes of a later thumbnail are inside a segment and never seen."""
    file.seek(2)
    junk = 0
    while True:
        byte = exactly(file, 1)
        if byte != b"\xff":
            junk += 1
            if junk > MAX_JUNK_BYTES:
                raise Refused("damaged", format="jpeg")
            continue
        while byte == b"\xff":
            byte = exactly(file, 1)
        marker = byte[0]
        if marker in {0x00, 0x01, *range(0xD0, 0xD8)}:
            continue
        if marker in {0xD9, 0xDA}:
            raise Refused("damaged", format="jpeg")
        (length,) = struct.unpack(">H", exactly(file, 2))
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">xHH", exactly(file, 5))
            return Header("jpeg", width, height)
        file.seek(length - 2, os.SEEK_CUR)


def read_png(file: BinaryIO, size: int) -> Header:
    """Walk the chunks: IHDR's size, the frames of an APNG, and how much text there is (T-03)."""
    file.seek(8)
    length, kind = struct.unpack(">I4s", exactly(file, 8))
    if kind != b"IHDR" or length < 13:
        raise Refused("damaged", format="png")
    width, height = struct.unpack(">II", exactly(file, 8))
    check_budgets(Header("png", width, height))
    position = 8 + 12 + length
    frames, pixels, text = 0, 0, 0
    while position + 8 <= size:
        file.seek(position)
        length, kind = struct.unpack(">I4s", exactly(file, 8))
        if kind == b"fcTL":
            _, frame_width, frame_height = struct.unpack(">III", exactly(file, 12))
            frames, pixels = frames + 1, pixels + frame_width * frame_height
        elif kind in {b"tEXt", b"zTXt", b"iTXt"}:
            text += length
        elif kind == b"IEND":
            break
        if text > MAX_TEXT_BYTES:
            raise Refused("metadata_too_large")
        position += 12 + length
    return Header("png", width, height, max(1, frames), pixels)


def read_webp(file: BinaryIO, size: int) -> Header:
    """The canvas of VP8X, else the size inside VP8 or VP8L; every ANMF chunk is a frame."""
    position = 12
    width = height = frames = pixels = 0
    while position + 8 <= size:
        file.seek(position)
        kind, length = struct.unpack("<4sI", exactly(file, 8))
        if kind == b"VP8X" and not width:
            width, height = webp_sizes(exactly(file, 10), 4)
        elif kind == b"ANMF":
            frame_width, frame_height = webp_sizes(exactly(file, 12), 6)
            frames, pixels = frames + 1, pixels + frame_width * frame_height
        elif kind == b"VP8 " and not width:
            width, height = (side & 0x3FFF for side in struct.unpack("<6xHH", exactly(file, 10)))
        elif kind == b"VP8L" and not width:
            (bits,) = struct.unpack("<xI", exactly(file, 5))
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        position += 8 + length + (length & 1)
    if not width:
        raise Refused("truncated", format="webp")
    return Header("webp", width, height, max(1, frames), pixels)


def webp_sizes(data: bytes, offset: int) -> tuple[int, int]:
    """Two 24-bit sides, stored less one."""
    sides = [int.from_bytes(data[at : at + 3], "little") + 1 for at in (offset, offset + 3)]
    return sides[0], sides[1]


def read_gif(file: BinaryIO, size: int) -> Header:
    """Count the image blocks without decompressing them; stops as soon as a budget is passed (T-02: 3,001 frames in 106 kB)."""
    file.seek(6)
    width, height, flags = struct.unpack("<HHBxx", exactly(file, 7))
    skip_palette(file, flags)
    frames = pixels = 0
    while block := file.read(1):
        if block == b"\x2c":
            frame_width, frame_height, flags = struct.unpack("<4xHHB", exactly(file, 9))
            frames, pixels = frames + 1, pixels + frame_width * frame_height
            width, height = max(width, frame_width), max(height, frame_height)
            check_budgets(Header("gif", width, height, frames, pixels))
            skip_palette(file, flags)
            exactly(file, 1)
            skip_blocks(file)
        elif block == b"\x21":
            exactly(file, 1)
            skip_blocks(file)
        else:
            break
    if not frames:
        raise Refused("truncated", format="gif")
    return Header("gif", width, height, frames, pixels)


def skip_palette(file: BinaryIO, flags: int) -> None:
    """Step over a colour table, if the flags say that there is one."""
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, os.SEEK_CUR)


def skip_blocks(file: BinaryIO) -> None:
    """Step over data sub-blocks up to their empty last one; a file that ends first is left to the decoder."""
    while length := file.read(1):
        if length == b"\0":
            return
        file.seek(length[0], os.SEEK_CUR)


def read_heif(file: BinaryIO, size: int) -> Header:
    """The size of the primary picture and of its tiles, which a grid may have beyond its edges."""
    still = heif.read_still(file)
    check_budgets(Header(still.format, still.width, still.height))
    across, down = still.tiles[0].size
    check_budgets(Header(still.format, across, down))
    if still.columns * across * still.rows * down > TILED * MAX_PIXELS:
        raise Refused("picture_too_large", width=still.width, height=still.height)
    return Header(still.format, still.width, still.height)


READERS = {"jpeg": read_jpeg, "png": read_png, "webp": read_webp, "gif": read_gif, "avif": read_heif, "heic": read_heif}
