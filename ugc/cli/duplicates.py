"""`ugc duplicates`: groups of near-duplicates among files, without storing one of them and without a database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from ugc.cli import main
from ugc.cli.inspecting import look_at, score_of, walk
from ugc.duplicates.files import Member, Print, groups_of


@main.command("duplicates")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON line per group.")
def duplicates(paths: tuple[Path, ...], as_json: bool) -> None:
    """Group pictures that are copies of each other, also mirrored and turned, the best first; folders are walked."""
    prints = list(prints_of(dict.fromkeys(walk(paths))))
    groups = groups_of(prints)
    for group in groups:
        click.echo(json.dumps(as_dict(group), ensure_ascii=False) if as_json else as_text(group))
    if not as_json:
        click.echo(f"{len(groups)} groups among {len(prints)} files")


def prints_of(files: Iterable[Path]) -> Iterator[Print]:
    """What can be compared; each file that was refused is said on the error output."""
    for line in look_at(files):
        if line.found is None:
            click.echo(f"refused   {line.code:20} {line.file}", err=True)
            continue
        found = line.found
        yield Print(
            line.file, getattr(found, "kind", "picture"), digest_of(Path(line.file)), found.perceptual_hash, found.hash_quality,
            found.turned_hashes, score_of(found)[0],
        )  # fmt: skip


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_dict(group: Sequence[Member]) -> dict[str, Any]:
    """The names of the JSON line: `files` are the paths, the best first; `members` say more of each."""
    members = [
        {
            "file": each.print.name,
            "score": each.print.score,
            "distance": each.distance,
            "turn": each.turn,
            "sha256": each.print.sha256,
        }
        for each in group
    ]
    return {"files": [each.print.name for each in group], "best": group[0].print.name, "members": members}


def as_text(group: Sequence[Member]) -> str:
    """A group for people."""
    lines = [f"best  score {group[0].print.score:3}  {group[0].print.name}"]
    lines += [
        f"      score {each.print.score:3}  {each.print.name}  {each.distance} bits{', ' if each.turn else ''}{each.turn}"
        for each in group[1:]
    ]
    return "\n".join(lines) + "\n"
