"""An MP4's boxes: its index moved to the front, so that it plays while it loads; a check that it holds only what plays."""

from __future__ import annotations

import struct
from collections.abc import Iterator

# Box → the boxes that may stand in it. No udta, meta, uuid or free: there lie places, owners, thumbnails, whatever an editor left.
ALLOWED: dict[bytes, frozenset[bytes]] = {
    b"": frozenset({b"ftyp", b"moov", b"mdat"}),
    b"moov": frozenset({b"mvhd", b"trak"}),
    b"trak": frozenset({b"tkhd", b"edts", b"mdia"}),
    b"edts": frozenset({b"elst"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"minf"}),
    b"minf": frozenset({b"vmhd", b"smhd", b"dinf", b"stbl"}),
    b"dinf": frozenset({b"dref"}),
    b"stbl": frozenset({b"stsd", b"stts", b"stss", b"ctts", b"stsc", b"stsz", b"stco", b"co64", b"sgpd", b"sbgp"}),
}
# A handler's name is free text; these two are the muxer's own.
HANDLERS = {b"vide": b"VideoHandler\0", b"soun": b"SoundHandler\0"}
CODECS = {b"vide": b"avc1", b"soun": b"mp4a"}
DATED = {b"mvhd", b"tkhd", b"mdhd"}

Box = tuple[bytes, int, int]
"""Kind, where its content starts, where it ends."""


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes that fill a stretch exactly; raises ValueError where they do not."""
    place = start
    while place < end:
        if end - place < 8:
            raise ValueError("bytes behind the last box")
        length, kind = struct.unpack_from(">I4s", data, place)
        head = 8
        if length == 1 and end - place >= 16:
            length, head = struct.unpack_from(">Q", data, place + 8)[0], 16
        if length < head or place + length > end:
            raise ValueError("a box does not fit")
        yield kind, place + head, place + length
        place += length


def find(data: bytes, start: int, end: int, path: tuple[bytes, ...]) -> Iterator[Box]:
    """Every box at the end of a path."""
    for kind, inner, after in boxes(data, start, end):
        if kind == path[0]:
            if len(path) == 1:
                yield kind, inner, after
            else:
                yield from find(data, inner, after, path[1:])


def with_index_first(data: bytes) -> bytes:
    """The same MP4 as `ftyp`, `moov`, `mdat`, its chunks' places corrected, without the empty `udta` that the muxer leaves."""
    places = {kind: (start, end) for kind, start, end in boxes(data, 0, len(data))}
    brand = data[slice(*places[b"ftyp"])]
    media, end = places[b"mdat"]
    kept = [data[start - 8 : after] for kind, start, after in boxes(data, *places[b"moov"]) if kind in ALLOWED[b"moov"]]
    index = bytearray(box(b"moov", b"".join(kept)))
    shift = len(brand) + 8 + len(index) + 8 - media
    for name, form in ((b"stco", "I"), (b"co64", "Q")):
        for _, start, _ in find(bytes(index), 8, len(index), (b"trak", b"mdia", b"minf", b"stbl", name)):
            (count,) = struct.unpack_from(">I", index, start + 4)
            chunks = struct.unpack_from(f">{count}{form}", index, start + 8)
            struct.pack_into(f">{count}{form}", index, start + 8, *(chunk + shift for chunk in chunks))
    return b"".join((box(b"ftyp", brand), bytes(index), struct.pack(">I4s", end - media + 8, b"mdat"), memoryview(data)[media:end]))


def box(kind: bytes, content: bytes) -> bytes:
    """A box around its content."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def is_clean(data: bytes, *, has_video: bool) -> bool:
    """Whether this is an MP4 of one H.264 track (if it has pictures) and at most one AAC track, index first, with no date, no
    place, no name and no other box than playing needs (T-15).
    """
    try:
        order = [kind for kind, _, _ in boxes(data, 0, len(data))]
        if order != [b"ftyp", b"moov", b"mdat"] or not holds_only(data, 0, len(data), b""):
            return False
        tracks = [track_kind(data, start, end) for _, start, end in find(data, 0, len(data), (b"moov", b"trak", b"mdia"))]
    except (ValueError, struct.error):
        return False
    return sorted(tracks) in ([[b"vide"], [b"soun", b"vide"]] if has_video else [[b"soun"]])


def holds_only(data: bytes, start: int, end: int, parent: bytes) -> bool:
    """Whether a box holds what it may, all the way down, and says no date."""
    for kind, inner, after in boxes(data, start, end):
        if kind not in ALLOWED[parent]:
            return False
        if kind in DATED and any(data[inner + 4 : inner + (12 if data[inner] == 0 else 20)]):
            return False
        if kind in ALLOWED and not holds_only(data, inner, after, kind):
            return False
    return True


def track_kind(data: bytes, start: int, end: int) -> bytes:
    """`vide` or `soun` of a track whose handler and codec are those that we write; raises ValueError otherwise."""
    ((_, handler, handler_end),) = find(data, start, end, (b"hdlr",))
    kind, name = data[handler + 8 : handler + 12], data[handler + 24 : handler_end]
    ((_, entry, _),) = find(data, start, end, (b"minf", b"stbl", b"stsd"))
    if name != HANDLERS.get(kind) or data[entry + 12 : entry + 16] != CODECS[kind]:
        raise ValueError("a track is not as we write it")
    return kind
