"""A folder as a storage: inside its root, clear when the disk is full, whole after a kill (T-11, T-13, F-01, F-08)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.kit.errors import StorageFull
from ugc.kit.storage import local
from ugc.kit.storage.base import NoSuchFile
from ugc.kit.storage.local import LocalStorage, make_folders

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    """A storage of the test's own."""
    return LocalStorage(tmp_path / "files")


@given(st.text(min_size=1, max_size=40))
def test_no_text_leads_out_of_the_root(tmp_path: Path, key: str) -> None:
    storage = LocalStorage(tmp_path / "files")
    try:
        path = storage.path(key)
    except NoSuchFile:
        return
    assert storage.root in Path(os.path.normpath(path)).parents


def test_a_disk_without_room_refuses_and_leaves_nothing(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.put("before", b"x")
    monkeypatch.setattr(local, "MIN_FREE_BYTES", 1 << 60)  # a floor that no disk has: as if it were full
    with pytest.raises(StorageFull) as full:
        storage.put("a", b"x")
    assert full.value.status == 507
    assert storage.read("before") == b"x"
    storage.delete("before")
    assert list(storage.keys("")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_write_that_fills_the_disk_leaves_nothing_and_room_makes_it_work_again(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from ugc.kit.storage import local
from ugc.kit.errors import StorageFull
local.MIN_FREE_BYTES = 0
files = local.LocalStorage(Path(sys.argv[1]))
files.put("a", bytes(1_000_000))
try:
    files.put("b", bytes(4_000_000))
except StorageFull:
    print("full", sorted(each.name for each in files.root.iterdir()))
files.delete("a")
files.put("b", bytes(1_000_000))
print("again", files.size("b"))
"""
    mounted = tmp_path / "small"
    mounted.mkdir()
    script = f'mount -t tmpfs -o size=2m none {mounted} && exec "$0" -c "$1" {mounted}'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, sys.executable, code], capture_output=True, text=True, check=False
    )
    if done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip(f"mounting is not possible here: {done.stderr.strip()}")
    assert done.stdout.splitlines() == ["full ['a']", "again 1000000"], done.stderr


def test_a_writer_killed_at_any_moment_leaves_the_old_file_or_the_new_one(storage: LocalStorage) -> None:
    code = """
import sys
from pathlib import Path
from ugc.kit.storage.local import LocalStorage
files = LocalStorage(Path(sys.argv[1]))
print("ready", flush=True)
number = 0
while True:
    number += 1
    files.put("one/key", bytes([number % 256]) * 300_000)
"""
    for milliseconds in (1, 4, 9, 17, 33):
        with subprocess.Popen([sys.executable, "-c", code, str(storage.root)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            try:
                writer.wait(timeout=milliseconds / 1000)
            except subprocess.TimeoutExpired:
                writer.send_signal(signal.SIGKILL)
        if storage.exists("one/key"):
            data = storage.read("one/key")
            assert len(data) == 300_000
            assert len(set(data)) == 1


def test_folders_whose_entries_changed_are_named(tmp_path: Path) -> None:
    assert make_folders(tmp_path / "a" / "b") == [tmp_path, tmp_path / "a"]
    assert make_folders(tmp_path / "a" / "b") == []


def test_another_fault_of_the_disk_is_not_called_full(storage: LocalStorage) -> None:
    storage.put("a", b"x")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        storage.put("a/below-a-file", b"x")
    assert [path.name for path in storage.root.iterdir()] == ["a"]
