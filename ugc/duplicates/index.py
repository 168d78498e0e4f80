"""All 256-bit hashes within a radius of one, with full recall: banded tables in memory (decision 0095).

A hash is cut into 16 bands of 16 bits. Two hashes that differ in at most 31 bits differ in at most one bit of some band, since
two bits in each of the 16 would be 32. So the 17 values that are that close to each of the query's bands lead to everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray

BYTES = 32
BANDS = 16
RADIUS = 31
"""Meta's match distance for PDQ, and the largest that 16 bands with one flip find in full."""
VALUES = 1 << 16
FLIPS = numpy.array([0] + [1 << place for place in range(16)], numpy.uint16)
PROBED = numpy.repeat(numpy.arange(BANDS), len(FLIPS))
# Up to here it costs less to look at every newcomer than to sort them in.
TAIL = 20_000
# A hash in the tables takes itself, its id and its place in each band.
BYTES_EACH = BYTES + 8 + 4 * BANDS


@dataclass(frozen=True, slots=True)
class Hit:
    """A hash within the radius."""

    id: int
    distance: int


class Index:
    """Hashes by id: sorted into the tables, or still in the tail behind them. Not thread-safe."""

    def __init__(self) -> None:
        self.ids = numpy.empty(0, numpy.int64)
        self.hashes = numpy.empty((0, BYTES // 8), numpy.uint64)
        self.sorted = 0
        self.order = numpy.empty(0, numpy.int32)
        self.starts = numpy.empty((0, 0), numpy.int32)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size(self) -> int:
        """Bytes in memory, the room for newcomers included."""
        return sum((each if each.base is None else each.base).nbytes for each in (self.ids, self.hashes, self.order, self.starts))

    def add(self, ids: Iterable[int], hashes: Iterable[bytes]) -> None:
        """Take hashes in; the tables are made anew once the tail has grown by a quarter of them."""
        self.ids = appended(self.ids, numpy.fromiter(ids, numpy.int64))
        self.hashes = appended(self.hashes, as_words(b"".join(hashes)))
        if len(self.ids) - self.sorted > max(TAIL, self.sorted // 4):
            self.sort()

    def sort(self) -> None:
        """Make the tables: for each band the hashes in the order of their values, and where each value begins."""
        bands = as_bands(self.hashes)
        self.order = numpy.empty((BANDS, len(self.ids)), numpy.int32)
        self.starts = numpy.zeros((BANDS, VALUES + 1), numpy.int32)
        for band in range(BANDS):
            self.order[band] = numpy.argsort(bands[:, band], kind="stable")
            self.starts[band, 1:] = numpy.cumsum(numpy.bincount(bands[:, band], minlength=VALUES))
        self.order, self.sorted = self.order.ravel(), len(self.ids)

    def find(self, hash: bytes, radius: int = RADIUS) -> list[Hit]:
        """Everything within the radius, the nearest first; raises ValueError for a radius that the bands can't promise."""
        if radius > RADIUS:
            raise ValueError(f"the bands find everything up to a distance of {RADIUS}, not {radius}")
        wanted = as_words(hash)[0]
        places = numpy.concatenate([self.candidates(wanted), numpy.arange(self.sorted, len(self.ids))])
        apart = numpy.bitwise_count(self.hashes[places] ^ wanted).sum(axis=1)
        near = apart <= radius
        found = dict(zip(places[near].tolist(), apart[near].tolist(), strict=True))
        return [Hit(int(self.ids[place]), distance) for place, distance in sorted(found.items(), key=lambda pair: pair[::-1])]

    def candidates(self, wanted: NDArray[numpy.uint64]) -> NDArray[numpy.int64]:
        """The places in the tables of all that share a band with the query, up to one bit; some come more than once."""
        if not self.sorted:
            return numpy.empty(0, numpy.int64)
        values = (as_bands(wanted[None])[0][:, None] ^ FLIPS).ravel().astype(numpy.int64)
        begins = self.starts[PROBED, values].astype(numpy.int64)
        counts = self.starts[PROBED, values + 1] - begins
        ends = numpy.cumsum(counts)
        # The ranges begins … begins + count of every probe, one behind the other.
        ranges = numpy.arange(ends[-1]) + numpy.repeat(begins + PROBED * self.sorted - (ends - counts), counts)
        places: NDArray[numpy.int64] = self.order[ranges].astype(numpy.int64)
        return places


def appended(rows: NDArray[Any], more: NDArray[Any]) -> NDArray[Any]:
    """The rows with more behind them, written where there is room left: one newcomer must not copy a million."""
    end, room = len(rows) + len(more), rows.base
    if room is None or len(room) < end:
        room = numpy.empty((end + end // 4, *rows.shape[1:]), rows.dtype)
        room[: len(rows)] = rows
    room[len(rows) : end] = more
    return room[:end]


def as_words(data: bytes) -> NDArray[numpy.uint64]:
    """Hashes as rows of four words; raises ValueError where the length is no multiple of a hash's."""
    return numpy.frombuffer(data, numpy.uint64).reshape(-1, BYTES // 8)


def as_bands(hashes: NDArray[numpy.uint64]) -> NDArray[numpy.uint16]:
    """The same bits as rows of sixteen bands."""
    return hashes.view(numpy.uint16)


def distance(left: bytes, right: bytes) -> int:
    """The number of bits in which two hashes differ."""
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()
