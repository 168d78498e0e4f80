"""`ugc inspect`: a line per file, no database, nothing stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.media import clips, heifs, vectors
from ugc.cli import main

NAMES = {
    "file",
    "outcome",
    "code",
    "format",
    "width",
    "height",
    "frames",
    "duration",
    "perceptual_hash",
    "score",
    "parts",
    "milliseconds",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a photo, a bomb and a text in a folder below."""
    (tmp_path / "below").mkdir()
    (tmp_path / "a.jpg").write_bytes(vectors.jpeg(800, 600))
    (tmp_path / "b.png").write_bytes(vectors.pixel_bomb())
    (tmp_path / "below" / "c.txt").write_text("words")
    return tmp_path


def run(*arguments: str | Path) -> Result:
    """The command's result, in an environment that names no database."""
    return CliRunner(env={"UGC_DATA_DIR": "/nowhere/at/all"}).invoke(main, ["inspect", *map(str, arguments)])


def lines(*arguments: str | Path) -> list[dict[str, Any]]:
    """The JSON lines."""
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]


def test_folders_are_walked_and_each_file_has_its_line(folder: Path) -> None:
    found = lines(folder)
    assert [Path(each["file"]).name for each in found] == ["a.jpg", "b.png", "c.txt"]
    assert [each["code"] for each in found] == [None, "picture_too_large", "not_a_picture"]
    assert [each["outcome"] for each in found] == ["accepted", "refused", "refused"]
    assert all(set(each) == NAMES for each in found)


def test_an_accepted_picture_says_what_it_is_and_how_it_scores(folder: Path) -> None:
    (found,) = lines(folder / "a.jpg")
    assert (found["format"], found["width"], found["height"], found["frames"]) == ("jpeg", 800, 600, 1)
    assert len(found["perceptual_hash"]) == 64
    assert int(found["perceptual_hash"], 16)
    assert 0 <= found["score"] <= 100
    assert found["score"] == sum(part["points"] for part in found["parts"])
    assert {part["signal"] for part in found["parts"]} == {
        "technical", "photo_likeness", "sharpness", "exposure", "contrast", "cleanness", "colourfulness", "composition",
        "resolution",
    }  # fmt: skip
    assert all(part["reason"] for part in found["parts"])


def test_every_format_has_a_line_with_its_facts(tmp_path: Path) -> None:
    photo = vectors.photo(96, 64)
    for form in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        (tmp_path / form).write_bytes(vectors.encoded(photo, form))
    (tmp_path / "HEIC").write_bytes(heifs.heic((96, 64), heifs.one_tile(photo)))
    for found in lines(tmp_path):
        assert (found["outcome"], found["code"], found["format"]) == ("accepted", None, Path(found["file"]).name.lower())
        assert (found["width"], found["height"], found["frames"]) == (96, 64, 1)
        assert len(found["perceptual_hash"]) == 64
        assert found["parts"]


def test_heic_is_refused_where_it_is_off(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(heifs.heic((96, 64), heifs.one_tile(vectors.photo(96, 64))))
    runner = CliRunner(env={"UGC_DATA_DIR": "/nowhere/at/all", "UGC_HEIC": "0"})
    (line,) = runner.invoke(main, ["inspect", str(tmp_path), "--json"]).output.splitlines()
    assert json.loads(line)["code"] == "wrong_format"


def test_a_file_that_may_not_be_read_is_a_line_too(folder: Path) -> None:
    (folder / "gone.jpg").symlink_to(folder / "nowhere")
    (folder / "door").mkdir()
    names = [Path(each["file"]).name for each in lines(folder)]
    assert names == ["a.jpg", "b.png", "c.txt"]
    assert run(folder / "missing").exit_code == 2


def test_without_json_a_line_is_for_people(folder: Path) -> None:
    text = run(folder).output.splitlines()
    assert text[0].startswith("accepted  jpeg 800×600")
    assert text[1].startswith("refused   picture_too_large")


def test_what_is_longer_or_larger_than_the_settings_allow_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clip.mp4").write_bytes(clips.clip(seconds=3))
    (tmp_path / "large.jpg").write_bytes(vectors.jpeg(64, 64) + bytes(1_100_000))
    assert [line["code"] for line in lines(tmp_path)] == [None, None]
    monkeypatch.setenv("UGC_MAX_VIDEO_SECONDS", "1")
    monkeypatch.setenv("UGC_MAX_UPLOAD_MB", "1")
    assert [line["code"] for line in lines(tmp_path)] == ["too_long", "file_too_large"]
