"""Any table whose header names the attributes, Google's own among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ugc.catalog import rules
from ugc.catalog.formats.base import Entry, Feed, NotAFeed
from ugc.kit import rows
from ugc.kit.errors import Invalid


def open_table(header: list[str], records: Iterator[rows.Row], mapping: Mapping[str, str]) -> Feed:
    """A table by its header; `mapping` (attribute → header) overrides what is guessed."""
    columns = rules.guess_columns(header) | explicit_columns(header, mapping)
    if not any(name in columns for name in rules.IDENTIFIERS):
        shown = ", ".join(cell for cell in header if cell)[:300]
        raise NotAFeed(f"no column names the product; the columns are {shown}. Say which with a mapping, e.g. id=Article")
    used = [f"{name} = {header[place]}" for name, place in columns.items()]
    unused = [cell for place, cell in enumerate(header) if place not in columns.values() and cell]
    notes = [f"columns: {', '.join(used)}"] + ([f"columns not used: {', '.join(unused)}"] if unused else [])
    kind = "google-table" if {"id", "title", "link"} <= {rules.normal(cell) for cell in header} else "csv"
    return Feed(kind, read_entries(records, columns, len(header)), notes)


def explicit_columns(header: list[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Attribute → column as the mapping says; raises Invalid for an attribute or a header that is not there."""
    found = {}
    for attribute, name in mapping.items():
        if attribute not in rules.ALIASES:
            raise Invalid(f"{attribute!r} is not an attribute of a product; known are {', '.join(rules.ALIASES)}")
        places = [place for place, cell in enumerate(header) if cell.strip().lower() == name.strip().lower()]
        if not places:
            raise Invalid(f"there is no column {name!r}; the columns are {', '.join(header)}")
        found[attribute] = places[0]
    return found


def read_entries(records: Iterator[rows.Row], columns: Mapping[str, int], width: int) -> Iterator[Entry]:
    """The rows below the header; one with more or fewer cells than the header is faulty, not guessed at."""
    for row in records:
        fault = fault_of(row, width)
        yield Entry(row.line, {} if fault else {name: row.cells[place].strip() for name, place in columns.items()}, fault)


def fault_of(row: rows.Row, width: int) -> str:
    """What is wrong with a row, if anything."""
    if row.fault or len(row.cells) == width:
        return row.fault
    return f"the row has {len(row.cells)} cells where the header has {width}"


def named_cells(header: Sequence[str], row: rows.Row) -> dict[str, str]:
    """The row's cells by their headers in `rules.normal` form."""
    return {rules.normal(name): cell.strip() for name, cell in zip(header, row.cells, strict=True)}
