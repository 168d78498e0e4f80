"""A watched folder: what has settled is imported once and kept; what is still growing, or no brand's, is left alone."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import picture
from tests.ingest.test_archives import packed
from ugc.ingest import watching
from ugc.ingest.models import Import, ImportState
from ugc.kit import clock
from ugc.library.models import Item, Kind
from ugc.runtime import Runtime


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "watched" / "beach"
    folder.mkdir(parents=True)
    return folder.parent


@pytest.fixture
def watched(runtime: Runtime, session: Session, root: Path) -> Runtime:
    make.brand(session, slug="beach")
    session.commit()
    return replace(runtime, settings=replace(runtime.settings, watch_dir=str(root)))


def put(path: Path, content: bytes, *, age: int = 60) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    then = clock.now().timestamp() - age
    os.utime(path, (then, then))
    os.utime(path.parent, (then, then))


def kinds(session: Session) -> list[Kind]:
    return sorted(session.scalars(select(Item.kind)))


def test_pictures_archives_and_tables_are_imported_once(watched: Runtime, session: Session, root: Path) -> None:
    beach = root / "beach"
    put(beach / "a.jpg", picture("teal"))
    put(beach / "summer" / "b.jpg", picture("red"))
    put(beach / "r.csv", b"review,rating\nNice,5\n")
    made = packed(root.parent / "p.zip", ("c.jpg", picture("blue")))
    put(beach / "p.zip", made.read_bytes())
    assert watching.watch(watched, now=clock.now()) == 1
    assert kinds(session) == [Kind.PHOTO, Kind.PHOTO, Kind.PHOTO, Kind.REVIEW]
    [kept] = (beach / "imported").iterdir()
    assert sorted(each.name for each in kept.iterdir()) == ["a.jpg", "p.zip", "r.csv", "summer"]
    assert watching.watch(watched, now=clock.now()) == 0


def test_what_is_still_growing_waits(watched: Runtime, session: Session, root: Path) -> None:
    put(root / "beach" / "a.jpg", picture("teal"), age=1)
    assert watching.watch(watched, now=clock.now()) == 0
    assert (root / "beach" / "a.jpg").exists()
    assert watching.watch(watched, now=clock.now() + 2 * watching.SETTLES) == 1


def test_what_a_killed_run_had_begun_is_finished(watched: Runtime, session: Session, root: Path) -> None:
    put(root / "beach" / f"{watching.BEGUN}1" / "a.jpg", picture("teal"))
    assert watching.watch(watched, now=clock.now()) == 1
    assert kinds(session) == [Kind.PHOTO]


def test_a_folder_of_no_brand_and_links_are_left_alone(watched: Runtime, session: Session, root: Path) -> None:
    put(root / "unknown" / "a.jpg", picture("teal"))
    (root / "beach" / "link").symlink_to(root / "unknown")
    (root / "other").symlink_to(root / "unknown")
    assert watching.watch(watched, now=clock.now()) == 0
    assert (root / "unknown" / "a.jpg").exists()


def test_a_table_that_can_not_be_read_does_not_hold_up_the_rest(watched: Runtime, session: Session, root: Path) -> None:
    put(root / "beach" / "bad.csv", b"\0\0\0\0\0\0\0\0")
    put(root / "beach" / "a.jpg", picture("teal"))
    assert watching.watch(watched, now=clock.now()) == 1
    assert kinds(session) == [Kind.PHOTO]


def test_without_the_setting_or_its_folder_nothing_happens(runtime: Runtime, watched: Runtime, root: Path) -> None:
    shutil.rmtree(root)
    assert (watching.watch(runtime, now=clock.now()), watching.watch(watched, now=clock.now())) == (0, 0)


def test_what_can_not_be_read_is_an_import_that_failed_and_is_not_tried_again(
    watched: Runtime, session: Session, root: Path
) -> None:
    put(root / "beach" / "bad.zip", b"PK\x03\x04 and nothing more")
    put(root / "beach" / "bad.csv", b"Farbe;Form\nrot;rund\n")
    assert watching.watch(watched, now=clock.now()) == 1
    found = session.scalars(select(Import).order_by(Import.name)).all()
    assert [(each.name, each.state) for each in found] == [("bad.csv", ImportState.FAILED), ("bad.zip", ImportState.FAILED)]
    assert all(each.error for each in found)
    assert watching.watch(watched, now=clock.now()) == 0


def test_t_11_a_link_below_a_folder_brings_nothing_of_elsewhere(watched: Runtime, session: Session, root: Path) -> None:
    put(root.parent / "private" / "secret.jpg", picture("teal"))
    put(root / "beach" / "summer" / "a.jpg", picture("red"))
    (root / "beach" / "summer" / "b.jpg").symlink_to(root.parent / "private" / "secret.jpg")
    put(root / "beach" / "summer" / "a.jpg", picture("red"))
    assert watching.watch(watched, now=clock.now()) == 1
    assert kinds(session) == [Kind.PHOTO]


def test_one_brands_broken_folder_keeps_no_other_waiting(watched: Runtime, session: Session, root: Path) -> None:
    make.brand(session, slug="alps")
    session.commit()
    put(root / "alps" / "a.jpg", picture("teal"))
    (root / "alps" / watching.LOCK).mkdir()
    put(root / "beach" / "b.jpg", picture("red"))
    assert watching.watch(watched, now=clock.now()) == 1
    assert kinds(session) == [Kind.PHOTO]
