"""Files under one folder. A file appears whole or not at all, and survives a kill once stored."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from ugc.kit.errors import StorageFull
from ugc.kit.storage.base import TEMPORARY, Entry, NoSuchFile, check_key, sha256_of

# Uploads stop while reading, erasing and the database still have room (T-13).
MIN_FREE_BYTES = 256 * 1024 * 1024


@contextmanager
def noticing_full() -> Iterator[None]:
    """A disk without room becomes StorageFull; any other fault stays itself."""
    try:
        yield
    except OSError as cause:
        if cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull() from cause
        raise


class LocalStorage:
    """Files under one folder: temporary file → fsync → rename → fsync of the folder."""

    label = "local"

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)

    def path(self, key: str) -> Path:
        """Where a key lies; a key that would leave the root raises NoSuchFile (T-11)."""
        return self.root.joinpath(*check_key(key).split("/"))

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
            with noticing_full():
                with open(half, "xb") as file:
                    file.write(data)
                self.adopt(key, half)
        finally:
            half.unlink(missing_ok=True)

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

    def read_part(self, key: str, start: int, length: int) -> bytes:
        """Some of the bytes."""
        with self.open(key) as file:
            file.seek(start)
            return file.read(length)

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

    def find(self, key: str) -> Entry | None:
        """One file's size and time."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            facts = self.path(key).stat()
            if stat.S_ISREG(facts.st_mode):
                return Entry(key, facts.st_size, datetime.fromtimestamp(max(facts.st_mtime, facts.st_ctime), UTC))
        return None

    def digest(self, key: str) -> str:
        """Read from the file."""
        with self.open(key) as file:
            return sha256_of(file)

    def delete(self, key: str) -> None:
        """One of `delete_all`."""
        self.delete_all([key])

    def delete_all(self, keys: Iterable[str]) -> None:
        """Unlink, and sync each folder once, so that what was erased does not come back with the power; absence is fine."""
        changed = set()
        for path in map(self.path, keys):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()
                changed.add(path.parent)
        for folder in changed:
            with contextlib.suppress(FileNotFoundError):  # renamed meanwhile, which was synced
                sync_folder(folder)

    def rename(self, key: str, new: str) -> None:
        """One rename, for a file or a folder of files; into a folder that is there already, file by file."""
        source, target = self.path(key), self.path(new)
        made = make_folders(target.parent)
        try:
            os.rename(source, target)
        except FileNotFoundError as cause:
            raise NoSuchFile(f"no file {key!r}") from cause
        except OSError as cause:
            if cause.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            self.merge(key, new)
            return
        for folder in {source.parent, target.parent, *made}:
            sync_folder(folder)

    def merge(self, key: str, new: str) -> None:
        """Take what lies under one prefix to another that has files already."""
        for name in list(self.keys(key + "/")):
            with contextlib.suppress(NoSuchFile):  # deleted meanwhile; the others must not stay behind
                self.rename(name, new + name.removeprefix(key))
        for folder, _, _ in os.walk(self.path(key), topdown=False):
            os.rmdir(folder)
        sync_folder(self.path(key).parent)

    def keys(self, prefix: str) -> Iterator[str]:
        """Every file below the prefix, temporary ones left out."""
        base = self.path(prefix.rstrip("/")) if prefix else self.root
        for folder, _, names in os.walk(base):
            for name in sorted(names):
                if not name.startswith(TEMPORARY):
                    yield str((Path(folder) / name).relative_to(self.root))

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Every file below the prefix that is still there when it is looked at, with the later of its two times."""
        for key in self.keys(prefix):
            if found := self.find(key):
                yield found

    def lifecycle(self) -> list[dict[str, Any]] | None:
        """A folder does nothing by itself."""
        return None


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
