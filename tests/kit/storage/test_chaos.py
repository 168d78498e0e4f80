"""A bucket behind a proxy that delays, cuts and repeats: what is acknowledged is there whole, what is cut is not (F-21 … F-24)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.chaos_proxy import Plan, chaos
from tests.s3_server import S3Server
from ugc.kit import clock
from ugc.kit.errors import StorageFull
from ugc.kit.storage.base import DamagedFile
from ugc.kit.storage.local import LocalStorage
from ugc.kit.storage.s3 import ATTEMPTS, CONNECT_SECONDS, PART, READ_SECONDS, CutOff, S3Storage, StorageUnreachable

DATA = os.urandom(300_000)
FINE = Plan()


def test_f21_the_limits_are_those_that_are_promised() -> None:
    assert (CONNECT_SECONDS, READ_SECONDS, ATTEMPTS) == (3, 10, 3)


@pytest.mark.parametrize("cut", [0, 40, 500, 2_000, 150_000, 299_999])
def test_f22_a_request_that_is_cut_is_sent_again_and_stored_once(
    s3: S3Server, bucket: S3Storage, desk: LocalStorage, cut: int
) -> None:
    with chaos(s3.port, Plan(cut_up=cut), Plan(cut_up=cut), FINE) as proxy:
        shaky = S3Storage(s3.client(proxy.port), bucket.place, desk)
        shaky.put("a", DATA)
        assert proxy.connections == 3
    assert bucket.read("a") == DATA
    assert list(bucket.keys("")) == ["a"]


@pytest.mark.parametrize("cut", [0, 10, 100])
def test_f22_an_answer_that_is_lost_after_the_file_was_stored_changes_nothing(
    s3: S3Server, bucket: S3Storage, desk: LocalStorage, cut: int
) -> None:
    with chaos(s3.port, Plan(cut_down=cut), FINE) as proxy:
        S3Storage(s3.client(proxy.port), bucket.place, desk).put("a", DATA)
    assert bucket.read("a") == DATA


@pytest.mark.parametrize("cut", [0, 500, 150_000])
def test_f22_a_put_that_is_cut_again_and_again_is_no_put(s3: S3Server, bucket: S3Storage, desk: LocalStorage, cut: int) -> None:
    bucket.put("a", b"before")
    with chaos(s3.port, Plan(cut_up=cut)) as proxy:
        with pytest.raises(StorageUnreachable) as refused:
            S3Storage(s3.client(proxy.port), bucket.place, desk).put("a", DATA)
        assert refused.value.status == 503
        assert proxy.connections == ATTEMPTS
    assert bucket.read("a") == b"before"


def test_a_request_that_arrives_twice_is_stored_once(s3: S3Server, bucket: S3Storage, desk: LocalStorage) -> None:
    with chaos(s3.port, Plan(repeat=True)) as proxy:
        shaky = S3Storage(s3.client(proxy.port), bucket.place, desk)
        shaky.put("a", DATA)
        shaky.rename("a", "b")
        assert shaky.read("b") == DATA
        shaky.delete("b")
        shaky.delete("b")
    assert list(bucket.keys("")) == []


def test_f21_a_slow_way_is_only_slow(s3: S3Server, bucket: S3Storage, desk: LocalStorage) -> None:
    with chaos(s3.port, Plan(delay=0.05)) as proxy:
        shaky = S3Storage(s3.client(proxy.port), bucket.place, desk)
        shaky.put("a", DATA)
        assert shaky.read("a") == DATA


@pytest.mark.parametrize("cut", [100, 5_000, 299_000])
def test_f24_an_answer_that_is_cut_is_read_again(s3: S3Server, bucket: S3Storage, desk: LocalStorage, cut: int) -> None:
    bucket.put("a", DATA)
    with chaos(s3.port, Plan(cut_down=cut), FINE) as proxy:
        assert S3Storage(s3.client(proxy.port), bucket.place, desk).read("a") == DATA
        assert proxy.connections == 2


def test_f24_answers_that_are_cut_again_and_again_are_no_damage(s3: S3Server, bucket: S3Storage, desk: LocalStorage) -> None:
    """A damaged original is given up; one that does not come now is asked for again."""
    bucket.put("a", DATA)
    with chaos(s3.port, Plan(cut_down=5_000)) as proxy:
        with pytest.raises(CutOff) as refused:
            S3Storage(s3.client(proxy.port), bucket.place, desk).open("a")
        assert refused.value.status == 503
        assert proxy.connections == ATTEMPTS


def test_f08_a_full_disk_of_ours_is_no_damage_in_the_bucket(bucket: S3Storage) -> None:
    bucket.put("a", DATA)
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(StorageFull):
        bucket.fetch("a", full)


def test_what_others_note_of_their_objects_is_theirs(bucket: S3Storage) -> None:
    notes = {"sha256": "in some notation of their own"}
    bucket.client.put_object(Bucket=bucket.place.bucket, Key=bucket.name("a"), Body=b"theirs", Metadata=notes)
    assert bucket.read("a") == b"theirs"


def test_a_rename_goes_on_where_a_file_is_deleted_meanwhile(bucket: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stayed behind would go on being shown under its old address."""
    for name in "abc":
        bucket.put(f"old/{name}", name.encode())
    copied = bucket.client.copy_object

    def copy(**facts: Any) -> object:
        bucket.delete("old/b")
        return copied(**facts)

    monkeypatch.setattr(bucket, "client", Overridden(bucket.client, copy))
    bucket.rename("old", "new")
    assert (list(bucket.keys("old/")), sorted(bucket.keys("new/"))) == ([], ["new/a", "new/c"])


class Overridden:
    """A client with one request of its own."""

    def __init__(self, client: Any, copy_object: Callable[..., object]) -> None:
        self.client = client
        self.copy_object = copy_object

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


def test_a_listing_longer_than_one_answer_is_read_to_its_end(bucket: S3Storage) -> None:
    """S3 lists a thousand at a time."""
    names = [f"many/{number:04}" for number in range(1_003)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: bucket.put(name, b""), names))
    assert sorted(bucket.keys("many/")) == names
    assert sum(1 for entry in bucket.entries("") if entry.etag) == 1_003


def test_f24_a_file_that_was_changed_in_the_bucket_is_damaged(s3: S3Server, bucket: S3Storage) -> None:
    bucket.put("a", DATA)
    name = bucket.name("a")
    noted = bucket.client.head_object(Bucket=bucket.place.bucket, Key=name)["Metadata"]
    bucket.client.put_object(Bucket=bucket.place.bucket, Key=name, Body=b"\0" + DATA[1:], Metadata=noted)
    with pytest.raises(DamagedFile):
        bucket.open("a")
    assert list(bucket.desk.root.iterdir()) == []


def test_f23_an_upload_in_parts_survives_a_cut_and_leaves_nothing_when_it_fails(
    s3: S3Server, bucket: S3Storage, desk: LocalStorage
) -> None:
    data = os.urandom(1_000_000) * 34
    with chaos(s3.port, FINE, Plan(cut_up=PART // 2), FINE) as proxy:
        adopt(S3Storage(s3.client(proxy.port), bucket.place, desk), data)
    assert bucket.digest("a") == hashlib.sha256(data).hexdigest() == hashlib.sha256(bucket.read("a")).hexdigest()
    bucket.delete("a")
    with chaos(s3.port, Plan(cut_up=PART // 2)) as proxy, pytest.raises(StorageUnreachable):
        adopt(S3Storage(s3.client(proxy.port), bucket.place, desk), data)
    assert not bucket.exists("a")
    bucket.sweep(clock.now() + timedelta(days=2))
    assert list(bucket.uploads()) == []


def adopt(storage: S3Storage, data: bytes) -> None:
    path: Path = storage.temporary()
    path.write_bytes(data)
    storage.adopt("a", path)


def test_f23_an_upload_whose_writer_was_killed_is_swept(bucket: S3Storage) -> None:
    began = bucket.client.create_multipart_upload(Bucket=bucket.place.bucket, Key=bucket.place.prefix + "a")
    assert len(list(bucket.uploads())) == 1
    assert bucket.sweep(clock.now() + timedelta(hours=23)) == 0  # a large file on a slow line
    assert bucket.sweep(clock.now() + timedelta(hours=25)) == 1
    assert list(bucket.uploads()) == []
    assert began["UploadId"]


def test_a_bucket_that_is_not_there_or_not_ours_is_unreachable(s3: S3Server, bucket: S3Storage, desk: LocalStorage) -> None:
    stranger = S3Storage(s3.client(s3.port, aws_secret_access_key="another"), bucket.place, desk)
    nowhere = S3Storage(s3.shared, type(bucket.place)("no-such-bucket"), desk)
    for storage in (stranger, nowhere):
        with pytest.raises(StorageUnreachable):
            storage.put("a", b"x")
        with pytest.raises(StorageUnreachable) as refused:
            storage.read("a")
        assert "another" not in str(refused.value)
