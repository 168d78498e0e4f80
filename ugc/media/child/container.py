"""Own reading of what a file that plays is: its container by the first bytes, and with that the one demuxer that may see it (T-14).

Playlists and manifests (HLS, DASH, concat) name other files and addresses; they have no magic here, so no demuxer of theirs
can ever be entered, whatever a file is called.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from ugc.media.child.headers import HEIF_BRANDS
from ugc.media.child.refusal import Refused

HEAD_BYTES = 64
STILL_BRANDS = HEIF_BRANDS | {b"avif", b"avis"}
# An MP4's or an old QuickTime file's first box, where it is not `ftyp`.
FIRST_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
MAX_BOXES = 4096
# Boxes that hold what is played or where it lies.
PLAYED = {b"ftyp", b"moov", b"mdat", b"moof"}
# The index of a minute of video takes some 50 kB; it is held in memory as a whole.
MAX_INDEX_BYTES = 16 * 1024**2
# A camera writes up to five: picture, sound, time code, position, motion.
MAX_TRACKS = 16


@dataclass(frozen=True, slots=True)
class Container:
    """A container that is taken and what may read it."""

    format: str
    demuxer: str


CONTAINERS = {
    each.format: each
    for each in (
        Container("mp4", "mov"),
        Container("mov", "mov"),
        Container("m4a", "mov"),
        Container("matroska", "matroska"),
        Container("avi", "avi"),
        Container("mp3", "mp3"),
        Container("aac", "aac"),
        Container("ogg", "ogg"),
        Container("wav", "wav"),
        Container("flac", "flac"),
    )
}
"""Every container that is taken, by the name that a file gets as its format."""


def name_container(head: bytes) -> str:
    """The container that the first bytes are; empty for everything that does not play, pictures among it."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "" if brand in STILL_BRANDS else "mov" if brand == b"qt  " else "m4a" if brand in {b"M4A ", b"M4B "} else "mp4"
    if head[4:8] in FIRST_BOXES:
        return "mov"
    if head[:4] == b"RIFF":
        return {b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12], "")
    starts = {b"\x1aE\xdf\xa3": "matroska", b"OggS": "ogg", b"fLaC": "flac", b"ID3": "mp3"}
    return next((name for magic, name in starts.items() if head.startswith(magic)), name_frames(head))


def name_frames(head: bytes) -> str:
    """MPEG audio without a container, by the first frame's header: eleven bits set, then values that are not reserved."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "aac" if head[2] & 0x3C != 0x3C else ""
    is_layer_three = head[1] & 0x06 == 0x02 and head[1] & 0x18 != 0x08
    return "mp3" if is_layer_three and head[2] & 0xF0 not in {0, 0xF0} and head[2] & 0x0C != 0x0C else ""


def read_container(file: BinaryIO) -> Container:
    """The container of an open file, which is whole as far as its own boxes tell; raises Refused otherwise."""
    head = file.read(HEAD_BYTES)
    if not head:
        raise Refused("empty_file")
    found = CONTAINERS.get(name_container(head))
    if found is None:
        raise Refused("not_playable")
    if found.demuxer == "mov":
        check_boxes(file, os.fstat(file.fileno()).st_size, found.format)
    file.seek(0)
    return found


def check_boxes(file: BinaryIO, size: int, name: str) -> None:
    """An MP4 has its index, within bounds, and every box inside the file; raises Refused otherwise."""
    place, index = 0, None
    for _ in range(MAX_BOXES):
        kind, start, end = read_box(file, place, size, name)
        if kind == b"moov":
            index = (start, end)
        place = end
        if size - place < 8 or (index and kind not in PLAYED):
            break  # behind the index some cameras leave padding or a last box that is none
    else:
        raise Refused("damaged", format=name)
    if index is None:
        raise Refused("truncated", format=name)
    if index[1] - index[0] > MAX_INDEX_BYTES:
        raise Refused("metadata_too_large")
    file.seek(index[0])
    if count_tracks(file.read(index[1] - index[0])) > MAX_TRACKS:
        raise Refused("too_many_tracks", limit=MAX_TRACKS)


def read_box(file: BinaryIO, place: int, size: int, name: str) -> tuple[bytes, int, int]:
    """Kind of the box at a place, where its content starts and ends; raises Refused where it does not fit into the file."""
    file.seek(place)
    head = file.read(16)
    if len(head) < 8:
        raise Refused("truncated", format=name)
    length, kind = struct.unpack_from(">I4s", head)
    start = place + 8
    if length == 1 and len(head) == 16:
        (length,) = struct.unpack_from(">Q", head, 8)
        start += 8
    elif length == 0:
        length = size - place
    if length < start - place:
        raise Refused("damaged", format=name)
    if place + length > size and kind in PLAYED:
        raise Refused("truncated", format=name)
    return kind, start, place + length


def count_tracks(index: bytes) -> int:
    """How many tracks the index lists, by its outermost boxes."""
    place, tracks = 0, 0
    while place + 8 <= len(index):
        length, kind = struct.unpack_from(">I4s", index, place)
        tracks += kind == b"trak"
        if length < 8:
            break
        place += length
    return tracks
