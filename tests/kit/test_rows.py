from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from ugc.kit import rows


def written(folder: Path, data: bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter", "cells"),
    [
        (b"a,b\n1,2\n", "utf-8", ",", ["1", "2"]),
        (b"a;b\n1,5;2\n", "utf-8", ";", ["1,5", "2"]),
        (b"a\tb\n1\t2\n", "utf-8", "\t", ["1", "2"]),
        (b"a|b\n1|2\n", "utf-8", "|", ["1", "2"]),
        ("\ufeffa,b\nä,2\n".encode(), "utf-8-sig", ",", ["ä", "2"]),
        ("a,b\nä,2\n".encode("utf-16"), "utf-16", ",", ["ä", "2"]),
        ("a,b\nä€,2\n".encode("cp1252"), "cp1252", ",", ["ä€", "2"]),
        (b'a,b\n"x, y\nz",2\n', "utf-8", ",", ["x, y\nz", "2"]),
        (b"a,b\r\n\r\n1,2\r\n", "utf-8", ",", ["1", "2"]),
        (b"a,b\n1\x00,2\n", "utf-8", ",", ["1", "2"]),
        (b'review,rating\n"good, but; long; text",5\n"a;b;c",4\n', "utf-8", ",", ["good, but; long; text", "5"]),
    ],
)
def test_encoding_and_delimiter_are_found_out(tmp_path: Path, data: bytes, encoding: str, delimiter: str, cells: list[str]) -> None:
    sheet = rows.sniff(written(tmp_path, data))
    assert (sheet.encoding, sheet.delimiter) == (encoding, delimiter)
    assert list(rows.read_rows(sheet))[1].cells == cells


def test_lines_are_counted_as_an_editor_shows_them(tmp_path: Path) -> None:
    sheet = rows.sniff(written(tmp_path, b'a,b\n"x\ny",2\n\n3,4\n'))
    assert [row.line for row in rows.read_rows(sheet)] == [1, 2, 5]


def test_one_bad_byte_spoils_its_row_only(tmp_path: Path) -> None:
    data = "a,b\nä,1\nö,2\n".encode() + b"\xff,3\n" + "ü,4\n".encode()
    read = list(rows.read_rows(rows.sniff(written(tmp_path, data))))
    assert [row.cells[0] if not row.fault else "-" for row in read] == ["a", "ä", "ö", "-", "ü"]
    assert "encoding" in read[3].fault


def test_a_quote_that_is_never_closed_is_one_faulty_row_in_bounded_memory(tmp_path: Path) -> None:
    data = b'a,b\n1,2\n"' + b"x,y\n" * 60_000
    read = list(rows.read_rows(rows.sniff(written(tmp_path, data))))
    assert sum(bool(row.fault) for row in read) >= 1
    assert read[1].cells == ["1", "2"]


def test_a_line_without_an_end_is_read_in_pieces(tmp_path: Path) -> None:
    read = list(rows.read_rows(rows.sniff(written(tmp_path, b"a,b\n" + b"x" * 3_000_000))))
    assert all(row.fault for row in read[1:])


def test_the_encoding_is_found_whatever_ends_the_lines(tmp_path: Path) -> None:
    line = "とても良い商品でした,5\r"
    read = list(rows.read_rows(rows.sniff(written(tmp_path, b"a,b\r" + line.encode() * 60_000))))
    assert (len(read), read[-1].cells, read[-1].fault) == (60_001, ["とても良い商品でした", "5"], "")


def test_a_half_character_at_the_end_spoils_its_row_only(tmp_path: Path) -> None:
    data = "a,b\nä,1\n".encode("utf-16") + b"\x00\xd8" + ",2\n".encode("utf-16-le") + b"x"
    read = list(rows.read_rows(rows.sniff(written(tmp_path, data))))
    assert [row.cells for row in read[:2]] == [["a", "b"], ["ä", "1"]]
    assert ["encoding" in row.fault for row in read[2:]] == [True, True]


def test_a_record_that_is_endless_or_wider_than_any_table_is_faulty_in_bounded_memory(tmp_path: Path) -> None:
    """T-39: every line ends inside a quoted cell, so the record never does."""
    sheet = rows.sniff(written(tmp_path, b'a,b\n"' + b'x","\n' * 1_500_000))
    tracemalloc.start()
    read = [row for row in rows.read_rows(sheet) if not row.fault]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row.cells for row in read] == [["a", "b"]]
    assert peak < 60_000_000
    wide = list(rows.read_rows(rows.sniff(written(tmp_path, b"," * 100_000 + b"x\na,b\n"))))
    assert ["cells" in row.fault for row in wide] == [True, False]


@pytest.mark.parametrize("data", [b"", b" \n ", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00rest"])
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(rows.NotATable):
        rows.sniff(written(tmp_path, data))
