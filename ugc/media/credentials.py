"""What a file declares of its own origin: whether it may declare something, and the declaration as it is stored (L-29)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ugc.media.rules import DecoderCrashed

# A manifest lies in boxes whose superbox is labelled so; an XMP packet names the IPTC vocabulary.
MARKS = re.compile(rb"jumb.{0,64}?c2pa|digitalsourcetype/", re.DOTALL)
LANDMARKS = (b"jumb", b"digitalsourcetype/")
LONGEST_MARK = 128
PIECE = 1 << 20
GENERATED = frozenset({"trainedAlgorithmicMedia"})
PARTLY_GENERATED = frozenset({"compositeWithTrainedAlgorithmicMedia"})
TYPES = {
    "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif", "heic": "image/heic",
    "avif": "image/avif", "mp4": "video/mp4", "mov": "video/quicktime",
}  # fmt: skip
"""Our names of formats → MIME types whose manifests can be read."""


def may_declare(file: BinaryIO) -> bool:
    """Whether a stored file holds a mark; a search of bytes, nothing is decoded. A mark that is none costs one more look.

    Its place in the file is left as it is, since a child may read on from there.
    """
    at, before = 0, b""
    while piece := os.pread(file.fileno(), PIECE, at):
        window = before + piece
        # A plain search first: the expression is five times as slow, and a video is large.
        if any(mark in window for mark in LANDMARKS) and MARKS.search(window):
            return True
        at += len(piece)
        before = window[-LONGEST_MARK:]
    return False


def path_may_declare(path: Path) -> bool:
    """The same of a path."""
    with open(path, "rb") as file:
        return may_declare(file)


def read_declared(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a process that read hostile bytes, each value checked as a stranger's; raises DecoderCrashed."""
    try:
        said = facts["declared"]
        if not said:
            return {}
        types = names_in(said.get("source_types", []))
        parts = names_in(said.get("part_types", []))
        return {
            "has_manifest": bool(said.get("has_manifest", False)),
            "is_intact": bool(said.get("is_intact", True)),
            "signed_by": text_in(said.get("signed_by", "")),
            "made_with": text_in(said.get("made_with", "")),
            "source_types": types,
            "part_types": parts,
            "generated": "wholly" if GENERATED & set(types) else "partly" if is_partly(types, parts) else "no",
        }
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise DecoderCrashed() from cause


def is_partly(types: list[str], parts: list[str]) -> bool:
    """Whether some of it was made by a trained model: it says so, or one of the parts that it was put together from does."""
    return bool(PARTLY_GENERATED & set(types) or (GENERATED | PARTLY_GENERATED) & set(parts))


def names_in(values: Any) -> list[str]:
    """A short list of short names; raises ValueError."""
    if (
        not isinstance(values, list)
        or len(values) > 20
        or not all(isinstance(one, str) and one.isalpha() and len(one) <= 60 for one in values)
    ):
        raise ValueError("not a list of names")
    return [str(one) for one in values]


def text_in(value: Any) -> str:
    """A short line of text; raises ValueError."""
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("not a short text")
    return "".join(letter for letter in value if letter.isprintable())
