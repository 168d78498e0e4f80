"""Imports of reviews, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from ugc.accounts.models import Brand
from ugc.catalog.actions import writing
from ugc.catalog.rules import ProductChange
from ugc.ingest import matching, twins, wanting
from ugc.ingest.importing import BATCH, Options, Progress, evidence_of, note_products, read_options, recorded, unknown_note
from ugc.ingest.matching import Matches
from ugc.ingest.reading_ahead import ahead
from ugc.ingest.sources.reviews import opening
from ugc.ingest.sources.reviews.base import ReviewRow
from ugc.ingest.twins import Twins
from ugc.ingest.wanting import WantedUrl
from ugc.kit import heap
from ugc.kit.reports import Report
from ugc.library.models import RightsState, State
from ugc.library.rules import ProductTag
from ugc.rights import actions as rights_actions
from ugc.runtime import Runtime

# Items whose pictures are asked for in one statement: each address has eight values, a statement at most 65,535.
WANTED_AT_ONCE = 300


@dataclass(slots=True)
class Run:
    """What one import carries from batch to batch."""

    runtime: Runtime
    brand_id: int
    options: Options
    matches: Matches
    twins: Twins
    dry_run: bool
    seen: set[str]
    """Names that a dry run had before; it leaves nothing that could be asked."""
    pictures: Counter[str]


def import_reviews(
    runtime: Runtime, brand: Brand, path: Path, *, format: str = "auto", mapping: Mapping[str, str] | None = None, dates: str = "",
    create_products: bool = False, state: str = State.INBOX, rights: str = RightsState.OWNED, evidence: str = "",
    source: str = "import", dry_run: bool = False, actor: str, progress: Progress | None = None, name: str = "",
    import_id: int | None = None,
) -> Report:  # fmt: skip
    """Bring a file's reviews in, batch by batch; the same file again adds nothing. Raises what `opening.open_reviews` does."""
    name = name or path.name
    options = read_options(state, rights, evidence, name, create_products=create_products, actor=actor, import_id=import_id)
    opened = opening.open_reviews(path, format, mapping, dates)
    report = Report(format=opened.format.name, dry_run=dry_run, notes=list(opened.notes))
    with recorded(runtime, brand, "reviews", name, options, report) as options, heap.settled():
        run = begin(runtime, brand.id, options, dry_run=dry_run)
        for batch in ahead(opening.read_batches(opened, source, BATCH)):
            for rejected in batch.rejected:
                report.reject(rejected.line, rejected.code, rejected.reason)
            with writing(runtime, dry_run) as session:
                for outcome in add_reviews(run, session, batch.rows):
                    report.take(outcome)
            if progress:
                progress(batch.size)
        report.notes += unknown_note(run.matches.unknown, create_products) + torn_note(run.matches.torn) + picture_notes(run)
    return report


def begin(runtime: Runtime, brand_id: int, options: Options, *, dry_run: bool) -> Run:
    """What an import starts with."""
    with runtime.sessions() as session:
        known = twins.open_twins(session, brand_id, dry_run=dry_run)
    return Run(runtime, brand_id, options, Matches(create=options.create_products), known, dry_run, set(), Counter())


def add_reviews(run: Run, session: Session, batch: Sequence[ReviewRow]) -> list[str]:
    """Add a batch in the states that its rows call for; an outcome for each row."""
    if run.dry_run:  # what it added to the catalogue was rolled back
        run.matches.skus.clear()
    matching.look_up(session, run.brand_id, batch, run.matches)
    if run.options.import_id is not None:
        note_products(session, run.brand_id, run.options.import_id, [ProductChange(sku, None, {}) for sku in run.matches.added])
    run.matches.added.clear()
    tagged = [tag(row, run.matches) for row in batch]
    skus = {place: row.item.products[0].sku for place, row in enumerate(tagged) if row.item.products}
    rows = twins.rename(session, run.brand_id, tagged, skus, run.twins)
    outcomes = []
    for state in dict.fromkeys(row.state or run.options.state for row in rows):
        outcomes += add_in_state(run, session, [row for row in rows if (row.state or run.options.state) is state], state)
    return outcomes


def tag(row: ReviewRow, matches: Matches) -> ReviewRow:
    """The row with the products that the catalogue has."""
    if len(row.mentions) == 1 and len(names := row.mentions[0].names) == 1 and matches.skus.get(names[0]) == names[0]:
        return row
    skus = dict.fromkeys(sku for mention in row.mentions if (sku := matches.of(mention)))
    wanted = tuple(ProductTag(sku) for sku in skus)
    return row if wanted == row.item.products else replace(row, item=replace(row.item, products=wanted))


def add_in_state(run: Run, session: Session, rows: Sequence[ReviewRow], state: State) -> list[str]:
    """Add reviews that start in one state, and have their pictures fetched."""
    options = run.options
    added = rights_actions.add_items(
        run.runtime, session, run.brand_id, [row.item for row in rows], options.rights, evidence_of(options.evidence),
        state=state, actor=options.actor, now=options.now, import_id=options.import_id,
    )  # fmt: skip
    want_pictures(run, session, [(one.item_id, row) for one, row in zip(added, rows, strict=True) if row.media], options.now)
    run.pictures["refused"] += sum(row.refused_media for row in rows)
    if not run.dry_run:
        return ["added" if one.added else "duplicate" for one in added]
    names = [row.item.data.external_id for row in rows]
    outcomes = ["added" if one.added and name not in run.seen else "duplicate" for one, name in zip(added, names, strict=True)]
    run.seen.update(names)
    return outcomes


def want_pictures(run: Run, session: Session, rows: Sequence[tuple[int, ReviewRow]], now: datetime) -> None:
    """Have the pictures and videos fetched that the rows name; those that an item waits for or has already add nothing."""
    for start in range(0, len(rows), WANTED_AT_ONCE):
        wanted = [(item_id, wanted_urls(row)) for item_id, row in rows[start : start + WANTED_AT_ONCE]]
        run.pictures["wanted"] += wanting.want_many(session, run.brand_id, wanted, now=now)


def wanted_urls(row: ReviewRow) -> list[WantedUrl]:
    """A review's media in their order."""
    return [WantedUrl(media.url, position=place, kind=media.kind) for place, media in enumerate(row.media)]


def torn_note(torn: set[str]) -> list[str]:
    """What to tell about products that the file calls by names of different ones."""
    if not torn:
        return []
    some = ", ".join(sorted(torn)[:5])
    return [f"{len(torn)} products ({some}…) go by names that belong to different products of the catalogue; they were left off"]


def picture_notes(run: Run) -> list[str]:
    """What to tell about pictures named by their addresses."""
    notes = []
    if run.pictures["wanted"]:
        notes.append(f"{run.pictures['wanted']} pictures and videos are being fetched; their reviews wait for them")
    if run.pictures["refused"]:
        notes.append(f"{run.pictures['refused']} entries for pictures are no http(s) addresses and were left out")
    return notes
