"""Commands that run: a killed parent takes its children with it, so that no orphan keeps the port or the jobs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.processes import environment_of, free_port, until
from ugc.runtime import Runtime


@pytest.mark.parametrize(("command", "least"), [("serve", 4), ("worker", 2)])
def test_nothing_outlives_a_killed_parent(live: Runtime, command: str, least: int) -> None:
    """Supervisor, server, its web process and the interpreter's own tracker; or supervisor and worker."""
    options = ["--port", str(free_port())] if command == "serve" else []
    with subprocess.Popen(
        [sys.executable, "-m", "ugc.cli", command, *options], cwd=ROOT, env=environment_of(live), stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as parent:  # fmt: skip
        try:
            until(lambda: parent.poll() is not None or len(members(parent.pid)) >= least)
            parent.kill()
            until(lambda: members(parent.pid) == [])
        finally:
            for pid in members(parent.pid):
                os.kill(pid, signal.SIGKILL)


def members(session: int) -> list[int]:
    """The processes of a session that still run."""
    return [pid for pid, facts in stats().items() if int(facts[3]) == session and facts[0] != "Z"]


def stats() -> dict[int, list[str]]:
    """What the kernel says of each process: state, parent, group, session and so on."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = path.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
