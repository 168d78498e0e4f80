"""Reviews from a delimited table, with or without a header, whose format is told by its header or by the user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from ugc.ingest import rules
from ugc.ingest.rules import Dates, Refused
from ugc.ingest.sources.reviews import columns as reading
from ugc.ingest.sources.reviews.base import Format, Record
from ugc.ingest.sources.reviews.columns import Columns
from ugc.ingest.sources.reviews.known import ANY, recognise
from ugc.kit import rows
from ugc.kit.errors import Invalid, Unprocessable

SAMPLE_ROWS = 200


class NotReviews(Unprocessable):
    """No column was found that holds the text or the rating of a review; say which with a mapping, e.g. body=Opinion."""


@dataclass(frozen=True, slots=True)
class Table:
    """An opened table of reviews."""

    sheet: rows.Sheet
    format: Format
    columns: Columns
    header: tuple[str, ...]
    sample: tuple[rows.Row, ...]
    """The first rows below the header."""
    rows: Iterator[rows.Row]
    """All rows below the header, those of the sample among them."""


def open_table(path: Path, format: Format | None = None, mapping: Mapping[str, str] | None = None) -> Table:
    """Find out how to read the file; raises NotATable, NotReviews, or Invalid for a mapping that does not fit."""
    sheet = rows.sniff(path)
    records = rows.read_rows(sheet)
    sample = list(islice(records, SAMPLE_ROWS))
    readable = [row.cells for row in sample if not row.fault]
    if not readable:
        raise NotReviews()
    format = format or recognise(readable[0])
    try:
        columns = reading.guess_columns(readable[0], None, format) and reading.guess_columns(readable[0], mapping, format)
        if columns is None:
            columns = without_known_header(readable, mapping)
    except Refused as refused:
        raise Invalid(refused.reason) from refused
    if columns is None:
        raise NotReviews(f"{NotReviews.message()} The columns are {', '.join(readable[0])[:300]}")
    body = chain(sample, records)
    first = sample.index(next(row for row in sample if not row.fault))
    if columns.has_header:
        next(body)
    else:
        format = ANY
    return Table(sheet, format, columns, tuple(readable[0]), tuple(sample[first + columns.has_header :]), body)


def without_known_header(readable: list[list[str]], mapping: Mapping[str, str] | None) -> Columns | None:
    """Columns by the mapping where its names stand in the first row, else by what the rows hold."""
    guessed = reading.guess_by_content(readable)
    if not mapping:
        return guessed
    if guessed is None or not all(name.isdigit() for name in mapping.values()):
        return reading.guess_columns(readable[0], mapping)
    places = reading.override(guessed.places, mapping, readable[0])
    return Columns(places, guessed.width, has_header=False, lasting=reading.lasting_of(places, guessed.width))


def shown(table: Table, place: int) -> str:
    """A column's name for people."""
    return (table.header[place] if table.columns.has_header else "") or f"column {place + 1}"


def notes_of(table: Table) -> tuple[str, ...]:
    """How the file was understood, for the report."""
    columns = table.columns
    used = ", ".join(f"{meaning} = {shown(table, place)}" for meaning, place in columns.places.items())
    notes = [f"read as {table.format.label}"] if table.format is not ANY else []
    notes.append(f"columns: {used}" if columns.has_header else f"no header row; columns by what they hold: {used}")
    if columns.extras:
        notes.append(f"kept beside the review: {', '.join(columns.extras)}")
    if columns.dropped:
        notes.append(f"not kept: {', '.join(columns.dropped)}")
    return tuple(notes)


def read_records(table: Table) -> Iterator[Record]:
    """The rows as records."""
    columns = table.columns
    places = tuple(columns.places.items())
    extras = tuple(columns.extras.items())
    for row in table.rows:
        if row.fault:
            yield Record(row.line, {}, fault=row.fault)
            continue
        cells = [cell.strip() for cell in row.cells]
        if len(cells) != columns.width:
            fault = f"the row has {len(cells)} cells where {columns.width} were expected"
            yield Record(row.line, {}, fault=fault, code="wrong_columns")
            continue
        given = {meaning: cells[place] for meaning, place in places}
        beside = {name: cells[place] for name, place in extras}
        yield Record(row.line, given, beside, tuple(cells[place] for place in columns.lasting))


def examine_dates(table: Table) -> Dates:
    """What the dates of the whole file look like; reads it from its beginning once more."""
    place = table.columns.places.get("date")
    if place is None:
        return Dates()
    records = rows.read_rows(table.sheet)
    return rules.examine_dates(row.cells[place].strip() for row in records if not row.fault and len(row.cells) > place)


def order_of_dates(table: Table) -> str:
    """The order in which the app is known to write dates, where every date of the file agrees with it; else none."""
    if not table.format.dates or "date" not in table.columns.places:
        return ""
    place = table.columns.places["date"]
    if not any(rules.SLASHED.match(row.cells[place].strip()) for row in table.sample if len(row.cells) > place):
        return ""
    dates = examine_dates(table)
    against = dates.month_first if table.format.dates == "dmy" else dates.day_first
    # The header counts as a date of another kind.
    others = dates.other - (1 if table.columns.has_header else 0)
    return table.format.dates if not against and not others else ""
