"""Stored files that no row knows, left by a kill between storing and committing (F-01, I6); only those that this room stores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.kit import jobs
from ugc.kit.db import among
from ugc.kit.storage.base import Entry, Storage
from ugc.media import actions, queries
from ugc.media.models import File
from ugc.runtime import Runtime

ORIGINALS, RENDITIONS = "originals/", "renditions/"
OURS = (ORIGINALS, RENDITIONS)
# Longer than any upload, any job with all its attempts, and any clock that is wrong.
GRACE = timedelta(hours=24)
BATCH = 500


def sweep(runtime: Runtime, *, now: datetime, dry_run: bool = False) -> int:
    """Delete what no row has known for a day; says how many files. A younger file is never touched."""
    before, found = now - GRACE, 0
    for entries in batches(old_entries(runtime.storage, before)):
        with runtime.sessions() as session:
            lost = find_lost(session, [entry.key for entry in entries])
        found += len(lost) if dry_run else sum(remove(runtime, key, before) for key in lost)
    return found


def find_lost(session: Session, keys: list[str]) -> list[str]:
    """Keys that no row speaks of, nor a job that has yet to take renditions from their old name to the new one."""
    known = known_keys(session, keys)
    lost = [key for key in keys if key not in known]
    hidden = {each["old_name"] for each in jobs.find_unfinished(session, "media.hide_file")} if lost else set()
    return [key for key in lost if is_original(key) or key.split("/")[1] not in hidden]


def remove(runtime: Runtime, key: str, before: datetime) -> bool:
    """Delete one file, if it is still old and unknown while nobody can keep the same bytes again."""
    with runtime.transaction() as session:
        actions.lock_original(session, key)
        stored = runtime.storage.find(key)
        if stored is None or stored.changed_at >= before or queries.is_stored_for(session, key):
            return False
        runtime.storage.delete(key)
        return True


def old_entries(storage: Storage, before: datetime) -> Iterator[Entry]:
    """This room's files that were stored before a moment."""
    for prefix in OURS:
        yield from (entry for entry in storage.entries(prefix) if entry.changed_at < before)


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Some hundred at a time, so that a listing of millions is never in memory."""
    remaining = iter(entries)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def known_keys(session: Session, keys: list[str]) -> set[str]:
    """Which of the keys some row speaks of: an original by itself, a rendition by the name that its file has now."""
    originals = session.scalars(select(File.storage_key).where(among(File.storage_key, [key for key in keys if is_original(key)])))
    names = {key.split("/")[1] for key in keys if not is_original(key)}
    shown = set(session.scalars(select(File.public_name).where(among(File.public_name, names))))
    return set(originals) | {key for key in keys if not is_original(key) and key.split("/")[1] in shown}


def is_original(key: str) -> bool:
    """Whether a key is an original's."""
    return key.startswith(ORIGINALS)
