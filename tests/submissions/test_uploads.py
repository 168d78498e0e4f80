"""Uploads on a real database: how far they are, who may go on, what is swept, where it stops."""

from __future__ import annotations

import io
import shutil
import threading
from collections import namedtuple
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from queue import Queue

import pytest
from sqlalchemy import func, select

from tests import make
from tests.submissions import sent
from tests.submissions.sent import HOME, NOW
from ugc.accounts.models import Brand
from ugc.kit import signing
from ugc.kit.errors import NotFound, StorageFull, TooLarge, TooMany
from ugc.kit.limiting import Limiter
from ugc.kit.parts import PartBusy
from ugc.kit.storage.local import MIN_FREE_BYTES
from ugc.runtime import Runtime
from ugc.submissions import actions, rules, uploads
from ugc.submissions.models import PartialUpload


@pytest.fixture
def acme(runtime: Runtime) -> int:
    return sent.brand(runtime)


def begin(runtime: Runtime, length: int, *, name: str = "a.jpg", limiter: Limiter | None = None, slug: str = "acme") -> str:
    return uploads.begin(runtime, limiter or Limiter(), slug, length, name, "image/jpeg", address=HOME, now=NOW).token


def add(runtime: Runtime, token: str, offset: int, data: bytes) -> int:
    return uploads.add_piece(runtime, "acme", token, offset, io.BytesIO(data).read, len(data), now=NOW).received


def test_pieces_are_counted_as_they_come(runtime: Runtime, acme: int) -> None:
    token = begin(runtime, 6)
    assert add(runtime, token, 0, b"abc") == 3
    assert uploads.find(runtime, "acme", token, now=NOW).received == 3
    assert add(runtime, token, 3, b"def") == 6


@pytest.mark.parametrize("offset", [0, 2, 4, 100])
def test_a_piece_that_does_not_follow_is_refused(runtime: Runtime, acme: int, offset: int) -> None:
    token = begin(runtime, 6)
    add(runtime, token, 0, b"abc")
    with pytest.raises(uploads.WrongOffset) as refused:
        add(runtime, token, offset, b"d")
    assert refused.value.facts["received"] == 3


def test_more_than_was_announced_is_refused(runtime: Runtime, acme: int) -> None:
    """T-12"""
    token = begin(runtime, 3)
    with pytest.raises(TooLarge):
        add(runtime, token, 0, b"abcd")
    with pytest.raises(TooLarge):
        begin(runtime, runtime.settings.max_upload_mb * 1024**2 + 1)
    with pytest.raises(TooLarge):
        uploads.begin(runtime, Limiter(), "acme", 200 * 1024**2 + 1, "a.mp4", "video/mp4", address=HOME, now=NOW)
    with pytest.raises(rules.BadUpload):
        begin(runtime, 0)


def test_an_upload_is_found_by_its_id_and_its_brand_alone(runtime: Runtime, acme: int) -> None:
    """T-61"""
    sent.brand(runtime, "other")
    token = begin(runtime, 3)
    with pytest.raises(NotFound):
        uploads.find(runtime, "other", token, now=NOW)
    with pytest.raises(NotFound):
        uploads.find(runtime, "acme", token[:-1] + ("x" if token[-1] != "x" else "y"), now=NOW)
    with runtime.transaction() as session:
        [row] = session.scalars(select(PartialUpload))
        assert token not in repr(vars(row))


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../etc/cron.d/x", "x"), ("a\x00.jpg", "a.jpg"), ("..\\..\\x", "x"), ("x.jpg.php", "x.jpg.php"), ("-rf.jpg", "-rf.jpg"),
     ("a\u202egpj.exe", "agpj.exe"), ("a\r\nb.jpg", "ab.jpg"), ("x" * 4096, "x" * 255)],
)  # fmt: skip
def test_a_name_is_text_and_nothing_else(runtime: Runtime, acme: int, name: str, kept: str) -> None:
    """T-11: whatever the file is called, it lies under a digest in its folder."""
    token = begin(runtime, 3, name=name)
    assert uploads.find(runtime, "acme", token, now=NOW).name == kept
    folder = uploads.parts(runtime).root
    assert [path.parent for path in runtime.settings.data_dir.rglob("*") if path.is_file()] == [folder]


def test_an_ended_upload_leaves_nothing(runtime: Runtime, acme: int) -> None:
    token = begin(runtime, 3)
    uploads.end(runtime, "acme", token, now=NOW)
    assert list(uploads.parts(runtime).root.iterdir()) == []
    with pytest.raises(NotFound):
        uploads.find(runtime, "acme", token, now=NOW)


def test_uploads_run_out_of_time_and_are_swept(runtime: Runtime, acme: int) -> None:
    old, fresh = begin(runtime, 3), uploads.begin(
        runtime, Limiter(), "acme", 3, "b.jpg", "", address=HOME, now=NOW + timedelta(hours=12)
    ).token  # fmt: skip
    late = NOW + timedelta(hours=25)
    with pytest.raises(NotFound):
        uploads.find(runtime, "acme", old, now=late)
    assert uploads.sweep(runtime, now=late) == 1
    assert len(list(uploads.parts(runtime).root.iterdir())) == 1
    assert uploads.find(runtime, "acme", fresh, now=late).received == 0


def test_one_address_begins_so_many_and_no_more(runtime: Runtime, acme: int) -> None:
    """T-13: another address, and another brand, go on."""
    sent.brand(runtime, "other")
    limiter = Limiter()
    for _ in range(60):
        begin(runtime, 1, limiter=limiter)
    with pytest.raises(TooMany) as refused:
        begin(runtime, 1, limiter=limiter)
    assert refused.value.facts["retry_after"] >= 1
    begin(runtime, 1, limiter=limiter, slug="other")
    uploads.begin(runtime, limiter, "acme", 1, "a.jpg", "", address="198.51.100.9", now=NOW)


def test_a_brand_s_unfinished_uploads_have_a_bound(runtime: Runtime, acme: int) -> None:
    """T-13: 429 `quota_exceeded`; another brand is not touched, and what ran out of time does not count."""
    sent.brand(runtime, "other")
    with runtime.transaction() as session:
        session.add(
            PartialUpload(brand_id=acme, fingerprint="f" * 64, length=rules.MAX_WAITING_BYTES, expires_at=NOW + timedelta(hours=1))
        )
    with pytest.raises(rules.QuotaExceeded) as refused:
        begin(runtime, 1)
    assert (refused.value.status, refused.value.code) == (429, "quota_exceeded")
    begin(runtime, 1, slug="other")
    uploads.begin(runtime, Limiter(), "acme", 1, "a.jpg", "", address=HOME, now=NOW + timedelta(hours=2))


def test_what_a_brand_has_stored_counts_too(runtime: Runtime, acme: int) -> None:
    """T-13: uploads until the quota are answered with 429 `quota_exceeded`, another brand's go on; 0 sets no bound."""
    sent.brand(runtime, "other")
    with runtime.transaction() as session:
        make.file(session, session.get_one(Brand, acme), size=1024**3 - 2)
    small, free = (replace(runtime, settings=replace(runtime.settings, quota_gb=number)) for number in (1, 0))
    begin(small, 1)
    begin(small, 1)
    with pytest.raises(rules.QuotaExceeded) as refused:
        begin(small, 1)
    assert (refused.value.status, refused.value.code) == (429, "quota_exceeded")
    begin(small, 1, slug="other")
    begin(free, 1)


Usage = namedtuple("Usage", "total used free")


def test_no_upload_takes_the_last_room(runtime: Runtime, acme: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """T-13: refused on the announced length, before a byte comes; nothing is left behind."""
    free = 300 * 1024**2
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 0, free))
    begin(runtime, 10)
    free = MIN_FREE_BYTES + 5
    with pytest.raises(StorageFull):
        begin(runtime, 10)
    with runtime.transaction() as session:
        assert session.scalar(select(func.count()).select_from(PartialUpload)) == 1


def test_a_closed_page_takes_no_upload(runtime: Runtime, acme: int) -> None:
    with runtime.transaction() as session:
        actions.set_page(session, acme, is_open=False, origins=[], least_age=16, accent="", actor="person:1", now=NOW)
    with pytest.raises(rules.Closed):
        begin(runtime, 3)


def test_two_senders_of_one_file_do_not_mix(live: Runtime) -> None:
    """The second is told that the file is busy; the first one's bytes are whole."""
    sent.brand(live)
    token = begin(live, 6)
    first: Queue[bytes] = Queue()
    begun = threading.Event()

    def slow(size: int) -> bytes:
        begun.set()
        return first.get()

    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(uploads.add_piece(live, "acme", token, 0, slow, 6, now=NOW).received))
    thread.start()
    assert begun.wait(60)
    with pytest.raises(PartBusy):
        uploads.add_piece(live, "acme", token, 0, io.BytesIO(b"other!").read, 6, now=NOW)
    first.put(b"abc")
    first.put(b"def")
    thread.join()
    assert done == [6]
    assert (uploads.parts(live).path(signing.fingerprint(token))).read_bytes() == b"abcdef"


def test_an_upload_that_ends_meanwhile_is_not_acknowledged(runtime: Runtime, acme: int) -> None:
    token = begin(runtime, 3)

    def read(size: int) -> bytes:
        uploads.drop(runtime, acme, [token])
        return b""

    with pytest.raises(NotFound):
        uploads.add_piece(runtime, "acme", token, 0, read, 3, now=NOW)


def test_the_folder_is_beside_the_storage(runtime: Runtime) -> None:
    assert uploads.parts(runtime).root == Path(runtime.settings.data_dir / "uploads").resolve()
