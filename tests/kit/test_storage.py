"""Files by key: whole or not at all, inside the root, swept by age, clear when the disk is full (T-11, T-13, F-08, F-27)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.kit.errors import StorageFull
from ugc.kit.storage import local
from ugc.kit.storage.base import TEMPORARY, NoSuchFile
from ugc.kit.storage.local import LocalStorage, make_folders

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    """A storage of the test's own."""
    return LocalStorage(tmp_path / "files")


def test_what_is_put_is_read(storage: LocalStorage) -> None:
    storage.put("a/b/c", b"one")
    assert storage.read("a/b/c") == b"one"
    assert storage.size("a/b/c") == 3
    assert storage.exists("a/b/c")
    with storage.open("a/b/c") as file:
        assert file.read() == b"one"


def test_putting_again_replaces_the_whole(storage: LocalStorage) -> None:
    storage.put("a", b"a long first version")
    storage.put("a", b"short")
    assert storage.read("a") == b"short"


def test_an_adopted_file_moves(storage: LocalStorage) -> None:
    path = storage.temporary()
    path.write_bytes(b"x")
    storage.adopt("deep/down/here", path)
    assert storage.read("deep/down/here") == b"x"
    assert not path.exists()


@pytest.mark.parametrize("key", ["gone", "a/gone", "folder", "a/file/below"])
def test_what_is_not_there_is_not_found(storage: LocalStorage, key: str) -> None:
    storage.put("folder/x", b"")
    storage.put("a/file", b"")
    for ask in (storage.read, storage.open, storage.size):
        with pytest.raises(NoSuchFile):
            ask(key)
    assert not storage.exists(key)
    storage.delete("gone")


@pytest.mark.parametrize(
    "key", ["", "/", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a/", "a\0b", f"{TEMPORARY}x", f"a/{TEMPORARY}x"]
)
def test_a_key_never_leaves_the_root_nor_names_a_temporary_file(storage: LocalStorage, key: str) -> None:
    for ask in (
        storage.read,
        storage.exists,
        storage.delete,
        lambda bad: storage.put(bad, b"x"),
        lambda bad: storage.rename("a", bad),
    ):
        with pytest.raises(NoSuchFile):
            ask(key)


@given(st.text(min_size=1, max_size=40))
def test_no_text_leads_out_of_the_root(tmp_path: Path, key: str) -> None:
    storage = LocalStorage(tmp_path / "files")
    try:
        path = storage.path(key)
    except NoSuchFile:
        return
    assert storage.root in Path(os.path.normpath(path)).parents


def test_renaming_a_prefix_takes_all_below_it(storage: LocalStorage) -> None:
    for name in ("160.webp", "320.webp"):
        storage.put(f"renditions/old/{name}", name.encode())
    storage.rename("renditions/old", "renditions/new")
    assert list(storage.keys("renditions/old/")) == []
    assert sorted(storage.keys("renditions/")) == ["renditions/new/160.webp", "renditions/new/320.webp"]
    with pytest.raises(NoSuchFile):
        storage.rename("renditions/old", "renditions/other")


def test_keys_leave_temporary_files_out(storage: LocalStorage) -> None:
    storage.put("a/b", b"")
    storage.temporary().write_bytes(b"half")
    assert list(storage.keys("")) == ["a/b"]


def test_only_old_temporary_files_are_swept(storage: LocalStorage) -> None:
    storage.put("a/kept", b"x")
    os.utime(storage.path("a/kept"), (0, 0))
    ages = {"young": timedelta(minutes=59), "old": timedelta(minutes=61), "older": timedelta(days=9)}
    for name, age in ages.items():
        path = storage.root / f"{TEMPORARY}{name}"
        path.write_bytes(b"half")
        os.utime(path, times=((NOW - age).timestamp(),) * 2)
    assert storage.sweep(NOW - timedelta(hours=1)) == 2
    assert [path.name for path in storage.root.glob(f"{TEMPORARY}*")] == [f"{TEMPORARY}young"]
    assert storage.read("a/kept") == b"x"


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


def test_many_writers_of_one_new_folder_do_not_disturb_each_other(storage: LocalStorage) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: storage.put(f"new/{number % 3}/{number}", b"x"), range(60)))
    assert len(list(storage.keys("new/"))) == 60


def test_folders_whose_entries_changed_are_named(tmp_path: Path) -> None:
    assert make_folders(tmp_path / "a" / "b") == [tmp_path, tmp_path / "a"]
    assert make_folders(tmp_path / "a" / "b") == []


def test_another_fault_of_the_disk_is_not_called_full(storage: LocalStorage) -> None:
    storage.put("a", b"x")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        storage.put("a/below-a-file", b"x")
    assert [path.name for path in storage.root.iterdir()] == ["a"]
