"""Files that arrive in pieces, on the local disk: a piece is on the disk before anybody says that it came.

How much came is told by the caller, who keeps that number durably; what lies in a file beyond it was never acknowledged and is
cut off. So a kill at any moment neither loses an acknowledged byte nor doubles one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ugc.kit.errors import Conflict, NotFound, StorageFull, UgcError
from ugc.kit.storage.local import MIN_FREE_BYTES, sync_folder

NAME = re.compile(r"[0-9a-f]{64}")
CHUNK = 1 << 18


class NoSuchPart(NotFound):
    """Nothing of this upload lies here."""


class PartCutShort(Conflict):
    """Bytes that had come are gone from this machine; send the file again."""


class PartBusy(UgcError):
    """Another request is sending this file right now."""

    status = 423


class Parts:
    """A folder of unfinished files, each named by a digest."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def path(self, name: str) -> Path:
        """Where a file lies; only names of our own making (T-11)."""
        if not NAME.fullmatch(name):
            raise NoSuchPart()
        return self.root / name

    def make(self, name: str, length: int) -> None:
        """An empty file, durably; raises StorageFull where the announced length would leave too little room (T-13)."""
        self.root.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.root).free - length < MIN_FREE_BYTES:
            raise StorageFull()
        with open(self.path(name), "xb") as file:
            os.fsync(file.fileno())
        sync_folder(self.root)

    @contextmanager
    def hold(self, name: str) -> Iterator[BinaryIO]:
        """The file for its one writer, of all processes; a killed writer lets go. Raises PartBusy."""
        try:
            file = open(self.path(name), "r+b", buffering=0)  # noqa: SIM115  # closed below
        except FileNotFoundError as cause:
            raise NoSuchPart() from cause
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as cause:
                raise PartBusy() from cause
            yield file

    def open(self, name: str) -> BinaryIO:
        """The file, open for reading."""
        try:
            return open(self.path(name), "rb")
        except FileNotFoundError as cause:
            raise NoSuchPart() from cause

    def delete(self, name: str) -> None:
        """Remove the file; nothing happens if it is gone already."""
        self.path(name).unlink(missing_ok=True)

    def sweep(self, before: datetime) -> int:
        """Remove files last written before a moment; how many."""
        swept = 0
        for path in self.root.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if NAME.fullmatch(path.name) and path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    swept += 1
        return swept


def append(file: BinaryIO, offset: int, read: Callable[[int], bytes], most: int) -> int:
    """Put what `read` gives behind the first `offset` bytes, durably; how many bytes came, also where the sender broke off.

    Raises PartCutShort and StorageFull.
    """
    if os.fstat(file.fileno()).st_size < offset:
        raise PartCutShort()
    file.truncate(offset)
    file.seek(offset)
    came = 0
    try:
        while came < most and (chunk := pull(read, min(CHUNK, most - came))):
            write_all(file, chunk)
            came += len(chunk)
        os.fsync(file.fileno())
    except OSError as cause:
        if cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            file.truncate(offset)  # what was never acknowledged gives its room back at once
            raise StorageFull() from cause
        raise
    return came


def pull(read: Callable[[int], bytes], size: int) -> bytes:
    """The next bytes; a connection that breaks is the end of what came."""
    try:
        return read(size)
    except (ConnectionError, TimeoutError):
        return b""


def write_all(file: BinaryIO, data: bytes) -> None:
    """All bytes, however few one call takes."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
