"""ZIP archives of pictures and videos, unpacked into a folder of ours; every length is a stranger's word (T-02, T-11, T-12)."""

from __future__ import annotations

import errno
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ugc.kit.errors import Unprocessable
from ugc.kit.reports import Rejected
from ugc.media.rules import clean_name

MAGIC = b"PK\x03\x04"
MAX_ENTRIES = 20_000
MAX_DEPTH = 10
# Pictures hardly shrink; what unpacks to more than this was made to hurt.
MAX_RATIO = 20
SPARE_BYTES = 100 * 1024**2
"""What a small archive of tables and texts may unpack to whatever its ratio."""
MAX_BYTES = 20 * 1024**3
CHUNK = 1 << 20
ENCRYPTED = 0x1
MAX_DIRECTORY = MAX_ENTRIES * 300
"""Bytes of an archive's list of files, which is read into memory as a whole: some hundred a file."""
# What a name may be at fault for: too long, under a file, in the place of a folder.
NAME_FAULTS = frozenset({errno.ENAMETOOLONG, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.EINVAL, errno.EILSEQ})
WORKBOOK = "[Content_Types].xml"


class NotAnArchive(Unprocessable):
    """This is no ZIP archive that can be read; make it again and send it whole."""


class ArchiveTooLarge(Unprocessable):
    """The archive holds more than is accepted: 20,000 files, 20 GB unpacked and not 20 times its own size; send it in parts."""


@dataclass(slots=True)
class Unpacked:
    """What came out: files below the folder, and entries that were left out with their reasons."""

    folder: Path
    files: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def is_archive(path: Path) -> bool:
    """Whether the file begins as a ZIP does."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def count_files(path: Path) -> int:
    """How many files an archive lists; 0 where it can't be read."""
    try:
        with opened(path) as archive:
            return sum(1 for _ in entries(archive))
    except (NotAnArchive, ArchiveTooLarge):
        return 0


def is_workbook(path: Path) -> bool:
    """Whether it is a spreadsheet or document of an office program, which are archives too."""
    try:
        with opened(path) as archive:
            return WORKBOOK in archive.namelist()
    except (NotAnArchive, ArchiveTooLarge):
        return False


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive with its list of files; raises NotAnArchive, or ArchiveTooLarge before a list fills memory (T-12)."""
    if directory_size(path) > MAX_DIRECTORY:
        raise ArchiveTooLarge()
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError, struct.error) as cause:
        if isinstance(cause, OSError) and cause.errno and cause.errno != errno.EINVAL:  # a place before the beginning was sought
            raise
        raise NotAnArchive() from cause


def directory_size(path: Path) -> int:
    """The bytes that the archive's end says its list of files has, found as `zipfile` finds them; 0 where there is no such end."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 65_557 - 76))
        tail = file.read()
    end = len(tail) - 22
    if tail[end : end + 4] != b"PK\x05\x06" or tail[-2:] != b"\0\0":
        end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 16:
        return 0
    if tail[max(0, end - 20) : end].startswith(b"PK\x06\x07"):  # a ZIP64: its own end stands right before
        long = tail[max(0, end - 76) : end]
        if not long.startswith(b"PK\x06\x06"):
            raise NotAnArchive()
        return int.from_bytes(long[40:48], "little")
    return int.from_bytes(tail[end + 12 : end + 16], "little")


def unpack(path: Path, folder: Path) -> Unpacked:
    """Write the archive's files below a new folder; raises NotAnArchive or ArchiveTooLarge and leaves what it wrote to the caller.

    A file keeps its name inside the archive, so that a manifest finds it; one whose name could lead elsewhere is left out.
    """
    folder.mkdir(mode=0o700)
    unpacked = Unpacked(folder)
    most = min(MAX_BYTES, path.stat().st_size * MAX_RATIO + SPARE_BYTES)
    with opened(path) as archive:
        for number, entry in enumerate(entries(archive), 1):
            target = folder.joinpath(*PurePosixPath(entry.filename).parts)
            if fault := fault_of(entry) or fault_at(target):
                unpacked.rejected.append(Rejected(number, "bad_entry", f"{clean_name(entry.filename)}: {fault}"))
                continue
            most -= take_out(archive, entry, target, most, unpacked, number)
    return unpacked


def entries(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """The files of an archive, without folders and what systems add; raises ArchiveTooLarge."""
    if len(archive.infolist()) > MAX_ENTRIES:
        raise ArchiveTooLarge()
    for entry in archive.infolist():
        parts = PurePosixPath(entry.filename).parts
        if parts and not entry.is_dir() and "__MACOSX" not in parts and not parts[-1].removeprefix("..").startswith("."):
            yield entry


def fault_of(entry: zipfile.ZipInfo) -> str:
    """What speaks against an entry before a byte of it is read; empty if nothing does."""
    parts = PurePosixPath(entry.filename).parts
    if entry.flag_bits & ENCRYPTED:
        return "it is encrypted"
    if stat.S_IFMT(entry.external_attr >> 16) not in {0, stat.S_IFREG}:
        return "it is a link or a device, not a file"
    if len(parts) > MAX_DEPTH or entry.filename.startswith("/") or any(clean_name(part) != part or part == ".." for part in parts):
        return "its name can't be used here"
    return ""


def fault_at(target: Path) -> str:
    """What speaks against the place where an entry would be written; its folders are made here."""
    try:
        if target.exists():
            return "the archive holds two files of this name"
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        if cause.errno not in NAME_FAULTS:
            raise
        return "its name can't be used here"
    return ""


def take_out(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int, unpacked: Unpacked, number: int) -> int:
    """Write one file, counting what really comes out; its bytes. A damaged one is left out, the others go on."""
    written = 0
    try:
        with archive.open(entry) as source, open(target, "xb") as file:
            while chunk := source.read(CHUNK):
                written += len(chunk)
                if written > most:
                    raise ArchiveTooLarge()
                file.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as cause:
        target.unlink(missing_ok=True)
        unpacked.rejected.append(Rejected(number, "damaged_entry", f"{entry.filename}: {str(cause)[:200] or 'it is cut short'}"))
        return written
    unpacked.files += 1
    return written
