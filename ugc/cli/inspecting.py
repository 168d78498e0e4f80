"""`ugc inspect`: what would become of these files, or is found in these texts, without storing anything and without a database."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ugc.cli import inspecting_texts, main
from ugc.kit import clock
from ugc.kit.errors import UgcError
from ugc.media import sandbox
from ugc.media.rules import FileTooLarge, Inspection
from ugc.scoring import rules as scoring_rules
from ugc.settings import Settings, read_settings


@dataclass(frozen=True, slots=True)
class Line:
    """One file's line."""

    file: str
    found: Inspection | None
    code: str
    milliseconds: int

    def as_dict(self) -> dict[str, Any]:
        """The names of the JSON line."""
        found = self.found
        score, parts = score_of(found) if found else (None, None)
        return {
            "file": self.file,
            "outcome": "accepted" if found else "refused",
            "code": self.code or None,
            "format": found.format if found else None,
            "width": found.width if found else None,
            "height": found.height if found else None,
            "frames": found.frames if found else None,
            "duration": found.duration_ms / 1000 if found and found.duration_ms is not None else None,
            "perceptual_hash": found.perceptual_hash.hex() or None if found else None,
            "score": score,
            "parts": parts,
            "milliseconds": self.milliseconds,
        }


@main.command("inspect")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--text", "table", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A table whose texts are read.")
@click.option("--column", default="", help="With --text: the column that holds them.")
@click.option("--brand", "slug", default="", help="With --text: read with this brand's own words and models.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line per file or row.")
def inspect(paths: tuple[Path, ...], table: Path | None, column: str, slug: str, as_json: bool) -> None:
    """Say of each picture, video or recording whether it would be accepted, what it is and how it scores; folders are walked.

    With --text FILE --column NAME: say of each row of a table its language, sentiment, usefulness, whether it is spam or offends,
    its topics and the personal data in it. Exit code: 0 if all rows were read, 1 if some could not be.
    """
    if table is not None:
        if paths or not column:
            raise click.UsageError("--text takes one file and --column its column, and no other files beside")
        raise SystemExit(0 if inspecting_texts.run(table, column, slug, as_json=as_json) else 1)
    if not paths or column or slug:
        raise click.UsageError("name files or folders, or a table with --text FILE --column NAME")
    for line in look_at(walk(paths)):
        click.echo(json.dumps(line.as_dict(), ensure_ascii=False) if as_json else as_text(line))


def walk(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named and those below the folders named, in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file())
        else:
            yield path


def look_at(files: Iterable[Path]) -> Iterator[Line]:
    """A line per file in their order; as many at once as the sandbox takes, and never more than twice as many waiting."""
    settings, waiting = read_settings(), list[Future[Line]]()
    with ThreadPoolExecutor(sandbox.AT_ONCE) as pool:
        for path in files:
            waiting.append(pool.submit(look_at_one, path, settings))
            if len(waiting) >= 2 * sandbox.AT_ONCE:
                yield waiting.pop(0).result()
        for each in waiting:
            yield each.result()


def look_at_one(path: Path, settings: Settings) -> Line:
    """One file's line; an unreadable file is a line too."""
    started = time.perf_counter()
    found, code = None, ""
    try:
        found = inspected(path, settings)
    except UgcError as error:
        code = error.code
    except OSError:
        code = "unreadable"
    return Line(str(path), found, code, round((time.perf_counter() - started) * 1000))


def inspected(path: Path, settings: Settings) -> Inspection:
    """What an upload of this file would be found to be, within the same limits; raises a Refusal or OSError."""
    with open(path, "rb") as file:
        most = (settings.max_video_mb if sandbox.plays(file) else settings.max_upload_mb) * 1024**2
        if os.fstat(file.fileno()).st_size > most:
            raise FileTooLarge(limit_bytes=most)
        return sandbox.inspect(file, heic=settings.heic, max_seconds=settings.max_video_seconds)


def score_of(found: Inspection) -> tuple[int, list[dict[str, Any]]]:
    """The score from the picture's own signals alone, with the weights that a new brand has, and its parts."""
    score = scoring_rules.score_of(scoring_rules.picture_facts(found.measures or {}, found.width, found.height, clock.now()))
    return score.total, [part for part in score.as_json() if part["value"] is not None]


def as_text(line: Line) -> str:
    """A line for people."""
    if line.found is None:
        return f"refused   {line.code:20} {line.file}"
    length = "" if line.found.duration_ms is None else f" {line.found.duration_ms / 1000:.1f} s"
    shape = f"{line.found.format} {line.found.width}×{line.found.height}{length}"
    return f"accepted  {shape:20} {line.file}  score {score_of(line.found)[0]}"
