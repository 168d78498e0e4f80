"""Shows how a file of reviews would be read: its columns with their guessed meaning, its first rows, its dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ugc.catalog.rules import normal
from ugc.ingest.rules import Dates, Refused
from ugc.ingest.sources.reviews import google_feed, opening, table
from ugc.ingest.sources.reviews.base import MEANINGS, ReviewRow
from ugc.ingest.sources.reviews.known import ANY, FORMATS, GOOGLE
from ugc.ingest.sources.reviews.reading import read_review
from ugc.ingest.sources.reviews.table import Table
from ugc.kit import clock, markup, rows
from ugc.kit.errors import UgcError
from ugc.library import languages

FIRST_ROWS = 10
SHOWN_TEXT = 200
FIELDS = tuple(MEANINGS)
"""What a mapping may name: `mapping[field] = header`, a column's number from 1, or `-` for none."""


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column: its place from 0, its header, the field that it is taken for, how sure that is, and what becomes of it."""

    place: int
    name: str
    meaning: str
    """A field, or empty."""
    confidence: float
    """1 = the app's own header or said by the user, .9 = a usual header, .6 = by its look, .5 = by what it holds, 0 = no field."""
    fate: str
    """`field`, `beside` (kept with the item, never public) or `dropped` (about the person, or nothing that is kept)."""


@dataclass(frozen=True, slots=True)
class TableView:
    """How a file would be read."""

    format: str
    label: str
    columns: tuple[ColumnView, ...]
    rows: tuple[tuple[str, ...], ...]
    """The first rows as they stand in the file."""
    notes: tuple[str, ...]
    dates: Dates
    order: str
    """`dmy` or `mdy` where the order of doubtful dates is known; where it is not and `dates.ambiguous`, somebody must say."""
    has_header: bool = True
    delimiter: str = ""
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """What would become of a row: a review, or the reason why it can't be one."""

    line: int
    review: ReviewRow | None
    code: str = ""
    reason: str = ""


def describe(path: Path, mapping: Mapping[str, str] | None = None, *, format: str = "auto") -> TableView:
    """How the file would be read; raises what `opening.open_reviews` does."""
    opening.check_options(format, "")
    if format == GOOGLE.name or (format == "auto" and markup.looks_like_xml(path)):
        return describe_feed(path)
    opened = table.open_table(path, None if format == "auto" else FORMATS[format], mapping)
    shown = tuple(tuple(cell[:SHOWN_TEXT] for cell in row.cells) for row in opened.sample[:FIRST_ROWS])
    said = set(mapping or {})
    return TableView(
        opened.format.name, opened.format.label, tuple(column_of(opened, place, said) for place in range(opened.columns.width)),
        shown, table.notes_of(opened), table.examine_dates(opened), table.order_of_dates(opened), opened.columns.has_header,
        opened.sheet.delimiter, opened.sheet.encoding,
    )  # fmt: skip


def column_of(opened: Table, place: int, said: set[str]) -> ColumnView:
    """One column of a table."""
    columns = opened.columns
    meaning = next((name for name, at in columns.places.items() if at == place), "")
    name = table.shown(opened, place)
    if meaning:
        return ColumnView(place, name, meaning, confidence_of(opened, meaning, place, said), "field")
    return ColumnView(place, name, "", 0.0, "beside" if place in columns.extras.values() else "dropped")


def confidence_of(opened: Table, meaning: str, place: int, said: set[str]) -> float:
    """How sure a column's meaning is."""
    if meaning in said:
        return 1.0
    if not opened.columns.has_header:
        return 0.5
    if normal(opened.header[place]) not in opened.format.columns.get(meaning, ()):
        return 0.6
    return 0.9 if opened.format is ANY else 1.0


def header_of(path: Path) -> tuple[str, ...]:
    """The cells of a table's first row, for a file that nothing could be made of yet; none where it is no table."""
    try:
        first = next(rows.read_rows(rows.sniff(path)), None)
    except UgcError:
        return ()
    return tuple(cell[:SHOWN_TEXT] for cell in first.cells) if first else ()


def describe_feed(path: Path) -> TableView:
    """Google's feed has its meanings fixed; the first reviews are shown under them."""
    feed = google_feed.open_feed(path)
    first = [record for record in islice(feed.records, FIRST_ROWS) if not record.fault]
    names = [name for name in MEANINGS if any(record.given.get(name) for record in first)]
    columns = tuple(ColumnView(place, name, name, 1.0, "field") for place, name in enumerate(names))
    shown = tuple(tuple(record.given.get(name, "")[:SHOWN_TEXT] for name in names) for record in first)
    return TableView(GOOGLE.name, GOOGLE.label, columns, shown, feed.notes, Dates(), "")


def preview(
    path: Path, mapping: Mapping[str, str] | None = None, *, format: str = "auto", dates: str = "", count: int = 20
) -> list[PreviewRow]:
    """The first rows as they would become; nothing is stored."""
    opened = opening.open_reviews(path, format, mapping, dates)
    shown = []
    for record in islice(opened.records, count):
        try:
            review = read_review(record, opened.format, dates=opened.dates, detect=languages.detect, now=clock.now())
            shown.append(PreviewRow(record.line, review))
        except Refused as refused:
            shown.append(PreviewRow(record.line, None, refused.code, refused.reason))
    return shown
