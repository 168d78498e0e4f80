"""The warm parent for what plays: the same program as for pictures, with demuxers, encoders and tasks of its own.

A parent of its own, so that a picture's child has no such task to be talked into, and minutes of work don't take its slots
(decision 0090).
"""

from __future__ import annotations

import os
import sys
from typing import Any, BinaryIO

if __name__ == "__main__":
    # As in warm.py.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

from ugc.media.child import container, playing, renditions, sound, tasks, video, warm
from ugc.media.child.playing import Survey
from ugc.media.child.renditions import Copy
from ugc.media.child.warm import Answer, Task


def check(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Read every packet, decode key frames and sound, keep nothing."""
    seen = surveyed(file, options, decode=True)
    # A recording has the size of its waveform's picture.
    return facts_of(seen, *((seen.width, seen.height) if seen.has_video else sound.WAVE_SIZE)), []


def measure(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Decode once; poster's measures, hash and colours, no renditions."""
    return understand(file, options, encode=False)


def render(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Decode once; everything that a stored video or recording needs."""
    return understand(file, options, encode=True)


def surveyed(file: BinaryIO, options: dict[str, Any], *, decode: bool) -> Survey:
    """The file's container and packets, inside the limits."""
    return playing.survey(file, container.read_container(file), options["max_seconds"], decode=decode)


def facts_of(seen: Survey, width: int, height: int) -> dict[str, Any]:
    """What is known of the file itself."""
    return {
        "kind": "video" if seen.has_video else "audio",
        "format": seen.format,
        "width": width,
        "height": height,
        "frames": seen.frames,
        "duration_ms": round(seen.seconds * 1000),
        "has_sound": seen.has_sound,
    }


def understand(file: BinaryIO, options: dict[str, Any], *, encode: bool) -> Answer:
    """A still of it, what the still shows, and with `encode` the copies."""
    seen = surveyed(file, options, decode=not encode)
    if seen.has_video:
        made = video.render(file, seen, encode=encode)
        facts = facts_of(seen, made.width, made.height)
        facts |= tasks.understand(made.poster, facts)
        return with_copies(facts, made.copies, made.poster if encode else None)
    heard = sound.render(file, seen, encode=encode)
    picture = sound.drawn(heard.peaks)
    facts = facts_of(seen, *picture.size) | {"peaks": heard.peaks}
    facts |= {name: value for name, value in tasks.understand(picture, facts).items() if name in {"placeholder", "colours"}}
    return with_copies(facts, [Copy(0, 0, "audio/mp4", heard.data, "audio")] if encode else [], picture if encode else None)


def with_copies(facts: dict[str, Any], copies: list[Copy], still: Any) -> Answer:
    """The answer, with the still at every size where one is wanted."""
    if still is not None:
        copies = [*renditions.render(still, renditions.sizes(*still.size)), *copies]
    return facts | {"renditions": [copy.facts() for copy in copies]}, [copy.data for copy in copies]


TASKS: dict[str, Task] = {"check": check, "measure": measure, "render": render}

if __name__ == "__main__":
    warm.main(TASKS, sys.argv[1:])
