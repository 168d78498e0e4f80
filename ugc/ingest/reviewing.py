"""Imports of reviews, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy.orm import Session

from ugc.accounts.models import Brand
from ugc.catalog.actions import writing
from ugc.ingest.importing import (
    BATCH,
    Options,
    Progress,
    evidence_of,
    known_products,
    only_known,
    read_options,
    recorded,
    unknown_note,
)
from ugc.ingest.rules import ReviewRow
from ugc.ingest.sources import review_table
from ugc.kit.reports import Report
from ugc.library.models import RightsState, State
from ugc.rights import actions as rights_actions
from ugc.runtime import Runtime


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
