"""A watched folder: what is put into a brand's subfolder is imported once it has settled, and kept beside it."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.ingest import drafting, feeding, importing, picturing, reviewing
from ugc.ingest.sources.media_folder import SIDECAR, walk
from ugc.kit import logs
from ugc.kit.errors import NotFound, StorageFull, UgcError
from ugc.kit.reports import Report
from ugc.library.models import RightsState
from ugc.runtime import Runtime

# What was written to within this time may still be growing.
SETTLES = timedelta(seconds=15)
DONE = "imported"
BEGUN = ".importing-"
LOCK = ".ugc-watch"
TABLES = (".csv", ".tsv", ".xml")
ACTOR = "system"

log = logs.get("ugc.ingest")


def watch(runtime: Runtime, *, now: datetime) -> int:
    """Import what lies settled in each brand's folder; how many batches that were. A folder that is no brand's is left alone."""
    if not runtime.settings.watch_dir:
        return 0
    root = Path(runtime.settings.watch_dir)
    folders = [folder for folder in sorted(root.iterdir()) if is_watched(folder)] if root.is_dir() else []
    return sum(try_brand(runtime, folder, now) for folder in folders)


def try_brand(runtime: Runtime, folder: Path, now: datetime) -> int:
    """One brand's folder; what is wrong with it (rights, a file that went meanwhile) keeps nobody else waiting."""
    try:
        return watch_brand(runtime, folder, now)
    except (OSError, UgcError) as fault:
        log.warning("watched_folder_failed", folder=folder.name, reason=str(fault))
        return 0


def is_watched(path: Path) -> bool:
    """Whether this is a folder of its own, no link to elsewhere."""
    return path.is_dir() and not path.is_symlink() and not path.name.startswith(".")


def watch_brand(runtime: Runtime, folder: Path, now: datetime) -> int:
    """Import a brand's settled files, and what a killed run had begun; one process at a time."""
    try:
        with runtime.sessions() as session:
            brand = accounts_queries.get_brand(session, folder.name)
    except NotFound:
        return 0
    with turn(folder) as is_mine:
        if not is_mine:
            return 0
        settled = [path for path in sorted(folder.iterdir()) if is_settled(path, now)]
        if settled:
            begun = folder / f"{BEGUN}{secrets.token_hex(8)}"
            begun.mkdir()
            for path in settled:
                path.rename(begun / path.name)
        batches = sorted(folder.glob(f"{BEGUN}*"))
        for batch in batches:
            import_batch(runtime, brand, batch)
            keep(batch, folder / DONE, now)
        return len(batches)


@contextmanager
def turn(folder: Path) -> Iterator[bool]:
    """Whether nobody else is at this folder; held for the block."""
    descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        yield take_lock(descriptor)
    finally:
        os.close(descriptor)


def take_lock(descriptor: int) -> bool:
    """Whether the lock was to be had; it goes with the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_settled(path: Path, now: datetime) -> bool:
    """Whether nothing of a file or folder was written to lately; hidden ones and what is done are left alone."""
    if path.name.startswith(".") or path.name == DONE or path.is_symlink():
        return False
    latest = max((each.stat().st_mtime for each in (path, *(walk(path) if path.is_dir() else ()))), default=0.0)
    return datetime.fromtimestamp(latest, now.tzinfo) < now - SETTLES


def import_batch(runtime: Runtime, brand: Brand, batch: Path) -> None:
    """Tables and archives one by one, everything else together as pictures; what can't be read is an import that failed."""
    tables = [path for path in sorted(batch.iterdir()) if is_plain(path) and path.suffix.lower() in TABLES and path.name != SIDECAR]
    archives = [path for path in sorted(batch.iterdir()) if is_plain(path) and path.suffix.lower() == ".zip"]
    for path in (*tables, *archives):
        import_one(runtime, brand, "media" if path in archives else guess_table(path), path, path.name)
    if any(path not in {*tables, *archives} for path in walk(batch)):
        import_one(runtime, brand, "media", batch, "watched folder")


def is_plain(path: Path) -> bool:
    """Whether this is a file, and none of somewhere else."""
    return path.is_file() and not path.is_symlink()


def guess_table(path: Path) -> str:
    """A catalogue or reviews, whichever the table holds."""
    try:
        return "catalog" if drafting.guess_kind(path, path.name) == "catalog" else "reviews"
    except OSError:
        return "reviews"  # the import says what is wrong with it


def import_one(runtime: Runtime, brand: Brand, kind: str, path: Path, name: str) -> None:
    """Import one thing; where it is refused as a whole, its row says so on the imports page, and the others go on."""
    import_id = importing.add_row(runtime, brand, kind, name, ACTOR)
    try:
        with importing.alone(runtime.engine, import_id):
            bring_in(runtime, brand, kind, path, name, import_id)
    except (UgcError, OSError) as refused:
        reason = refused.detail if isinstance(refused, UgcError) else refused.strerror or str(refused)
        log.warning("watched_file_refused", brand=brand.slug, file=name, reason=reason)
        importing.fail(runtime, brand.id, import_id, reason)
        if isinstance(refused, StorageFull) or (isinstance(refused, OSError) and refused.errno in {errno.ENOSPC, errno.EDQUOT}):
            raise  # not the file's fault: it stays where it is


def bring_in(runtime: Runtime, brand: Brand, kind: str, path: Path, name: str, import_id: int) -> Report:
    """A table, or a folder with its manifest or an archive, under a row that is there."""
    if kind == "catalog":
        return feeding.import_catalog(runtime, brand, path, actor=ACTOR, name=name, import_id=import_id)
    if kind == "reviews":
        return reviewing.import_reviews(runtime, brand, path, actor=ACTOR, name=name, import_id=import_id)
    return picturing.import_media(
        runtime, brand, path, rights=RightsState.NONE, actor=ACTOR, name=name, import_id=import_id
    )  # fmt: skip


def keep(batch: Path, done: Path, now: datetime) -> None:
    """Move an imported batch beside the others, under its moment."""
    done.mkdir(exist_ok=True)
    batch.rename(done / f"{now:%Y-%m-%d-%H%M%S}-{batch.name.removeprefix(BEGUN)}")
