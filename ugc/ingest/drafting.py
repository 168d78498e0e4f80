"""Imports that come through the browser: the file is kept, somebody says what it holds, the worker brings it in."""

from __future__ import annotations

import codecs
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

from ugc.accounts import actions as accounts_actions
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.catalog import feeds
from ugc.ingest import feeding, importing, picturing, queries, reviewing
from ugc.ingest.importing import Stopped
from ugc.ingest.models import Import, ImportState
from ugc.ingest.sources import archive
from ugc.kit import clock, jobs, markup
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
        if archive.is_workbook(path):
            raise BadDraft("this is a workbook or document of an office program; save the table as CSV and send that")
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
    """Keep what was said about a draft; raises NotADraft, BadDraft or BadImportOption. Evidence may still be missing."""
    draft = get_draft(session, brand_id, import_id)
    if choices.kind not in KINDS:
        raise BadDraft(f"{choices.kind[:40]!r} is none of {', '.join(KINDS)}")
    importing.check_options(choices.state, choices.rights)
    draft.kind, draft.options = choices.kind, choices.as_json()
    return draft


def get_draft(session: Session, brand_id: int, import_id: int) -> Import:
    """A draft that nobody else starts meanwhile; raises NotFound or NotADraft."""
    draft = queries.get_import(session, brand_id, import_id, lock=True)
    if draft.state is not ImportState.DRAFT:
        raise NotADraft()
    return draft


def start(session: Session, brand_id: int, import_id: int, *, dry_run: bool, actor: str, now: datetime) -> Import:
    """Have the worker bring the file in, or only try to; raises NotADraft for one that was started already, or EvidenceMissing."""
    draft = get_draft(session, brand_id, import_id)
    said = choices_of(draft)
    importing.read_options(said.state, said.rights, said.evidence, draft.name, actor=draft.actor)
    draft.state, draft.dry_run, draft.done, draft.total, draft.error = ImportState.WAITING, dry_run, 0, 0, ""
    draft.report = {}
    jobs.enqueue(
        session, "ingest.run_import", once=f"import:{draft.id}", lock=f"import:{draft.id}", brand_id=brand_id, import_id=draft.id
    )  # fmt: skip
    if not dry_run:
        note(session, draft, "import.started", actor, now)
    return draft


def note(session: Session, run: Import, action: str, actor: str, now: datetime) -> None:
    """An entry in the log of who did what."""
    accounts_actions.audit(
        session, brand_id=run.brand_id, actor=actor, action=action, subject_type="import", subject_id=run.id, now=now,
        kind=run.kind, name=run.name,
    )  # fmt: skip


def stop(session: Session, brand_id: int, import_id: int, *, actor: str, now: datetime) -> Import:
    """Ask a waiting or running import to end after the batch that it is at; others are left alone."""
    run = queries.get_import(session, brand_id, import_id, lock=True)
    if run.state is ImportState.WAITING:
        run.state = ImportState.DRAFT
    elif run.state is ImportState.RUNNING and run.storage_key:
        run.state = ImportState.STOPPED
    else:
        return run
    if not run.dry_run:
        note(session, run, "import.stopped", actor, now)
    return run


def discard(session: Session, brand_id: int, import_id: int, *, actor: str, now: datetime) -> None:
    """Throw a draft and its file away."""
    draft = get_draft(session, brand_id, import_id)
    note(session, draft, "import.discarded", actor, now)
    let_go(session, draft)
    session.delete(draft)


def let_go(session: Session, run: Import) -> None:
    """Have the sent file deleted, if it is still here."""
    if run.storage_key:
        jobs.enqueue(session, "ingest.remove_file", brand_id=run.brand_id, key=run.storage_key)
        run.storage_key = ""


def run(runtime: Runtime, brand_id: int, import_id: int) -> None:
    """Bring a kept file in. A killed run is begun anew: what it brought in by then counts as added in its report."""
    with importing.alone(runtime.engine, import_id):
        begun = begin(runtime, brand_id, import_id)
        if begun is not None:
            bring_in(runtime, *begun)


def begin(runtime: Runtime, brand_id: int, import_id: int) -> tuple[Brand, Import] | None:
    """The import as one that runs now. None where nothing is to be done, or only what a kill left undone at its end."""
    with runtime.transaction() as session:
        found = queries.get_import(session, brand_id, import_id, lock=True)
        if not found.storage_key:
            return None
        if found.state in {ImportState.STOPPED, ImportState.FINISHED}:
            end(session, found, Report(dry_run=found.dry_run), "")
            return None
        if found.state not in BEGINS:
            return None
        found.state = ImportState.RUNNING
        return accounts_queries.get_brand_by_id(session, brand_id), found


BEGINS = frozenset({ImportState.WAITING, ImportState.RUNNING, ImportState.FAILED})
"""What a job may begin: one that waits, one whose process died, and one that broke off and is tried again by the queue."""


def bring_in(runtime: Runtime, brand: Brand, draft: Import) -> None:
    """The whole file, and how that ended. What is no refusal is raised, so that the queue tries again."""
    report, error = Report(dry_run=draft.dry_run), ""
    try:
        with local_copy(runtime, draft.storage_key) as path:
            pacer = Pacer(runtime, brand.id, draft.id)
            pacer.begin(estimate(path, draft.kind))
            report = read_in(runtime, brand, draft, path, pacer)
    except Stopped:
        report.notes.append("the trial was stopped")
    except UgcError as refused:
        error = refused.detail
    with runtime.transaction() as session:
        end(session, queries.get_import(session, brand.id, draft.id, lock=True), report, error)


def end(session: Session, run: Import, report: Report, error: str) -> None:
    """A trial, and a file of which nothing could be read, wait for a person again; else the file is let go of."""
    if run.state is ImportState.UNDOING:
        return
    if run.dry_run or (error and not run.report.get("read")):
        run.state, run.error, run.finished_at = ImportState.DRAFT, error, None
        run.format = report.format or run.format
        run.report = report.as_json() if report.read or report.notes else {}
        return
    count_again(session, run)
    let_go(session, run)


def count_again(session: Session, run: Import) -> None:
    """What bears the import's id was added by it, also by an earlier run that was killed, which its report says nothing of."""
    report = Report(format=run.format).as_json() | run.report
    if run.kind in {"reviews", "media"}:
        mine = select(func.count()).select_from(Item).where(Item.brand_id == run.brand_id, Item.import_id == run.id)
        brought, taken = session.scalar(mine) or 0, report["added"] + report["duplicate"]
        more = max(0, brought - taken)  # of a run that died while it was stopped there is no report at all
        report |= {"read": report["read"] + more, "added": brought, "duplicate": taken + more - brought}
    run.report, run.done, run.finished_at = report, report["read"], run.finished_at or clock.now()


def estimate(path: Path, kind: str) -> int:
    """About how many rows or files there are, cheaply; 0 where that can't be told."""
    if kind == "media":
        return archive.count_files(path)
    if markup.looks_like_xml(path):
        return 0  # a feed may stand in one line, or take thirty for a product
    with open(path, "rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))


def read_in(runtime: Runtime, brand: Brand, draft: Import, path: Path, step: importing.Progress) -> Report:
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
        path.write_bytes(head if len(head) < SAMPLE_BYTES else whole_lines(head))
        yield path
    finally:
        path.unlink(missing_ok=True)


def whole_lines(head: bytes) -> bytes:
    """The beginning of a file without its last, cut line; what is one line alone stays as it is."""
    mark = "\n".encode("utf-16-be" if head.startswith(codecs.BOM_UTF16_BE) else "utf-16-le" if is_wide(head) else "ascii")
    end = head.rfind(mark)
    while end > 0 and end % len(mark):  # half of one sign and half of the next
        end = head.rfind(mark, 0, end + len(mark) - 1)
    return head[: end + len(mark)] if end > 0 else head


def is_wide(head: bytes) -> bool:
    """Whether the file says that each of its signs has two bytes, the lower one first."""
    return head.startswith(codecs.BOM_UTF16_LE)


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
            if run.state is not ImportState.RUNNING:  # somebody stopped it, and perhaps asked for its undoing already
                raise Stopped()


def forget_drafts(session: Session, *, now: datetime) -> int:
    """Throw away drafts that nobody came back to, and the files of imports that died at their end; how many."""
    old = select(Import).where(Import.created < now - KEEP_DRAFTS, Import.storage_key != "", Import.state.in_(OVER))
    found = list(session.scalars(old.order_by(Import.id).with_for_update(skip_locked=True)))
    for each in found:
        if each.state is ImportState.DRAFT:
            discard(session, each.brand_id, each.id, actor="system", now=now)
        else:
            let_go(session, each)
    return len(found)


OVER = (ImportState.DRAFT, ImportState.FINISHED, ImportState.STOPPED, ImportState.FAILED, ImportState.UNDONE)
