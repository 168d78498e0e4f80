"""Renditions are made and hidden outside the request that asked for them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import BinaryIO

import structlog

from ugc.kit import clock, jobs
from ugc.kit.errors import Conflict
from ugc.kit.storage.base import NoSuchFile
from ugc.media import actions, credentials, orphans, queries, rules, sandbox
from ugc.media.models import FileKind, FileState
from ugc.media.rules import Refusal
from ugc.runtime import Runtime

log = structlog.get_logger(__name__)

ABANDONED_AFTER = timedelta(hours=1)
PORTION = 50
"""Files measured again by one job: some seconds of work."""


class Hidden(Conflict):
    """The file was hidden while its renditions were made; they are made again."""


@jobs.job("media.make_renditions")
def make_renditions(runtime: Runtime, *, brand_id: int, file_id: int) -> None:
    """Decode the original once more and store all that is shown of it; no transaction is open meanwhile."""
    with runtime.transaction() as session:
        file = queries.find_file(session, brand_id, file_id)
    if file is None or file.state == FileState.READY:
        return
    try:
        with runtime.storage.open(file.storage_key) as original:
            if digest(original) != file.sha256:
                raise NoSuchFile("the stored original differs from what was received")
            found = sandbox.render(original, heic=runtime.settings.heic, max_seconds=runtime.settings.max_video_seconds)
    except (Refusal, NoSuchFile) as refusal:
        with runtime.transaction() as session:
            actions.note_damaged(session, brand_id, file_id, f"{refusal.code}: {refusal.detail}")
        return
    actions.finish(runtime, file, found)
    with runtime.transaction() as session:
        is_current = actions.note_finished(session, brand_id, file_id, file.public_name, found, now=clock.now())
    if not is_current:
        actions.remove_renditions(runtime, file.public_name)
        raise Hidden()


@jobs.job("media.refine")
def refine(runtime: Runtime, *, brand_id: int, file_id: int) -> None:
    """Store the further copies of a picture that the public sees; what can't be made is left out."""
    with runtime.transaction() as session:
        file = queries.find_file(session, brand_id, file_id)
    if file is None or file.state is not FileState.READY or file.kind != FileKind.PICTURE:
        return
    try:
        with runtime.storage.open(file.storage_key) as original:
            found = sandbox.refine(original, heic=runtime.settings.heic)
    except (Refusal, NoSuchFile):
        return
    actions.finish(runtime, file, found)
    with runtime.transaction() as session:
        is_current = actions.note_refined(session, brand_id, file_id, file.public_name, found)
    if not is_current:
        for each in found.renditions:
            runtime.storage.delete(rules.rendition_key(file.public_name, each.name))


@jobs.job("media.measure_again")
def measure_again(runtime: Runtime, *, after_id: int = 0) -> None:
    """Measure files that an earlier release measured, a portion at a time; killed or run twice it goes on where it stood."""
    version = rules.MEASURES_VERSION
    with runtime.transaction() as session:
        files = queries.find_outdated(session, version, after=after_id, limit=PORTION)
        left = queries.count_outdated(session, version)
    if not files:
        return
    log.info("measuring again", version=version, now=len(files), left=left)
    for file in files:
        if file.kind is FileKind.PICTURE:
            measure_file(runtime, brand_id=file.brand_id, file_id=file.id)
    with runtime.transaction() as session:
        for file in files:
            if file.kind is FileKind.VIDEO:
                actions.want_measured(session, file)
        actions.want_portion(session, files[-1].id)


@jobs.job("media.measure_file")
def measure_file(runtime: Runtime, *, brand_id: int, file_id: int) -> None:
    """Measure one file again; one that can't be read any more keeps what it has."""
    with runtime.transaction() as session:
        file = queries.find_file(session, brand_id, file_id)
    if file is None or file.measures_version >= rules.MEASURES_VERSION:
        return
    found, may_declare = None, False
    try:
        with runtime.storage.open(file.storage_key) as original:
            may_declare = credentials.may_declare(original)
            found = sandbox.inspect(original, heic=runtime.settings.heic, max_seconds=runtime.settings.max_video_seconds)
    except (Refusal, NoSuchFile) as refusal:
        log.warning("not measured again", file=file_id, brand=brand_id, code=refusal.code)
    with runtime.transaction() as session:
        actions.note_measured(session, brand_id, file_id, found)
        if may_declare and not file.provenance:
            # Received by a release that did not ask what files declare.
            actions.want_declared(session, file)


@jobs.job("media.read_credentials")
def read_credentials(runtime: Runtime, *, brand_id: int, file_id: int) -> None:
    """Read what a file declares of its own origin, before anybody is shown a copy without metadata (L-29)."""
    with runtime.transaction() as session:
        file = queries.find_file(session, brand_id, file_id)
    if file is None or file.provenance:
        return
    try:
        with runtime.storage.open(file.storage_key) as original:
            declared = sandbox.read_credentials(original, file.format)
    except (Refusal, NoSuchFile) as refusal:
        log.warning("credentials not read", file=file_id, brand=brand_id, code=refusal.code)
        return
    with runtime.transaction() as session:
        actions.note_declared(session, brand_id, file_id, declared)


def digest(file: BinaryIO) -> str:
    """SHA-256 of the whole file, which is rewound."""
    value = hashlib.sha256()
    while chunk := file.read(actions.CHUNK):
        value.update(chunk)
    file.seek(0)
    return value.hexdigest()


@jobs.job("media.hide_file")
def hide_file(runtime: Runtime, *, brand_id: int, file_id: int, old_name: str, new_name: str) -> None:
    """Move the renditions to the name that the file has now; make them anew if they are lost."""
    is_moved = actions.move_renditions(runtime, old_name, new_name)
    with runtime.transaction() as session:
        is_there = queries.find_file(session, brand_id, file_id) is not None
        if is_there and not is_moved:
            actions.ask_again(session, brand_id, file_id)
    if not is_there:
        actions.remove_renditions(runtime, new_name)


@jobs.job("media.remove_stored")
def remove_stored(runtime: Runtime, *, brand_id: int, storage_key: str, public_name: str) -> None:
    """Delete what a removed file left in the storage; its bytes stay where they were received again meanwhile."""
    actions.remove_renditions(runtime, public_name)
    with runtime.transaction() as session:
        actions.lock_original(session, storage_key)
        if not queries.is_stored_for(session, storage_key):
            runtime.storage.delete(storage_key)


@jobs.job("media.sweep_storage")
def sweep_storage(runtime: Runtime) -> None:
    """Remove what killed uploads left behind; an upload that is being read is younger (F-02, F-27)."""
    runtime.storage.sweep(clock.now() - ABANDONED_AFTER)


@jobs.job("media.sweep_orphans")
def sweep_orphans(runtime: Runtime) -> None:
    """Remove files that no row has known for a day (I6)."""
    orphans.sweep(runtime, now=clock.now())
