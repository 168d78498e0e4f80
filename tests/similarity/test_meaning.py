"""Words find pictures and texts by what they mean, inside the filter and inside the brand; names become likely tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import make
from tests.similarity.encoders import tiny
from ugc.accounts.models import Brand
from ugc.kit import clock
from ugc.kit.errors import Invalid
from ugc.library import queries as library_queries
from ugc.library.models import Item, ItemMedia, State
from ugc.library.queries import ItemFilter
from ugc.runtime import Runtime
from ugc.settings import Settings
from ugc.similarity import actions, choosing, meaning
from ugc.similarity.encoders.model_folders import BadModel
from ugc.similarity.models import NameVector

KEY = b"k" * 32


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


@pytest.fixture
def models(runtime: Runtime, tmp_path: Path) -> Iterator[Runtime]:
    """A runtime whose settings name the test's two models."""
    tiny.clip_folder(tmp_path / "tiny-clip")
    tiny.sentence_folder(tmp_path / "sentences")
    settings = replace(runtime.settings, picture_model=str(tmp_path / "tiny-clip"), text_model=str(tmp_path / "sentences"))
    meaning.set_up(settings)
    yield replace(runtime, settings=settings)
    meaning.set_up(Settings())


def pictured(runtime: Runtime, session: Session, brand: Brand, colour: str, **facts: Any) -> Item:
    """An item with a picture of one colour and no words."""
    item, file = make.item(session, brand, **({"body": ""} | facts)), make.file(session, brand)
    make.added(session, ItemMedia(item_id=item.id, file_id=file.id))
    runtime.storage.put(f"renditions/{file.public_name}/320.webp", tiny.picture(colour))
    return item


def encode(runtime: Runtime, session: Session, brand: Brand, items: Sequence[Item]) -> None:
    session.commit()
    actions.encode_items(runtime, brand.id, [item.id for item in items], now=clock.now())


def found(session: Session, brand: Brand, q: str, **filter: Any) -> list[int]:
    return list(meaning.find_by_meaning(session, brand.id, ItemFilter(q=q, **filter), now=clock.now()))


def test_red_finds_the_red_pictures_first(models: Runtime, session: Session, brand: Brand) -> None:
    items = [pictured(models, session, brand, colour) for colour in ("blue", "red", "green", "red")]
    encode(models, session, brand, items)
    assert set(found(session, brand, "red")[:2]) == {items[1].id, items[3].id}
    assert found(session, brand, "blue")[0] == items[0].id
    assert len(found(session, brand, "red")) == 4


def test_a_text_is_found_by_a_word_that_it_does_not_hold(models: Runtime, session: Session, brand: Brand) -> None:
    delivery = make.item(session, brand, body="delivery delivery")
    frock = make.item(session, brand, body="a frock")
    encode(models, session, brand, [delivery, frock])
    assert found(session, brand, "dress")[0] == frock.id


def test_pictures_and_texts_are_found_together(models: Runtime, session: Session, brand: Brand) -> None:
    red, blue = pictured(models, session, brand, "red"), pictured(models, session, brand, "blue")
    both = pictured(models, session, brand, "red", body="red dress")
    written = make.item(session, brand, body="red")
    encode(models, session, brand, [red, blue, both, written])
    assert found(session, brand, "red")[0] == both.id
    assert set(found(session, brand, "red")) == {red.id, blue.id, both.id, written.id}


def test_the_other_filters_hold_and_the_words_filter_nothing(models: Runtime, session: Session, brand: Brand) -> None:
    items = [pictured(models, session, brand, "red", state=state) for state in (State.APPROVED, State.INBOX)]
    encode(models, session, brand, items)
    assert found(session, brand, "a photo of red", state=("approved",)) == [items[0].id]


def test_each_brand_finds_only_its_own(models: Runtime, session: Session, brand: Brand) -> None:
    other = make.brand(session)
    theirs, own = pictured(models, session, other, "red"), pictured(models, session, brand, "blue")
    encode(models, session, other, [theirs])
    encode(models, session, brand, [own])
    assert found(session, brand, "red") == [own.id]


@pytest.mark.parametrize("q", ["", "  ", "\u200b", "!!!", "'; drop table items; --", "x" * 500, "🙂" * 50])
def test_no_query_breaks_it(q: str, models: Runtime, session: Session, brand: Brand) -> None:
    items = [pictured(models, session, brand, "red")]
    encode(models, session, brand, items)
    assert set(found(session, brand, q)) <= {items[0].id}


def test_pages_follow_each_other_without_gaps(models: Runtime, session: Session, brand: Brand) -> None:
    items = [pictured(models, session, brand, ("red", "blue")[place % 2]) for place in range(7)]
    encode(models, session, brand, items)
    wanted = meaning.resolve(session, brand.id, ItemFilter(q="red", state=("inbox",)), "meaning", now=clock.now())
    cursor, pages = None, list[int]()
    while True:
        page = library_queries.find_items(
            session, brand.id, wanted, sort="similar", cursor=cursor, limit=3, key=KEY, now=clock.now()
        )  # fmt: skip
        pages += [item.id for item in page.items]
        if (cursor := page.next) is None:
            break
    assert pages == found(session, brand, "red")


def test_words_are_searched_as_ever_unless_meaning_is_asked_for(session: Session, brand: Brand) -> None:
    filter = ItemFilter(q="red")
    assert meaning.resolve(session, brand.id, filter, "words", now=clock.now()) is filter
    assert meaning.resolve(session, brand.id, ItemFilter(), "meaning", now=clock.now()) == ItemFilter()
    with pytest.raises(Invalid, match="search must be words or meaning"):
        meaning.resolve(session, brand.id, filter, "magic", now=clock.now())
    with pytest.raises(Invalid, match="two orders"):
        meaning.resolve(session, brand.id, ItemFilter(q="red", similar_to=1), "meaning", now=clock.now())


def test_without_models_our_own_features_find_texts(runtime: Runtime, session: Session, brand: Brand) -> None:
    jacket, cup = make.item(session, brand, body="A warm jacket for winter"), make.item(session, brand, body="A cup of tea")
    encode(runtime, session, brand, [jacket, cup])
    assert found(session, brand, "winter jackets")[0] == jacket.id


def test_facets_count_what_was_found(models: Runtime, session: Session, brand: Brand) -> None:
    items = [pictured(models, session, brand, "red", state=state) for state in (State.APPROVED, State.INBOX, State.INBOX)]
    encode(models, session, brand, items)
    wanted = meaning.resolve(session, brand.id, ItemFilter(q="red"), "meaning", now=clock.now())
    counts = library_queries.count_all(session, brand.id, wanted, ["state"], now=clock.now())
    assert (counts.total, counts.more) == (3, False)
    assert {value.value: value.count for value in counts.facets["state"]} == {"approved": 1, "inbox": 2}


# Tags without examples.


def test_a_name_is_likely_where_the_picture_shows_it(models: Runtime, session: Session, brand: Brand) -> None:
    red, blue = pictured(models, session, brand, "red"), pictured(models, session, brand, "blue")
    encode(models, session, brand, [red, blue])
    names = ["red", "blue", "green"]
    assert meaning.zero_shot(session, brand.id, [red.id, blue.id], names) == {}
    queued = session.execute(text("select args from procrastinate_jobs where task_name = 'similarity.place_names'")).scalars().all()
    assert queued == [{"brand_id": brand.id, "names": names}]
    meaning.place_names(session, brand.id, names, now=clock.now())
    likely = meaning.zero_shot(session, brand.id, [red.id, blue.id], names)
    assert likely[red.id]["red"] > 0.99
    assert likely[blue.id]["blue"] > 0.99
    for item, shown in ((red, "red"), (blue, "blue")):
        assert max(likely[item.id], key=lambda name: likely[item.id][name]) == shown


def test_names_are_placed_once_an_encoder_and_asking_again_enqueues_nothing(
    models: Runtime, session: Session, brand: Brand
) -> None:
    red = pictured(models, session, brand, "red")
    encode(models, session, brand, [red])
    for _ in range(2):
        meaning.place_names(session, brand.id, ["red", "red"], now=clock.now())
    assert sorted(session.scalars(select(NameVector.name))) == ["", "red"]
    assert meaning.zero_shot(session, brand.id, [red.id], ["red"])[red.id].keys() == {"red"}
    assert session.scalar(text("select count(*) from procrastinate_jobs where task_name = 'similarity.place_names'")) == 0
    meaning.zero_shot(session, brand.id, [red.id], ["red", "new"])
    meaning.zero_shot(session, brand.id, [red.id], ["red", "new"])
    assert session.scalar(text("select count(*) from procrastinate_jobs where task_name = 'similarity.place_names'")) == 1


def test_without_an_encoder_of_words_there_is_no_zero_shot(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = make.item(session, brand)
    meaning.place_names(session, brand.id, ["red"], now=clock.now())
    assert meaning.zero_shot(session, brand.id, [item.id], ["red"]) == {}
    assert session.scalar(select(NameVector.name)) is None


@pytest.mark.parametrize(("above", "p"), [(0.0, 0.5), (0.03, 0.95), (-0.03, 0.05), (2.0, 1.0), (-2.0, 0.0)])
def test_a_probability_is_the_softmax_of_a_name_and_of_nothing(above: float, p: float) -> None:
    assert meaning.probability(above) == pytest.approx(p, abs=0.01)


def test_lists_are_merged_by_places() -> None:
    worth = meaning.merge([[1, 2, 3], [3, 1]])
    assert sorted(worth, key=lambda id: -worth[id]) == [1, 3, 2]
    assert worth[2] == pytest.approx(1 / 61)
    assert meaning.merge([[], []]) == {}


def test_a_folder_that_lacks_something_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="there is no model folder"):
        meaning.set_up(Settings(data_dir=tmp_path, text_model="missing"))
    meaning.set_up(Settings(data_dir=tmp_path))
    assert choosing.WAYS == []
