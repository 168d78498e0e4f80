"""Programs of ours as they run for real, each in a process of its own, and waiting for them: plain functions."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from tests.conftest import ROOT
from ugc.kit.supervisor import end_with_parent
from ugc.runtime import Runtime

# Longer than anything takes on a machine that does ten other things; only what never comes is given up.
PATIENCE = 60
numbers = count()


def until(reached: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for a condition; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it did not come to this"
        time.sleep(0.02)


def environment_of(runtime: Runtime) -> dict[str, str]:
    """What a process needs to work on this runtime's database and folder, and nothing of our own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("UGC_", "PROMETHEUS_"))} | {
        "UGC_DATA_DIR": str(runtime.settings.data_dir),
        "UGC_DATABASE_URL": runtime.database_url,
        "UGC_SECRET_KEY": runtime.secret,
    }


@contextmanager
def worker_process(runtime: Runtime) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process of the tests' jobs, killed at the end."""
    command = [sys.executable, "-m", "tests.worker_process"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment_of(runtime), stderr=subprocess.DEVNULL, preexec_fn=end_with_parent
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def free_port() -> int:
    """A port that nobody listens on; not one that the kernel gives away to outgoing connections, so that it stays free."""
    while True:
        port = 20_000 + (os.getpid() * 97 + next(numbers)) % 12_000
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A short folder that the embedded database's user can pass through, as pytest's own are not; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="ugc-", dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)
