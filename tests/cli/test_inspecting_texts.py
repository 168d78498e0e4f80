"""`ugc inspect --text` and `ugc models train`: tables of texts at the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ugc.cli import main

NAMES = {"language", "sentiment", "usefulness", "spam", "offensive", "topics", "personal_data"}


def inspect(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["inspect", *arguments])


def table(folder: Path, content: bytes) -> str:
    path = folder / "texts.csv"
    path.write_bytes(content)
    return str(path)


def lines_of(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_row_says_all_that_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UGC_DATA_DIR", str(tmp_path / "var"))
    file = table(tmp_path, b"id,words\n1,The fabric is soft and the delivery was fast\n2,Check out my channel and subscribe!\n"
                           b"3,you fucking idiot\n4,write to anna@mail.example.de\n5,\n")  # fmt: skip
    result = inspect("--text", file, "--column", "words", "--json")
    assert result.exit_code == 0, result.output
    fine, spam, offends, personal, empty = lines_of(result)
    assert fine.keys() >= NAMES
    assert fine["language"] == "en"
    assert {"material", "delivery"} <= set(fine["topics"])
    assert (fine["spam"], fine["offensive"], spam["spam"], offends["offensive"]) == (False, False, True, True)
    assert [place["kind"] for place in personal["personal_data"]] == ["email"]
    assert "anna@" not in json.dumps(personal)
    assert (empty["language"], empty["spam"], empty["offensive"], empty["topics"]) == ("unknown", False, False, [])
    assert not (tmp_path / "var").exists(), "no database is started"


@pytest.mark.parametrize("content", [
    "id;text\n1;Größe passt; gut\n".encode("cp1252"),
    "\ufeffid\ttext\n1\tGröße passt\n".encode(),
    "id,text\n1,Größe passt\n".encode("utf-16"),
])  # fmt: skip
def test_encodings_and_delimiters_are_found_out(tmp_path: Path, content: bytes) -> None:
    result = inspect("--text", table(tmp_path, content), "--column", "text", "--json")
    assert result.exit_code == 0, result.output
    [line] = lines_of(result)
    assert "size" in line["topics"]


def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    result = inspect("--text", table(tmp_path, b"id,words\n1,x\n"), "--column", "text")
    assert result.exit_code == 2
    assert "'id', 'words'" in result.stderr


def test_a_column_is_found_whatever_its_case(tmp_path: Path) -> None:
    result = inspect("--text", table(tmp_path, b"id,Words\n1,lovely fabric\n"), "--column", "words")
    assert result.exit_code == 0
    assert "material" in result.stdout


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03" * 40])
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    result = inspect("--text", table(tmp_path, content), "--column", "text")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_a_row_that_cannot_be_read_is_a_line_and_an_exit_code(tmp_path: Path) -> None:
    content = b"id,text\n" + b"1,sch\xc3\xb6n\n" * 3 + b"2,bad \xff byte\n3,fine\n"
    result = inspect("--text", table(tmp_path, content), "--column", "text", "--json")
    assert result.exit_code == 1
    assert [("error" in line) for line in lines_of(result)] == [False, False, False, True, False]


@pytest.mark.parametrize("arguments", [[], ["--text", "FILE"], ["--column", "text"], ["--text", "FILE", "--column", "a", "FILE"]])
def test_what_does_not_belong_together_is_explained(tmp_path: Path, arguments: list[str]) -> None:
    file = table(tmp_path, b"a\nb\n")
    result = inspect(*(file if each == "FILE" else each for each in arguments))
    assert result.exit_code == 2
    assert "--text" in result.stderr


def test_a_hostile_row_is_a_row(tmp_path: Path) -> None:
    file = table(tmp_path, b"id,text\n1," + b"a@" * 60_000 + b"\n2," + "\U0001f600".encode() * 20_000 + b"\n")
    result = inspect("--text", file, "--column", "text", "--json")
    assert result.exit_code == 0, result.output
    assert len(lines_of(result)) == 2
