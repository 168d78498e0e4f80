"""Nothing acknowledged is lost when web or worker processes are killed: `kill -9` at moments drawn by a seeded chance."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import signal
import threading
import time
from http.client import HTTPException

import pytest
from PIL import Image
from sqlalchemy import func, select, text

from tests import make
from tests.processes import until, worker_process
from tests.reliability.server import get, serving, upload, web_processes
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import KeyKind
from ugc.kit import clock
from ugc.library import actions as library_actions
from ugc.library import rules as library_rules
from ugc.library.models import Item, ItemMedia, Kind
from ugc.media import actions as media_actions
from ugc.media.models import File, FileState
from ugc.runtime import Runtime

SEED = 20261121


def picture(number: int) -> bytes:
    """A JPEG that no other number has."""
    chance = random.Random(number)
    file = io.BytesIO()
    Image.frombytes("RGB", (48, 32), chance.randbytes(48 * 32 * 3)).save(file, "JPEG")
    return file.getvalue()


def check_files(runtime: Runtime) -> None:
    """No row without its file, and each file is what its row says."""
    with runtime.transaction() as session:
        for file in session.scalars(select(File)):
            assert hashlib.sha256(runtime.storage.read(file.storage_key)).hexdigest() == file.sha256


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [pytest.param(3, id="sample"), pytest.param(150, id="full", marks=pytest.mark.long)])
def test_no_acknowledged_upload_is_lost_when_the_web_process_is_killed(live: Runtime, kills: int) -> None:
    """F-01, F-03"""
    with live.transaction() as session:
        token = accounts_actions.add_key(session, make.brand(session), KeyKind.SECRET, seal_key=b"")[1]
    acknowledged: dict[int, int] = {}
    stop = threading.Event()

    def send() -> None:
        """Pictures one after the other; what was not answered is sent again under its key."""
        number = 0
        while not stop.is_set():
            try:
                status, body = upload(port, token, picture(number), f"key-{number}")
            except (OSError, HTTPException):
                time.sleep(0.05)
                continue
            if status in (200, 201):
                acknowledged[number] = json.loads(body)["id"]
                number += 1
            else:
                assert status == 503, body

    chance = random.Random(SEED)
    with serving(live) as (server, port):
        sender = threading.Thread(target=send)
        sender.start()
        try:
            for _ in range(kills):
                before = len(acknowledged)
                until(lambda before=before: len(acknowledged) > before and web_processes(server.pid) != [])  # type: ignore[misc]
                time.sleep(chance.uniform(0, 0.15))  # the moment of the kill, not a wait for something
                os.kill(web_processes(server.pid)[0], signal.SIGKILL)
            until(lambda: get(port, "/readyz") == 200)
        finally:
            stop.set()
            sender.join()
    assert len(acknowledged) >= kills
    with live.transaction() as session:
        stored = set(session.scalars(select(Item.id)))
        assert set(acknowledged.values()) <= stored
        assert len(set(acknowledged.values())) == len(acknowledged)
        # One more may have been stored without its answer having come through; none is stored twice.
        assert len(stored) <= len(acknowledged) + 1
        files = session.scalar(select(func.count()).select_from(File))
        jobs = session.scalar(text("select count(*) from procrastinate_jobs where task_name = 'media.make_renditions'"))
        assert files == jobs == len(stored)
    check_files(live)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [pytest.param(2, id="sample"), pytest.param(40, id="full", marks=pytest.mark.long)])
def test_every_picture_is_finished_once_though_workers_are_killed(live: Runtime, kills: int) -> None:
    """F-04"""
    count = 12 * kills
    with live.transaction() as session:
        brand = make.brand(session)
        for number in range(count):
            with media_actions.receive(live, io.BytesIO(picture(number)), f"{number}.jpg") as received:
                file, _ = media_actions.keep(live, session, brand.id, received)
                data = library_rules.ItemData(kind=Kind.PHOTO, external_id=str(number))
                library_actions.add_item(session, brand.id, data, files=[file], actor="system", now=clock.now())
    chance = random.Random(SEED)

    def done() -> int:
        with live.transaction() as session:
            return session.scalar(select(func.count()).where(File.state == FileState.READY)) or 0

    for _ in range(kills):
        with worker_process(live) as process:
            before = done()
            until(lambda before=before: done() > before or done() == count)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.3))  # the moment of the kill
            process.kill()
            process.wait()
    with worker_process(live):
        until(lambda: unfinished(live) == 0, 300)
    assert done() == count
    check_files(live)
    with live.transaction() as session:
        dead = session.scalars(text("select task_name from procrastinate_jobs where status = 'failed'")).all()
        assert dead == []
        assert session.scalar(select(func.count()).select_from(ItemMedia)) == count
        for file in session.scalars(select(File)):
            for rendition in file.renditions:
                assert live.storage.size(f"renditions/{file.public_name}/{rendition.name}") == rendition.size


def unfinished(live: Runtime) -> int:
    with live.transaction() as session:
        return session.scalar(text("select count(*) from procrastinate_jobs where status in ('todo', 'doing')")) or 0
