"""ZIP archives: what is taken out of them, and what a hostile one can't do (T-02, T-11, T-12)."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import picture
from ugc.ingest import picturing
from ugc.ingest.sources import archive
from ugc.ingest.sources.archive import ArchiveTooLarge, NotAnArchive
from ugc.library.models import Item
from ugc.runtime import Runtime


def packed(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries:
            made.writestr(name, content)
    return path


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


def test_an_archive_with_a_manifest_becomes_items(runtime: Runtime, session: Session, tmp_path: Path) -> None:
    brand = make.brand(session)
    make.product(session, brand, sku="HAT")
    session.commit()
    manifest = b"file,caption,sku\nsummer/a.jpg,On the beach,HAT\n"
    path = packed(tmp_path / "p.zip", ("items.csv", manifest), ("summer/a.jpg", picture("teal")), ("b.jpg", picture("red")))
    report = picturing.import_media(runtime, brand, path, actor="system")
    assert (report.format, report.read, report.added, report.rejected) == ("zip", 2, 2, 0)
    found = {item.body: [each.product.sku for each in item.products] for item in session.scalars(select(Item))}
    assert found == {"On the beach": ["HAT"], "": []}
    assert list((runtime.settings.data_dir / "unpacked").iterdir()) == [], "nothing stays unpacked"
    assert picturing.import_media(runtime, brand, path, actor="system").added == 0


@pytest.mark.parametrize(
    "name",
    ["../../etc/cron.d/x", "/etc/passwd", "a/../../b.jpg", "..\\..\\x.jpg", "a\x01.jpg", "\u202egpj.exe", "a/" * 12 + "b.jpg"],
)
def test_t_11_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "p.zip", (name, b"x"), ("good.jpg", b"y"))
    unpacked = archive.unpack(path, tmp_path / "out")
    assert [each.code for each in unpacked.rejected] == ["bad_entry"]
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["good.jpg", "out", "p.zip"]


def test_t_11_links_are_left_out(tmp_path: Path) -> None:
    unpacked = archive.unpack(packed(tmp_path / "p.zip", (link("a.jpg"), b"/etc/shadow")), tmp_path / "out")
    assert [each.reason for each in unpacked.rejected] == ["a.jpg: it is a link or a device, not a file"]
    assert list((tmp_path / "out").iterdir()) == []


def test_t_12_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "SPARE_BYTES", 1024**2)
    path = packed(tmp_path / "p.zip", ("a.jpg", bytes(30 * 1024**2)))
    with pytest.raises(ArchiveTooLarge):
        archive.unpack(path, tmp_path / "out")
    assert sum(each.stat().st_size for each in (tmp_path / "out").rglob("*")) < 3 * 1024**2


def test_t_12_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    path = packed(tmp_path / "p.zip", *((f"{number}.jpg", b"x") for number in range(4)))
    with pytest.raises(ArchiveTooLarge):
        archive.unpack(path, tmp_path / "out")


def test_a_damaged_entry_does_not_stop_the_others(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("a.jpg", b"abcdefgh" * 100), ("b.jpg", b"sound"))
    data = bytearray(path.read_bytes())
    data[40] ^= 0xFF
    path.write_bytes(data)
    unpacked = archive.unpack(path, tmp_path / "out")
    assert ([each.code for each in unpacked.rejected], unpacked.files) == (["damaged_entry"], 1)


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + b"x" * 500, b""])
def test_what_only_begins_like_an_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(content)
    with pytest.raises(NotAnArchive):
        archive.unpack(path, tmp_path / "out")


def test_what_systems_add_is_no_file(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("__MACOSX/._a.jpg", b"x"), (".DS_Store", b"x"), ("a.jpg", b"y"))
    unpacked = archive.unpack(path, tmp_path / "out")
    assert (unpacked.files, unpacked.rejected) == (1, [])


def test_an_encrypted_entry_is_named(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as writer:
        writer.writestr("a.jpg", b"secret")
    data = bytearray(made.getvalue())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    assert archive.unpack(path, tmp_path / "out").rejected[0].reason == "a.jpg: it is encrypted"


@pytest.mark.parametrize("first", ["ä" * 255, "g.jpg/x.jpg"])
def test_t_11_a_name_that_the_disk_does_not_take_is_left_out(tmp_path: Path, first: str) -> None:
    unpacked = archive.unpack(packed(tmp_path / "p.zip", ("g.jpg", b"y"), (first, b"x"), ("h.jpg", b"z")), tmp_path / "out")
    assert ([each.code for each in unpacked.rejected], unpacked.files) == (["bad_entry"], 2)


def test_t_12_a_list_of_files_that_would_fill_memory_is_not_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "p.zip", ("a.jpg", b"x"))
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x05\x06") + 12
    data[place : place + 4] = (archive.MAX_DIRECTORY + 1).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(ArchiveTooLarge):
        archive.unpack(path, tmp_path / "out")


def test_an_archive_of_the_long_kind_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as made, made.open("a.jpg", "w", force_zip64=True) as entry:
        entry.write(b"x")
    assert archive.unpack(path, tmp_path / "out").files == 1
