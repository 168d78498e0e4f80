"""HEIC files for the tests, built box by box around HEVC pictures, sound or lying about themselves."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import av
import numpy
from av.video.codeccontext import VideoCodecContext
from PIL import Image

START = b"\0\0\1"
HEVC_PARAMETERS = (32, 33, 34)


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with a version."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def ispe(width: int, height: int) -> bytes:
    """The property that says a size."""
    return full(b"ispe", struct.pack(">II", width, height))


@lru_cache(32)
def hevc(pixels: bytes, width: int, height: int) -> tuple[bytes, bytes]:
    """The decoder's configuration and the coded picture of some RGB pixels, in full range."""
    codec = av.CodecContext.create("libx265", "w")
    assert isinstance(codec, VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = width, height, "yuvj444p"
    codec.framerate = 1  # type: ignore[assignment]
    codec.options = {"x265-params": "log-level=none:keyint=1:range=full:colormatrix=smpte170m:pools=1:frame-threads=1", "crf": "8"}
    frame = av.VideoFrame.from_ndarray(numpy.frombuffer(pixels, numpy.uint8).reshape(height, width, 3), "rgb24")
    made = frame.reformat(format="yuvj444p", dst_colorspace="ITU601", dst_color_range="JPEG")
    stream = b"".join(bytes(packet) for packet in [*codec.encode(made), *codec.encode(None)])
    units = [
        unit.rstrip(b"\0") if unit.endswith(b"\0\0\0") else unit for unit in stream.replace(b"\0\0\0\1", START).split(START)[1:]
    ]
    kinds = [(unit[0] >> 1 & 63, unit) for unit in units]
    arrays = b"".join(
        struct.pack(">BHH", 0x80 | kind, 1, len(unit)) + unit for kind, unit in kinds if kind in HEVC_PARAMETERS
    )  # fmt: skip
    head = b"\1" + bytes(20) + b"\3" + bytes([sum(kind in HEVC_PARAMETERS for kind, _ in kinds)])
    picture = b"".join(struct.pack(">I", len(unit)) + unit for kind, unit in kinds if kind < HEVC_PARAMETERS[0])
    return head + arrays, picture


@dataclass(frozen=True)
class Tile:
    """One coded picture: configuration, bytes, and the size that the file says it has."""

    configuration: bytes
    data: bytes
    width: int
    height: int


def tiles_of(picture: Image.Image, side: int) -> list[Tile]:
    """The picture cut into squares, the last ones filled up with black."""
    made = []
    for top in range(0, picture.height, side):
        for left in range(0, picture.width, side):
            square = picture.crop((left, top, left + side, top + side))
            made.append(Tile(*hevc(square.tobytes(), side, side), side, side))
    return made


def one_tile(picture: Image.Image) -> list[Tile]:
    """The picture as a whole."""
    return [Tile(*hevc(picture.tobytes(), *picture.size), *picture.size)]


def heic(
    size: tuple[int, int], tiles: Sequence[Tile], *, columns: int = 1, further: Sequence[bytes] = (), brand: bytes = b"heic",
    codec: bytes = b"hvc1", grid: tuple[int, int, int, int] | None = None,
) -> bytes:  # fmt: skip
    """A file of tiles whose primary picture has the size; `further` are its other properties, in order."""
    rows = -(-len(tiles) // columns)
    is_grid = len(tiles) > 1 or grid is not None
    properties = [ispe(*size), *further, ispe(tiles[0].width, tiles[0].height), box(b"hvcC", tiles[0].configuration)]
    main, of_tile = len(tiles) + 1, bytes([2, len(properties) - 1, len(properties)])
    numbers = range(1, len(tiles) + 1)
    own = range(1, len(further) + 2)
    if is_grid:
        linked = [(number, of_tile) for number in numbers] + [(main, bytes([len(own), *own]))]
        entries = [(number, codec) for number in numbers] + [(main, b"grid")]
    else:
        main, linked = 1, [(1, bytes([len(own) + 1, *own, len(properties)]))]
        entries = [(1, codec)]
    shown = grid or (rows - 1, columns - 1, *size)
    inside = struct.pack(">BBBBII", 0, 1, *shown) if is_grid else b""

    def meta(start: int) -> bytes:
        places, place = b"", start
        for number, tile in zip(numbers, tiles, strict=True):
            places += struct.pack(">HHHHII", number, 0, 0, 1, place, len(tile.data))
            place += len(tile.data)
        if is_grid:
            places += struct.pack(">HHHHII", main, 1, 0, 1, 0, len(inside))
        links = b"".join(struct.pack(">H", number) + places_of for number, places_of in linked)
        described = b"".join(full(b"infe", struct.pack(">HH4s", number, 0, kind), b"\0", version=2) for number, kind in entries)
        parts = [
            full(b"hdlr", bytes(4), b"pict", bytes(13)),
            full(b"pitm", struct.pack(">H", main)),
            full(b"iinf", struct.pack(">H", len(entries)), described),
            full(b"iloc", b"\x44\0", struct.pack(">H", len(entries)), places, version=1),
            box(b"iprp", box(b"ipco", *properties), full(b"ipma", struct.pack(">I", len(linked)), links)),
        ]
        if is_grid:
            parts.append(full(b"iref", box(b"dimg", struct.pack(f">HH{len(tiles)}H", main, len(tiles), *numbers))))
            parts.append(box(b"idat", inside))
        return full(b"meta", *parts)

    head = box(b"ftyp", brand, bytes(4), b"mif1", b"heic")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", *(tile.data for tile in tiles))
