"""What every storage promises, a folder and a real S3 server alike: whole or not at all, inside the root (T-11, F-02, F-27)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

import pytest

from ugc.kit import clock
from ugc.kit.storage.base import TEMPORARY, NoSuchFile, Storage, sha256_of

LARGE = 33 * 1024 * 1024  # more than two parts of an upload


def test_what_is_put_is_read(storage: Storage) -> None:
    storage.put("a/b/c", b"one")
    assert storage.read("a/b/c") == b"one"
    assert storage.size("a/b/c") == 3
    assert storage.exists("a/b/c")
    with storage.open("a/b/c") as file:
        assert file.read() == b"one"
        assert file.fileno() > 2


def test_an_empty_file_is_a_file(storage: Storage) -> None:
    storage.put("a", b"")
    assert (storage.read("a"), storage.size("a"), storage.exists("a")) == (b"", 0, True)


def test_putting_again_replaces_the_whole(storage: Storage) -> None:
    storage.put("a", b"a long first version")
    storage.put("a", b"short")
    assert storage.read("a") == b"short"


@pytest.mark.parametrize("size", [1, 16 * 1024 * 1024, 16 * 1024 * 1024 + 1, LARGE])
def test_an_adopted_file_moves(storage: Storage, size: int) -> None:
    data = os.urandom(1000) * (size // 1000 + 1)
    path = storage.temporary()
    path.write_bytes(data[:size])
    storage.adopt("deep/down/here", path)
    assert not path.exists()
    assert storage.size("deep/down/here") == size
    with storage.open("deep/down/here") as file:
        assert sha256_of(file) == hashlib.sha256(data[:size]).hexdigest()


@pytest.mark.parametrize(
    ("start", "length", "part"), [(0, 3, b"abc"), (2, 3, b"cde"), (3, 100, b"def"), (6, 5, b""), (50, 5, b""), (0, 6, b"abcdef")]
)
def test_a_part_is_read_alone(storage: Storage, start: int, length: int, part: bytes) -> None:
    storage.put("a", b"abcdef")
    assert storage.read_part("a", start, length) == part


@pytest.mark.parametrize("key", ["gone", "a/gone", "folder", "a/file/below"])
def test_what_is_not_there_is_not_found(storage: Storage, key: str) -> None:
    storage.put("folder/x", b"")
    storage.put("a/file", b"")
    asks: list[Callable[[str], object]] = [storage.read, storage.open, storage.size, lambda key: storage.read_part(key, 0, 1)]
    for ask in asks:
        with pytest.raises(NoSuchFile):
            ask(key)
    assert not storage.exists(key)
    storage.delete("gone")
    storage.delete_all(["gone", "a/gone"])


@pytest.mark.parametrize(
    "key", ["", "/", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a/", "a\0b", f"{TEMPORARY}x", f"a/{TEMPORARY}x"]
)
def test_t11_a_key_never_leaves_the_root_nor_names_a_temporary_file(storage: Storage, key: str) -> None:
    asks: list[Callable[[str], object]] = [
        storage.read, storage.exists, storage.delete, lambda bad: storage.put(bad, b"x"), lambda bad: storage.rename("a", bad),
    ]  # fmt: skip
    for ask in asks:
        with pytest.raises(NoSuchFile):
            ask(key)


@pytest.mark.parametrize("key", ["a b", "ä/ö", "a+b", "a&b=c?d#e", "%2e%2e", "x" * 200, "'\"<>", "日本/語"])
def test_any_other_name_is_a_key(storage: Storage, key: str) -> None:
    storage.put(key, b"x")
    assert storage.read(key) == b"x"
    assert list(storage.keys("")) == [key]
    storage.rename(key, "plain")
    storage.rename("plain", key)
    storage.delete(key)
    assert list(storage.keys("")) == []


def test_deleting_many_leaves_the_others(storage: Storage) -> None:
    for number in range(5):
        storage.put(f"a/{number}", b"x")
    storage.delete_all(f"a/{number}" for number in (1, 3, 9))
    assert sorted(storage.keys("a/")) == ["a/0", "a/2", "a/4"]


def test_renaming_a_prefix_takes_all_below_it(storage: Storage) -> None:
    for name in ("160.webp", "320.webp"):
        storage.put(f"renditions/old/{name}", name.encode())
    storage.put("renditions/older/160.webp", b"another's")
    storage.rename("renditions/old", "renditions/new")
    assert list(storage.keys("renditions/old/")) == []
    assert sorted(storage.keys("renditions/new/")) == ["renditions/new/160.webp", "renditions/new/320.webp"]
    assert storage.read("renditions/new/320.webp") == b"320.webp"
    assert storage.read("renditions/older/160.webp") == b"another's"
    with pytest.raises(NoSuchFile):
        storage.rename("renditions/old", "renditions/other")


def test_a_rename_that_was_left_half_done_is_gone_on_with(storage: Storage) -> None:
    """A bucket has no rename: a kill between two files leaves some under each name; the job comes again."""
    storage.put("new/160", b"moved before")
    storage.put("new/320", b"copied, not yet deleted")
    storage.put("old/320", b"copied, not yet deleted")
    storage.put("old/deep/640", b"not yet copied")
    storage.rename("old", "new")
    assert list(storage.keys("old/")) == []
    assert sorted(storage.keys("new/")) == ["new/160", "new/320", "new/deep/640"]


def test_a_single_file_is_renamed_over_another(storage: Storage) -> None:
    storage.put("a", b"new")
    storage.put("b", b"old")
    storage.rename("a", "b")
    assert (storage.read("b"), storage.exists("a")) == (b"new", False)


def test_keys_leave_temporary_files_and_other_prefixes_out(storage: Storage) -> None:
    storage.put("a/b", b"")
    storage.put("ab/c", b"")
    path = storage.temporary()
    path.write_bytes(b"half")
    assert sorted(storage.keys("")) == ["a/b", "ab/c"]
    assert list(storage.keys("a/")) == ["a/b"]
    assert list(storage.keys("none/")) == []


def test_entries_tell_size_and_time(storage: Storage) -> None:
    before = clock.now() - timedelta(seconds=2)  # S3's times are whole seconds
    storage.put("a/b", b"12345")
    [entry] = storage.entries("a/")
    assert (entry.key, entry.size) == ("a/b", 5)
    assert before <= entry.changed_at <= clock.now() + timedelta(seconds=1)
    assert entry.changed_at.tzinfo == UTC


def test_many_writers_of_one_new_prefix_do_not_disturb_each_other(storage: Storage) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: storage.put(f"new/{number % 3}/{number}", b"x"), range(60)))
    assert len(list(storage.keys("new/"))) == 60


def test_many_writers_of_one_key_leave_one_of_their_files(storage: Storage) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: storage.put("one", bytes([number]) * 50_000), range(24)))
    data = storage.read("one")
    assert (len(data), len(set(data))) == (50_000, 1)


def test_f27_only_old_temporary_files_are_swept(storage: Storage) -> None:
    storage.put("a/kept", b"x")
    now = clock.now()
    ages = {"young": timedelta(minutes=59), "old": timedelta(minutes=61), "older": timedelta(days=9)}
    paths = {name: storage.temporary() for name in ages}
    for name, path in paths.items():
        path.write_bytes(b"half")
        os.utime(path, times=((now - ages[name]).timestamp(),) * 2)
    assert storage.sweep(now - timedelta(hours=1)) == 2
    assert [name for name, path in paths.items() if path.exists()] == ["young"]
    assert storage.read("a/kept") == b"x"
