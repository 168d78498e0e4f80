"""What plays, seen from outside its decoder: whether it can be taken here, what a decoder's answer about it must look like."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from typing import Any

from ugc.media import boxes, rules
from ugc.media.models import File, Rendition, Role
from ugc.media.rules import DecoderCrashed, Inspection, RenditionData

FORMATS = ("mp4", "mov", "m4a", "matroska", "avi", "mp3", "aac", "ogg", "wav", "flac")
PACKAGE = "av"
MAX_SECONDS = 60
"""Of a video or recording, where the settings say nothing else."""
# The largest that the settings allow; a child's limits are made for it.
MOST_SECONDS = 180
TYPES = {"video": "video/mp4", "preview": "video/mp4", "audio": "audio/mp4"}
MAX_SIDE = 1280
MAX_PEAKS = 128


TYPE_OF_NAME = {"video.mp4": "video/mp4", "preview.mp4": "video/mp4", "audio.m4a": "audio/mp4"}
CAPTIONS_NAME = re.compile(r"captions-([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)\.vtt")
MOVING = (Role.VIDEO, Role.PREVIEW, Role.AUDIO, Role.CAPTIONS)


def type_of(name: str) -> str | None:
    """The type that the name of a copy that plays, or of captions, stands for; None for every other name (T-17)."""
    return "text/vtt; charset=utf-8" if CAPTIONS_NAME.fullmatch(name) else TYPE_OF_NAME.get(name)


def moving_urls(file: File, base_url: str) -> list[dict[str, Any]]:
    """The copies that play and the captions, as the gallery's answer lists them behind the stills."""
    return [
        moving_url(each, f"{base_url}/media/{file.public_name}/{each.name}")
        for role in MOVING
        for each in file.renditions
        if each.role is role
    ]


def loop_url(file: File, base_url: str) -> str:
    """The short, silent animation of an animated picture; empty for every other file."""
    made = next((each for each in file.renditions if each.role is Role.LOOP), None)
    return f"{base_url}/media/{file.public_name}/{made.name}" if made else ""


def moving_url(made: Rendition, url: str) -> dict[str, Any]:
    """One of them; captions say their language instead of a size."""
    facts: dict[str, Any] = {"role": made.role.value, "type": made.type, "url": url}
    language = CAPTIONS_NAME.fullmatch(made.name)
    return facts | ({"language": language[1]} if language else {"width": made.width, "height": made.height})


def is_installed() -> bool:
    """Whether the extra `video` is there."""
    return importlib.util.find_spec(PACKAGE) is not None


def read_playing(facts: Mapping[str, Any], blobs: list[bytes]) -> Inspection:
    """The answer of a process that read a hostile video: each value is checked as a stranger's; raises DecoderCrashed."""
    try:
        kind = rules.one_of(facts["kind"], ("video", "audio"))
        return Inspection(
            format=rules.one_of(facts["format"], FORMATS),
            kind=kind,
            width=rules.whole(facts["width"], 0 if kind == "audio" else 1, 4096),
            height=rules.whole(facts["height"], 0 if kind == "audio" else 1, 4096),
            frames=rules.whole(facts["frames"], 0 if kind == "audio" else 1, 200_000),
            duration_ms=rules.whole(facts["duration_ms"], 0, 2 * MOST_SECONDS * 1000),
            has_sound=facts["has_sound"] is True,
            **rules.read_looks(facts),
            peaks=tuple(rules.whole(each, 0, 100) for each in facts.get("peaks", [])[:MAX_PEAKS]),
            renditions=tuple(read_copy(each, blob) for each, blob in zip(facts.get("renditions", []), blobs, strict=True)),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as cause:
        raise DecoderCrashed() from cause


def read_copy(facts: Mapping[str, Any], data: bytes) -> RenditionData:
    """One still or one copy that plays; raises ValueError where it is not what it says or holds more than plays (T-15)."""
    role = facts["role"]
    if role not in TYPES:
        return rules.read_rendition(facts, data)
    least = 0 if role == "audio" else 1
    width, height = rules.whole(facts["width"], least, MAX_SIDE), rules.whole(facts["height"], least, MAX_SIDE)
    if facts["type"] != TYPES[role] or not boxes.is_clean(data, has_video=role != "audio"):
        raise ValueError("a copy holds more than what plays")
    return RenditionData(width, height, TYPES[role], data, role)
