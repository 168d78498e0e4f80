"""No code of ours opens a connection but where the house allows it: a hook below every library, on in every test (T-37)."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

OURS = str(Path(__file__).resolve().parents[1] / "ugc") + "/"
EVENTS = {"socket.connect", "socket.getaddrinfo", "socket.sendto"}
# The fetcher, clients that know only the addresses of the settings, and the demo that asks its own child.
WAYS_OUT = tuple(OURS + each for each in ("kit/http/dialling.py", "kit/storage/s3.py", "kit/mail.py", "cli/demo.py"))


class WayAround(AssertionError):
    """Our code connected past the fetcher."""


def install() -> None:
    """From now on such a connection fails. An audit hook can't be taken out, nor gone around from Python."""
    sys.addaudithook(watch)


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Judge one event by the nearest of our files on the stack; code without any of ours is a test's."""
    if event not in EVENTS or (event != "socket.getaddrinfo" and is_local(arguments)):
        return
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(OURS):
            if not name.startswith(WAYS_OUT):
                raise WayAround(f"{name.removeprefix(OURS)} connects past the fetcher: {arguments[1:]}")
            return
        frame = frame.f_back


def is_local(arguments: tuple[Any, ...]) -> bool:
    """Whether the address is a path: a socket between processes of this machine."""
    return not isinstance(arguments[1], tuple)
