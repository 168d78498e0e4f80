"""Rows of delimited text files: encoding and delimiter sniffed, read as a stream in constant memory, line by line accountable."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from ugc.kit.errors import Unprocessable

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_BYTES = 64 * 1024
SAMPLE_ROWS = 50
# A line without an end (a binary file, a bomb) is read in pieces of this many characters.
MAX_LINE = 1_000_000
# Longer than any record that we keep, wider than any table; a hostile one is not held in memory (T-39).
MAX_RECORD = 2 * MAX_LINE
MAX_CELLS = 2_000
# What stands for bytes that are not in the encoding.
ESCAPED, REPLACED = re.compile("[\udc80-\udcff]"), re.compile("\ufffd")
BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class NotATable(Unprocessable):
    """This is not a table of delimited text."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """How to read one file."""

    path: Path
    encoding: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the line on which it begins (1 = the first of the file), its cells, and what is wrong with it, if anything."""

    line: int
    cells: list[str]
    fault: str = ""


def sniff(path: Path) -> Sheet:
    """Find out encoding and delimiter; raises NotATable for an empty or binary file."""
    with open(path, "rb") as file:
        head = file.read(SAMPLE_BYTES)
    if not head.strip():
        raise NotATable("the file is empty")
    encoding = next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), "") or guess_encoding(path)
    if encoding != "utf-16" and b"\0" * 4 in head:
        raise NotATable()
    return Sheet(path, encoding, guess_delimiter(head.decode(encoding, errors="replace")))


def guess_encoding(path: Path) -> str:
    """UTF-8 unless more lines contradict it than confirm it; then Windows-1252, what spreadsheets write."""
    confirmed = contradicted = 0
    with open(path, "rb") as file:
        for line in telling_lines(file):
            try:
                line.decode()
                confirmed += 1
            except UnicodeDecodeError:
                contradicted += 1
    return "cp1252" if contradicted > confirmed else "utf-8"


def telling_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines that are not ASCII throughout, whichever way they end; one that is endless tells nothing."""
    rest = b""
    while chunk := file.read(MAX_LINE):
        piece = rest + chunk
        *lines, rest = [b""] if piece.isascii() else piece.splitlines()
        yield from (line for line in lines if not line.isascii())
        rest = rest if len(rest) < MAX_LINE else b""
    if not rest.isascii():
        yield rest


def guess_delimiter(sample: str) -> str:
    """The delimiter that cuts the first rows into the same number of cells, at least two; a comma where none does."""
    return max(DELIMITERS, key=lambda delimiter: regularity(sample, delimiter))


def regularity(sample: str, delimiter: str) -> tuple[float, int]:
    """How large a share of the first rows has as many cells as the first one, and how many those are."""
    rows = []
    try:
        for row in csv.reader(io.StringIO(sample.replace("\0", ""), newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) > SAMPLE_ROWS:
                break
    except csv.Error:
        return 0.0, 0
    whole = rows[:-1] if len(rows) > 2 else rows  # the last one may be cut
    width = len(whole[0]) if whole else 0
    if width < 2:
        return 0.0, width
    return sum(len(row) == width for row in whole) / len(whole), width


def read_rows(sheet: Sheet) -> Iterator[Row]:
    """Every record that is not blank, the header among them; NULs are dropped, what can't be read carries its fault."""
    errors, odd = ("replace", REPLACED) if sheet.encoding == "utf-16" else ("surrogateescape", ESCAPED)
    with open(sheet.path, encoding=sheet.encoding, errors=errors, newline="") as file:
        lines = Lines(file)
        reader = csv.reader(lines, delimiter=sheet.delimiter)
        while True:
            line, lines.taken = reader.line_num + 1, 0
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as cause:
                yield Row(line, [], f"the row can't be read: {cause}")
                continue
            except UnicodeDecodeError:  # UTF-16 that ends within a sign, which no error handler mends
                yield Row(line, [], "the file ends in the middle of a character")
                return
            if any(cells):
                yield checked(line, cells, odd)


class Lines:
    """The file's lines without NULs, which PostgreSQL can't store; an error where a record takes too many of them."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.taken = 0
        """Characters of the record that is being read."""

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        text = self.file.readline(MAX_LINE)
        if not text:
            raise StopIteration
        self.taken += len(text)
        if self.taken > MAX_RECORD:
            raise csv.Error(f"it has more than {MAX_RECORD:,} characters")
        return text.replace("\0", "") if "\0" in text else text


def checked(line: int, cells: list[str], odd: re.Pattern[str]) -> Row:
    """The row, with a fault where it is endless or a byte does not belong to the file's encoding."""
    if len(cells) > MAX_CELLS:
        return Row(line, [], f"the row has more than {MAX_CELLS:,} cells")
    joined = "".join(cells)
    if not joined.isascii() and odd.search(joined):
        return Row(line, [], "the row holds bytes that are not in the file's encoding")
    return Row(line, cells)
