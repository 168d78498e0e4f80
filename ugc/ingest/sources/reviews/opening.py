"""Opens a file of reviews, whatever its format, and reads it in portions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ugc.ingest.rules import ORDERS, Refused
from ugc.ingest.sources.reviews import google_feed, table
from ugc.ingest.sources.reviews.base import Format, Record, ReviewRow
from ugc.ingest.sources.reviews.known import FORMATS, GOOGLE, NAMES
from ugc.ingest.sources.reviews.reading import read_review
from ugc.kit import clock, markup
from ugc.kit.errors import Invalid
from ugc.kit.reports import Rejected
from ugc.library import languages


class UnknownReviewFormat(Invalid):
    """This format of reviews is not known."""


class BadDateOrder(Invalid):
    """The order of dates is dmy (31/12/2026) or mdy (12/31/2026)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file of reviews, ready to be read once."""

    format: Format
    dates: str
    notes: tuple[str, ...]
    records: Iterator[Record]


def open_reviews(path: Path, format: str = "auto", mapping: Mapping[str, str] | None = None, dates: str = "") -> Opened:
    """Find out how to read the file; raises NotATable, NotReviews, NotAReviewFeed, or Invalid for options that do not fit."""
    check_options(format, dates)
    if format == GOOGLE.name or (format == "auto" and markup.looks_like_xml(path)):
        feed = google_feed.open_feed(path)
        return Opened(GOOGLE, dates, feed.notes, feed.records)
    opened = table.open_table(path, None if format == "auto" else FORMATS[format], mapping)
    notes = table.notes_of(opened)
    if not dates and (known := table.order_of_dates(opened)):
        dates = known
        notes = (*notes, f"dates are read with the {ORDERS[dates]}, as {opened.format.label} writes them")
    return Opened(opened.format, dates, notes, table.read_records(opened))


def check_options(format: str, dates: str) -> None:
    """Raise what is no format or no order of dates."""
    if format not in NAMES:
        raise UnknownReviewFormat(f"the format must be one of {', '.join(NAMES)}")
    if dates and dates not in ORDERS:
        raise BadDateOrder()


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records as reviews, and those that are none."""

    size: int
    rows: list[ReviewRow]
    rejected: list[Rejected]


def read_batches(opened: Opened, source: str, size: int) -> Iterator[Batch]:
    """The file in portions, with each text's language."""
    now = clock.now()
    while portion := list(islice(opened.records, size)):
        batch = Batch(len(portion), [], [])
        for record in portion:
            try:
                row = read_review(record, opened.format, source=source, dates=opened.dates, detect=languages.detect, now=now)
                batch.rows.append(row)
            except Refused as refused:
                batch.rejected.append(Rejected(record.line, refused.code, refused.reason))
        yield batch
