"""Imports of feeds that other rooms read: catalogues and orders; their reports are kept among the imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand
from ugc.catalog import actions as catalog_actions
from ugc.catalog.actions import writing
from ugc.catalog.rules import ProductChange
from ugc.ingest import queries
from ugc.ingest.importing import BATCH, Options, Progress, note_changes, note_products, read_options, recorded
from ugc.kit.errors import Invalid
from ugc.kit.reports import Report
from ugc.library.models import RightsState, State
from ugc.orders import actions as orders_actions
from ugc.orders.reading import read_order, write_order
from ugc.runtime import Runtime


def import_catalog(
    runtime: Runtime, brand: Brand, path: Path, *, format: str = "auto", mapping: Mapping[str, str] | None = None,
    identifier: str | None = None, dry_run: bool = False, actor: str, progress: Progress | None = None, name: str = "",
    import_id: int | None = None,
) -> Report:  # fmt: skip
    """Bring a product feed in and keep its report among the imports; a given `identifier` becomes the brand's own."""
    identifier = identifier or brand.product_identifier
    name = name or path.name
    options = read_options(State.INBOX, RightsState.NONE, "", name, actor=actor, import_id=import_id)
    kept = Report(dry_run=dry_run)
    with recorded(runtime, brand, "catalog", name, options, kept) as options:
        done = catalog_actions.import_catalog(
            runtime, brand, path, identifier=identifier, format=format, mapping=mapping, dry_run=dry_run, progress=progress,
            changed=partial(note_feed, brand.id, options),
        )  # fmt: skip
        for fact in fields(Report):
            setattr(kept, fact.name, getattr(done, fact.name))
    if not dry_run and identifier != brand.product_identifier:
        with runtime.transaction() as session:
            accounts_actions.set_product_identifier(session, brand.id, identifier)
    return done


def note_feed(brand_id: int, options: Options, session: Session, changes: Sequence[ProductChange]) -> None:
    """Keep what a feed's batch wrote over, in its transaction."""
    if options.import_id is not None:
        note_products(session, brand_id, options.import_id, changes)


def import_orders(
    runtime: Runtime, brand: Brand, path: Path, *, source: str = orders_actions.GENERIC, dry_run: bool = False, actor: str,
    progress: Progress | None = None, name: str = "", import_id: int | None = None,
) -> Report:  # fmt: skip
    """Bring orders in: one JSON object a line, in the shape of the generic webhook; an older version changes nothing."""
    name = name or path.name
    options = read_options(State.INBOX, RightsState.NONE, "", name, actor=actor, import_id=import_id)
    report = Report(format="jsonl", dry_run=dry_run)
    with recorded(runtime, brand, "orders", name, options, report) as options, open(path, "rb") as file:
        lines = ((number, line) for number, line in enumerate(iter(lambda: file.readline(MAX_ORDER), b""), 1) if line.strip())
        while batch := list(islice(lines, BATCH)):
            with writing(runtime, dry_run) as session:
                for number, line in batch:
                    try:
                        report.take(put_order(session, brand.id, source, line, options))
                    except Invalid as refused:
                        report.reject(number, refused.code, refused.detail)
            if progress:
                progress(len(batch))
    return report


MAX_ORDER = 2 * 1024 * 1024
"""Bytes of one order, as the webhook takes it (T-85)."""


def put_order(session: Session, brand_id: int, source: str, line: bytes, options: Options) -> str:
    """Store one order, with what it replaces kept for the way back: `added`, `updated` or `duplicate`."""
    data = read_order(line)
    known = queries.find_order(session, brand_id, source, data.id)
    before = write_order(known) if known else None
    receipt = orders_actions.put_order(session, brand_id, source, data, now=options.now)
    if receipt.outcome != "stored":
        return "duplicate"
    if options.import_id is not None:
        after = {"source": source} | write_order(data)
        note_changes(session, brand_id, options.import_id, "order", [(data.id, before, after)])
    return "updated" if known else "added"
