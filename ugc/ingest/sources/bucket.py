"""A part of a bucket that a shop fills: which of its objects are new. The operator names the bucket, nobody else (C5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import islice
from pathlib import PurePosixPath

from ugc.kit.storage.base import Entry, NoSuchFile, check_key

# A round's share: with 25 MB each some gigabytes, and the next round is five minutes away.
MOST = 500
# Of one listing: more objects than anybody decides on in a year (T-39).
MOST_LISTED = 1_000_000
BATCH = 1_000
SETTLES = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Found:
    """An object that may become an item."""

    key: str
    size: int
    changed_at: datetime
    external_id: str
    """The same for the same object with the same content, another one once it is overwritten."""


def external_id(place: str, key: str, etag: str) -> str:
    """A digest, since a key may be longer than an id."""
    return hashlib.sha256(f"{place}\n{key}\n{etag}".encode()).hexdigest()[:40]


def find_new(
    entries: Iterable[Entry],
    place: str,
    known: Callable[[Sequence[str]], set[str]],
    *,
    now: datetime,
    most_bytes: int,
    most: int = MOST,
) -> list[Found]:
    """The oldest objects that nobody knows yet; `known` tells which of some ids are."""
    offered = (found_in(entry, place) for entry in islice(entries, MOST_LISTED) if is_offered(entry, now, most_bytes))
    fresh: list[Found] = []
    while batch := list(islice(offered, BATCH)):
        there = known([each.external_id for each in batch])
        fresh = nsmallest(
            most, [*fresh, *(each for each in batch if each.external_id not in there)], key=lambda one: one.changed_at
        )
    return fresh


def found_in(entry: Entry, place: str) -> Found:
    """An object by its id."""
    return Found(entry.key, entry.size, entry.changed_at, external_id(place, entry.key, entry.etag))


def is_offered(entry: Entry, now: datetime, most_bytes: int) -> bool:
    """Whether an object is meant for us: visible, settled, within the limit, with a key that is a path."""
    try:
        name = PurePosixPath(check_key(entry.key)).name
    except NoSuchFile:
        return False
    return not name.startswith(".") and 0 < entry.size <= most_bytes and entry.changed_at <= now - SETTLES
