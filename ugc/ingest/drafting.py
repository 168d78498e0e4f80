"""Imports that come through the browser: the file is kept, somebody says what it holds, the worker brings it in."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.catalog import feeds
from ugc.ingest import feeding, importing, picturing, queries, reviewing
from ugc.ingest.importing import Stopped
from ugc.ingest.models import Import, ImportState
from ugc.ingest.sources import archive
from ugc.kit import clock, jobs
from ugc.kit.errors import Conflict, Invalid, TooLarge, UgcError
from ugc.kit.reports import Report
from ugc.library.models import Item, RightsState, State
from ugc.media.rules import clean_name
from ugc.runtime import Runtime

KINDS = ("reviews", "catalog", "media", "orders")
# A draft that nobody comes back to is somebody's customers' words lying about.
KEEP_DRAFTS = timedelta(days=7)
CHUNK = 1 << 20
SAMPLE_BYTES = 1 << 20
# Progress is written so often at most; each is a transaction of its own.
PACE = timedelta(seconds=1)


class ImportTooLarge(TooLarge):
    """The file is larger than the browser may send; bring it in with `ugc import` on the server."""


class NotADraft(Conflict):
    """This import has begun already."""


class BadDraft(Invalid):
    """This is no way to import a file."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person says about a file before it is brought in."""

    kind: str
    format: str = "auto"
    mapping: Mapping[str, str] = field(default_factory=dict)
    dates: str = ""
    source: str = "import"
    state: str = State.INBOX.value
    rights: str = RightsState.OWNED.value
    evidence: str = ""
    create_products: bool = False
    tag_folders: bool = False

    def as_json(self) -> dict[str, Any]:
        """As the import's row keeps it."""
        return {name: getattr(self, name) for name in FACTS} | {"mapping": dict(self.mapping)}


FACTS = tuple(fact.name for fact in fields(Choices))


def choices_of(run: Import) -> Choices:
    """What was said so far."""
    return Choices(**({"kind": run.kind} | {name: value for name, value in run.options.items() if name in FACTS}))


def keep_file(runtime: Runtime, session: Session, brand_id: int, stream: BinaryIO, name: str, *, actor: str) -> Import:
    """Store a sent file and its draft; raises ImportTooLarge or Invalid for an empty one. The file is stored before the row."""
    path = runtime.storage.temporary()
    try:
        size = copy(stream, path, runtime.settings.max_import_mb * 1024**2)
        kind = guess_kind(path, name)
        key = f"imports/{brand_id}/{secrets.token_hex(16)}"
        runtime.storage.adopt(key, path)
    finally:
        path.unlink(missing_ok=True)
    rights = RightsState.NONE if kind == "media" else RightsState.OWNED
    draft = Import(
        brand_id=brand_id, kind=kind, name=clean_name(name), actor=actor, state=ImportState.DRAFT, storage_key=key, size=size,
        options=Choices(kind, rights=rights.value).as_json(),
    )  # fmt: skip
    session.add(draft)
    session.flush()
    return draft


def copy(stream: BinaryIO, path: Path, most: int) -> int:
    """Bytes to a new file up to a limit; how many."""
    size = 0
    with open(path, "xb") as file:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise ImportTooLarge(limit_bytes=most)
            file.write(chunk)
    if not size:
        raise BadDraft("the file is empty")
    return size


def guess_kind(path: Path, name: str) -> str:
    """What the file most likely holds; the person may say otherwise."""
    if archive.is_archive(path):
        return "media"
    if name.lower().endswith((".jsonl", ".ndjson")):
        return "orders"
    return "catalog" if is_catalog(path) else "reviews"


def is_catalog(path: Path) -> bool:
    """Whether the file is a product feed and says nothing of ratings."""
    try:
        feed = feeds.open_feed(path, "auto", None)
        first = next(iter(feed.entries), None)
    except (UgcError, ValueError):
        return False
    names = set(first.attributes) if first else set()
    return bool(names & {"price", "image_link", "availability"}) and not names & {"rating", "review", "body"}


def choose(session: Session, brand_id: int, import_id: int, choices: Choices) -> Import:
    """Keep what was said about a draft; raises NotADraft, BadDraft or what speaks against the options."""
    draft = get_draft(session, brand_id, import_id)
    if choices.kind not in KINDS:
        raise BadDraft(f"{choices.kind[:40]!r} is none of {', '.join(KINDS)}")
    importing.read_options(choices.state, choices.rights, choices.evidence, draft.name, actor=draft.actor)
    draft.kind, draft.options = choices.kind, choices.as_json()
    return draft


def get_draft(session: Session, brand_id: int, import_id: int) -> Import:
    """A draft that nobody else starts meanwhile; raises NotFound or NotADraft."""
    draft = queries.get_import(session, brand_id, import_id, lock=True)
    if draft.state is not ImportState.DRAFT:
        raise NotADraft()
    return draft


def start(session: Session, brand_id: int, import_id: int, *, dry_run: bool) -> Import:
    """Have the worker bring the file in, or only try to; raises NotADraft for one that was started already."""
    draft = get_draft(session, brand_id, import_id)
    draft.state, draft.dry_run, draft.done, draft.total, draft.error = ImportState.WAITING, dry_run, 0, 0, ""
    draft.report = {}
    jobs.enqueue(session, "ingest.run_import", once=f"import:{draft.id}", brand_id=brand_id, import_id=draft.id)
    return draft


def stop(session: Session, brand_id: int, import_id: int) -> Import:
    """Ask a waiting or running import to end after the batch that it is at; others are left alone."""
    run = queries.get_import(session, brand_id, import_id, lock=True)
    if run.state is ImportState.WAITING:
        run.state = ImportState.DRAFT
    elif run.state is ImportState.RUNNING and run.storage_key:
        run.state = ImportState.STOPPED
    return run


def discard(runtime: Runtime, session: Session, brand_id: int, import_id: int) -> None:
    """Throw a draft and its file away."""
    draft = get_draft(session, brand_id, import_id)
    jobs.enqueue(session, "ingest.remove_file", brand_id=brand_id, key=draft.storage_key)
    session.delete(draft)


def run(runtime: Runtime, brand_id: int, import_id: int) -> None:
    """Bring a kept file in. A killed run is begun anew: what it brought in by then counts as added in its report."""
    with runtime.transaction() as session:
        draft = queries.get_import(session, brand_id, import_id, lock=True)
        if draft.state not in {ImportState.WAITING, ImportState.RUNNING}:
            return
        draft.state = ImportState.RUNNING
        brand = accounts_queries.get_brand_by_id(session, brand_id)
    report, error = Report(dry_run=draft.dry_run), ""
    try:
        with local_copy(runtime, draft.storage_key) as path:
            pacer = Pacer(runtime, brand_id, import_id)
            pacer.begin(estimate(path, draft.kind))
            report = bring_in(runtime, brand, draft, path, pacer)
    except Stopped:
        report.notes.append("the trial was stopped")
    except UgcError as refused:
        error = refused.detail
    if draft.dry_run or error:
        back_to_draft(runtime, brand_id, import_id, report, error)
    else:
        finish(runtime, brand_id, import_id)


def estimate(path: Path, kind: str) -> int:
    """About how many rows or files there are, cheaply; 0 where that can't be told."""
    if kind == "media":
        return archive.count_files(path)
    with open(path, "rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))


def back_to_draft(runtime: Runtime, brand_id: int, import_id: int, report: Report, error: str) -> None:
    """After a trial, or where nothing of the file could be read: the draft waits for a person, with what was found."""
    with runtime.transaction() as session:
        draft = queries.get_import(session, brand_id, import_id, lock=True)
        if not draft.dry_run and draft.report.get("read"):
            return  # it broke off in the middle: its report says how far it came, and it can be undone
        draft.state, draft.error, draft.finished_at = ImportState.DRAFT, error, None
        draft.format = report.format or draft.format
        draft.report = report.as_json() if report.read or report.notes else {}


def finish(runtime: Runtime, brand_id: int, import_id: int) -> None:
    """Count what bears the import's id as added, also what an earlier, killed run of it brought; let go of the file."""
    with runtime.transaction() as session:
        done = queries.get_import(session, brand_id, import_id, lock=True)
        if done.kind in {"reviews", "media"}:
            mine = select(func.count()).select_from(Item).where(Item.brand_id == brand_id, Item.import_id == import_id)
            added = min(session.scalar(mine) or 0, done.report["added"] + done.report["duplicate"])
            taken = done.report["added"] + done.report["duplicate"]
            done.report = done.report | {"added": added, "duplicate": taken - added}
        done.done = done.report["read"]
        jobs.enqueue(session, "ingest.remove_file", brand_id=brand_id, key=done.storage_key)
        done.storage_key = ""


def bring_in(runtime: Runtime, brand: Brand, draft: Import, path: Path, step: importing.Progress) -> Report:
    """Import the file as what it was said to be."""
    said = choices_of(draft)
    common: dict[str, Any] = {
        "dry_run": draft.dry_run, "actor": draft.actor, "progress": step, "name": draft.name,
        "import_id": None if draft.dry_run else draft.id,
    }  # fmt: skip
    content: dict[str, Any] = {
        "state": said.state, "rights": said.rights, "evidence": said.evidence, "create_products": said.create_products,
    }  # fmt: skip
    mapping = dict(said.mapping) or None
    if said.kind == "catalog":
        return feeding.import_catalog(runtime, brand, path, format=said.format, mapping=mapping, **common)
    if said.kind == "orders":
        return feeding.import_orders(runtime, brand, path, **common)
    if said.kind == "media":
        return picturing.import_media(runtime, brand, path, tag_folders=said.tag_folders, **content, **common)
    return reviewing.import_reviews(
        runtime, brand, path, format=said.format, mapping=mapping, dates=said.dates, source=said.source, **content, **common
    )


@contextmanager
def local_copy(runtime: Runtime, key: str) -> Iterator[Path]:
    """The kept file on this machine's disk, for as long as the block runs."""
    path = runtime.storage.temporary()
    try:
        with runtime.storage.open(key) as source, open(path, "xb") as file:
            shutil.copyfileobj(source, file, CHUNK)
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def sample(runtime: Runtime, key: str) -> Iterator[Path]:
    """The beginning of a kept file, whole lines of it: enough to see what it holds."""
    path = runtime.storage.temporary()
    try:
        with runtime.storage.open(key) as source:
            head = source.read(SAMPLE_BYTES)
        path.write_bytes(head if len(head) < SAMPLE_BYTES else head[: head.rfind(b"\n") + 1] or head)
        yield path
    finally:
        path.unlink(missing_ok=True)


class Pacer:
    """Writes how far an import is, not too often, and raises Stopped once somebody asked for its end."""

    def __init__(self, runtime: Runtime, brand_id: int, import_id: int) -> None:
        self.runtime, self.brand_id, self.import_id = runtime, brand_id, import_id
        self.done, self.written = 0, clock.now()

    def begin(self, total: int) -> None:
        """Write how much there is, as far as known."""
        with self.runtime.transaction() as session:
            run = queries.get_import(session, self.brand_id, self.import_id, lock=True)
            run.done, run.total = 0, total

    def __call__(self, count: int) -> None:
        """Rows or files that are behind now."""
        self.done += count
        if clock.now() - self.written < PACE:
            return
        self.written = clock.now()
        with self.runtime.transaction() as session:
            run = queries.get_import(session, self.brand_id, self.import_id, lock=True)
            run.done = self.done
            if run.state is ImportState.STOPPED:
                raise Stopped()


def forget_drafts(runtime: Runtime, session: Session, *, now: datetime) -> int:
    """Throw away drafts that nobody came back to."""
    old = select(Import).where(Import.state == ImportState.DRAFT, Import.created < now - KEEP_DRAFTS)
    drafts = list(session.scalars(old))
    for draft in drafts:
        discard(runtime, session, draft.brand_id, draft.id)
    return len(drafts)
