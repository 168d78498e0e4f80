"""Imports of folders of pictures, each picture in a transaction of its own."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ugc.accounts.models import Brand
from ugc.catalog.actions import writing
from ugc.catalog.rules import ProductData
from ugc.ingest import queries, rules
from ugc.ingest.actions import MAX_FILES, TooManyFiles, add_captions
from ugc.ingest.importing import (
    IMPORT_RIGHTS,
    Options,
    Progress,
    evidence_of,
    known_products,
    own_evidence,
    read_options,
    recorded,
    unknown_note,
)  # fmt: skip
from ugc.ingest.rules import Refused
from ugc.ingest.sources import archive, media_folder
from ugc.ingest.sources.media_folder import Found
from ugc.kit.errors import TooLarge, Unprocessable
from ugc.kit.reports import Report
from ugc.library.models import Kind, RightsState, State
from ugc.library.rules import CreatorData, ItemData, NewItem, ProductTag
from ugc.media import actions as media_actions
from ugc.media import captions, sandbox
from ugc.media.actions import Received
from ugc.rights import actions as rights_actions
from ugc.rights.rules import EvidenceMissing
from ugc.runtime import Runtime

UNPACKED = "unpacked"
"""The folder below the data folder where archives lie while they are read."""


def import_media(
    runtime: Runtime, brand: Brand, folder: Path | Sequence[Path], *, state: str = State.INBOX, rights: str = RightsState.NONE,
    evidence: str = "", create_products: bool = False, tag_folders: bool = False, dry_run: bool = False, actor: str,
    progress: Progress | None = None, name: str = "", import_id: int | None = None,
) -> Report:  # fmt: skip
    """Bring the pictures below some folders in, one transaction each; bytes that are there already add nothing."""
    paths = [folder] if isinstance(folder, Path) else list(folder)
    name = name or ", ".join(path.name for path in paths)
    options = read_options(state, rights, evidence, name, create_products=create_products, actor=actor, import_id=import_id)
    report = Report(format="folder", dry_run=dry_run)
    with unpacked(runtime, paths, report) as folders:
        opened = media_folder.open_folders(folders)
        report.notes += opened.notes
        with recorded(runtime, brand, "media", name, options, report) as options:
            add_found(runtime, brand.id, opened.found, options, report, progress, tag_folders=tag_folders)
    return report


def add_found(
    runtime: Runtime, brand_id: int, found: Iterable[Found], options: Options, report: Report, progress: Progress | None, *,
    tag_folders: bool,
) -> None:  # fmt: skip
    """Add what was found, one transaction each; what is refused goes into the report."""
    unknown: set[str] = set()
    seen: set[str] = set()
    with closing(receive_ahead(runtime, brand_id, found, options)) as coming:
        for each, incoming in coming:
            try:
                outcome = add_media(
                    runtime, brand_id, incoming.result(), unknown, seen, dry_run=report.dry_run, tag_folders=tag_folders
                )  # fmt: skip
                report.take(outcome)
            except Refused as refused:
                report.reject(each.line, refused.code, f"{each.name}: {refused.reason}")
            except (Unprocessable, TooLarge) as refused:
                report.reject(each.line, refused.code, f"{each.name}: {refused.detail}")
            if progress:
                progress(1)
    report.notes += unknown_note(unknown, options.create_products)


@contextmanager
def unpacked(runtime: Runtime, paths: Sequence[Path], report: Report) -> Iterator[list[Path]]:
    """The paths, with each archive's files in its place; they are removed at the end of the block."""
    room = runtime.settings.data_dir / UNPACKED
    with ExitStack() as stack:
        folders = []
        for path in paths:
            if path.is_file() and archive.is_archive(path):
                room.mkdir(mode=0o700, exist_ok=True)
                folder = room / secrets.token_hex(16)
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
                refused = archive.unpack(path, folder).rejected
                report.format = "zip"
                for each in refused:
                    report.reject(each.line, each.code, each.reason)
                path = folder
            folders.append(path)
        yield folders


def sweep_unpacked(runtime: Runtime, before: datetime) -> int:
    """Remove what killed imports of archives left behind."""
    room = runtime.settings.data_dir / UNPACKED
    old = [folder for folder in room.glob("*") if folder.stat().st_mtime < before.timestamp()]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A found item with its files decoded and not yet stored."""

    found: Found
    options: Options
    data: ItemData
    known: bool
    received: Sequence[Received]
    captions: Sequence[tuple[str, list[captions.Cue]]] = ()


def receive_ahead(
    runtime: Runtime, brand_id: int, found: Iterable[Found], options: Options
) -> Generator[tuple[Found, Future[Incoming]]]:
    """What was found, in its order, decoded by as many children as may run at once while earlier ones are written."""
    waiting: deque[tuple[Found, Future[Incoming]]] = deque()
    with ThreadPoolExecutor(sandbox.AT_ONCE, thread_name_prefix="receive") as pool:
        try:
            for each in found:
                waiting.append((each, begin(pool, runtime, brand_id, each, options)))
                if len(waiting) > sandbox.AT_ONCE:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            for _, incoming in waiting:
                if not incoming.cancel() and incoming.exception() is None:
                    discard(incoming.result().received)


def discard(received: Iterable[Received]) -> None:
    """Remove what nobody will store."""
    for one in received:
        one.discard()


def begin(pool: ThreadPoolExecutor, runtime: Runtime, brand_id: int, found: Found, options: Options) -> Future[Incoming]:
    """Have an item's files decoded by the pool, unless the item is there; the database is asked in the import's own thread."""
    try:
        data, options, beside = media_data(found), row_options(found, options), captions_of(found)
    except OSError as fault:
        return refused_already(Refused("unreadable_file", fault.strerror or "the file can't be read"))
    except (Refused, Unprocessable) as refused:
        return refused_already(refused)
    with runtime.sessions() as session:
        known = bool(queries.find_known(session, brand_id, [(data.source, data.external_id)]))
    return pool.submit(receive_found, runtime, Incoming(found, options, data, known, (), beside))


def captions_of(found: Found) -> list[tuple[str, list[captions.Cue]]]:
    """The captions beside an item's video by their languages, English where the name says none; raises what speaks against one."""
    read = []
    for path, language in found.captions:
        with open(path, "rb") as file:
            cues = captions.read_captions(file.read(captions.MAX_BYTES + 1))
        read.append((captions.check_language(language or "en"), cues))
    return read


def refused_already(refusal: Exception) -> Future[Incoming]:
    """What is known before any decoding."""
    refused: Future[Incoming] = Future()
    refused.set_exception(refusal)
    return refused


def receive_found(runtime: Runtime, incoming: Incoming) -> Incoming:
    """The item with its files decoded; raises what speaks against one of them."""
    received: list[Received] = []
    try:
        received += (media_actions.receive(runtime, path, path.name) for path in incoming.found.paths if not incoming.known)
    except BaseException:
        discard(received)
        raise
    return replace(incoming, received=received)


def add_media(
    runtime: Runtime, brand_id: int, incoming: Incoming, unknown: set[str], seen: set[str], *, dry_run: bool, tag_folders: bool
) -> str:
    """Add one item with its files: stored first, then one transaction with row, job and rights."""
    found, options = incoming.found, incoming.options
    data = replace(incoming.data, kind=rules.kind_of(incoming.data.kind, [one.found.kind for one in incoming.received]))
    with ExitStack() as stack:
        received = [stack.enter_context(one) for one in incoming.received]
        with writing(runtime, dry_run) as session:
            files = [] if dry_run else [media_actions.keep(runtime, session, brand_id, one)[0] for one in received]
            skus = known_products(session, brand_id, {sku: ProductData(sku=sku) for sku in found.skus}, options, unknown)
            products = tuple(ProductTag(sku) for sku in found.skus if sku in skus)
            row = NewItem(data, tuple(file.id for file in files), products, tuple(found.folders) if tag_folders else ())
            added = rights_actions.add_items(
                runtime, session, brand_id, [row], options.rights, evidence_of(options.evidence), state=options.state,
                actor=options.actor, now=options.now, import_id=options.import_id,
            )[0].added  # fmt: skip
            if added and not dry_run:
                add_captions(runtime, session, files, incoming.captions)
    again = incoming.known or data.external_id in seen
    if dry_run:
        seen.add(data.external_id)
    return "added" if added and not again else "duplicate"


def row_options(found: Found, options: Options) -> Options:
    """The import's options with what the sidecar's row says of this item's rights."""
    rights, evidence = found.facts.get("rights", "").lower(), found.facts.get("evidence", "")
    if not rights and not evidence:
        return options
    if rights and rights not in IMPORT_RIGHTS:
        raise Refused("bad_rights", f"rights must be none, owned or granted, not {rights!r}")
    stated = RightsState(rights) if rights else options.rights
    evidence = evidence or options.evidence
    if stated is RightsState.GRANTED and not evidence:
        raise Refused("evidence_missing", EvidenceMissing.message())
    if stated is RightsState.OWNED and not evidence:
        evidence = own_evidence("items.csv")
    return replace(options, rights=stated, evidence=evidence)


def media_data(found: Found) -> ItemData:
    """The item that the files and the sidecar's row make; its identity is the files' bytes. Raises what speaks against it."""
    if found.fault:
        raise Refused("unreadable_row", found.fault)
    if len(found.paths) > MAX_FILES:
        raise TooManyFiles()
    digests = []
    for path in found.paths:
        with open(path, "rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    facts = found.facts
    creator, url = facts.get("creator", ""), facts.get("creator_url", "")
    return ItemData(
        kind=Kind.PHOTO,
        body=facts.get("caption", ""),
        creator=CreatorData(name=creator, url=url, network=rules.network_of(url)) if creator else None,
        source_url=facts.get("permalink", ""),
        external_id="sha256:" + (digests[0] if len(digests) == 1 else rules.digest(*digests)),
    )
