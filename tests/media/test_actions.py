"""Receiving, keeping, finishing and hiding files: what lies in the storage and what the rows say, in which order (F-01, F-26)."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from tests.media import vectors
from ugc.accounts.models import Brand
from ugc.kit import jobs as kit_jobs
from ugc.kit.errors import NotFound
from ugc.kit.storage.base import NoSuchFile
from ugc.media import actions, jobs, queries, rules, sandbox
from ugc.media.child import measuring
from ugc.media.models import File, FileState
from ugc.runtime import Runtime


def stored(runtime: Runtime) -> list[str]:
    """Every file below the storage's root, temporary ones too."""
    root = runtime.settings.data_dir / "files"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def kept(runtime: Runtime, session: Session, brand: Brand, data: bytes, name: str = "x.jpg") -> File:
    """The file of an upload."""
    with actions.receive(runtime, io.BytesIO(data), name) as received:
        return actions.keep(runtime, session, brand.id, received)[0]


def jobs_named(session: Session, name: str) -> list[dict[str, object]]:
    """The arguments of waiting jobs of a name, in order."""
    rows = session.execute(text("select args from procrastinate_jobs where task_name = :name order by id"), {"name": name})
    return [row.args for row in rows]


def test_a_received_picture_is_known_and_not_yet_stored(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(vectors.jpeg(300, 200))
    with actions.receive(runtime, tmp_path / "x.jpg", "C:\\photos\\x.jpg") as received:
        assert (received.found.format, received.found.width, received.found.height) == ("jpeg", 300, 200)
        assert received.name == "x.jpg"
        assert received.size == (tmp_path / "x.jpg").stat().st_size
        assert len(stored(runtime)) == 1
    assert stored(runtime) == []


@pytest.mark.parametrize("data", [b"", b"no picture", vectors.pixel_bomb(), vectors.jpeg()[:500]])
def test_a_refused_upload_leaves_nothing(runtime: Runtime, data: bytes) -> None:
    with pytest.raises(rules.Refusal):
        actions.receive(runtime, io.BytesIO(data), "x.jpg")
    assert stored(runtime) == []


def test_an_upload_one_byte_too_large_is_refused_while_it_is_read(runtime: Runtime) -> None:
    small = replace(runtime, settings=replace(runtime.settings, max_upload_mb=1))
    data = vectors.jpeg(200, 100)
    assert actions.receive(small, io.BytesIO(data + bytes(1024**2 - len(data))), "x").size == 1024**2
    with pytest.raises(rules.FileTooLarge) as refused:
        actions.receive(small, io.BytesIO(data + bytes(1024**2 - len(data) + 1)), "x")
    assert (refused.value.status, refused.value.facts["limit_bytes"]) == (422, 1024**2)


def test_a_kept_picture_is_stored_before_its_row_and_asks_for_renditions(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    data = vectors.jpeg(300, 200)
    file = kept(runtime, session, brand, data)
    assert stored(runtime) == [f"originals/{brand.id}/{file.sha256[:2]}/{file.sha256}"]
    assert runtime.storage.read(file.storage_key) == data
    assert (file.state, file.width, file.format, len(file.public_name)) == (FileState.PENDING, 300, "jpeg", 32)
    assert jobs_named(session, "media.make_renditions") == [{"brand_id": brand.id, "file_id": file.id}]


def test_the_same_bytes_are_one_file_of_a_brand_and_another_of_the_next(runtime: Runtime, session: Session) -> None:
    one, other = make.brand(session), make.brand(session)
    data = vectors.jpeg(300, 200)
    first, again, elsewhere = (kept(runtime, session, brand, data) for brand in (one, one, other))
    assert first is again
    assert elsewhere.id != first.id
    assert len(stored(runtime)) == 2
    assert len(jobs_named(session, "media.make_renditions")) == 2


@pytest.mark.parametrize("harm", ["lost", "cut"])
def test_the_same_bytes_sent_again_mend_a_lost_original(runtime: Runtime, session: Session, harm: str) -> None:
    brand, data = make.brand(session), vectors.jpeg(300, 200)
    file = kept(runtime, session, brand, data)
    finish(runtime, session, file)
    path = runtime.settings.data_dir / "files" / file.storage_key
    path.unlink() if harm == "lost" else path.write_bytes(data[:100])
    assert kept(runtime, session, brand, data) is file
    assert runtime.storage.read(file.storage_key) == data
    assert file.state == FileState.PENDING


def finish(runtime: Runtime, session: Session, file: File) -> File:
    """Run the file's job on what the test's session has written."""
    session.commit()
    jobs.make_renditions(runtime, brand_id=file.brand_id, file_id=file.id)
    session.expire_all()
    return queries.get_file(session, file.brand_id, file.id)


def test_the_job_stores_renditions_and_says_what_was_found(runtime: Runtime, session: Session) -> None:
    file = finish(runtime, session, kept(runtime, session, make.brand(session), vectors.talkative_jpeg(6)))
    assert (file.state, file.error) == (FileState.READY, "")
    assert (file.width, file.height) == (480, 640)
    assert [each.name for each in file.renditions if each.type == "image/webp"] == ["160.webp", "320.webp", "480.webp"]
    for each in file.renditions:
        data = runtime.storage.read(rules.rendition_key(file.public_name, each.name))
        assert len(data) == each.size
        assert rules.is_clean(each.type, data)
    assert len(file.perceptual_hash or b"") == 32
    groups = {name for group in measuring.GROUPS for name in group.NAMES}
    assert set(file.measures) == {each.NAME for each in measuring.MEASURES} | groups | {"pixels", "hash_quality"}
    assert file.colours
    assert file.placeholder
    assert jobs_named(session, "media.file_ready") == [{"brand_id": file.brand_id, "file_id": file.id}]


def test_the_job_run_again_changes_nothing(runtime: Runtime, session: Session) -> None:
    file = finish(runtime, session, kept(runtime, session, make.brand(session), vectors.jpeg(300, 200)))
    before = (stored(runtime), file.ready_at, [each.id for each in file.renditions])
    file = finish(runtime, session, file)
    assert (stored(runtime), file.ready_at, [each.id for each in file.renditions]) == before


def test_an_original_that_changed_on_the_disk_is_damaged_and_not_shown(runtime: Runtime, session: Session) -> None:
    file = kept(runtime, session, make.brand(session), vectors.jpeg(300, 200))
    path = runtime.settings.data_dir / "files" / file.storage_key
    path.write_bytes(vectors.jpeg(200, 300))
    file = finish(runtime, session, file)
    assert file.state == FileState.DAMAGED
    assert "differs" in file.error
    assert not file.renditions


def test_a_hidden_files_old_addresses_die_and_its_new_ones_live(runtime: Runtime, session: Session) -> None:
    file = finish(runtime, session, kept(runtime, session, make.brand(session), vectors.jpeg(300, 200)))
    old = file.public_name
    actions.hide(runtime, session, file)
    session.commit()
    assert file.public_name != old
    (arguments,) = jobs_named(session, "media.hide_file")
    jobs.hide_file(runtime, **arguments)
    with pytest.raises(NoSuchFile):
        runtime.storage.read(rules.rendition_key(old, "160.webp"))
    assert runtime.storage.read(rules.rendition_key(file.public_name, "160.webp"))
    jobs.hide_file(runtime, **arguments)  # at least once
    assert runtime.storage.read(rules.rendition_key(file.public_name, "160.webp"))


def test_hiding_has_a_queue_of_its_own(runtime: Runtime, session: Session) -> None:
    file = make.file(session, make.brand(session))
    actions.hide(runtime, session, file)
    queue = session.scalar(text("select queue_name from procrastinate_jobs where task_name = 'media.hide_file'"))
    assert queue == kit_jobs.UNPUBLISH


def test_a_file_hidden_while_its_renditions_are_made_leaves_none_under_the_old_name(runtime: Runtime, session: Session) -> None:
    file = kept(runtime, session, make.brand(session), vectors.jpeg(300, 200))
    session.commit()
    old = file.public_name
    with runtime.storage.open(file.storage_key) as original:
        found = sandbox.render(original)
    actions.finish(runtime, file, found)
    actions.hide(runtime, session, file)
    session.commit()
    assert not actions.note_finished(session, file.brand_id, file.id, old, found, now=make.NOON)
    actions.remove_renditions(runtime, old)
    assert not list(runtime.storage.keys(f"renditions/{old}/"))
    assert finish(runtime, session, file).state == FileState.READY


def test_renditions_made_under_the_new_name_meanwhile_do_not_keep_the_old_ones_alive(runtime: Runtime, session: Session) -> None:
    file = finish(runtime, session, kept(runtime, session, make.brand(session), vectors.jpeg(300, 200)))
    old = file.public_name
    actions.hide(runtime, session, file)
    session.commit()
    runtime.storage.put(rules.rendition_key(file.public_name, "160.webp"), b"made meanwhile")
    jobs.hide_file(runtime, brand_id=file.brand_id, file_id=file.id, old_name=old, new_name=file.public_name)
    assert not list(runtime.storage.keys(f"renditions/{old}/"))


def test_lost_renditions_are_made_again_when_the_file_is_hidden(runtime: Runtime, session: Session) -> None:
    file = finish(runtime, session, kept(runtime, session, make.brand(session), vectors.jpeg(300, 200)))
    actions.remove_renditions(runtime, file.public_name)
    old = file.public_name
    actions.hide(runtime, session, file)
    session.commit()
    jobs.hide_file(runtime, brand_id=file.brand_id, file_id=file.id, old_name=old, new_name=file.public_name)
    file = finish(runtime, session, file)
    assert runtime.storage.read(rules.rendition_key(file.public_name, "160.jpg"))


NAMES = {
    "../../etc/cron.d/x": "x",
    "a\x00.jpg": "a.jpg",
    "..\\..\\x": "x",
    "x.jpg.php": "x.jpg.php",
    "y" * 4096: "y" * 255,
    "photo\u202egpj.exe": "photogpj.exe",
    "-rf.jpg": "-rf.jpg",
    "a\r\nSet-Cookie: b.jpg": "aSet-Cookie: b.jpg",
    "e\u0301te\u0301.jpg": "été.jpg",
    "": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_and_never_a_path(runtime: Runtime, session: Session, name: str) -> None:
    file = kept(runtime, session, make.brand(session), vectors.jpeg(40, 30), name)
    assert file.name == NAMES[name]
    assert all(path.startswith(f"originals/{file.brand_id}/") for path in stored(runtime))


def test_a_rendition_is_named_only_as_ours_are() -> None:
    assert rules.rendition_type("640.webp") == "image/webp"
    assert rules.rendition_type("1280.jpg") == "image/jpeg"
    for name in ("640.html", "640", ".webp", "x.webp", "../640.webp", "640.webp.html", "99999.webp", "６４０.webp"):
        assert rules.rendition_type(name) is None


def test_rendition_addresses_are_listed_small_to_large(session: Session) -> None:
    file = make.file(session, make.brand(session))
    urls = rules.rendition_urls(file, "http://ugc.test")
    assert [each["width"] for each in urls] == [320, 320, 640]
    assert urls[-1]["url"] == f"http://ugc.test/media/{file.public_name}/640.webp"


def test_a_brand_reads_its_own_files_only(session: Session) -> None:
    mine, theirs = make.brand(session), make.brand(session)
    file = make.file(session, mine)
    assert queries.find_files(session, theirs.id, [file.id]) == []
    with pytest.raises(NotFound):
        queries.get_file(session, theirs.id, file.id)
    assert queries.find_file_by_bytes(session, theirs.id, file.sha256) is None
