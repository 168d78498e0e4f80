"""Takes all files from one storage to another while the service runs, until nothing is left to take (decision 0083)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ugc.kit.errors import Conflict
from ugc.kit.storage.base import CHUNK, DamagedFile, Entry, NoSuchFile, Storage, sha256_of
from ugc.media import orphans
from ugc.runtime import Runtime

# What says that the target is being filled by this installation and by no other.
MARK = "move.txt"


class NotEmpty(Conflict):
    """Files lie there already that no earlier move of this installation brought; name an empty place."""


@dataclass
class Moved:
    """What one pass did."""

    copied: int = 0
    there: int = 0
    removed: int = 0
    damaged: list[str] = field(default_factory=list)
    """Files that the source does not give whole; they are left where they are."""


@dataclass(frozen=True, slots=True)
class Move:
    """From where, to where, and what never goes along."""

    source: Storage
    target: Storage
    left_out: tuple[str, ...]
    """Prefixes of files that can be made anew."""
    is_last: bool
    """Whether the service uses the target already: then only what a row knows is taken, and nothing is removed there."""

    def entries(self, storage: Storage) -> Iterator[Entry]:
        """The files of one side."""
        return (entry for entry in storage.entries("") if entry.key != MARK and not entry.key.startswith(self.left_out))


def run(runtime: Runtime, move: Move, *, now: datetime, progress: Callable[[Moved], None]) -> Moved:
    """One pass. It may be killed and begun again: what is there with the same SHA-256 is not sent again."""
    begin(runtime, move)
    done = Moved()
    for batch in orphans.batches(move.entries(move.source)):
        taken = wanted(runtime, move, [entry.key for entry in batch])
        for key in taken:
            take(move, key, done)
            progress(done)
        if move.is_last:
            take_back(runtime, move, taken)
    if not move.is_last:
        done.removed = remove_gone(runtime, move)
    return done


def begin(runtime: Runtime, move: Move) -> None:
    """Mark an empty target as ours; raises NotEmpty."""
    own = hashlib.sha256(runtime.key("move")).hexdigest().encode()
    try:
        if move.target.read(MARK) == own:
            return
    except NoSuchFile:
        if move.is_last or next(move.entries(move.target), None) is None:
            move.target.put(MARK, own)
            return
    raise NotEmpty()


def wanted(runtime: Runtime, move: Move, keys: list[str]) -> list[str]:
    """What of a batch goes along; on the last pass not what was erased or renamed since the service uses the target."""
    if not move.is_last:
        return keys
    with runtime.sessions() as session:
        known = orphans.known_keys(session, [key for key in keys if key.startswith(orphans.OURS)])
    return [key for key in keys if key in known or not key.startswith(orphans.OURS)]


def take(move: Move, key: str, done: Moved) -> None:
    """One file, compared on both sides."""
    try:
        expected = move.source.digest(key)
        if is_there(move.target, key, expected):
            done.there += 1
            return
        copy(move, key, expected)
        done.copied += 1
    except DamagedFile:
        done.damaged.append(key)
    except NoSuchFile:
        return  # deleted since it was listed


def is_there(target: Storage, key: str, expected: str) -> bool:
    """Whether the target has the same bytes."""
    try:
        return target.digest(key) == expected
    except NoSuchFile:
        return False


def copy(move: Move, key: str, expected: str) -> None:
    """Through a file of this machine, and read back from where it came to lie; raises DamagedFile."""
    path = move.target.temporary()
    try:
        with move.source.open(key) as source, open(path, "xb") as file:
            while chunk := source.read(CHUNK):
                file.write(chunk)
        move.target.adopt(key, path)
    finally:
        path.unlink(missing_ok=True)
    with move.target.open(key) as stored:
        if sha256_of(stored) != expected:
            move.target.delete(key)
            raise DamagedFile(f"{key} arrived changed")


def take_back(runtime: Runtime, move: Move, taken: list[str]) -> None:
    """Remove again what was erased or renamed while it was copied: old addresses must not come back to life."""
    kept = set(wanted(runtime, move, taken))
    move.target.delete_all(key for key in taken if key not in kept)


def remove_gone(runtime: Runtime, move: Move) -> int:
    """Delete from the target what an earlier pass brought and the source does not have any more.

    Not what a row speaks of: then the service uses the target already, and this pass was asked for without its settings.
    """
    removed = 0
    for batch in orphans.batches(move.entries(move.target)):
        gone = [entry.key for entry in batch if not move.source.exists(entry.key)]
        with runtime.sessions() as session:
            known = orphans.known_keys(session, [key for key in gone if key.startswith(orphans.OURS)])
        lost = [key for key in gone if key not in known]
        move.target.delete_all(lost)
        removed += len(lost)
    return removed
