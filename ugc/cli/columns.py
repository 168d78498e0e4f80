"""Named columns of a table that a command is given: read as a stream, with the imports' guesses of encoding and delimiter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ugc.kit import rows
from ugc.kit.errors import Unprocessable

SHOWN = 30


class NoSuchColumn(Unprocessable):
    """The table has no such column."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The wanted cells of one row; empty where the row is shorter. `fault`: why it can't be read."""

    line: int
    values: tuple[str, ...]
    fault: str = ""


def read(path: Path, names: Sequence[str]) -> Iterator[Cells]:
    """The cells of the named columns of each row; raises NotATable, NoSuchColumn before the first."""
    found = rows.read_rows(rows.sniff(path))
    header = next(found, None)
    if header is None or header.fault:
        raise rows.NotATable(header.fault if header else "the file is empty")
    places = [place_of(header.cells, name) for name in names]
    return (cells_of(row, places) for row in found)


def place_of(header: Sequence[str], name: str) -> int:
    """Where a column is: by its exact name, else by the same letters; raises NoSuchColumn, naming those that are there."""
    for candidates in (list(header), [cell.strip().casefold() for cell in header]):
        wanted = name if candidates == list(header) else name.strip().casefold()
        if wanted in candidates:
            return candidates.index(wanted)
    there = ", ".join(repr(cell) for cell in header[:SHOWN]) + (" …" if len(header) > SHOWN else "")
    raise NoSuchColumn(f"there is no column {name!r}; the first row has: {there}")


def cells_of(row: rows.Row, places: Sequence[int]) -> Cells:
    """One row's cells."""
    return Cells(row.line, tuple(row.cells[place] if place < len(row.cells) else "" for place in places), row.fault)
