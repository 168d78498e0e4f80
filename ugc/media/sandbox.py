"""One limited child process per file, forked by a warm parent that holds no secrets (decision 0011). Callers see results only.

`check`, `inspect` and `render` take a path or an open file and return an Inspection or raise a Refusal. A child that is
killed, hangs or runs out of memory is a refused file; a warm parent that died is started again.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from ugc.kit.errors import Unavailable
from ugc.media import credentials, playing, rules
from ugc.media.child import container
from ugc.media.child.limits import CPU_SECONDS, Isolation
from ugc.media.rules import Inspection

PROGRAM = Path(__file__).with_name("child") / "warm.py"
FILMS = Path(__file__).with_name("child") / "films.py"
CREDENTIALS = Path(__file__).with_name("child") / "credentials.py"
# Processor time is limited to 10 s by the kernel; the clock ends what waits, with room for a busy machine.
SECONDS = 30.0
# A warm parent that has not reported this long after a child's deadline hangs itself.
GRACE_SECONDS = 5.0
# More children than processors only take memory from each other.
AT_ONCE = max(2, min(4, os.cpu_count() or 2))
QUEUE_SECONDS = 60.0
# Videos come seldom, and a warm parent that waits for one takes some 28 MB: after so many milliseconds it ends.
IDLE = ("--idle=300000",)
MAX_HEAD = 64 * 1024
# Eight renditions of a picture are below 3 MB together; more than this is no rendition of ours.
MAX_ANSWER = 32 * 1024**2
# One thread in the warm parent: BLAS would start its own, which a fork leaves behind half alive. Memory in large pages that is
# given out again rather than back: a child lives for a tenth of a second, much of which would be page faults.
TUNABLES = {"hugetlb": 1, "mmap_threshold": 32 << 20, "trim_threshold": 512 << 20, "top_pad": 16 << 20}
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
    "GLIBC_TUNABLES": ":".join(f"glibc.malloc.{name}={value}" for name, value in TUNABLES.items()),
}


class SandboxUnavailable(Unavailable):
    """Pictures can't be decoded now; try again shortly."""


class ParentLost(Exception):
    """The warm parent died before it could report; the file is not to blame."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A child's answer and how it ended."""

    answer: bytes
    signal: int
    exit: int
    timed_out: bool
    peak_kb: int
    cpu_seconds: float


@dataclass(slots=True)
class Warm:
    """A running warm parent."""

    process: subprocess.Popen[bytes]
    control: socket.socket

    def end(self) -> None:
        """Close its socket, which ends it; kill it if that does not."""
        self.control.close()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Sandbox:
    """A warm parent, started when first needed, and the count of children at a time. Threads may share it."""

    program: Path = PROGRAM
    arguments: tuple[str, ...] = ()
    at_once: int = AT_ONCE
    seconds: float = SECONDS
    cpu_seconds: int = CPU_SECONDS
    max_answer: int = MAX_ANSWER
    queue_seconds: float = QUEUE_SECONDS
    _warm: Warm | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _slots: threading.BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = threading.BoundedSemaphore(self.at_once)

    def run(self, task: str, file: BinaryIO, **options: Any) -> Outcome:
        """One task on one open file in a child of its own; tried once more if the warm parent dies under it."""
        if not self._slots.acquire(timeout=self.queue_seconds):
            raise SandboxUnavailable()
        try:
            with contextlib.suppress(ParentLost):
                return self._run_once(task, file, options)
            with contextlib.suppress(ParentLost):
                return self._run_once(task, file, options)
            raise SandboxUnavailable()
        finally:
            self._slots.release()

    def close(self) -> None:
        """End the warm parent; the next run starts another."""
        with self._lock:
            warm, self._warm = self._warm, None
        if warm:
            warm.end()

    @property
    def process_id(self) -> int:
        """The warm parent's, started if it is not running."""
        return self._ensure().process.pid

    def _ensure(self) -> Warm:
        with self._lock:
            if self._warm is None or self._warm.process.poll() is not None:
                if self._warm:
                    self._warm.end()
                self._warm = start(self.program, self.arguments)
            return self._warm

    def _forget(self, warm: Warm) -> None:
        with self._lock:
            if self._warm is not warm:
                return
            self._warm = None
        warm.process.kill()
        warm.end()

    def _run_once(self, task: str, file: BinaryIO, options: dict[str, Any]) -> Outcome:
        warm = self._ensure()
        request = json.dumps({"task": task, "options": options, "seconds": self.seconds, "cpu_seconds": self.cpu_seconds}).encode()
        output, output_end = os.pipe()
        status, status_end = os.pipe()
        try:
            try:
                socket.send_fds(warm.control, [request], [file.fileno(), output_end, status_end])
            finally:
                os.close(output_end)
                os.close(status_end)
            return listen(output, status, time.monotonic() + self.seconds + GRACE_SECONDS, self.max_answer)
        except (OSError, ParentLost) as cause:
            self._forget(warm)
            raise ParentLost from cause
        finally:
            os.close(output)
            os.close(status)


def start(program: Path, arguments: tuple[str, ...]) -> Warm:
    """Start a warm parent: isolated Python, empty environment, one socket, no other descriptor of ours."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", str(program), *arguments],
            stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=ENVIRONMENT, cwd="/", close_fds=True, start_new_session=True,
        )  # fmt: skip
    return Warm(process, ours)


def listen(output: int, status: int, deadline: float, most: int) -> Outcome:
    """Read the child's answer until the warm parent reports its end; raises ParentLost when no report comes."""
    answer, report = bytearray(), b""
    os.set_blocking(output, False)
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        selector.register(status, selectors.EVENT_READ)
        while not report:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise ParentLost
            for key, _ in ready:
                if key.fd == status:
                    report = os.read(status, 4096)
                    if not report:
                        raise ParentLost
                elif not drain(output, answer, most):
                    selector.unregister(output)
    drain(output, answer, most)
    facts = json.loads(report)
    return Outcome(bytes(answer), facts["signal"], facts["exit"], facts["timed_out"], facts["peak_kb"], facts["cpu_seconds"])


def drain(output: int, answer: bytearray, most: int = MAX_ANSWER) -> bool:
    """Take what the pipe holds now; False at its end. Past the bound the rest is thrown away, and the answer is no answer."""
    with contextlib.suppress(BlockingIOError):
        while chunk := os.read(output, 1 << 16):
            if len(answer) <= most:
                answer += chunk
        return False
    return True


def read_answer(outcome: Outcome, most: int = MAX_ANSWER) -> tuple[dict[str, Any], list[bytes]]:
    """The facts and blobs of a child that ended well; raises the refusal that its end stands for."""
    if outcome.timed_out or outcome.signal in {9, 24} or outcome.exit == 71:
        raise rules.TooCostly()  # killed by the clock, by the kernel for memory or by SIGXCPU
    if outcome.signal or outcome.exit or len(outcome.answer) < 4 or len(outcome.answer) > most:
        raise rules.DecoderCrashed()
    try:
        (length,) = struct.unpack_from(">I", outcome.answer)
        facts = json.loads(outcome.answer[4 : 4 + min(length, MAX_HEAD)])
        if "refused" in facts:
            raise rules.refusal_of(facts["refused"], facts["facts"])
        return facts, list(split(outcome.answer, 4 + length, facts["sizes"]))
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as cause:
        raise rules.DecoderCrashed() from cause


def split(data: bytes, place: int, sizes: list[int]) -> Iterator[bytes]:
    """The blobs that follow the head, which must be all there."""
    if any(not isinstance(size, int) or size < 0 for size in sizes) or place + sum(sizes) != len(data):
        raise ValueError("blobs are missing")
    for size in sizes:
        yield data[place : place + size]
        place += size


def film_sandboxes() -> dict[str, Sandbox]:
    """Those for what plays, by task: a check, which a request waits for, never waits for a job of minutes (decision 0090)."""
    quick = Sandbox(FILMS, IDLE, at_once=2, seconds=60.0, cpu_seconds=30)
    thorough = Sandbox(FILMS, IDLE, at_once=1, seconds=1200.0, cpu_seconds=400, max_answer=96 * 1024**2, queue_seconds=1200.0)
    return {"check": quick, "measure": thorough, "render": thorough}


SHARED = Sandbox()
"""This process's own; a forked process starts its own."""
PLAYING = film_sandboxes()
DECLARING = Sandbox(CREDENTIALS, IDLE, at_once=2)
_inherited: list[object] = []


def start_afresh() -> None:
    """After a fork: leave the other process's warm parents alone."""
    global SHARED, PLAYING, DECLARING
    _inherited.extend((SHARED, PLAYING, DECLARING))  # kept, since their end would disturb the process that they belong to
    SHARED, PLAYING, DECLARING = Sandbox(), film_sandboxes(), Sandbox(CREDENTIALS, IDLE, at_once=2)


os.register_at_fork(after_in_child=start_afresh)


@atexit.register
def close() -> None:
    """End this process's warm parents."""
    for each in (SHARED, DECLARING, *PLAYING.values()):
        each.close()


def check(source: Path | BinaryIO, *, heic: bool = True, max_seconds: int = playing.MAX_SECONDS) -> Inspection:
    """Decode every pixel and keep none: format, upright size, frames. Of what plays key frames and sound are decoded."""
    return ask("check", source, heic=heic, max_seconds=max_seconds)


def inspect(source: Path | BinaryIO, *, heic: bool = True, max_seconds: int = playing.MAX_SECONDS) -> Inspection:
    """Also hash, placeholder, colours and measures."""
    return ask("measure", source, heic=heic, max_seconds=max_seconds)


def render(source: Path | BinaryIO, *, heic: bool = True, max_seconds: int = playing.MAX_SECONDS) -> Inspection:
    """Also the renditions."""
    return ask("render", source, heic=heic, max_seconds=max_seconds)


def refine(source: Path | BinaryIO, *, heic: bool = True) -> Inspection:
    """The further copies of a picture that the public sees."""
    return ask("refine", source, heic=heic)


def ask(task: str, source: Path | BinaryIO, sandbox: Sandbox | None = None, **options: Any) -> Inspection:
    """One task on one file, its answer checked."""
    if isinstance(source, Path):
        with open(source, "rb") as file:
            return ask(task, file, sandbox, **options)
    if sandbox is None and plays(source):
        return ask_film(PLAYING[task], task, source, options)
    outcome = (sandbox or SHARED).run(task, source, **options)
    found = rules.read_inspection(*read_answer(outcome))
    return replace(found, peak_kb=outcome.peak_kb, cpu_seconds=outcome.cpu_seconds)


def plays(source: BinaryIO) -> bool:
    """Whether the first bytes are a video's or recording's; they choose the sandbox, which looks again."""
    # Not by `read`: what a buffer has taken from the descriptor the child would not see.
    return bool(container.name_container(os.pread(source.fileno(), container.HEAD_BYTES, 0)))


def ask_film(sandbox: Sandbox, task: str, source: BinaryIO, options: dict[str, Any]) -> Inspection:
    """One task on what plays; raises VideoNotInstalled where the decoder is not there."""
    if not playing.is_installed():
        raise rules.VideoNotInstalled(accepted=rules.ACCEPTED)
    outcome = sandbox.run(task, source, **options)
    found = playing.read_playing(*read_answer(outcome, sandbox.max_answer))
    return replace(found, peak_kb=outcome.peak_kb, cpu_seconds=outcome.cpu_seconds)


def read_credentials(source: BinaryIO, format: str) -> dict[str, Any]:
    """What a file declares of its own origin, as it is stored; empty where its format can't. Raises a Refusal."""
    if format not in credentials.TYPES:
        return {}
    return credentials.read_declared(read_answer(DECLARING.run("credentials", source, type=credentials.TYPES[format]))[0])


def isolation(sandbox: Sandbox | None = None) -> Isolation:
    """What keeps a child in, as a child reports it; `ugc check` shows it."""
    with open(os.devnull, "rb") as nothing:
        facts, _ = read_answer((sandbox or SHARED).run("isolation", nothing))
    return Isolation(**facts["isolation"])
