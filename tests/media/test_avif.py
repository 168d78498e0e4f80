"""AVIF copies: only where they pay, only of pictures in public, only pixels in them (T-06 to T-08)."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from tests.library.test_removing import item_with, keys, stored_file
from tests.media import vectors
from ugc.accounts.models import Brand
from ugc.galleries import jobs as galleries_jobs
from ugc.library import actions as library_actions
from ugc.library.models import Item, RightsState
from ugc.media import actions, jobs, queries, rules, sandbox
from ugc.media.models import File
from ugc.runtime import Runtime


def picture(runtime: Runtime, session: Session, brand: Brand, width: int = 700) -> File:
    """A finished file of that width."""
    data = vectors.jpeg(width, width * 3 // 4)
    with actions.receive(runtime, io.BytesIO(data), "x.jpg") as received:
        file, _ = actions.keep(runtime, session, brand.id, received)
    with runtime.storage.open(file.storage_key) as original:
        found = sandbox.render(original)
    actions.finish(runtime, file, found)
    actions.note_finished(session, brand.id, file.id, file.public_name, found, now=make.NOON)
    session.commit()
    return file


def wanted(session: Session) -> list[int]:
    """The files that are to get AVIF copies."""
    rows = session.execute(text("select args from procrastinate_jobs where task_name = 'media.refine' order by id")).scalars()
    return [each["file_id"] for each in rows]


def approved(session: Session, item: Item) -> None:
    """Let the public see it."""
    item.rights_state = RightsState.GRANTED
    library_actions.approve(session, item.brand_id, [item.id], actor="test", now=make.NOON)
    session.commit()


def test_the_copies_are_avif_and_nothing_but_pixels(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(vectors.talkative_jpeg(6))
    found = sandbox.refine(tmp_path / "x")
    assert [each.name for each in found.renditions] == ["320.avif", "480.avif"]
    for each in found.renditions:
        opened = Image.open(io.BytesIO(each.data))
        assert (opened.format, opened.size) == ("AVIF", (each.width, each.height))
        assert rules.is_clean("image/avif", each.data)
        assert not opened.getexif()
        assert not {"exif", "xmp", "icc_profile"} & set(opened.info)


def test_the_clean_check_of_an_avif_sees_what_is_not_clean() -> None:
    photo = vectors.photo(320, 200)
    assert rules.is_clean("image/avif", vectors.encoded(photo, "AVIF"))
    profile = Image.open(io.BytesIO(vectors.encoded(photo, "JPEG", icc_profile=b"x" * 200))).info["icc_profile"]
    for options in ({"exif": vectors.exif()}, {"xmp": b"<x/>"}, {"icc_profile": profile}):
        assert not rules.is_clean("image/avif", vectors.encoded(photo, "AVIF", **options))
    assert not rules.is_clean("image/avif", vectors.encoded(photo.convert("RGBA").rotate(30), "AVIF"))
    assert not rules.is_clean("image/avif", vectors.encoded(photo, "AVIF") + b"PK\3\4")
    assert not rules.is_clean("image/avif", vectors.encoded(photo, "AVIF")[:200])
    plain = vectors.encoded(photo, "AVIF")
    place = plain.index(b"mdat") - 4
    length = int.from_bytes(plain[place : place + 4]) + 6
    assert not rules.is_clean("image/avif", plain[:place] + length.to_bytes(4) + plain[place + 4 :] + b"secret")
    assert not rules.is_clean("image/avif", vectors.jpeg())


def test_a_picture_gets_them_once_the_public_may_see_it(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    file, small = picture(runtime, session, brand), picture(runtime, session, brand, 200)
    item = item_with(session, brand, file, small)
    session.commit()
    galleries_jobs.unpublish_item(runtime, brand_id=brand.id, item_id=item.id)
    assert wanted(session) == []
    approved(session, item)
    galleries_jobs.unpublish_item(runtime, brand_id=brand.id, item_id=item.id)
    galleries_jobs.drop_file_items(runtime, brand_id=brand.id, file_ids=[file.id])
    assert wanted(session) == [file.id]
    jobs.refine(runtime, brand_id=brand.id, file_id=file.id)
    session.expire_all()
    urls = rules.rendition_urls(queries.get_file(session, brand.id, file.id), "")
    assert [each["url"].rsplit("/")[-1] for each in urls][-3:] == ["640.jpg", "640.webp", "640.avif"]
    assert all(runtime.storage.exists(each["url"].replace("/media/", "renditions/")) for each in urls)
    galleries_jobs.drop_file_items(runtime, brand_id=brand.id, file_ids=[file.id])
    assert wanted(session) == [file.id], "once is enough"


def test_a_picture_that_was_hidden_meanwhile_keeps_no_copy_under_its_old_name(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    file = picture(runtime, session, brand)
    with runtime.storage.open(file.storage_key) as original:
        found = sandbox.refine(original)
    old = file.public_name
    actions.hide(runtime, session, file)
    session.commit()
    assert not actions.note_refined(session, brand.id, file.id, old, found)


@pytest.mark.parametrize("name", ["gone", "lost"])
def test_what_is_gone_or_lost_is_left_alone(runtime: Runtime, session: Session, name: str) -> None:
    brand = make.brand(session)
    file = stored_file(runtime, session, brand)
    session.commit()
    runtime.storage.delete(file.storage_key)
    before = keys(runtime)
    jobs.refine(runtime, brand_id=brand.id, file_id=file.id if name == "lost" else 999_999)
    assert keys(runtime) == before
