"""Reading the body of an answer within its bounds: as sent and unpacked, never more in memory than a piece (T-34)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from urllib3.response import BaseHTTPResponse

from ugc.kit.http.errors import BodyTooLarge, Unreachable

PIECE = 64 * 1024
MAX_RATIO = 100
# A short answer may well shrink to a hundredth; nobody is hurt by it.
SMALL = 256 * 1024
# What is asked for, and therefore all that must be understood.
ENCODINGS = "gzip, deflate"


def read_into(answer: BaseHTTPResponse, write: Callable[[bytes], object], max_bytes: int) -> None:
    """Hand the unpacked body on piece by piece; raises BodyTooLarge."""
    declared = answer.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > max_bytes:
        raise BodyTooLarge()
    sent = written = 0
    unpack = unpacker(answer.headers.get("content-encoding", ""))
    while piece := answer.read(PIECE, decode_content=False):
        sent += len(piece)
        if sent > max_bytes + SMALL:  # empty pieces without end, packed
            raise BodyTooLarge()
        for part in unpack.pieces(piece):
            written += len(part)
            if written > max_bytes or (written > SMALL and written > sent * MAX_RATIO):
                raise BodyTooLarge()
            write(part)
    unpack.finish()


def unpacker(encoding: str) -> Plain | Inflating:
    """What turns pieces as sent into pieces of the body; raises Unreachable for an encoding that was not asked for."""
    named = [part.strip().lower() for part in encoding.split(",") if part.strip().lower() not in {"", "identity"}]
    if not named:
        return Plain()
    if len(named) > 1 or named[0] not in {"gzip", "x-gzip", "deflate"}:
        raise Unreachable("the answer is packed in a way that was not asked for")
    return Inflating()


class Plain:
    """A body that is not packed."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The bytes as they are."""
        yield data

    def finish(self) -> None:
        """Nothing can be missing that the length did not tell."""


class Inflating:
    """gzip or deflate, unpacked at most a piece at a time, so that a bomb is noticed before it is in memory."""

    def __init__(self) -> None:
        self.packed = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self.begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The unpacked pieces of some packed bytes."""
        part = b""
        while data or len(part) == PIECE:
            part = self.inflate(data)
            data = self.packed.unconsumed_tail or self.packed.unused_data
            if self.packed.eof and data:
                self.packed = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip may have several members
            if part:
                yield part

    def inflate(self, data: bytes) -> bytes:
        """One piece at most; raises Unreachable."""
        try:
            part = self.packed.decompress(data, PIECE)
        except zlib.error as cause:
            if self.begun:
                raise Unreachable("the answer can't be unpacked") from cause
            self.begun = True
            self.packed = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers send deflate without its header
            return self.inflate(data)
        self.begun = True
        return part

    def finish(self) -> None:
        """Refuse what was cut off."""
        if self.begun and not self.packed.eof:
            raise Unreachable("the answer was cut off")
