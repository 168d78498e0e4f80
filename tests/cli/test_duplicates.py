"""`ugc duplicates`: groups among files, no database, nothing stored."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from tests.media import vectors
from ugc.cli import main


def saved(picture: Image.Image, path: Path, **options: Any) -> str:
    path.parent.mkdir(exist_ok=True)
    picture.save(path, **options)
    return str(path)


def run(*arguments: str | Path) -> Result:
    """The command's result, in an environment that names no database."""
    return CliRunner(env={"UGC_DATA_DIR": "/nowhere/at/all"}).invoke(main, ["duplicates", *map(str, arguments)])


def groups(*arguments: str | Path) -> list[dict[str, Any]]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_edited_mirrored_and_turned_copies_are_grouped_and_others_are_not(tmp_path: Path) -> None:
    picture = vectors.photo(800, 600)
    copies = {
        saved(picture, tmp_path / "original.png"),
        saved(picture.resize((400, 300)), tmp_path / "small.jpg", quality=60),
        saved(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), tmp_path / "mirrored.jpg", quality=80),
        saved(picture.rotate(90, expand=True), tmp_path / "below" / "turned.webp"),
    }
    saved(vectors.photo(800, 600, seed=2), tmp_path / "other.jpg")
    [group] = groups(tmp_path)
    assert set(group["files"]) == copies
    assert group["best"] == group["files"][0]
    turns = {Path(member["file"]).name: member["turn"] for member in group["members"]}
    assert turns["original.png"] == turns["small.jpg"], "how each lies is said of the best, whichever that is"
    assert len(set(turns.values())) == 3
    assert max(member["distance"] for member in group["members"]) <= 31


def test_the_score_says_which_is_best_not_the_size_of_the_file(tmp_path: Path) -> None:
    sharp = vectors.photo(800, 600)
    blurred = io.BytesIO()
    sharp.resize((200, 150)).resize((800, 600)).save(blurred, "PNG")
    (tmp_path / "blurred.png").write_bytes(blurred.getvalue())
    saved(sharp, tmp_path / "sharp.jpg", quality=75)
    assert (tmp_path / "blurred.png").stat().st_size > (tmp_path / "sharp.jpg").stat().st_size
    [group] = groups(tmp_path)
    assert group["best"].endswith("sharp.jpg")


def test_refused_files_are_said_and_do_not_stop_the_rest(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(vectors.jpeg(400, 300))
    (tmp_path / "c.png").write_bytes(vectors.pixel_bomb())
    done = run(tmp_path)
    assert done.exit_code == 0
    assert "picture_too_large" in done.stderr
    assert "1 groups among 2 files" in done.stdout


@pytest.mark.parametrize("plain", [Image.new("RGB", (400, 300), "white"), Image.new("RGB", (400, 300), "navy")])
def test_empty_pictures_are_no_copies_unless_they_are_the_same_bytes(tmp_path: Path, plain: Image.Image) -> None:
    saved(plain, tmp_path / "a.png")
    saved(plain, tmp_path / "b.jpg")
    assert groups(tmp_path) == []
    saved(plain, tmp_path / "c.png")
    assert [group["files"] for group in groups(tmp_path)] == [[str(tmp_path / "a.png"), str(tmp_path / "c.png")]]


def test_the_real_set_of_one_subject_and_its_negatives(data: Path) -> None:
    found = [{Path(file).name for file in group["files"]} for group in groups(data / "photos" / "near_duplicates" / "mixed_images")]
    assert {"ukbench00120.jpg", "ukbench00120_hflip.jpg", "ukbench00120_resize.jpg"} in found
    assert not any("ukbench09268.jpg" in names and "ukbench00120.jpg" in names for names in found)
