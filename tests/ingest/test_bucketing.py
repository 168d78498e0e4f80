"""A shop's bucket: new objects become items once each by key and content, in turns, and only where the operator said (C5, T-39)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from tests.media import vectors
from tests.s3_server import KEY, SECRET, S3Server
from ugc.accounts.models import Brand
from ugc.ingest import bucketing
from ugc.ingest.sources import bucket
from ugc.kit import clock
from ugc.kit.storage import s3 as s3_module
from ugc.kit.storage.base import Entry
from ugc.kit.storage.local import LocalStorage
from ugc.kit.storage.places import Place
from ugc.kit.storage.s3 import S3Storage
from ugc.library.models import Item, Kind
from ugc.runtime import Runtime

OLD = NOON - timedelta(hours=1)


@pytest.mark.parametrize(
    ("entry", "offered"),
    [
        (Entry("a/b.jpg", 5, OLD, "e"), True),
        (Entry("b.jpg", 5, NOON - timedelta(seconds=5), "e"), True),
        (Entry("b.jpg", 5, NOON - timedelta(seconds=4), "e"), False),
        (Entry("b.jpg", 0, OLD, "e"), False),
        (Entry("b.jpg", 101, OLD, "e"), False),
        (Entry("a/.hidden", 5, OLD, "e"), False),
        (Entry("../b.jpg", 5, OLD, "e"), False),
        (Entry("a//b.jpg", 5, OLD, "e"), False),
    ],
)
def test_what_is_meant_for_us(entry: Entry, offered: bool) -> None:
    assert bucket.is_offered(entry, NOON, 100) is offered


def test_the_oldest_come_first_and_known_ones_not_at_all() -> None:
    entries = [Entry(f"{number}.jpg", 5, OLD - timedelta(minutes=number), "e") for number in range(2_500)]
    known = {bucket.external_id("s3://b", "2499.jpg", "e")}
    found = bucket.find_new(entries, "s3://b", lambda ids: known & set(ids), now=NOON, most_bytes=100, most=3)
    assert [each.key for each in found] == ["2498.jpg", "2497.jpg", "2496.jpg"]


def test_t39_a_listing_without_end_stops_at_its_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "MOST_LISTED", 5_000)
    read = 0

    def endless() -> Iterator[Entry]:
        nonlocal read
        while True:
            read += 1
            yield Entry(f"{read}.jpg", 5, OLD, "e")

    assert len(bucket.find_new(endless(), "s3://b", lambda ids: set(), now=NOON, most_bytes=100)) == bucket.MOST
    assert read == 5_000


def test_an_overwritten_object_is_another_one() -> None:
    ids = {
        bucket.external_id(*each)
        for each in (("s3://b", "a", "1"), ("s3://b", "a", "2"), ("s3://b", "b", "1"), ("s3://c", "a", "1"))
    }
    assert len(ids) == 4


@pytest.fixture
def place(s3: S3Server) -> Place:
    """A part of the bucket of the test's own."""
    return s3.place()


@pytest.fixture
def filled(s3: S3Server, place: Place, runtime: Runtime) -> S3Storage:
    """Two pictures, a file that is none, a hidden one."""
    storage = S3Storage(s3.shared, place, LocalStorage(runtime.settings.data_dir / "desk"))
    storage.put("summer/1.jpg", vectors.jpeg(320, 240))
    storage.put("2.jpg", vectors.jpeg(240, 320))
    storage.put("notes.txt", b"no picture")
    storage.put(".hidden.jpg", vectors.jpeg(64, 64))
    return storage


@pytest.fixture
def shop(
    runtime: Runtime, session: Session, s3: S3Server, place: Place, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Runtime, Brand]]:
    """A brand that takes content from the place."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    brand = make.brand(session)
    session.commit()
    settings = replace(runtime.settings, s3_sources=((brand.slug, place),), s3_endpoint_url=s3.endpoint)
    s3_module.shared_client.cache_clear()
    yield replace(runtime, settings=settings), brand
    s3_module.shared_client.cache_clear()


def work_through(runtime: Runtime, brand: Brand, place: Place, storage: S3Storage) -> int:
    """What the worker does after a poll; how many objects it took on."""
    later = clock.now() + timedelta(minutes=1)
    fresh = bucketing.find_new(runtime, storage, brand.id, place, now=later)
    assert bucketing.poll(runtime, brand.id, now=later) == len(fresh)
    for found in fresh:
        bucketing.take(runtime, brand.id, place.address, found.key, found.external_id, now=later)
    return len(fresh)


def test_new_objects_become_items_once(shop: tuple[Runtime, Brand], session: Session, place: Place, filled: S3Storage) -> None:
    runtime, brand = shop
    assert work_through(runtime, brand, place, filled) == 3
    items = list(session.scalars(select(Item).where(Item.brand_id == brand.id)))
    assert sorted((item.kind, item.source, item.rights_state.value) for item in items) == [(Kind.PHOTO, "bucket", "none")] * 2
    assert {medium.file.name for item in items for medium in item.media} == {"1.jpg", "2.jpg"}
    assert work_through(runtime, brand, place, filled) == 0
    filled.put("2.jpg", vectors.jpeg(200, 200))
    assert work_through(runtime, brand, place, filled) == 1


def test_a_refused_object_is_remembered_with_its_reason(shop: tuple[Runtime, Brand], place: Place, filled: S3Storage) -> None:
    runtime, brand = shop
    work_through(runtime, brand, place, filled)
    [noted] = runtime.storage.keys(f"{bucketing.REFUSED}/{brand.id}/")
    assert b"notes.txt" in runtime.storage.read(noted)


def test_only_what_the_operator_named_for_the_brand_is_read(
    shop: tuple[Runtime, Brand], session: Session, place: Place, filled: S3Storage
) -> None:
    runtime, _ = shop
    other = make.brand(session)
    session.commit()
    assert bucketing.poll(runtime, other.id, now=clock.now() + timedelta(minutes=1)) == 0
    bucketing.take(runtime, other.id, place.address, "2.jpg", "x", now=NOON)
    assert session.scalar(select(Item).where(Item.brand_id == other.id)) is None


def test_where_files_are_stored_nothing_is_taken_from(shop: tuple[Runtime, Brand], place: Place) -> None:
    runtime, brand = shop
    assert list(bucketing.places_of(runtime, brand)) == [place]
    inside = replace(runtime.settings, storage=f"s3://{place.bucket}")
    assert list(bucketing.places_of(replace(runtime, settings=inside), brand)) == []
