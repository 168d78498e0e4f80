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
from typing import Any, BinaryIO

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ugc.kit import jobs
from ugc.kit.errors import StorageFull
from ugc.kit.storage.base import NoSuchFile
from ugc.media import captions, credentials, queries, rules, sandbox
from ugc.media.child import container
from ugc.media.models import File, FileKind, FileState, Rendition, Role
from ugc.media.rules import EmptyFile, FileTooLarge, Inspection
from ugc.runtime import Runtime

CHUNK = 1 << 20
IDLE = -10
"""The priority of what may wait: a job of usual priority goes first."""


@dataclass(slots=True)
class Received:
    """A decoded upload that is not yet stored; leaving its block without `keep` removes it."""

    path: Path
    sha256: str
    size: int
    name: str
    found: Inspection
    may_declare: bool = False
    """Whether its bytes hold a mark of Content Credentials."""
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
        sha256, size = copy(source, path, runtime.settings.max_upload_mb * 1024**2, runtime.settings.max_video_mb * 1024**2)
        found = sandbox.check(path, heic=runtime.settings.heic, max_seconds=runtime.settings.max_video_seconds)
        return Received(path, sha256, size, rules.clean_name(name), found, credentials.path_may_declare(path))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def copy(source: BinaryIO, path: Path, most: int, most_playing: int) -> tuple[str, int]:
    """Bytes to a new file up to the limit of what its first bytes are; their SHA-256 and count. Raises FileTooLarge, EmptyFile
    or StorageFull.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with open(path, "xb") as file:
            while chunk := source.read(CHUNK):
                if not size and container.name_container(chunk[: container.HEAD_BYTES]):
                    most = most_playing
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
        enqueue_renditions(session, known)
    if is_new and received.may_declare:
        want_declared(session, known)
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
        state=FileState.PENDING, kind=FileKind(found.kind), duration_ms=found.duration_ms, has_sound=found.has_sound,
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
    session.execute(delete(Rendition).where(Rendition.file_id == file.id, Rendition.role != Role.CAPTIONS))
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
    file.placeholder, file.colours, file.perceptual_hash = found.placeholder, list(found.colours), found.perceptual_hash or None
    file.turned_hashes, file.descriptor = found.turned_hashes or None, found.descriptor or None
    peaks = {"peaks": list(found.peaks)} if found.peaks else {}
    file.measures = {**(found.measures or {}), "hash_quality": found.hash_quality, **peaks}
    file.measures_version = rules.MEASURES_VERSION
    file.state, file.error, file.ready_at = FileState.READY, "", now
    session.flush()
    session.expire(file, ["renditions"])
    jobs.announce(session, "media.file_ready", brand_id=brand_id, file_id=file_id)
    return True


def want_declared(session: Session, file: File) -> None:
    """Have what a file declares of its own origin read."""
    jobs.enqueue(session, "media.read_credentials", brand_id=file.brand_id, file_id=file.id)


def note_declared(session: Session, brand_id: int, file_id: int, declared: dict[str, Any]) -> None:
    """Write what a file declares of its own origin; who looks for signs is told."""
    file = session.scalar(select(File).where(File.brand_id == brand_id, File.id == file_id).with_for_update())
    if file is not None and declared:
        file.provenance = declared
        jobs.announce(session, "media.file_declared", brand_id=brand_id, file_id=file_id)


def note_measured(session: Session, brand_id: int, file_id: int, found: Inspection | None) -> bool:
    """Write what a newer release of the measures makes of a file; None = it could not be read again, and keeps what it has.
    False if that is done already.
    """
    file = session.scalar(select(File).where(File.brand_id == brand_id, File.id == file_id).with_for_update())
    if file is None or file.state != FileState.READY or file.measures_version >= rules.MEASURES_VERSION:
        return False
    file.measures_version = rules.MEASURES_VERSION
    if found is not None:
        # A recording's peaks lie there too.
        file.measures = {**file.measures, **(found.measures or {})}
        file.descriptor = found.descriptor or None
        session.flush()
        jobs.announce(session, "media.file_measured", brand_id=brand_id, file_id=file_id)
    return True


def want_measured(session: Session, file: File) -> None:
    """Have a video measured again, behind those that wait to be shown."""
    jobs.enqueue(
        session, "media.measure_file", queue=jobs.FILMS, once=f"measure:{file.id}", priority=IDLE,
        brand_id=file.brand_id, file_id=file.id,
    )  # fmt: skip


def want_portion(session: Session, after: int) -> None:
    """Have the next older files measured again, when nothing else is to do."""
    jobs.enqueue(session, "media.measure_again", once=f"media.measure_again:{after}", priority=IDLE, after_id=after)


def want_refined(session: Session, file: File) -> None:
    """Have the copies made that only pictures in public are worth; when nothing else is to do."""
    jobs.enqueue(session, "media.refine", once=f"refine:{file.id}", priority=IDLE, brand_id=file.brand_id, file_id=file.id)


def note_refined(session: Session, brand_id: int, file_id: int, public_name: str, found: Inspection) -> bool:
    """Add the further copies; False if the file was hidden, removed or made anew meanwhile, so that what was stored is nobody's."""
    query = select(File).where(File.brand_id == brand_id, File.id == file_id).with_for_update()
    file = session.scalar(query.execution_options(populate_existing=True))
    if file is None or file.public_name != public_name or file.state != FileState.READY:
        return False
    types = {each.type for each in found.renditions}
    session.execute(delete(Rendition).where(Rendition.file_id == file.id, Rendition.type.in_(types)))
    session.add_all(
        Rendition(file_id=file.id, width=each.width, height=each.height, type=each.type, name=each.name, size=len(each.data))
        for each in found.renditions
    )
    session.flush()
    jobs.announce(session, "media.file_refined", brand_id=brand_id, file_id=file_id)
    return True


def add_captions(runtime: Runtime, session: Session, file: File, cues: list[captions.Cue], language: str) -> Rendition:
    """Captions beside a video or recording, written anew; others in the same language give way. Raises BadLanguage."""
    written = captions.write_captions(cues)
    name = f"captions-{captions.check_language(language)}.vtt"
    made = next((each for each in file.renditions if each.name == name), None)
    if made is None:
        # Captions have no size; their number keeps those of several languages apart.
        number = 1 + max((each.width for each in file.renditions if each.role is Role.CAPTIONS), default=0)
        made = Rendition(role=Role.CAPTIONS, width=number, height=0, type="text/vtt", name=name)
        file.renditions.append(made)
    made.size = len(written)
    runtime.storage.put(rules.rendition_key(file.public_name, name), written)
    session.flush()
    if file.state is FileState.READY:
        jobs.announce(session, "media.file_ready", brand_id=file.brand_id, file_id=file.id)
    return made


def ask_again(session: Session, brand_id: int, file_id: int) -> None:
    """Have the renditions made anew."""
    file = queries.get_file(session, brand_id, file_id)
    if file.state == FileState.READY:
        file.state = FileState.PENDING
    enqueue_renditions(session, file)


def enqueue_renditions(session: Session, file: File) -> None:
    """What plays has a queue of its own: a video takes as long as a hundred pictures, which don't wait for it."""
    jobs.enqueue(
        session, "media.make_renditions", queue=None if file.kind is FileKind.PICTURE else jobs.FILMS, once=f"media:{file.id}",
        brand_id=file.brand_id, file_id=file.id,
    )  # fmt: skip


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
    """Take the renditions from their old name to the new one; False if none is there, so that they must be made again.

    What an earlier attempt left half done is gone on with: a bucket has no rename.
    """
    with contextlib.suppress(NoSuchFile):
        runtime.storage.rename(rules.rendition_folder(old_name), rules.rendition_folder(new_name))
    return has_renditions(runtime, new_name)


def has_renditions(runtime: Runtime, public_name: str) -> bool:
    """Whether anything lies under a public name."""
    return next(iter(runtime.storage.keys(rules.rendition_folder(public_name) + "/")), None) is not None


def remove_renditions(runtime: Runtime, public_name: str) -> None:
    """Delete every rendition under a public name."""
    runtime.storage.delete_all(list(runtime.storage.keys(rules.rendition_folder(public_name) + "/")))
