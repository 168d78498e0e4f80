"""What a room may ask of the file store, wherever it lies; keys are `/`-separated and made by us, never by a visitor."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ugc.kit.errors import NotFound

TEMPORARY = ".tmp-"
CHUNK = 1 << 20


class NoSuchFile(NotFound):
    """This file is not in the storage."""


class DamagedFile(NoSuchFile):
    """What lies in the storage is not what was stored."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored file."""

    key: str
    size: int
    changed_at: datetime
    etag: str = ""
    """A bucket's own mark of the content; empty on a local disk."""


class Storage(Protocol):
    """What a room may ask of the file store."""

    @property
    def label(self) -> str:
        """Where it lies, for people."""

    def put(self, key: str, data: bytes) -> None:
        """Store the bytes under the key, durably, replacing what was there."""

    def adopt(self, key: str, path: Path) -> None:
        """Move a finished file from `temporary` under the key, durably."""

    def read(self, key: str) -> bytes:
        """The bytes; raises NoSuchFile."""

    def read_part(self, key: str, start: int, length: int) -> bytes:
        """Some of the bytes, fewer where the file ends; raises NoSuchFile."""

    def open(self, key: str) -> BinaryIO:
        """A file of the operating system to read and seek in; raises NoSuchFile."""

    def exists(self, key: str) -> bool:
        """Whether something is stored under the key."""

    def size(self, key: str) -> int:
        """The length in bytes; raises NoSuchFile."""

    def find(self, key: str) -> Entry | None:
        """One file's size and time; None where there is none."""

    def digest(self, key: str) -> str:
        """The SHA-256 of what was stored, in hexadecimal; raises NoSuchFile."""

    def delete(self, key: str) -> None:
        """Remove the key, durably; nothing happens if it is gone already."""

    def delete_all(self, keys: Iterable[str]) -> None:
        """Remove many keys, durably; nothing happens for those that are gone already."""

    def rename(self, key: str, new: str) -> None:
        """Give a key (or a whole prefix) another name; raises NoSuchFile.

        At once on a local disk. A bucket knows no such thing: files are copied, then deleted, and a kill in between leaves both
        names; the same call again goes on with what is left under the old one.
        """

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with the prefix, which ends with `/` or is empty."""

    def entries(self, prefix: str) -> Iterator[Entry]:
        """The same with sizes and times, in no order."""

    def temporary(self) -> Path:
        """A path of this machine for a file that is being written; `adopt` or delete it."""

    def sweep(self, before: datetime) -> int:
        """Remove what was begun before a moment and never finished; says how much. Its writers were killed."""

    def lifecycle(self) -> list[dict[str, Any]] | None:
        """A bucket's rules for what happens to files by themselves; None where there can be none or they can't be asked for."""


def check_key(key: str) -> str:
    """The key, if it is one: it leaves no root and names no temporary file; raises NoSuchFile (T-11)."""
    parts = key.split("/")
    if not key or any(part in {"", ".", ".."} or "\0" in part or part.startswith(TEMPORARY) for part in parts):
        raise NoSuchFile(f"no file {key!r}")
    return key


def sha256_of(file: BinaryIO) -> str:
    """SHA-256 of the rest of a file, in hexadecimal."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
