"""Stored files that no row knows, left by a kill between storing and committing (F-01, I6); only those that this room stores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.kit.db import among
from ugc.kit.storage.base import Entry, Storage
from ugc.media.models import File
from ugc.runtime import Runtime

ORIGINALS, RENDITIONS = "originals/", "renditions/"
OURS = (ORIGINALS, RENDITIONS)
# Longer than any upload, any job with all its attempts, and any clock that is wrong.
GRACE = timedelta(hours=24)
BATCH = 500


def sweep(runtime: Runtime, *, now: datetime, dry_run: bool = False) -> int:
    """Delete what no row has known for a day; says how many files. A younger file is never touched."""
    found = 0
    for entries in batches(old_entries(runtime.storage, now - GRACE)):
        with runtime.sessions() as session:
            known = known_keys(session, [entry.key for entry in entries])
        lost = [entry for entry in entries if entry.key not in known and is_unchanged(runtime.storage, entry)]
        if not dry_run:
            runtime.storage.delete_all(entry.key for entry in lost)
        found += len(lost)
    return found


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


def is_unchanged(storage: Storage, entry: Entry) -> bool:
    """Whether the file is still the one that was listed: the same bytes may have been sent again since."""
    again = storage.find(entry.key)
    return again is not None and again.changed_at == entry.changed_at
