"""Files that no row knows are swept after a day, never younger ones; moving takes all, compared on both sides (F-01, I6)."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests import make
from tests.s3_server import S3Server
from ugc.kit import clock
from ugc.kit.storage.base import Storage
from ugc.kit.storage.local import LocalStorage
from ugc.kit.storage.s3 import S3Storage
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
    [listed] = runtime.storage.entries("originals/")
    assert orphans.is_unchanged(runtime.storage, listed)
    runtime.storage.put("originals/1/aa/x", b"x")
    os.utime(Path(runtime.settings.data_dir) / "files/originals/1/aa/x", (2e9, 2e9))
    assert not orphans.is_unchanged(runtime.storage, listed)
    runtime.storage.delete("originals/1/aa/x")
    assert not orphans.is_unchanged(runtime.storage, listed)


@pytest.fixture(params=["local", "s3"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Where files shall lie."""
    if request.param == "local":
        return LocalStorage(tmp_path / "target")
    server: S3Server = request.getfixturevalue("s3")
    return S3Storage(server.client(), server.place(), LocalStorage(tmp_path / "desk"))


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


def test_a_place_with_files_of_somebody_else_is_refused(runtime: Runtime, target: Storage) -> None:
    target.put("originals/1/theirs", b"x")
    with pytest.raises(NotEmpty):
        run(runtime, Move(runtime.storage, target, (), is_last=False))
    assert target.exists("originals/1/theirs")
