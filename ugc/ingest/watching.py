"""A watched folder: what is put into a brand's subfolder is imported once it has settled, and kept beside it."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.ingest import drafting, feeding, picturing, reviewing
from ugc.ingest.sources.media_folder import SIDECAR, walk
from ugc.kit import logs
from ugc.kit.errors import NotFound, UgcError
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
    return sum(watch_brand(runtime, folder, now) for folder in sorted(root.iterdir()) if is_watched(folder)) if root.is_dir() else 0


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
    descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def is_settled(path: Path, now: datetime) -> bool:
    """Whether nothing of a file or folder was written to lately; hidden ones and what is done are left alone."""
    if path.name.startswith(".") or path.name == DONE or path.is_symlink():
        return False
    latest = max((each.stat().st_mtime for each in (path, *(walk(path) if path.is_dir() else ()))), default=0.0)
    return datetime.fromtimestamp(latest, now.tzinfo) < now - SETTLES


def import_batch(runtime: Runtime, brand: Brand, batch: Path) -> None:
    """Tables one by one, everything else as pictures; what can't be read is said in the log and in the imports' reports."""
    tables = [path for path in sorted(batch.iterdir()) if path.is_file() and path.suffix.lower() in TABLES and path.name != SIDECAR]
    for path in tables:
        try:
            import_table(runtime, brand, path)
        except UgcError as refused:
            log.warning("watched_file_refused", brand=brand.slug, file=path.name, code=refused.code, detail=refused.detail)
    if any(path not in tables for path in walk(batch)):
        picturing.import_media(runtime, brand, media_of(batch), rights=RightsState.NONE, actor=ACTOR, name="watched folder")


def import_table(runtime: Runtime, brand: Brand, path: Path) -> None:
    """A catalogue or reviews, whichever the table holds."""
    if drafting.guess_kind(path, path.name) == "catalog":
        feeding.import_catalog(runtime, brand, path, actor=ACTOR)
    else:
        reviewing.import_reviews(runtime, brand, path, actor=ACTOR)


def media_of(batch: Path) -> list[Path]:
    """The batch itself, with its manifest and folders, and each archive in it."""
    return [batch, *(path for path in sorted(batch.iterdir()) if path.suffix.lower() == ".zip")]


def keep(batch: Path, done: Path, now: datetime) -> None:
    """Move an imported batch beside the others, under its moment."""
    done.mkdir(exist_ok=True)
    batch.rename(done / f"{now:%Y-%m-%d-%H%M%S}-{batch.name.removeprefix(BEGUN)}")
