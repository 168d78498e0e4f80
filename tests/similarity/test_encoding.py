"""What an encoder made of items: brought up to date, never mixed, deleted with what may not be kept."""

from __future__ import annotations

import numpy
import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from tests.similarity import drawn
from ugc.accounts.models import Brand
from ugc.kit import jobs as kit_jobs
from ugc.library.models import Item, ItemMedia, Kind, SourcePolicy
from ugc.media.models import File
from ugc.runtime import Runtime
from ugc.similarity import actions, jobs, queries
from ugc.similarity.models import PICTURE, TEXT, ItemVector


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


def encode(runtime: Runtime, session: Session, *items: Item) -> list[int]:
    session.commit()
    changed = actions.encode_items(runtime, items[0].brand_id, [item.id for item in items], now=NOON)
    session.expire_all()
    return changed


def announced(session: Session) -> list[list[int]]:
    return [given["item_ids"] for given in kit_jobs.find_unfinished(session, "similarity.items_encoded")]


def near(session: Session, item: Item, space: str = PICTURE) -> list[int]:
    vector = queries.map_vectors(session, item.brand_id, [item.id], space)[item.id]
    return [id for id, _ in queries.find_near(session, item.brand_id, vector, space, limit=10, without=[item.id])]


def test_pictures_and_texts_get_vectors_of_length_one_and_are_announced(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = drawn.item(session, brand, drawn.figure(), body="A red dot on the wall")
    assert encode(runtime, session, item) == [item.id]
    for space in (PICTURE, TEXT):
        vector = queries.map_vectors(session, brand.id, [item.id], space)[item.id]
        assert float(numpy.linalg.norm(vector)) == pytest.approx(1, abs=0.01)
    assert announced(session) == [[item.id]]


def test_encoding_again_changes_nothing_and_announces_nothing(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = drawn.item(session, brand, drawn.figure(), body="A red dot")
    encode(runtime, session, item)
    assert encode(runtime, session, item) == []
    assert len(announced(session)) == 1


def test_a_corrected_text_and_another_first_picture_are_encoded_anew(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = drawn.item(session, brand, drawn.figure(), body="A red dot")
    encode(runtime, session, item)
    before = queries.map_vectors(session, brand.id, [item.id], TEXT)[item.id]
    item.body = "Blue stripes on linen"
    assert encode(runtime, session, item) == [item.id]
    assert float(queries.map_vectors(session, brand.id, [item.id], TEXT)[item.id] @ before) < 0.6


def test_the_nearest_come_first_and_only_from_the_same_brand(runtime: Runtime, session: Session, brand: Brand) -> None:
    asked = drawn.item(session, brand, drawn.figure())
    alike = drawn.item(session, brand, drawn.figure(at=20))
    other = drawn.item(session, brand, drawn.figure("stripes", "#104010", "#c0c0ff"))
    stranger = drawn.item(session, make.brand(session), drawn.figure())
    encode(runtime, session, asked, alike, other)
    encode(runtime, session, stranger)
    assert near(session, asked) == [alike.id, other.id]
    assert near(session, stranger) == []


def test_texts_about_the_same_are_nearer_than_others(runtime: Runtime, session: Session, brand: Brand) -> None:
    asked, alike, other = (
        drawn.item(session, brand, kind=Kind.REVIEW, body=body)
        for body in (
            "This dress runs small, order a size up. Lovely fabric.",
            "The dress is small, I had to order one size up but the fabric is lovely",
            "Delivery took three weeks and the box was damaged",
        )
    )
    encode(runtime, session, asked, alike, other)
    assert near(session, asked, TEXT)[0] == alike.id


@pytest.mark.parametrize("body", ["", "   ", "😀😀😀", "12 34", "a b c"])
def test_a_text_without_words_has_no_vector_and_is_not_tried_again(
    runtime: Runtime, session: Session, brand: Brand, body: str
) -> None:
    item = drawn.item(session, brand, body=body)
    encode(runtime, session, item)
    assert queries.map_vectors(session, brand.id, [item.id], TEXT) == {}
    assert encode(runtime, session, item) == []
    jobs.catch_up(runtime)
    assert kit_jobs.find_unfinished(session, "similarity.encode_items") == []


def test_a_huge_text_and_an_unspaced_language_have_vectors(runtime: Runtime, session: Session, brand: Brand) -> None:
    huge = drawn.item(session, brand, body="lovely dress " * 1_500)
    thai, japanese = drawn.item(session, brand, body="ชุดนี้สวยมาก"), drawn.item(session, brand, body="このドレスはとても可愛いです")
    encode(runtime, session, huge, thai, japanese)
    assert queries.map_vectors(session, brand.id, [huge.id, thai.id, japanese.id], TEXT).keys() == {huge.id, thai.id, japanese.id}


def test_vectors_of_an_older_encoder_are_never_compared_and_give_way(runtime: Runtime, session: Session, brand: Brand) -> None:
    item, other = drawn.item(session, brand, drawn.figure()), drawn.item(session, brand, drawn.figure())
    encode(runtime, session, item, other)
    session.execute(text("update item_vectors set encoder = 'own:0.0' where item_id = :id"), {"id": other.id})
    assert near(session, item) == []
    encode(runtime, session, other)
    assert near(session, item) == [other.id]
    assert set(session.scalars(select(ItemVector.encoder).where(ItemVector.item_id == other.id))) == {"own:1.1"}


@pytest.mark.parametrize(
    "facts",
    [
        {"source_policy": SourcePolicy.EMBED_ONLY},
        {"source_policy": SourcePolicy.API_CACHED, "gone_at": NOON},
        {"source_policy": SourcePolicy.API_CACHED, "lease_until": NOON},
    ],
)
def test_nothing_is_kept_of_what_may_not_be_kept_l20(
    runtime: Runtime, session: Session, brand: Brand, facts: dict[str, object]
) -> None:
    item, own = drawn.item(session, brand, drawn.figure(), body="A red dot"), drawn.item(session, brand, body="Another red dot")
    encode(runtime, session, item, own)
    for name, value in facts.items():
        setattr(item, name, value)
    encode(runtime, session, item, own)
    assert list(session.scalars(select(ItemVector.item_id).distinct())) == [own.id]


def test_the_hourly_round_forgets_what_ran_out_unnoticed_l21(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = drawn.item(session, brand, drawn.figure())
    encode(runtime, session, item)
    item.source_policy, item.lease_until = SourcePolicy.API_CACHED, NOON
    session.commit()
    assert actions.forget_unkept(session, now=NOON) == 1
    assert session.scalars(select(ItemVector)).all() == []


def test_deleting_an_item_deletes_its_vectors(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = drawn.item(session, brand, drawn.figure(), body="A red dot")
    encode(runtime, session, item)
    session.execute(delete(Item).where(Item.id == item.id))
    assert session.scalars(select(ItemVector)).all() == []


def test_a_text_that_was_taken_away_takes_its_vector_with_it(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = drawn.item(session, brand, drawn.figure(), body="A red dot")
    encode(runtime, session, item)
    item.body = ""
    encode(runtime, session, item)
    assert list(session.scalars(select(ItemVector.space))) == [PICTURE]


def test_a_file_without_a_descriptor_is_encoded_once_it_was_measured_again(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    item = drawn.item(session, brand, drawn.figure())
    file = session.scalars(select(File).join(ItemMedia).where(ItemMedia.item_id == item.id)).one()
    made, file.descriptor = file.descriptor, None
    encode(runtime, session, item)
    assert queries.map_vectors(session, brand.id, [item.id], PICTURE) == {}
    file.descriptor = made
    session.commit()
    jobs.encode_files(runtime, brand_id=brand.id, file_ids=[file.id])
    assert queries.map_vectors(session, brand.id, [item.id], PICTURE).keys() == {item.id}


def test_what_was_there_before_is_caught_up_on(runtime: Runtime, session: Session, brand: Brand) -> None:
    old, done = drawn.item(session, brand, drawn.figure()), drawn.item(session, brand, drawn.figure())
    encode(runtime, session, done)
    jobs.catch_up(runtime)
    assert [given["item_ids"] for given in kit_jobs.find_unfinished(session, "similarity.encode_items")] == [[old.id]]


def test_one_round_of_catching_up_is_bounded_and_knows_that_there_is_more(session: Session, brand: Brand) -> None:
    items = [drawn.item(session, brand, drawn.figure(), body="") for _ in range(3)]
    assert jobs.enqueue_left(session, brand.id, most=2)
    assert [given["item_ids"] for given in kit_jobs.find_unfinished(session, "similarity.encode_items")] == [
        [items[1].id, items[2].id]
    ]
    assert not jobs.enqueue_left(session, brand.id, most=4)


def test_another_brands_item_is_not_encoded_in_this_brands_name(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = drawn.item(session, make.brand(session), drawn.figure())
    session.commit()
    assert actions.encode_items(runtime, brand.id, [item.id], now=NOON) == []
    assert session.scalars(select(ItemVector)).all() == []
