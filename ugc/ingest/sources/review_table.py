"""Reviews from a delimited table, with or without a header, whose columns are guessed or named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from ugc.ingest import rules
from ugc.ingest.rules import Columns, Refused, ReviewRow
from ugc.kit import rows
from ugc.kit.errors import Invalid, Unprocessable
from ugc.kit.reports import Rejected
from ugc.library import languages

SAMPLE_ROWS = 200


class NotReviews(Unprocessable):
    """No column was found that holds the text or the rating of a review; say which with a mapping, e.g. body=Opinion."""


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file of reviews."""

    columns: Columns
    notes: tuple[str, ...]
    rows: Iterator[rows.Row]


def open_table(path: Path, mapping: Mapping[str, str] | None = None) -> Table:
    """Find out how to read the file; raises NotATable, NotReviews, or Invalid for a mapping that does not fit."""
    records = rows.read_rows(rows.sniff(path))
    sample = list(islice(records, SAMPLE_ROWS))
    readable = [row.cells for row in sample if not row.fault]
    if not readable:
        raise NotReviews()
    try:
        columns = rules.guess_columns(readable[0]) and rules.guess_columns(readable[0], mapping)
        if columns is None:
            columns = without_known_header(readable, mapping)
    except Refused as refused:
        raise Invalid(refused.reason) from refused
    if columns is None:
        raise NotReviews(f"{NotReviews.message()} The columns are {', '.join(readable[0])[:300]}")
    body = chain(sample, records)
    if columns.has_header:
        next(body)
    return Table(columns, notes_of(columns, readable[0]), body)


def without_known_header(readable: list[list[str]], mapping: Mapping[str, str] | None) -> Columns | None:
    """Columns by the mapping where its names stand in the first row, else by what the rows hold."""
    guessed = rules.guess_by_content(readable)
    if not mapping:
        return guessed
    if guessed is None or not all(name.isdigit() for name in mapping.values()):
        return rules.guess_columns(readable[0], mapping)
    return Columns(rules.override(guessed.places, mapping, readable[0]), guessed.width, has_header=False)


def notes_of(columns: Columns, header: list[str]) -> tuple[str, ...]:
    """How the file was understood, for the report."""

    def shown(place: int) -> str:
        return (header[place] if columns.has_header else "") or f"column {place + 1}"

    used = ", ".join(f"{meaning} = {shown(place)}" for meaning, place in columns.places.items())
    notes = [f"columns: {used}" if columns.has_header else f"no header row; columns by what they hold: {used}"]
    if columns.extras:
        notes.append(f"kept beside the review: {', '.join(columns.extras)}")
    if columns.dropped:
        notes.append(f"not kept, being about the person: {', '.join(columns.dropped)}")
    return tuple(notes)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows as reviews, and those that are none."""

    size: int
    rows: list[ReviewRow]
    rejected: list[Rejected]


def read_batches(table: Table, source: str, size: int) -> Iterator[Batch]:
    """The table in portions, with each text's language: found out here, while the database works on the portion before."""
    while portion := list(islice(table.rows, size)):
        batch = Batch(len(portion), [], [])
        for row in portion:
            try:
                batch.rows.append(read_row(row, table.columns, source))
            except Refused as refused:
                batch.rejected.append(Rejected(row.line, refused.code, refused.reason))
        yield batch


def read_row(row: rows.Row, columns: Columns, source: str) -> ReviewRow:
    """The review in one row; raises Refused."""
    if row.fault:
        raise Refused("unreadable_row", row.fault)
    return rules.read_review(row.cells, columns, source=source, detect=languages.detect)
