"""A warm parent whose tasks are attacks: what a decoder that was taken over would try (T-16). Run as a program by the tests."""

from __future__ import annotations

import ctypes
import encodings.idna  # a child could not import what a host's name needs, and would fail for the wrong reason
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from ugc.media.child import seccomp, warm
from ugc.media.child.warm import Answer

GRANT_NO_NEW_PRIVS = 39
NEEDED = (encodings.idna,)


def connect(options: dict[str, Any]) -> str:
    """Talk to a port of this machine."""
    with socket.create_connection(("127.0.0.1", options["port"]), timeout=2):
        return "connected"


def knock(options: dict[str, Any]) -> str:
    """Talk to a server by its socket file, as the embedded database has one."""
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(options["path"])
        return "connected"


def send_datagram(options: dict[str, Any]) -> str:
    """Leave by UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.sendto(b"out", ("127.0.0.1", options["port"]))
        return "sent"


def read(options: dict[str, Any]) -> str:
    """Read a file."""
    with open(options["path"], "rb") as file:
        return f"read {len(file.read())}"


def write(options: dict[str, Any]) -> str:
    """Leave a file behind."""
    with open(options["path"], "wb") as file:
        return f"wrote {file.write(b'x')}"


def read_parents(options: dict[str, Any]) -> str:
    """The parent's environment, and its parent's."""
    for number in (os.getppid(), options["pid"]):
        with open(f"/proc/{number}/environ", "rb") as file:
            if content := file.read():
                return f"read {content[:40]!r}"
    raise PermissionError("nothing")


def fork_bomb(options: dict[str, Any]) -> str:
    """Multiply."""
    for _ in range(8):
        if os.fork() == 0:
            os._exit(0)
    return "forked"


def kill_parent(options: dict[str, Any]) -> str:
    """End the caller."""
    os.kill(options["pid"], 9)
    return "killed"


def become_root(options: dict[str, Any]) -> str:
    """Take rights back."""
    os.setresuid(0, 0, 0)
    return "root"


def gain(options: dict[str, Any]) -> str:
    """Whether something started from here could gain rights; refused when it could not."""
    if seccomp.LIBC.prctl(GRANT_NO_NEW_PRIVS, 0, 0, 0, 0) == 0:
        return "may gain"
    raise PermissionError("may not, or may not ask")


def allocate(options: dict[str, Any]) -> str:
    """Two gigabytes, touched."""
    return f"got {len(bytearray(2 * 1024**3))}"


def list_descriptors(options: dict[str, Any]) -> str:
    """What is open besides input, output and nowhere."""
    still = []
    for number in range(3, 64):
        try:
            os.fstat(number)
        except OSError:
            continue
        still.append(number)
    if still:
        return f"open: {still}"
    raise PermissionError("nothing else is open")


def look_around(options: dict[str, Any]) -> str:
    """The environment that came along."""
    known = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONUTF8", "GLIBC_TUNABLES", "LC_CTYPE"}
    if extra := sorted(set(os.environ) - known):
        return f"environment: {extra}"
    raise PermissionError("the environment is empty")


TRIED: dict[str, Callable[[dict[str, Any]], str]] = {
    each.__name__: each
    for each in (
        connect, knock, send_datagram, read, write, read_parents, fork_bomb, kill_parent, become_root, gain, allocate,
        list_descriptors, look_around,
    )
}  # fmt: skip


def attempt(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Try one; the answer says what came of it."""
    try:
        return {"outcome": TRIED[options["attack"]](options), "failed": False}, []
    except (OSError, MemoryError) as error:
        return {"outcome": type(error).__name__, "failed": True}, []


def spin(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Use the processor for ever."""
    while True:
        pass


def sleep(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Wait for ever without using the processor, by reading what never comes or, where that ends, by looping slowly."""
    while True:
        time.sleep(3600)


def crash(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Read address 0."""
    ctypes.string_at(0)
    raise AssertionError


def swell(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Take memory until there is none, and don't catch it."""
    held = []
    while True:
        held.append(bytearray(64 * 1024**2))


def raise_error(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """A fault of the decoder's own."""
    raise RuntimeError("a fault")


def flood(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Answer without end, until the limits say no."""
    return {}, [bytes(1024**2)] * 40


def lie(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Answer as no decoder of ours would."""
    return {"format": "jpeg", "width": "<script>", "height": 1, "frames": 1}, []


def leak(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Pass something else off as a rendition."""
    facts = {
        "format": "jpeg",
        "width": 9,
        "height": 9,
        "frames": 1,
        "renditions": [{"width": 9, "height": 9, "type": "image/webp"}],
    }
    return facts, [b"<html>someone else's secret</html>"]


def echo(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """A task that does no harm."""
    return {"read": file.read().decode(), "modules": sorted(sys.modules)}, []


TASKS = {
    each.__name__: each for each in (attempt, spin, sleep, crash, swell, raise_error, flood, lie, leak, echo)
}  # fmt: skip

if __name__ == "__main__":
    warm.main(TASKS, sys.argv[1:])
