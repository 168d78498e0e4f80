"""The boxes of a HEIF file (HEIC, AVIF), read here: sizes, tiles, colours and turns of the primary picture (ISO 23008-12).

No C library parses the container of a HEIC: what is read here is checked, and the decoder gets single pictures of known size.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from ugc.media.child.refusal import Refused

CODECS = {b"hvc1": "heic", b"hev1": "heic", b"av01": "avif"}
# A phone's is 4 kB; with room for 2,000 tiles and a profile.
MAX_META = 1_000_000
MAX_ITEMS = 4_000
# 50 megapixels in tiles of 256 × 256 are 763.
MAX_TILES = 1_024
MAX_BOXES = 10_000
# Of all items together; a phone's pictures have one each. Without widths of their own they cost no byte in the file.
MAX_EXTENTS = 10_000
# EXIF's orientation for quarter turns anticlockwise, then for the same mirrored (left to right) after the turn.
TURNED = (1, 8, 3, 6)
TURNED_MIRRORED = (2, 7, 4, 5)


@dataclass(slots=True)
class Item:
    """One coded or derived picture: where its bytes lie and what its properties are."""

    kind: bytes = b""
    is_inside: bool = False
    """Whether the bytes lie in the meta box's own data, not in the file."""
    extents: list[tuple[int, int]] = field(default_factory=list)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)

    def of(self, kind: bytes) -> bytes:
        """The first property of a kind; empty if there is none."""
        return next((data for name, data in self.properties if name == kind), b"")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored (ispe)."""
        width, height = struct.unpack_from(">4xII", self.of(b"ispe"))
        return width, height


@dataclass(frozen=True, slots=True)
class Still:
    """The primary picture of a file: one tile, or a grid of equal ones."""

    format: str
    width: int
    height: int
    columns: int
    rows: int
    tiles: tuple[Item, ...]
    turn: int
    """1–8 as in EXIF, from the file's own transformations; EXIF's is not to be applied."""
    profile: bytes
    colours: tuple[int, bool] | None
    """Matrix coefficients (ISO 23091-2) and whether all values are used, if the container says so."""


def boxes(data: bytes, start: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and bodies of the boxes in some bytes, one after the other."""
    for _ in range(MAX_BOXES):
        if start + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1:
            (length,), head = struct.unpack_from(">Q", data, start + 8), 16
        end = start + length if length else len(data)
        if (length and length < head) or end > len(data):
            raise EOFError
        yield kind, data[start + head : end]
        start = end
    raise Refused("damaged")


def read_meta(file: IO[bytes], size: int) -> dict[bytes, bytes]:
    """The boxes of the file's meta box by kind; other boxes are stepped over, whatever their length."""
    place = 0
    for _ in range(MAX_BOXES):
        if place + 8 > size:
            break
        file.seek(place)
        length, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if length == 1:
            (length,), head = struct.unpack(">Q", file.read(8)), 16
        length = length or size - place
        if length < head:
            raise Refused("damaged")
        if kind == b"meta":
            if length > MAX_META:
                raise Refused("metadata_too_large")
            body = file.read(length - head)
            if len(body) < length - head:
                raise EOFError
            return dict(boxes(body, 4))
        place += length
    raise EOFError


def read_still(file: IO[bytes]) -> Still:
    """The primary picture; raises Refused, EOFError or struct.error."""
    meta = read_meta(file, os.fstat(file.fileno()).st_size)
    items = read_items(meta)
    main = items[number_after(meta.get(b"pitm", b""))]
    tiles, columns, rows, width, height = [main], 1, 1, 0, 0
    if main.kind == b"grid":
        columns, rows, width, height = read_grid(file, main, meta)
        tiles = [items[each] for each in references(meta, number_after(meta[b"pitm"]))]
    if not tiles or len(tiles) != columns * rows or len({each.kind for each in tiles}) > 1 or tiles[0].kind not in CODECS:
        raise Refused("damaged")
    if (main.kind == b"grid" and (width, height) != main.size) or len({each.size for each in tiles}) > 1:
        raise Refused("damaged")
    profile, colours = read_colours([*main.properties, *tiles[0].properties])
    width, height = main.size
    return Still(CODECS[tiles[0].kind], width, height, columns, rows, tuple(tiles), turn_of(main), profile, colours)


def number_after(data: bytes) -> int:
    """The item that a versioned box names."""
    number: int = struct.unpack_from(">4xI" if data[:1] not in {b"\0", b""} else ">4xH", data)[0]
    return number


def read_items(meta: dict[bytes, bytes]) -> dict[int, Item]:
    """Every item by its number."""
    items: dict[int, Item] = {}
    info = meta.get(b"iinf", b"")
    for kind, body in boxes(info, 6 if info[:1] == b"\0" else 8):
        if kind == b"infe" and body[0] in {2, 3}:
            number, name = struct.unpack_from(">4xH2x4s" if body[0] == 2 else ">4xI2x4s", body)
            items[number] = Item(name)
    if len(items) > MAX_ITEMS:
        raise Refused("damaged")
    read_places(meta.get(b"iloc", b""), items)
    read_properties(dict(boxes(meta.get(b"iprp", b""))), items)
    return items


class Reader:
    """Big-endian numbers of any width, one after the other."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data, self.place = data, place

    def take(self, width: int) -> int:
        """The next number of so many bytes; raises EOFError."""
        if self.place + width > len(self.data):
            raise EOFError
        self.place += width
        return int.from_bytes(self.data[self.place - width : self.place])


def read_places(data: bytes, items: dict[int, Item]) -> None:
    """Where the items' bytes lie (iloc, versions 0 to 2)."""
    version, sizes = struct.unpack_from(">B3xH", data)
    offset_width, length_width, base_width, index_width = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    if {offset_width, length_width, base_width} - {0, 4, 8}:
        raise Refused("damaged")
    reader = Reader(data, 6)
    number_width, left = 4 if version == 2 else 2, MAX_EXTENTS
    for _ in range(reader.take(number_width)):
        number = reader.take(number_width)
        method = reader.take(2) & 15 if version else 0
        elsewhere, base = reader.take(2), reader.take(base_width)
        extents: list[tuple[int, int]] = []
        count = reader.take(2)
        left -= count
        if left < 0:
            raise Refused("damaged")
        for _ in range(count):
            reader.take(index_width if version else 0)
            extents.append((base + reader.take(offset_width), reader.take(length_width)))
        if number in items and not elsewhere and method < 2:
            items[number].extents, items[number].is_inside = extents, method == 1


def read_properties(parts: dict[bytes, bytes], items: dict[int, Item]) -> None:
    """What is said of each item, in the order in which it is to be applied (iprp)."""
    known = list(boxes(parts.get(b"ipco", b"")))
    data = parts.get(b"ipma", b"")
    version, flags = struct.unpack_from(">BxxB", data)
    reader = Reader(data, 4)
    for _ in range(reader.take(4)):
        number, count = reader.take(4 if version else 2), reader.take(1)
        wide = flags & 1
        places = [reader.take(2) & 0x7FFF if wide else reader.take(1) & 0x7F for _ in range(count)]
        if number in items:
            items[number].properties = [known[place - 1] for place in places if 0 < place <= len(known)]


def references(meta: dict[bytes, bytes], main: int) -> list[int]:
    """The items that a derived one is made of, in order (iref, dimg)."""
    data = meta.get(b"iref", b"")
    width = 4 if data[:1] == b"\1" else 2
    for kind, body in boxes(data, 4):
        reader = Reader(body, 0)
        if kind == b"dimg" and reader.take(width) == main:
            count = reader.take(2)
            if count > MAX_TILES:
                raise Refused("damaged")
            return [reader.take(width) for _ in range(count)]
    return []


def read_grid(file: IO[bytes], main: Item, meta: dict[bytes, bytes]) -> tuple[int, int, int, int]:
    """Columns, rows, width and height of a picture in tiles."""
    data = read_item(file, main, meta.get(b"idat", b""), 64)
    flags, rows, columns = struct.unpack_from(">xBBB", data)
    width, height = struct.unpack_from(">4xII" if flags & 1 else ">4xHH", data)
    return columns + 1, rows + 1, width, height


def read_item(file: IO[bytes], item: Item, inside: bytes, most: int) -> bytes:
    """An item's bytes, at most so many; raises EOFError where the file ends first."""
    parts, left = [], most
    size = os.fstat(file.fileno()).st_size
    for offset, length in item.extents:
        if length > left:
            raise Refused("damaged")
        if offset > size:
            raise EOFError
        if item.is_inside:
            part = inside[offset : offset + length]
        else:
            file.seek(offset)
            part = file.read(length) if length else file.read(left + 1)
        if len(part) < length or len(part) > left:
            raise EOFError
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def read_colours(properties: list[tuple[bytes, bytes]]) -> tuple[bytes, tuple[int, bool] | None]:
    """The profile and the coefficients, each as first said."""
    profile, coefficients = b"", None
    for kind, data in properties:
        if kind == b"colr" and data[:4] in {b"prof", b"rICC"} and not profile:
            profile = data[4:]
        elif kind == b"colr" and data[:4] == b"nclx" and coefficients is None:
            matrix, full = struct.unpack_from(">4x4xHB", data)
            coefficients = (matrix, bool(full & 0x80))
    return profile, coefficients


def turn_of(item: Item) -> int:
    """The orientation that the file's turns and mirrors add up to, in their order."""
    quarters, is_mirrored = 0, False
    for kind, data in item.properties:
        if kind == b"irot" and data:
            quarters += -(data[0] & 3) if is_mirrored else data[0] & 3
        elif kind == b"imir" and data:
            # A mirror from top to bottom is one from left to right and half a turn.
            quarters += 0 if data[0] & 1 else 2
            is_mirrored = not is_mirrored
    return (TURNED_MIRRORED if is_mirrored else TURNED)[quarters % 4]
