"""Uploads while the web process dies at a system call: `strace` kills it on entering the k-th write, fsync, rename, send, … ."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

import pytest
from sqlalchemy import func, select, text

from tests import make
from tests.processes import until
from tests.reliability.server import get, serving, upload, web_processes
from tests.reliability.test_killed import SEED, check_files, picture
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import KeyKind
from ugc.library.models import Item
from ugc.media.models import File
from ugc.runtime import Runtime

# What an upload does to files and to the database's socket; the highest number is above what one upload needs of most of them.
CALLS = ("write", "fsync", "rename", "openat", "close", "sendto", "recvfrom", "poll")
HIGHEST = 24


@contextmanager
def killing(process: int, call: str, number: int) -> Iterator[None]:
    """While this lasts, a thread of the process that begins its `number`-th such call takes the whole process with it."""
    command = ["strace", "-f", "-o", "/dev/null", "-p", str(process), "-e", f"inject={call}:signal=SIGKILL:when={number}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace can't watch other processes here: {said.strip()}")
        try:
            yield
        finally:
            # Asked politely it may wait for a thread that will never be seen again, and with it the dead process's parent.
            tracer.kill()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: kills at system calls were not tried")
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kills", [pytest.param(3, id="sample"), pytest.param(500, id="full", marks=pytest.mark.long)])
def test_no_acknowledged_upload_is_lost_when_the_web_process_dies_at_a_system_call(live: Runtime, kills: int) -> None:
    """F-01: the row comes after the file, the answer after the commit; what was not answered is sent again under its key."""
    with live.transaction() as session:
        token = accounts_actions.add_key(session, make.brand(session), KeyKind.SECRET, seal_key=b"")[1]
    chance = random.Random(SEED)
    acknowledged: list[int] = []
    killed = 0

    def send() -> int | None:
        """The item's id, or None when no answer came."""
        number = len(acknowledged)
        try:
            status, body = upload(port, token, picture(number), f"key-{number}")
        except (OSError, HTTPException):
            return None
        assert status in (200, 201, 503), body
        return json.loads(body)["id"] if status != 503 else None

    with serving(live) as (server, port):
        while killed < kills:
            assert len(acknowledged) < 10 * kills, "hardly any of these calls is made"
            until(lambda: get(port, "/readyz") == 200 and len(web_processes(server.pid)) == 1)
            [process] = web_processes(server.pid)
            with killing(process, chance.choice(CALLS), chance.randint(1, HIGHEST)):
                made = send()
            killed += process not in web_processes(server.pid)
            while made is None:
                until(lambda: get(port, "/readyz") == 200)
                made = send()
            acknowledged.append(made)
    with live.transaction() as session:
        assert sorted(session.scalars(select(Item.id))) == sorted(acknowledged)
        files = session.scalar(select(func.count()).select_from(File))
        jobs = session.scalar(text("select count(*) from procrastinate_jobs where task_name = 'media.make_renditions'"))
    assert files == jobs == len(acknowledged)
    check_files(live)
