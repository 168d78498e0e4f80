"""The parts of `ugc demo`: one that is killed is started again, all end by a signal with nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.processes import until
from ugc.cli.demo import Group, NotServing
from ugc.settings import Settings

WAIT_SECONDS = 60
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


class Parts(Group):
    """The group over harmless programs instead of web and worker; ready as soon as they run."""

    def __init__(self, commands: dict[str, Sequence[str]]) -> None:
        super().__init__(Settings(), 1)
        self.commands = commands

    def wait_until_ready(self) -> None:
        """There is nothing to wait for."""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_part_that_dies_is_started_again_and_both_end_with_the_group(how: signal.Signals) -> None:
    script = (
        "import sys; from tests.cli.test_demo import Parts, SLEEPER\n"
        "group = Parts({'web': SLEEPER, 'worker': SLEEPER})\n"
        "say = lambda: print(*[group.children[name].pid for name in ('web', 'worker')], flush=True)\n"
        "again = group.start\n"
        "def start(name):\n    again(name)\n    len(group.children) == 2 and say()\n"
        "group.start = start\n"
        "sys.exit(group.run(lambda: None))"
    )
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as group:
        try:
            assert group.stdout is not None
            web, worker = (int(part) for part in group.stdout.readline().split())
            os.kill(web, signal.SIGKILL)
            again, same = (int(part) for part in group.stdout.readline().split())
            assert (again != web, same == worker) == (True, True)
            group.send_signal(how)
            assert group.wait(timeout=WAIT_SECONDS) == (0 if how == signal.SIGTERM else -how)
            until(lambda: not alive(again) and not alive(worker))
        finally:
            end(group)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for somebody to ask does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def end(group: subprocess.Popen[str]) -> None:
    """Nothing outlives the test."""
    try:
        os.killpg(group.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def test_a_web_part_that_can_not_start_is_said_so() -> None:
    group = Group(Settings(), 1)
    group.commands = {"web": [sys.executable, "-c", "raise SystemExit(3)"], "worker": SLEEPER}
    with pytest.raises(NotServing):
        group.run(lambda: None)
    assert all(child.poll() is not None for child in group.children.values())
