"""What all imports share: their options, their row with its report, products that are known or may be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ugc.accounts.models import Brand
from ugc.catalog import actions as catalog_actions
from ugc.catalog import queries as catalog_queries
from ugc.catalog.rules import ProductChange, ProductData
from ugc.ingest import queries
from ugc.ingest.models import Import, ImportChange, ImportState
from ugc.kit import clock
from ugc.kit.errors import Conflict, Invalid, UgcError
from ugc.kit.reports import Report
from ugc.library.models import RightsState, State
from ugc.library.rules import NewItem
from ugc.rights.rules import EvidenceData, EvidenceMissing
from ugc.runtime import Runtime

Progress = Callable[[int], None]
Change = tuple[str, Mapping[str, Any] | None, Mapping[str, Any]]

# Rows in one transaction: a kill loses at most these, and the next run brings them.
BATCH = 1_000
# What an import may say about rights; everything else needs a person (ugc.rights).
IMPORT_RIGHTS = (RightsState.NONE, RightsState.OWNED, RightsState.GRANTED)


class Stopped(Exception):
    """Raised by a progress function: the import ends after the batch that is in."""


class ImportBusy(Conflict):
    """Another process is at this import right now; try again in a moment."""


class BadImportOption(Invalid):
    """An import's state is inbox or approved, its rights none, owned or granted."""


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


def read_options(
    state: str, rights: str, evidence: str, name: str, *, create_products: bool = False, actor: str, import_id: int | None = None
) -> Options:
    """The options checked; raises BadImportOption or EvidenceMissing. What is the brand's own has the import as its evidence.

    `import_id` is that of an import that has its row already.
    """
    check_options(state, rights)
    if rights == RightsState.GRANTED and not evidence.strip():
        raise EvidenceMissing()
    evidence = evidence.strip() or (own_evidence(name) if rights == RightsState.OWNED else "")
    return Options(State(state), RightsState(rights), evidence, create_products, actor, clock.now(), import_id)


def check_options(state: str, rights: str) -> None:
    """Raise BadImportOption for what no import may say."""
    if state not in {State.INBOX, State.APPROVED} or rights not in IMPORT_RIGHTS:
        raise BadImportOption()


def own_evidence(name: str) -> str:
    """What stands for a right where an import says that content is the brand's own."""
    return f"imported from {name} as the brand's own"


@contextmanager
def alone(engine: Engine, import_id: int) -> Iterator[None]:
    """Nobody else is at the import during the block, else raises ImportBusy; whoever dies lets go with the connection."""
    name = {"name": f"ugc.import:{import_id}"}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("select pg_try_advisory_lock(hashtextextended(:name, 0))"), name):
            raise ImportBusy()
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):  # a lost connection has let go of it already
                connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), name)


def is_left(session: Session, run: Import) -> bool:
    """Whether an import that has no file here still is said to run although its process died: nobody holds it."""
    if run.state is not ImportState.RUNNING or run.storage_key:
        return False
    with suppress(ImportBusy), alone(session.get_bind().engine, run.id):
        return True
    return False


@contextmanager
def recorded(runtime: Runtime, brand: Brand, kind: str, name: str, options: Options, report: Report) -> Iterator[Options]:
    """The options with the import's row behind them; the report is kept in it, also when the import breaks off.

    An import without a row yet gets one here, and is held against others; who brings a row along holds it already.
    """
    if report.dry_run:
        yield options
    elif options.import_id is not None:
        with reported(runtime, brand.id, options, options.import_id, report) as known:
            yield known
    else:
        import_id = add_row(runtime, brand, kind, name, options.actor)
        with alone(runtime.engine, import_id), reported(runtime, brand.id, options, import_id, report) as known:
            yield known


@contextmanager
def reported(runtime: Runtime, brand_id: int, options: Options, import_id: int, report: Report) -> Iterator[Options]:
    """Write into the import's row how it ended; where somebody asked meanwhile for its undoing, that stands."""
    state, error = ImportState.FAILED, ""
    try:
        yield replace(options, import_id=import_id, actor=f"import:{import_id}")
        state = ImportState.FINISHED
    except Stopped:
        state = ImportState.STOPPED
        report.notes.append("stopped by hand; what was in by then has stayed, and the same file goes on from there")
    except UgcError as refused:
        error = refused.detail
        raise
    except BaseException as broken:
        error = f"it broke off: {type(broken).__name__}"
        raise
    finally:
        with runtime.transaction() as session:
            row = queries.get_import(session, brand_id, import_id, lock=True)
            row.format, row.report, row.finished_at = report.format, report.as_json(), clock.now()
            if row.state is not ImportState.UNDOING:
                row.state, row.error = state, error


def add_row(runtime: Runtime, brand: Brand, kind: str, name: str, actor: str) -> int:
    """The row of an import that begins now."""
    with runtime.transaction() as session:
        row = Import(brand_id=brand.id, kind=kind, name=name[:300], actor=actor, state=ImportState.RUNNING)
        session.add(row)
        session.flush()
        return row.id


def fail(runtime: Runtime, brand_id: int, import_id: int, error: str) -> None:
    """Say of an import that was refused before anything of it was read why it was; one that has ended keeps its own word."""
    with runtime.transaction() as session:
        row = queries.get_import(session, brand_id, import_id, lock=True)
        if row.state is ImportState.RUNNING:
            row.state, row.error, row.finished_at = ImportState.FAILED, error[:2000], clock.now()


def note_products(session: Session, brand_id: int, import_id: int, changes: Sequence[ProductChange]) -> None:
    """Keep what an import wrote over, in the transaction that wrote it."""
    note_changes(session, brand_id, import_id, "product", [(each.sku, each.before, each.after) for each in changes])


def note_changes(session: Session, brand_id: int, import_id: int, kind: str, changes: Sequence[Change]) -> None:
    """Rows of the way back: subject, what stood before, what the import wrote."""
    rows = [
        {"import_id": import_id, "brand_id": brand_id, "kind": kind, "subject": subject, "before": before, "after": after}
        for subject, before, after in changes
    ]
    if rows:
        session.execute(insert(ImportChange), rows)


def known_products(
    session: Session, brand_id: int, products: Mapping[str, ProductData], options: Options, unknown: set[str]
) -> set[str]:
    """The SKUs that the catalogue has, after adding those that are missing where the import may; the others are remembered."""
    if options.create_products:
        added = catalog_actions.add_missing(session, brand_id, list(products.values()))
        if options.import_id is not None:
            note_products(session, brand_id, options.import_id, [ProductChange(sku, None, {}) for sku in added])
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
