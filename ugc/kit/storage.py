"""Files by key behind one interface; local now. A file appears whole or not at all, and survives a kill once stored."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from ugc.kit.errors import NotFound, StorageFull

TEMPORARY = ".tmp-"
# Uploads stop while reading, erasing and the database still have room (T-13).
MIN_FREE_BYTES = 256 * 1024 * 1024


class NoSuchFile(NotFound):
    """This file is not in the storage."""


class Storage(Protocol):
    """What a room may ask of the file store; keys are `/`-separated and made by us, never by a visitor."""

    def put(self, key: str, data: bytes) -> None:
        """Store the bytes under the key, durably, replacing what was there."""

    def adopt(self, key: str, path: Path) -> None:
        """Move a finished file of the same disk under the key, durably."""

    def read(self, key: str) -> bytes:
        """The bytes; raises NoSuchFile."""

    def open(self, key: str) -> BinaryIO:
        """A readable stream; raises NoSuchFile."""

    def exists(self, key: str) -> bool:
        """Whether something is stored under the key."""

    def size(self, key: str) -> int:
        """The length in bytes; raises NoSuchFile."""

    def delete(self, key: str) -> None:
        """Remove the key; nothing happens if it is gone already."""

    def rename(self, key: str, new: str) -> None:
        """Give a key (or a whole prefix) another name at once; raises NoSuchFile."""

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with the prefix, which ends with `/`."""

    def temporary(self) -> Path:
        """A path on the same disk for a file that is being written; `adopt` or delete it."""

    def sweep(self, before: datetime) -> int:
        """Remove temporary files last written before a moment; says how many. Their writers were killed."""


class LocalStorage:
    """Files under one folder: temporary file → fsync → rename → fsync of the folder."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)

    def path(self, key: str) -> Path:
        """Where a key lies; a key that would leave the root raises NoSuchFile (T-11)."""
        parts = key.split("/")
        if not key or any(part in {"", ".", ".."} or "\0" in part or part.startswith(TEMPORARY) for part in parts):
            raise NoSuchFile(f"no file {key!r}")
        return self.root.joinpath(*parts)

    def temporary(self) -> Path:
        """A new name in the root; the leading mark lets the sweeper know it."""
        if shutil.disk_usage(self.root).free < MIN_FREE_BYTES:
            raise StorageFull()
        return self.root / f"{TEMPORARY}{secrets.token_hex(12)}"

    def sweep(self, before: datetime) -> int:
        """Only names with the mark, by their age; a key's file is never looked at (F-27)."""
        swept = 0
        for path in self.root.glob(f"{TEMPORARY}*"):
            with contextlib.suppress(FileNotFoundError):  # its writer finished meanwhile
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    swept += 1
        return swept

    def put(self, key: str, data: bytes) -> None:
        """Write beside, sync, rename into place."""
        half = self.temporary()
        try:
            with open(half, "xb") as file:
                file.write(data)
            self.adopt(key, half)
        except OSError as cause:
            half.unlink(missing_ok=True)
            if cause.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFull() from cause
            raise

    def adopt(self, key: str, path: Path) -> None:
        """Sync the file, rename it under the key, sync the folders that the rename changed."""
        target = self.path(key)
        with open(path, "rb") as file:
            os.fsync(file.fileno())
        made = make_folders(target.parent)
        os.replace(path, target)
        for folder in (target.parent, *made):
            sync_folder(folder)

    def read(self, key: str) -> bytes:
        """The whole file."""
        with self.open(key) as file:
            return file.read()

    def open(self, key: str) -> BinaryIO:
        """The file, open for reading."""
        try:
            return open(self.path(key), "rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as cause:
            raise NoSuchFile(f"no file {key!r}") from cause

    def exists(self, key: str) -> bool:
        """Whether the file is there."""
        return self.path(key).is_file()

    def size(self, key: str) -> int:
        """The length in bytes."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            facts = self.path(key).stat()
            if stat.S_ISREG(facts.st_mode):
                return facts.st_size
        raise NoSuchFile(f"no file {key!r}")

    def delete(self, key: str) -> None:
        """Unlink; absence is fine."""
        self.path(key).unlink(missing_ok=True)

    def rename(self, key: str, new: str) -> None:
        """One rename, for a file or a folder of files."""
        target = self.path(new)
        make_folders(target.parent)
        try:
            os.rename(self.path(key), target)
        except FileNotFoundError as cause:
            raise NoSuchFile(f"no file {key!r}") from cause
        sync_folder(target.parent)

    def keys(self, prefix: str) -> Iterator[str]:
        """Every file below the prefix, temporary ones left out."""
        base = self.path(prefix.rstrip("/")) if prefix else self.root
        for folder, _, names in os.walk(base):
            for name in sorted(names):
                if not name.startswith(TEMPORARY):
                    yield str((Path(folder) / name).relative_to(self.root))


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; returns the parents whose entries changed, to be synced."""
    changed = []
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        changed.append(path.parent)
    return changed


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
