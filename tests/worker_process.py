"""A worker process for the tests, with jobs that die, wait, fail and leave a mark: `python -m tests.worker_process`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from ugc import worker
from ugc.galleries.actions import drop_changed
from ugc.kit import jobs, logs, working
from ugc.kit.jobs import job
from ugc.kit.postgres import exclusive
from ugc.runtime import Runtime, open_runtime
from ugc.settings import read_settings

QUICK = working.Pace(heartbeat=0.3, stalled=2.0, watch=0.2, poll=0.2, grace=0.5, backoff=0.05)


@job("tests.mark")
def mark(runtime: Runtime, *, brand_id: int, name: str) -> None:
    """Write the name into a file."""
    with exclusive(runtime.settings.data_dir / "marks.lock"), open(runtime.settings.data_dir / "marks", "a") as file:
        file.write(f"{name}\n")


@job("tests.wait")
def wait(runtime: Runtime, *, brand_id: int, name: str) -> None:
    """Say that it runs, and go on when `NAME.go` is there."""
    (runtime.settings.data_dir / f"{name}.runs").touch()
    until(runtime.settings.data_dir / f"{name}.go")
    mark(runtime, brand_id=brand_id, name=name)


@job("tests.die")
def die(runtime: Runtime, *, brand_id: int) -> None:
    """Kill the process that runs this."""
    mark(runtime, brand_id=brand_id, name="died")
    os.kill(os.getpid(), signal.SIGKILL)


@job("tests.fail", max_attempts=3)
def fail(runtime: Runtime, *, brand_id: int) -> None:
    """Fail until `fixed` is there."""
    mark(runtime, brand_id=brand_id, name="tried")
    if not (runtime.settings.data_dir / "fixed").exists():
        raise RuntimeError("it is broken")


@job("tests.do_all", max_attempts=2, gathers="item_ids")
def do_all(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Mark each thing; all fail where 13 is among them."""
    if 13 in item_ids:
        raise RuntimeError("13 is broken")
    for item_id in item_ids:
        mark(runtime, brand_id=brand_id, name=f"{brand_id}:{item_id}")


def until(path: Path) -> None:
    """Wait for a file, within the test's own time limit."""
    while not path.exists():
        time.sleep(0.01)


def marks(runtime: Runtime) -> list[str]:
    """What was written so far."""
    path = runtime.settings.data_dir / "marks"
    return path.read_text().split() if path.exists() else []


EVENTS = {"tests.happened": ["tests.mark", "tests.mark"], "tests.item_came": ["tests.do_all"]}
PLAN = working.Plan(jobs.REGISTERED, worker.AFTER | EVENTS, [])


def main() -> None:
    """Work until stopped, over the environment's settings."""
    logs.set_up("warning")
    runtime = open_runtime(read_settings(), after_commit=drop_changed, pool_size=8)
    sys.exit(0 if asyncio.run(working.work(runtime, PLAN, concurrency=3, pace=QUICK)) else 1)


if __name__ == "__main__":
    main()
