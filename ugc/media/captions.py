"""Captions: WebVTT or SRT as given, read cue by cue and written anew; nothing of the given file is passed through."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from ugc.kit.errors import Unprocessable

MAX_BYTES = 500_000
MAX_CUES = 5_000
MAX_TEXT = 500
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
TIMES = re.compile(r"\s*((?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{1,3})\s*-->\s*((?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{1,3})(?:\s.*)?")
TAG = re.compile(r"<[^>]*>|\{\\[^}]*\}")


class BadCaptions(Unprocessable):
    """These captions can't be read; send WebVTT or SRT in UTF-8, up to 500 kB."""


class BadLanguage(Unprocessable):
    """Captions need their language as a code: `en`, `de`, `pt-BR`."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from one millisecond to another."""

    start: int
    end: int
    text: str


def read_captions(data: bytes) -> list[Cue]:
    """The cues of a WebVTT or SRT file, in their order; notes, styles, positions and tags are left behind. Raises BadCaptions."""
    if len(data) > MAX_BYTES:
        raise BadCaptions()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise BadCaptions() from cause
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    cues = [cue for block in blocks if (cue := read_cue(block))]
    if not cues or len(cues) > MAX_CUES:
        raise BadCaptions()
    return cues


def read_cue(block: str) -> Cue | None:
    """The cue in a block of lines; None for a header, note or style, and for one that says nothing."""
    lines = block.strip("\n").split("\n")
    place = next((place for place, line in enumerate(lines[:2]) if TIMES.fullmatch(line)), None)
    if place is None or lines[0].startswith(("NOTE", "STYLE", "REGION")):
        return None
    found = TIMES.fullmatch(lines[place])
    assert found is not None
    start, end = milliseconds(found[1]), milliseconds(found[2])
    text = "\n".join(plain(line) for line in lines[place + 1 :]).strip()[:MAX_TEXT]
    return Cue(start, end, text) if text and end > start else None


def plain(line: str) -> str:
    """A line's words without tags, entities and control characters."""
    words = html.unescape(TAG.sub("", line))
    return "".join(each for each in words if each.isprintable()).strip()


def milliseconds(text: str) -> int:
    """`01:02:03.450` or `02:03,45` in milliseconds."""
    clock, _, part = text.replace(",", ".").partition(".")
    seconds = 0
    for each in clock.split(":"):
        seconds = 60 * seconds + int(each)
    return 1000 * seconds + int(part.ljust(3, "0"))


def write_captions(cues: list[Cue]) -> bytes:
    """WebVTT of times and words alone; nothing in a text can end its cue or begin a tag."""
    blocks = [f"{clock(cue.start)} --> {clock(cue.end)}\n{escaped(cue.text)}" for cue in cues]
    return ("WEBVTT\n\n" + "\n\n".join(blocks) + "\n").encode()


def escaped(text: str) -> str:
    """The text as WebVTT has it; `-->` and blank lines have a meaning there."""
    lines = [line for line in text.split("\n") if line]
    return "\n".join(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines)


def clock(value: int) -> str:
    """`00:01:02.345`."""
    seconds, part = divmod(value, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{part:03}"


def check_language(language: str) -> str:
    """The language's code; raises BadLanguage."""
    if not LANGUAGE.fullmatch(language):
        raise BadLanguage()
    return language
