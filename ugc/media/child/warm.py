"""The warm parent: a small program that holds no secrets, has everything imported, and forks one limited child per file.

Started by `ugc.media.sandbox` as `python -I warm.py` with an empty environment and one socket as its standard input. A
message on it is JSON `{task, options, seconds, cpu_seconds}` with three descriptors: input, output, status. The child answers
on the output; when it has ended, however it ended, the parent writes how on the status pipe. End of the socket ends the program.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

if __name__ == "__main__":
    # With -I there is no current folder on the path; the package lies three folders up, in a checkout and in a wheel.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

from ugc.media.child import limits
from ugc.media.child.refusal import Refused

MAX_REQUEST = 4096
Answer = tuple[dict[str, Any], list[bytes]]
Task = Callable[[BinaryIO, dict[str, Any]], Answer]


@dataclass(slots=True)
class Child:
    """A running child and what its end is told to."""

    pid: int
    status: int
    deadline: float
    killed: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """What every child is given: tasks by name and the ways in which it is kept in."""

    tasks: Mapping[str, Task]
    namespace: bool
    user: int | None
    root: int | None
    with_filter: bool
    idle: int | None


def main(tasks: Mapping[str, Task], arguments: list[str]) -> None:
    """Prepare what children share, then serve until the caller is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, whose end closes the socket
    control = socket.socket(fileno=os.dup(0))
    is_root = os.geteuid() == 0
    post = Post(
        tasks={**tasks, "isolation": lambda file, options: ({}, [])},
        namespace="--no-namespace" not in arguments and limits.leave_network(),
        user=limits.unlisted_user() if is_root else None,
        root=limits.empty_root() if is_root else None,
        with_filter="--no-filter" not in arguments,
        idle=next((int(each.removeprefix("--idle=")) for each in arguments if each.startswith("--idle=")), None),
    )
    gc.collect()
    gc.freeze()  # a collection in the child would touch, and so copy, every page
    serve(control, post)


def serve(control: socket.socket, post: Post) -> None:
    """Take requests, start children, see to their ends and their deadlines."""
    children: dict[int, Child] = {}
    poller = select.poll()
    poller.register(control, select.POLLIN)
    while True:
        ready = poller.poll(milliseconds_left(children) if children else post.idle)
        if not ready and not children:
            return
        for handle, _ in ready:
            if handle == control.fileno():
                if not take_request(control, post, children, poller):
                    end_all(children)
                    return
            else:
                poller.unregister(handle)
                bury(handle, children.pop(handle))
        for child in children.values():
            if not child.killed and time.monotonic() >= child.deadline:
                child.killed = True
                os.kill(child.pid, signal.SIGKILL)


def milliseconds_left(children: dict[int, Child]) -> int | None:
    """Until the next deadline; None if nothing waits for one."""
    deadlines = [child.deadline for child in children.values() if not child.killed]
    return max(0, int((min(deadlines) - time.monotonic()) * 1000) + 1) if deadlines else None


def take_request(control: socket.socket, post: Post, children: dict[int, Child], poller: select.poll) -> bool:
    """Fork for one request; False when the caller is gone."""
    message, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 3)
    if not message:
        return False
    request = json.loads(message)
    source, output, status = descriptors
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        run_child(parent, source, output, post, request)
    os.close(source)
    os.close(output)
    handle = os.pidfd_open(pid)
    children[handle] = Child(pid, status, time.monotonic() + request["seconds"])
    poller.register(handle, select.POLLIN)
    return True


def bury(handle: int, child: Child) -> None:
    """Reap an ended child and say how it ended."""
    _, status, usage = os.wait4(child.pid, 0)
    os.close(handle)
    report = {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
        "timed_out": child.killed,
        "peak_kb": usage.ru_maxrss,
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 4),
    }
    with contextlib.suppress(OSError):  # a caller that is gone needs no report
        os.write(child.status, json.dumps(report).encode())
    os.close(child.status)


def end_all(children: dict[int, Child]) -> None:
    """The caller is gone: nobody would read the answers."""
    for child in children.values():
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)


def run_child(parent: int, source: int, output: int, post: Post, request: dict[str, Any]) -> None:
    """The forked child's whole life; never returns."""
    code = 70
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for place, descriptor in enumerate((source, output, nowhere)):
            os.dup2(descriptor, place)
        isolation = limits.enter(
            parent, namespace=post.namespace, user=post.user, root=post.root, with_filter=post.with_filter,
            cpu_seconds=request["cpu_seconds"],
        )  # fmt: skip
        with open(0, "rb", closefd=False) as file:
            send(*answer(post.tasks[request["task"]], file, request["options"], isolation))
        code = 0
    except MemoryError:
        code = 71
    finally:
        os._exit(code)


def answer(task: Task, file: BinaryIO, options: dict[str, Any], isolation: limits.Isolation) -> Answer:
    """The task's answer, or its refusal as one."""
    try:
        facts, blobs = task(file, options)
    except Refused as refused:
        facts, blobs = {"refused": refused.code, "facts": refused.facts}, []
    except MemoryError:
        facts, blobs = {"refused": "too_costly", "facts": {}}, []
    return facts | {"isolation": isolation.as_dict(), "sizes": [len(blob) for blob in blobs]}, blobs


def send(facts: dict[str, Any], blobs: list[bytes]) -> None:
    """Length, JSON, then the blobs one after the other."""
    head = json.dumps(facts).encode()
    for part in (struct.pack(">I", len(head)), head, *blobs):
        view = memoryview(part)
        while view:
            view = view[os.write(1, view) :]


if __name__ == "__main__":
    from ugc.media.child.tasks import TASKS, warm_up

    warm_up()
    main(TASKS, sys.argv[1:])
