"""Receive, keep, finish and hide files. Order of writing: temporary file → fsync → rename → row (F-01)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ugc.kit import jobs
from ugc.kit.errors import StorageFull
from ugc.kit.storage.base import NoSuchFile
from ugc.media import queries, rules, sandbox
from ugc.media.models import File, FileState, Rendition, Role
from ugc.media.rules import EmptyFile, FileTooLarge, Inspection
from ugc.runtime import Runtime

CHUNK = 1 << 20


@dataclass(slots=True)
class Received:
    """A decoded upload that is not yet stored; leaving its block without `keep` removes it."""

    path: Path
    sha256: str
    size: int
    name: str
    found: Inspection
    is_kept: bool = field(default=False)

    def __enter__(self) -> Received:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.discard()

    def discard(self) -> None:
        """Remove the temporary file, unless the storage has it."""
        if not self.is_kept:
            self.path.unlink(missing_ok=True)


def receive(runtime: Runtime, source: Path | BinaryIO, name: str) -> Received:
    """Copy to a temporary file of the storage and decode it once in the limited child; raises a Refusal, nothing stored."""
    if isinstance(source, Path):
        with open(source, "rb") as file:
            return receive(runtime, file, name)
    path = runtime.storage.temporary()
    try:
        sha256, size = copy(source, path, runtime.settings.max_upload_mb * 1024**2)
        return Received(path, sha256, size, rules.clean_name(name), sandbox.check(path))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def copy(source: BinaryIO, path: Path, most: int) -> tuple[str, int]:
    """Bytes to a new file up to a limit; their SHA-256 and count. Raises FileTooLarge, EmptyFile or StorageFull."""
    digest, size = hashlib.sha256(), 0
    try:
        with open(path, "xb") as file:
            while chunk := source.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise FileTooLarge(limit_bytes=most)
                digest.update(chunk)
                file.write(chunk)
    except OSError as cause:
        if cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull() from cause
        raise
    if not size:
        raise EmptyFile()
    return digest.hexdigest(), size


def keep(runtime: Runtime, session: Session, brand_id: int, received: Received) -> tuple[File, bool]:
    """The brand's file for these bytes and whether it is new; the bytes are stored before the row exists.

    A row whose original was lost or cut short is mended by the same bytes sent again.
    """
    key = rules.original_key(brand_id, received.sha256)
    lock_original(session, key)
    known = queries.find_file_by_bytes(session, brand_id, received.sha256, hold=True)
    if known and is_whole(runtime, known):
        return known, False
    runtime.storage.adopt(key, received.path)
    received.is_kept = True
    if known is None:
        known, is_new = add_file(session, brand_id, key, received)
    else:
        known.state, known.error, is_new = FileState.PENDING, "", False
    if known.state == FileState.PENDING:
        jobs.enqueue(session, "media.make_renditions", once=f"media:{known.id}", brand_id=brand_id, file_id=known.id)
    return known, is_new


def lock_original(session: Session, key: str) -> None:
    """Until the end of the transaction nobody else keeps or deletes the original under this key."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 11))))


def is_whole(runtime: Runtime, file: File) -> bool:
    """Whether the original lies in the storage at its full length and is not known to be damaged."""
    try:
        return file.state != FileState.DAMAGED and runtime.storage.size(file.storage_key) == file.size
    except NoSuchFile:
        return False


def add_file(session: Session, brand_id: int, key: str, received: Received) -> tuple[File, bool]:
    """The row; of two uploads of the same bytes at once, the second finds the first one's."""
    found = received.found
    file = File(
        brand_id=brand_id, sha256=received.sha256, size=received.size, format=found.format, name=received.name,
        width=found.width, height=found.height, frames=found.frames, storage_key=key, public_name=new_public_name(),
        state=FileState.PENDING,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(file)
            session.flush()
    except IntegrityError:
        return session.scalars(select(File).where(File.brand_id == brand_id, File.sha256 == received.sha256)).one(), False
    return file, True


def new_public_name() -> str:
    """128 random bits: an address that nobody guesses (T-18)."""
    return secrets.token_hex(16)


def finish(runtime: Runtime, file: File, found: Inspection) -> None:
    """Store the renditions under the file's public name, before any row speaks of them."""
    for each in found.renditions:
        runtime.storage.put(rules.rendition_key(file.public_name, each.name), each.data)


def note_finished(session: Session, brand_id: int, file_id: int, public_name: str, found: Inspection, *, now: datetime) -> bool:
    """Write what was found; False if the file was hidden or removed meanwhile, so that the stored renditions have a dead name."""
    file = session.scalar(
        select(File)
        .where(File.brand_id == brand_id, File.id == file_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if file is None or file.public_name != public_name:
        return False
    session.execute(delete(Rendition).where(Rendition.file_id == file.id))
    session.add_all(
        Rendition(
            file_id=file.id,
            role=Role(each.role),
            width=each.width,
            height=each.height,
            type=each.type,
            name=each.name,
            size=len(each.data),
        )
        for each in found.renditions
    )
    file.placeholder, file.colours, file.perceptual_hash = found.placeholder, list(found.colours), found.perceptual_hash
    file.turned_hashes = found.turned_hashes or None
    file.measures = dict(found.measures or {}) | {"hash_quality": found.hash_quality}
    file.state, file.error, file.ready_at = FileState.READY, "", now
    session.flush()
    session.expire(file, ["renditions"])
    jobs.announce(session, "media.file_ready", brand_id=brand_id, file_id=file_id)
    return True


def ask_again(session: Session, brand_id: int, file_id: int) -> None:
    """Have the renditions made anew."""
    file = queries.get_file(session, brand_id, file_id)
    if file.state == FileState.READY:
        file.state = FileState.PENDING
    jobs.enqueue(session, "media.make_renditions", once=f"media:{file.id}", brand_id=brand_id, file_id=file.id)


def note_damaged(session: Session, brand_id: int, file_id: int, error: str) -> None:
    """Say why the file will not be shown (F-26)."""
    file = queries.get_file(session, brand_id, file_id)
    file.state, file.error = FileState.DAMAGED, error


def hide(runtime: Runtime, session: Session, file: File) -> None:
    """Give the file another public name: the old addresses die with the commit's job, copies in caches with their age."""
    old, file.public_name = file.public_name, new_public_name()
    jobs.enqueue(
        session, "media.hide_file", queue=jobs.UNPUBLISH,
        brand_id=file.brand_id, file_id=file.id, old_name=old, new_name=file.public_name,
    )  # fmt: skip


def remove(runtime: Runtime, session: Session, file: File) -> None:
    """Delete the row now, the original and every public copy by a job after the commit."""
    jobs.enqueue(
        session, "media.remove_stored", queue=jobs.UNPUBLISH,
        brand_id=file.brand_id, storage_key=file.storage_key, public_name=file.public_name,
    )  # fmt: skip
    session.execute(delete(File).where(File.brand_id == file.brand_id, File.id == file.id))


def move_renditions(runtime: Runtime, old_name: str, new_name: str) -> bool:
    """Take the renditions from their old name to the new one; False if none is there, so that they must be made again."""
    if has_renditions(runtime, new_name):
        remove_renditions(runtime, old_name)  # made under the new name meanwhile, or moved by an earlier attempt
        return True
    with contextlib.suppress(NoSuchFile):
        runtime.storage.rename(rules.rendition_folder(old_name), rules.rendition_folder(new_name))
    return has_renditions(runtime, new_name)


def has_renditions(runtime: Runtime, public_name: str) -> bool:
    """Whether anything lies under a public name."""
    return next(iter(runtime.storage.keys(rules.rendition_folder(public_name) + "/")), None) is not None


def remove_renditions(runtime: Runtime, public_name: str) -> None:
    """Delete every rendition under a public name."""
    for key in list(runtime.storage.keys(rules.rendition_folder(public_name) + "/")):
        runtime.storage.delete(key)
