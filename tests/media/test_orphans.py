"""Files that no row knows are swept after a day, never younger ones; moving takes all, compared on both sides (F-01, I6)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from tests.processes import until
from tests.s3_server import S3Server
from ugc.kit import clock
from ugc.kit.storage.base import Storage
from ugc.kit.storage.local import LocalStorage
from ugc.kit.storage.s3 import S3Storage
from ugc.media import actions as media_actions
from ugc.media import jobs as media_jobs
from ugc.media import moving, orphans
from ugc.media.moving import Move, Moved, NotEmpty
from ugc.runtime import Runtime


def sweep_later(runtime: Runtime, hours: float) -> int:
    return orphans.sweep(runtime, now=clock.now() + timedelta(hours=hours))


def test_i6_what_no_row_knows_is_swept_after_a_day(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    file = make.file(session, brand)
    session.commit()
    kept = [file.storage_key, f"renditions/{file.public_name}/320.webp", "drafts/1/another-rooms", "marks/expired"]
    lost = [f"originals/{brand.id}/ab/{'ab' * 32}", f"renditions/{'0' * 32}/320.webp"]
    for key in (*kept, *lost):
        runtime.storage.put(key, b"x")
    assert sweep_later(runtime, 23.9) == 0
    assert orphans.sweep(runtime, now=clock.now() + timedelta(hours=25), dry_run=True) == 2
    assert sorted(runtime.storage.keys("")) == sorted(kept + lost)
    assert sweep_later(runtime, 24.1) == 2
    assert sorted(runtime.storage.keys("")) == sorted(kept)


def test_a_file_that_was_stored_again_since_it_was_listed_is_left_alone(runtime: Runtime) -> None:
    runtime.storage.put("originals/1/aa/x", b"x")
    assert not orphans.remove(runtime, "originals/1/aa/x", clock.now() - timedelta(seconds=9))
    assert orphans.remove(runtime, "originals/1/aa/x", clock.now() + timedelta(seconds=9))
    assert not orphans.remove(runtime, "originals/1/aa/x", clock.now() + timedelta(seconds=9))


def test_i6_bytes_that_are_kept_again_while_they_are_swept_stay(live: Runtime) -> None:
    """The sweep waits for whoever keeps the same bytes, and looks again."""
    key = f"originals/1/aa/{'ab' * 32}"
    live.storage.put(key, b"x")
    later = clock.now() + timedelta(days=2)
    with live.transaction() as session, ThreadPoolExecutor(1) as pool:
        media_actions.lock_original(session, key)
        swept = pool.submit(orphans.sweep, live, now=later)
        until(lambda: is_waiting(live))
        file = make.file(session, make.brand(session))
        file.storage_key = key
        session.commit()
        assert swept.result(20) == 0
    assert live.storage.exists(key)


def is_waiting(runtime: Runtime) -> bool:
    """Whether somebody waits for an advisory lock."""
    with runtime.sessions() as session:
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (" + OWN + ")"
        return bool(session.scalar(text(waiting)))


OWN = "select oid from pg_database where datname = current_database()"


def test_renditions_that_a_job_has_yet_to_rename_are_left_to_it(runtime: Runtime, session: Session) -> None:
    file = make.file(session, make.brand(session))
    old = file.public_name
    runtime.storage.put(f"renditions/{old}/captions-en.vtt", b"WEBVTT")  # what could not be made again
    media_actions.hide(runtime, session, file)
    session.commit()
    assert sweep_later(runtime, 25) == 0
    media_jobs.hide_file(runtime, brand_id=file.brand_id, file_id=file.id, old_name=old, new_name=file.public_name)
    session.execute(text("delete from procrastinate_jobs"))
    session.commit()
    assert list(runtime.storage.keys("renditions/")) == [f"renditions/{file.public_name}/captions-en.vtt"]
    runtime.storage.put(f"renditions/{old}/320.webp", b"left under the old name")
    assert sweep_later(runtime, 25) == 1


def test_the_sweep_knows_a_buckets_times(runtime: Runtime, s3: S3Server, tmp_path: Path) -> None:
    """A listing and a single question may give one time in different precision."""
    bucket = replace(runtime, storage=S3Storage(s3.shared, s3.place(), LocalStorage(tmp_path / "desk")))
    bucket.storage.put("originals/1/aa/x", b"x")
    assert sweep_later(bucket, 23.9) == 0
    assert sweep_later(bucket, 24.1) == 1
    assert list(bucket.storage.keys("")) == []


@pytest.fixture(params=["local", "s3"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Where files shall lie."""
    if request.param == "local":
        return LocalStorage(tmp_path / "target")
    server: S3Server = request.getfixturevalue("s3")
    return S3Storage(server.shared, server.place(), LocalStorage(tmp_path / "desk"))


def run(runtime: Runtime, move: Move, now: datetime = make.NOON) -> Moved:
    return moving.run(runtime, move, now=now, progress=lambda done: None)


def test_everything_but_snapshots_moves_and_a_second_pass_has_nothing_to_do(runtime: Runtime, target: Storage) -> None:
    files = {f"originals/1/{number:02}/x": os.urandom(50_000) for number in range(7)} | {"marks/expired": b"then"}
    for key, data in (files | {"snapshots/acme/home.json": b"{}"}).items():
        runtime.storage.put(key, data)
    there = Move(runtime.storage, target, ("snapshots/",), is_last=False)
    assert (run(runtime, there).copied, run(runtime, there)) == (8, Moved(there=8))
    assert {key: target.read(key) for key in target.keys("") if key != moving.MARK} == files
    back = Move(target, LocalStorage(runtime.settings.data_dir / "back"), ("snapshots/",), is_last=False)
    assert run(runtime, back).copied == 8
    assert {key: back.target.read(key) for key in files} == files


def test_what_a_killed_pass_left_and_what_changed_since_is_set_right(runtime: Runtime, target: Storage) -> None:
    for name in "abc":
        runtime.storage.put(f"originals/1/{name}", name.encode())
    move = Move(runtime.storage, target, (), is_last=False)
    run(runtime, move)
    target.put("originals/1/a", b"another")  # as if a file had been replaced
    target.delete("originals/1/b")
    runtime.storage.rename("originals/1/c", "originals/1/d")  # withdrawn since: the old name must not stay alive
    assert run(runtime, move) == Moved(copied=3, removed=1)
    assert sorted(key for key in target.keys("originals/")) == ["originals/1/a", "originals/1/b", "originals/1/d"]
    assert target.read("originals/1/a") == b"a"


def test_the_last_pass_brings_nothing_back_that_was_withdrawn(runtime: Runtime, session: Session, target: Storage) -> None:
    file = make.file(session, make.brand(session))
    session.commit()
    for key in (file.storage_key, f"renditions/{file.public_name}/320.webp", f"renditions/{'0' * 32}/320.webp", "drafts/1/x"):
        runtime.storage.put(key, b"x")
    target.put("originals/9/new", b"stored since the service uses it")
    run(runtime, Move(runtime.storage, target, (), is_last=True))
    brought = {file.storage_key, f"renditions/{file.public_name}/320.webp", "drafts/1/x", "originals/9/new", moving.MARK}
    assert set(target.keys("")) == brought


def test_a_pass_without_the_services_settings_removes_nothing_that_came_since(
    runtime: Runtime, session: Session, target: Storage
) -> None:
    """UGC_STORAGE set for the service and not in the operator's shell: the target looks as if it were not in use yet."""
    run(runtime, Move(runtime.storage, target, (), is_last=False))
    file = make.file(session, make.brand(session))
    session.commit()
    new = {file.storage_key, f"renditions/{file.public_name}/320.webp"}
    for key in (*new, "originals/1/aa/erased"):
        target.put(key, b"x")
    assert run(runtime, Move(runtime.storage, target, (), is_last=False)).removed == 1
    assert new < set(target.keys(""))


def test_a_place_with_files_of_somebody_else_is_refused(runtime: Runtime, target: Storage) -> None:
    target.put("originals/1/theirs", b"x")
    with pytest.raises(NotEmpty):
        run(runtime, Move(runtime.storage, target, (), is_last=False))
    assert target.exists("originals/1/theirs")
