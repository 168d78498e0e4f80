"""Pictures from folders, described by an `items.csv` beside them where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ugc.catalog.rules import normal
from ugc.kit import rows

SIDECAR = "items.csv"
FIELDS = ("file", "caption", "creator", "creator_url", "sku", "permalink", "rights", "evidence")
# Plainly no pictures; everything else is tried and refused with its reason.
NOT_MEDIA = {
    ".txt",
    ".csv",
    ".tsv",
    ".md",
    ".json",
    ".xml",
    ".html",
    ".htm",
    ".yml",
    ".yaml",
    ".py",
    ".db",
    ".ini",
    ".pdf",
    ".log",
    ".zip",
}
CAPTIONS = {".vtt", ".srt"}
# A poster beside its video has the same name; captions are the video's.
STILLS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic"}


@dataclass(frozen=True, slots=True)
class Found:
    """One item to be: its files, where it was found (a line of the sidecar, else the file's number), what is said of it."""

    line: int
    name: str
    paths: tuple[Path, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    skus: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    fault: str = ""
    captions: tuple[tuple[Path, str], ...] = ()
    """Files of captions and their languages; without one where the name says none."""


@dataclass(slots=True)
class Folder:
    """What lies below the paths given to an import."""

    found: list[Found]
    notes: list[str]


def open_folders(paths: list[Path]) -> Folder:
    """Walk files and folders in a stable order; raises FileNotFoundError for a path that is not there."""
    folder = Folder([], [])
    skipped: dict[str, int] = {}
    captions: list[Path] = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(path)
        root = path if path.is_dir() else path.parent
        files = list(walk(path)) if path.is_dir() else [path]
        described: set[Path] = set()
        for sidecar in (file for file in files if file.name == SIDECAR):
            described |= add_described(folder, sidecar, root)
        for file in files:
            if file in described or file.name == SIDECAR:
                continue
            if file.suffix.lower() in CAPTIONS:
                captions.append(file)
                continue
            if file.suffix.lower() in NOT_MEDIA:
                skipped[file.suffix.lower()] = skipped.get(file.suffix.lower(), 0) + 1
                continue
            folder.found.append(Found(len(folder.found) + 1, shown(file, root), (file,), folders=folders_of(file, root)))
    for file in add_captions(folder, captions):
        skipped[file.suffix.lower()] = skipped.get(file.suffix.lower(), 0) + 1
    if skipped:
        folder.notes.append(
            "left out as no media: " + ", ".join(f"{count} × {suffix}" for suffix, count in sorted(skipped.items()))
        )
    return folder


def add_captions(folder: Folder, captions: list[Path]) -> list[Path]:
    """Put each file of captions to the video of its name, `clip.vtt` or `clip.de.vtt`; those that have none."""
    playing = {
        path.with_suffix(""): place
        for place, found in enumerate(folder.found) for path in found.paths if path.suffix.lower() not in STILLS
    }  # fmt: skip
    alone = []
    for file in captions:
        name = file.with_suffix("")
        place, language = playing.get(name), ""
        if place is None:
            place, language = playing.get(name.with_suffix("")), name.suffix[1:]
        if place is None:
            alone.append(file)
        else:
            held = folder.found[place]
            folder.found[place] = replace(held, captions=(*held.captions, (file, language)))
    return alone


def walk(folder: Path) -> Iterator[Path]:
    """The files below, hidden ones left out, links not followed, sorted."""
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (Path(base) / name for name in sorted(names) if not name.startswith("."))
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def shown(file: Path, root: Path) -> str:
    """The file's name as the report shows it."""
    return str(file.relative_to(root)) if file.is_relative_to(root) else file.name


def folders_of(file: Path, root: Path) -> tuple[str, ...]:
    """The names of the folders between the root and the file."""
    return file.relative_to(root).parts[:-1] if file.is_relative_to(root) else ()


def add_described(folder: Folder, sidecar: Path, root: Path) -> set[Path]:
    """The items that a sidecar describes: one a row, rows of the same files together; the files that it names."""
    records = rows.read_rows(rows.sniff(sidecar))
    header = next(records)
    columns = {name: place for place, cell in enumerate(header.cells) if (name := normal(cell).replace(" ", "_")) in FIELDS}
    unknown = [cell for cell in header.cells if normal(cell).replace(" ", "_") not in FIELDS and cell]
    if unknown:
        folder.notes.append(f"{shown(sidecar, root)}: columns not known: {', '.join(unknown)}")
    if "file" not in columns:
        folder.notes.append(f"{shown(sidecar, root)}: no column `file`, so it describes nothing")
        return set()
    grouped: dict[tuple[Path, ...], Found] = {}
    for row in records:
        found = described(row, columns, sidecar, root)
        held = grouped.get(found.paths)
        if held is None or found.fault or held.fault:
            grouped[found.paths or (Path(str(row.line)),)] = found
        else:
            facts = {name: held.facts.get(name) or found.facts.get(name, "") for name in FIELDS}
            grouped[found.paths] = Found(held.line, held.name, held.paths, facts, held.skus + found.skus, held.folders)
    folder.found += grouped.values()
    return {path for paths in grouped for path in paths}


def described(row: rows.Row, columns: Mapping[str, int], sidecar: Path, root: Path) -> Found:
    """One row of a sidecar; several files or SKUs in a cell are parted by `|`."""
    if row.fault or max(columns.values()) >= len(row.cells):
        return Found(row.line, sidecar.name, (), fault=row.fault or "the row has fewer cells than the header")
    facts = {name: row.cells[place].strip() for name, place in columns.items()}
    names = [name.strip() for name in facts["file"].split("|") if name.strip()]
    paths = tuple(sidecar.parent / name for name in names)
    skus = tuple(sku.strip() for sku in facts.get("sku", "").split("|") if sku.strip())
    missing = [name for name, path in zip(names, paths, strict=True) if not inside(path, root) or not path.is_file()]
    fault = f"there is no file {missing[0]!r}" if missing else "" if names else "the row names no file"
    folders = folders_of(paths[0], root) if paths and not missing else ()
    return Found(row.line, facts["file"], () if missing else paths, facts, skus, folders, fault)


def inside(path: Path, root: Path) -> bool:
    """Whether the file lies below the folder that is imported; a sidecar must not reach out of it (T-11)."""
    return path.resolve().is_relative_to(root.resolve())
