"""Pictures from folders with and without a sidecar."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import picture
from tests.media import clips
from ugc.ingest import picturing
from ugc.ingest.sources import media_folder
from ugc.kit.reports import Report
from ugc.library.models import Item, RightsState, State
from ugc.media.models import File, FileKind
from ugc.rights import queries as rights_queries
from ugc.runtime import Runtime


def count(session: Session, model: type[Item] | type[File]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    (root / "dress").mkdir(parents=True)
    (root / "a.jpg").write_bytes(picture("teal"))
    (root / "dress" / "b.png").write_bytes(picture("red", form="PNG"))
    (root / "dress" / "copy.jpg").write_bytes(picture("teal"))
    (root / "notes.txt").write_text("not a picture")
    (root / "broken.jpg").write_bytes(b"no picture at all")
    (root / ".hidden.jpg").write_bytes(picture("blue"))
    return root


def run(runtime: Runtime, brand: object, folder: Path, **options: object) -> Report:
    return picturing.import_media(runtime, brand, folder, actor="system", **options)  # type: ignore[arg-type]  # options of one import


def test_a_folder_is_walked_and_each_refusal_named(runtime: Runtime, session: Session, folder: Path) -> None:
    brand = make.brand(session)
    session.commit()
    report = run(runtime, brand, folder, tag_folders=True)
    assert (report.read, report.added, report.duplicate, report.rejected, report.exit_code) == (4, 2, 1, 1, 1)
    assert report.lines[0].reason.startswith("broken.jpg: ")
    assert report.notes == ["left out as no media: 1 × .txt"]
    assert (count(session, Item), count(session, File)) == (2, 2)
    tagged = {item.media[0].file.format: [each.tag.name for each in item.tags] for item in session.scalars(select(Item))}
    assert tagged == {"jpeg": ["dress"], "png": ["dress"]}  # the copy in the folder added its tag to the picture


def test_a_second_run_adds_nothing(runtime: Runtime, session: Session, folder: Path) -> None:
    brand = make.brand(session)
    session.commit()
    run(runtime, brand, folder)
    again = run(runtime, brand, folder)
    assert (again.added, again.duplicate, again.rejected) == (0, 3, 1)
    assert (count(session, Item), count(session, File)) == (2, 2)


def test_a_dry_run_decodes_and_stores_nothing(runtime: Runtime, session: Session, folder: Path) -> None:
    brand = make.brand(session)
    session.commit()
    dry = run(runtime, brand, folder, dry_run=True)
    assert (dry.added, dry.duplicate, dry.rejected) == (2, 1, 1)
    assert (count(session, Item), count(session, File), list(runtime.storage.keys(""))) == (0, 0, [])


SIDECAR = """file,caption,creator,creator_url,sku,permalink,rights,evidence,mood
a.jpg,At the sea,Ada,https://www.instagram.com/ada,A,https://www.instagram.com/p/1,granted,https://www.instagram.com/p/1#reply,sunny
a.jpg,,,,B,,,,
dress/b.png|dress/copy.jpg,Two views,Bo,,A|C,,owned,,
gone.jpg,,,,,,,,
../outside.jpg,,,,,,,,
broken.jpg,,,,,,granted,,
"""


def test_a_sidecar_says_what_the_pictures_are(runtime: Runtime, session: Session, folder: Path) -> None:
    brand = make.brand(session)
    for sku in ("A", "B"):
        make.product(session, brand, sku=sku)
    session.commit()
    (folder / "items.csv").write_text(SIDECAR)
    (folder.parent / "outside.jpg").write_bytes(picture("gold"))
    report = run(runtime, brand, folder, state="approved")
    assert (report.read, report.added, report.rejected) == (5, 2, 3), report.lines
    refused = {line.line: (line.code, line.reason) for line in report.lines}
    assert refused[5] == ("unreadable_row", "gone.jpg: there is no file 'gone.jpg'")
    assert refused[6][1] == "../outside.jpg: there is no file '../outside.jpg'"  # T-11
    assert refused[7][0] == "evidence_missing"
    assert "items.csv: columns not known: mood" in report.notes
    assert "1 products are not in the catalogue (C…)" in report.notes[-1]
    sea = session.scalars(select(Item).where(Item.body == "At the sea")).one()
    assert sea.creator is not None
    assert (sea.creator.name, sea.creator.network, sea.source_url) == ("Ada", "instagram", "https://www.instagram.com/p/1")
    assert [each.product.sku for each in sea.products] == ["A", "B"]
    (entry,) = rights_queries.find_entries(session, brand.id, sea.id)
    assert (entry.state, entry.link, list(entry.files)) == (
        RightsState.GRANTED,
        "https://www.instagram.com/p/1#reply",
        [sea.media[0].file.sha256],
    )
    views = session.scalars(select(Item).where(Item.body == "Two views")).one()
    assert (views.state, views.rights_state, len(views.media)) == (State.APPROVED, RightsState.OWNED, 2)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """T-11."""
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "x.jpg").write_bytes(picture())
    (tmp_path / "in" / "items.csv").write_text("file\nlink/x.jpg\n")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    (found,) = media_folder.open_folders([tmp_path / "in"]).found
    assert found.fault == "there is no file 'link/x.jpg'"


def test_real_photos_go_in(runtime: Runtime, session: Session, data: Path) -> None:
    brand = make.brand(session)
    session.commit()
    files = sorted((data / "photos" / "flowers_ccby").rglob("*.jpg"))[:6]
    report = picturing.import_media(runtime, brand, files, rights="owned", actor="system")
    assert (report.read, report.added, report.rejected) == (6, 6, 0)
    assert session.scalar(select(func.count()).select_from(Item).where(Item.rights_state == RightsState.OWNED)) == 6


WORDS = "WEBVTT\n\n00:00.000 --> 00:01.000\n{}\n"


def test_captions_go_to_the_video_of_their_name(runtime: Runtime, session: Session, tmp_path: Path) -> None:
    brand = make.brand(session)
    session.commit()
    (tmp_path / "my.clip.mp4").write_bytes(clips.clip(seconds=1))
    (tmp_path / "my.clip.jpg").write_bytes(picture("teal"))
    (tmp_path / "my.clip.vtt").write_text(WORDS.format("Hello"))
    (tmp_path / "my.clip.de.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHallo\n")
    (tmp_path / "alone.fr.vtt").write_text(WORDS.format("Salut"))
    assert run(runtime, brand, tmp_path, dry_run=True).added == 2
    report = run(runtime, brand, tmp_path)
    assert (report.read, report.added, report.rejected) == (2, 2, 0)
    assert report.notes == ["left out as no media: 1 × .vtt"]
    names = {file.kind: {each.name for each in file.renditions} for file in session.scalars(select(File))}
    assert names == {FileKind.PICTURE: set(), FileKind.VIDEO: {"captions-en.vtt", "captions-de.vtt"}}
    film = session.scalars(select(File).where(File.kind == FileKind.VIDEO)).one()
    assert b"Hallo" in runtime.storage.read(f"renditions/{film.public_name}/captions-de.vtt")


@pytest.mark.parametrize(
    ("name", "words", "code"), [("clip.vtt", "no captions", "bad_captions"), ("clip.German.vtt", WORDS.format("x"), "bad_language")]
)
def test_captions_that_can_not_be_read_are_said_and_leave_nothing(
    runtime: Runtime, session: Session, tmp_path: Path, name: str, words: str, code: str
) -> None:  # fmt: skip
    brand = make.brand(session)
    session.commit()
    (tmp_path / "clip.mp4").write_bytes(clips.clip(seconds=1))
    (tmp_path / name).write_text(words)
    report = run(runtime, brand, tmp_path)
    assert [line.code for line in report.lines] == [code]
    assert (count(session, Item), count(session, File), list(runtime.storage.keys(""))) == (0, 0, [])
