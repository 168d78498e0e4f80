"""Brings content in: imports of reviews, pictures and catalogues, and single items through the API."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand
from ugc.accounts.rules import Principal
from ugc.catalog import actions as catalog_actions
from ugc.catalog import queries as catalog_queries
from ugc.catalog.actions import writing
from ugc.catalog.rules import ProductData
from ugc.ingest import queries, rules
from ugc.ingest.models import IdempotencyKey, Import
from ugc.ingest.rules import Refused, ReviewRow
from ugc.ingest.sources import media_folder, review_table
from ugc.ingest.sources.media_folder import Found
from ugc.kit import clock
from ugc.kit.errors import Conflict, Invalid, TooLarge, Unprocessable
from ugc.kit.reports import Report
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, Kind, RightsState, State
from ugc.library.rules import CreatorData, ItemData, NewItem, ProductTag
from ugc.media import actions as media_actions
from ugc.media import sandbox
from ugc.media.actions import Received
from ugc.orders import actions as orders_actions
from ugc.orders.reading import read_order
from ugc.rights import actions as rights_actions
from ugc.rights.rules import EvidenceData, EvidenceMissing
from ugc.runtime import Runtime

Progress = Callable[[int], None]

# Rows in one transaction: a kill loses at most these, and the next run brings them.
BATCH = 1_000
# What an import may say about rights; everything else needs a person (ugc.rights).
IMPORT_RIGHTS = (RightsState.NONE, RightsState.OWNED, RightsState.GRANTED)
MAX_FILES = 10
MAX_KEY = 200


class BadImportOption(Invalid):
    """An import's state is inbox or approved, its rights none, owned or granted."""


class KeyReused(Conflict):
    """This Idempotency-Key was used for another request; send a new one."""


class BadKey(Invalid):
    """An Idempotency-Key has 1 to 200 printable characters."""


class TooManyFiles(Unprocessable):
    """An item has at most 10 files."""


class NoContent(Unprocessable):
    """An item needs a file, a text, a title or a rating."""


class FileMissing(Unprocessable):
    """A photo needs a file; send it as a `file` part of multipart/form-data. Files by address are not fetched yet."""


@dataclass(frozen=True, slots=True)
class Options:
    """How an import treats what it brings in."""

    state: State
    rights: RightsState
    evidence: str
    create_products: bool
    actor: str
    now: datetime
    import_id: int | None


def read_options(state: str, rights: str, evidence: str, name: str, *, create_products: bool = False, actor: str) -> Options:
    """The options checked; raises BadImportOption or EvidenceMissing. What is the brand's own has the import as its evidence."""
    if state not in {State.INBOX, State.APPROVED} or rights not in IMPORT_RIGHTS:
        raise BadImportOption()
    if rights == RightsState.GRANTED and not evidence.strip():
        raise EvidenceMissing()
    evidence = evidence.strip() or (own_evidence(name) if rights == RightsState.OWNED else "")
    return Options(State(state), RightsState(rights), evidence, create_products, actor, clock.now(), None)


def own_evidence(name: str) -> str:
    """What stands for a right where an import says that content is the brand's own."""
    return f"imported from {name} as the brand's own"


@contextmanager
def recorded(runtime: Runtime, brand: Brand, kind: str, name: str, options: Options, report: Report) -> Any:
    """The options with the import's row behind them; the report is kept in it, also when the import breaks off."""
    if report.dry_run:
        yield options
        return
    with runtime.transaction() as session:
        row = Import(brand_id=brand.id, kind=kind, name=name[:300], actor=options.actor)
        session.add(row)
        session.flush()
    try:
        yield replace(options, import_id=row.id, actor=f"import:{row.id}")
    finally:
        with runtime.transaction() as session:
            kept = queries.get_import(session, brand.id, row.id)
            kept.format, kept.report, kept.finished_at = report.format, report.as_json(), clock.now()


# Reviews.


def import_reviews(
    runtime: Runtime, brand: Brand, path: Path, *, mapping: Mapping[str, str] | None = None, create_products: bool = False,
    state: str = State.INBOX, rights: str = RightsState.OWNED, evidence: str = "", source: str = "import",
    dry_run: bool = False, actor: str, progress: Progress | None = None, name: str = "",
) -> Report:  # fmt: skip
    """Bring the reviews of a table in, batch by batch; the same file again adds nothing. Raises NotATable or NotReviews."""
    name = name or path.name
    options = read_options(state, rights, evidence, name, create_products=create_products, actor=actor)
    table = review_table.open_table(path, mapping)
    report = Report(format="csv", dry_run=dry_run, notes=list(table.notes))
    unknown: set[str] = set()
    seen: set[str] = set()
    with recorded(runtime, brand, "reviews", name, options, report) as options:
        for batch in ahead(review_table.read_batches(table, source, BATCH)):
            for rejected in batch.rejected:
                report.reject(rejected.line, rejected.code, rejected.reason)
            with writing(runtime, dry_run) as session:
                for outcome in add_reviews(runtime, session, brand.id, batch.rows, options, unknown, seen if dry_run else None):
                    report.take(outcome)
            if progress:
                progress(batch.size)
        report.notes += unknown_note(unknown, create_products)
    return report


def ahead(batches: Iterator[review_table.Batch]) -> Iterator[review_table.Batch]:
    """The batches, each read while the database is busy with the one before; at most one waits."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def add_reviews(
    runtime: Runtime, session: Session, brand_id: int, batch: Sequence[ReviewRow], options: Options, unknown: set[str],
    seen: set[str] | None,
) -> list[str]:  # fmt: skip
    """Add a batch in the states that its rows call for; an outcome for each row. `seen` tells a dry run what it had before."""
    products = {row.product.sku: row.product for row in batch if row.product is not None}
    known = known_products(session, brand_id, products, options, unknown)
    outcomes = []
    for state in dict.fromkeys(row.state or options.state for row in batch):
        rows = [only_known(row.item, known) for row in batch if (row.state or options.state) is state]
        added = rights_actions.add_items(
            runtime, session, brand_id, rows, options.rights, evidence_of(options.evidence), state=state, actor=options.actor,
            now=options.now, import_id=options.import_id,
        )  # fmt: skip
        for row, outcome in zip(rows, added, strict=True):
            again = seen is not None and row.data.external_id in seen
            outcomes.append("added" if outcome.added and not again else "duplicate")
    if seen is not None:
        seen.update(row.item.data.external_id for row in batch)
    return outcomes


def known_products(
    session: Session, brand_id: int, products: Mapping[str, ProductData], options: Options, unknown: set[str]
) -> set[str]:
    """The SKUs that the catalogue has, after adding those that are missing where the import may; the others are remembered."""
    if options.create_products:
        catalog_actions.add_missing(session, brand_id, list(products.values()))
        return set(products)
    known = catalog_queries.find_skus(session, brand_id, products)
    if len(unknown) < MAX_UNKNOWN:
        unknown.update(products.keys() - known)
    return known


MAX_UNKNOWN = 10_000
"""Unknown SKUs that are counted; a file without a catalogue must not fill memory."""


def only_known(item: NewItem, known: set[str]) -> NewItem:
    """The item without products that the catalogue does not have."""
    if all(tag.sku in known for tag in item.products):
        return item
    return replace(item, products=tuple(tag for tag in item.products if tag.sku in known))


def unknown_note(unknown: set[str], create_products: bool) -> list[str]:
    """What to tell about products that are not in the catalogue."""
    if not unknown or create_products:
        return []
    some = ", ".join(sorted(unknown)[:5])
    return [f"{len(unknown)} products are not in the catalogue ({some}…): import it and run again, or use --create-products"]


def evidence_of(text: str) -> EvidenceData:
    """Evidence given as one text; an address is a link too."""
    return EvidenceData(text, link=text if text.startswith(("https://", "http://")) and " " not in text else "")


# Pictures.


def import_media(
    runtime: Runtime, brand: Brand, folder: Path | Sequence[Path], *, state: str = State.INBOX, rights: str = RightsState.NONE,
    evidence: str = "", create_products: bool = False, tag_folders: bool = False, dry_run: bool = False, actor: str,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Bring the pictures below some folders in, one transaction each; bytes that are there already add nothing."""
    paths = [folder] if isinstance(folder, Path) else list(folder)
    name = ", ".join(path.name for path in paths)
    options = read_options(state, rights, evidence, name, create_products=create_products, actor=actor)
    opened = media_folder.open_folders(paths)
    report = Report(format="folder", dry_run=dry_run, notes=opened.notes)
    unknown: set[str] = set()
    seen: set[str] = set()
    with (
        recorded(runtime, brand, "media", name, options, report) as options,
        closing(receive_ahead(runtime, brand.id, opened.found, options)) as coming,
    ):
        for found, incoming in coming:
            try:
                outcome = add_media(
                    runtime, brand.id, incoming.result(), unknown, seen, dry_run=dry_run, tag_folders=tag_folders
                )  # fmt: skip
                report.take(outcome)
            except Refused as refused:
                report.reject(found.line, refused.code, f"{found.name}: {refused.reason}")
            except (Unprocessable, TooLarge) as refused:
                report.reject(found.line, refused.code, f"{found.name}: {refused.detail}")
            if progress:
                progress(1)
        report.notes += unknown_note(unknown, create_products)
    return report


@dataclass(frozen=True, slots=True)
class Incoming:
    """A found item with its files decoded and not yet stored."""

    found: Found
    options: Options
    data: ItemData
    known: bool
    received: Sequence[Received]


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
        data, options = media_data(found), row_options(found, options)
    except (Refused, Unprocessable) as refused:
        refusal: Future[Incoming] = Future()
        refusal.set_exception(refused)
        return refusal
    with runtime.sessions() as session:
        known = bool(queries.find_known(session, brand_id, [(data.source, data.external_id)]))
    return pool.submit(receive_found, runtime, Incoming(found, options, data, known, ()))


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
    found, options, data = incoming.found, incoming.options, incoming.data
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


# Catalogues.


def import_catalog(
    runtime: Runtime, brand: Brand, path: Path, *, format: str = "auto", mapping: Mapping[str, str] | None = None,
    identifier: str | None = None, dry_run: bool = False, actor: str, progress: Progress | None = None, name: str = "",
) -> Report:  # fmt: skip
    """Bring a product feed in and keep its report among the imports; a given `identifier` becomes the brand's own."""
    identifier = identifier or brand.product_identifier
    name = name or path.name
    options = read_options(State.INBOX, RightsState.NONE, "", name, actor=actor)
    kept = Report(dry_run=dry_run)
    with recorded(runtime, brand, "catalog", name, options, kept):
        done = catalog_actions.import_catalog(
            runtime, brand, path, identifier=identifier, format=format, mapping=mapping, dry_run=dry_run, progress=progress
        )
        for fact in fields(Report):
            setattr(kept, fact.name, getattr(done, fact.name))
    if not dry_run and identifier != brand.product_identifier:
        with runtime.transaction() as session:
            accounts_actions.set_product_identifier(session, brand.id, identifier)
    return done


# Orders.


def import_orders(
    runtime: Runtime, brand: Brand, path: Path, *, source: str = orders_actions.GENERIC, dry_run: bool = False, actor: str,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Bring orders in: one JSON object a line, in the shape of the generic webhook; an older version changes nothing."""
    options = read_options(State.INBOX, RightsState.NONE, "", path.name, actor=actor)
    report = Report(format="jsonl", dry_run=dry_run)
    with recorded(runtime, brand, "orders", path.name, options, report), open(path, "rb") as file:
        lines = ((number, line) for number, line in enumerate(iter(lambda: file.readline(MAX_ORDER), b""), 1) if line.strip())
        while batch := list(islice(lines, BATCH)):
            with writing(runtime, dry_run) as session:
                for number, line in batch:
                    try:
                        report.take(put_order(session, brand.id, source, line, options.now))
                    except Invalid as refused:
                        report.reject(number, refused.code, refused.detail)
            if progress:
                progress(len(batch))
    return report


MAX_ORDER = 2 * 1024 * 1024
"""Bytes of one order, as the webhook takes it (T-85)."""


def put_order(session: Session, brand_id: int, source: str, line: bytes, now: datetime) -> str:
    """Store one order: `added`, `updated` or `duplicate`."""
    data = read_order(line)
    known = queries.has_order(session, brand_id, source, data.id)
    receipt = orders_actions.put_order(session, brand_id, source, data, now=now)
    return "duplicate" if receipt.outcome != "stored" else "updated" if known else "added"


# Single items through the API.


@dataclass(frozen=True, slots=True)
class Submission:
    """An item as a program sends it."""

    data: ItemData
    products: tuple[ProductTag, ...] = ()
    tags: tuple[str, ...] = ()
    rights: RightsState = RightsState.NONE
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a request."""

    stream: BinaryIO
    name: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The item that a request made (`added`) or that was there under its external id."""

    item: Item
    added: bool


def accept_item(
    runtime: Runtime, session: Session, principal: Principal, sent: Submission, uploads: Sequence[Upload], *,
    idempotency_key: str = "", now: datetime,
) -> Accepted:  # fmt: skip
    """Store one item with its files. A key answers the same request with the same item (F-03).

    The files are decoded in the limited child before any row exists, and lie in the storage before the rows do.
    """
    check_submission(sent, uploads)
    if len(idempotency_key) > MAX_KEY or not idempotency_key.isprintable():
        raise BadKey()
    with ExitStack() as stack:
        received = [stack.enter_context(media_actions.receive(runtime, upload.stream, upload.name)) for upload in uploads]
        request = request_digest(sent, [one.sha256 for one in received])
        if idempotency_key and (answered := find_answered(session, principal.brand_id, idempotency_key, request)):
            return answered
        files = [media_actions.keep(runtime, session, principal.brand_id, one)[0] for one in received]
        item, added = library_actions.add_item(
            session, principal.brand_id, sent.data, files=files, products=sent.products, tags=sent.tags,
            actor=principal.actor, now=now,
        )  # fmt: skip
        if idempotency_key:
            remember(session, principal.brand_id, idempotency_key, request, item, added)
        if added:
            finish_item(runtime, session, principal, item, sent, now)
        session.flush()
    return Accepted(item, added)


def remember(session: Session, brand_id: int, key: str, request: str, item: Item, added: bool) -> None:
    """Keep what this key was answered with."""
    session.add(IdempotencyKey(brand_id=brand_id, key=key, request_sha256=request, item_id=item.id, added=added))


def check_submission(sent: Submission, uploads: Sequence[Upload]) -> None:
    """Raise what is wrong before a byte of a file is looked at."""
    data = sent.data
    if len(uploads) > MAX_FILES:
        raise TooManyFiles()
    if data.kind is Kind.PHOTO and not uploads:
        raise FileMissing()
    if not uploads and not data.body.strip() and not data.title.strip() and data.rating is None:
        raise NoContent()
    if sent.rights not in IMPORT_RIGHTS:
        raise BadImportOption()
    if sent.rights is RightsState.GRANTED and not sent.evidence.strip():
        raise EvidenceMissing()


def find_answered(session: Session, brand_id: int, key: str, request: str) -> Accepted | None:
    """What this key was answered with; waits for a twin request that is still being answered. Raises KeyReused."""
    number = int.from_bytes(hashlib.sha256(f"{brand_id}:{key}".encode()).digest()[:8], "big", signed=True)
    session.execute(select(func.pg_advisory_xact_lock(number)))
    found = queries.find_key(session, brand_id, key)
    if found is None:
        return None
    if found.request_sha256 != request:
        raise KeyReused()
    if session.get(Item, found.item_id) is None:
        raise KeyReused("the item that this Idempotency-Key made was deleted since; send a new key")
    return Accepted(library_queries.get_item(session, brand_id, found.item_id), found.added)


def request_digest(sent: Submission, files: Sequence[str]) -> str:
    """What tells two requests apart: every field and the bytes of every file."""
    return hashlib.sha256(json.dumps([asdict(sent), list(files)], sort_keys=True, default=str).encode()).hexdigest()


def finish_item(runtime: Runtime, session: Session, principal: Principal, item: Item, sent: Submission, now: datetime) -> None:
    """The rights and the audit entry of a new item, in the transaction of its row."""
    if sent.rights is not RightsState.NONE:
        evidence = sent.evidence or f"sent through the API as the brand's own by {principal.actor}"
        rights_actions.record(runtime, session, item, sent.rights, text=evidence, actor=principal.actor, now=now)
    accounts_actions.audit(
        session, brand_id=principal.brand_id, actor=principal.actor, action="item.added", subject_type="item",
        subject_id=item.id, now=now, source=item.source,
    )  # fmt: skip
