"""More like this, with the other filters, page by page; and the filter and facet by colour."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from tests.similarity import drawn
from ugc.accounts.models import Brand
from ugc.kit.errors import Invalid
from ugc.library import queries as library_queries
from ugc.library.models import Item, Kind, State
from ugc.library.queries import ItemFilter
from ugc.runtime import Runtime
from ugc.similarity import actions, queries, resembling
from ugc.similarity.models import PICTURE

KEY = b"k" * 32


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


def encode(runtime: Runtime, session: Session, items: Sequence[Item]) -> None:
    session.commit()
    actions.encode_items(runtime, items[0].brand_id, [item.id for item in items], now=NOON)


def resolved(session: Session, brand: Brand, filter: ItemFilter) -> ItemFilter:
    return resembling.resolve(session, brand.id, filter, now=NOON)


def page(session: Session, brand: Brand, filter: ItemFilter, cursor: str | None = None, limit: int = 30) -> library_queries.Page:
    wanted = resolved(session, brand, filter)
    return library_queries.find_items(session, brand.id, wanted, sort="similar", cursor=cursor, limit=limit, key=KEY, now=NOON)


@pytest.fixture
def circles(runtime: Runtime, session: Session, brand: Brand) -> list[Item]:
    """The asked circle first, then others ever farther to the side, every second approved."""
    states = [State.INBOX, State.APPROVED]
    items = [drawn.item(session, brand, drawn.figure(at=15 * number), state=states[number % 2]) for number in range(6)]
    encode(runtime, session, items)
    return items


def test_the_nearest_come_first_without_the_item_itself(session: Session, brand: Brand, circles: list[Item]) -> None:
    found = page(session, brand, ItemFilter(similar_to=circles[0].id))
    assert found.items[0].id == circles[1].id
    assert {item.id for item in found.items} == {item.id for item in circles[1:]}


def test_other_filters_hold_and_counts_agree(session: Session, brand: Brand, circles: list[Item]) -> None:
    asked = ItemFilter(similar_to=circles[0].id, state=("approved",))
    assert [item.state for item in page(session, brand, asked).items] == [State.APPROVED] * 3
    counts = library_queries.count_all(session, brand.id, resolved(session, brand, asked), ["kind"], now=NOON)
    assert (counts.total, counts.facets["kind"][0].count) == (3, 3)


@pytest.mark.parametrize("few", [0, 100])
def test_walking_the_graph_and_comparing_each_find_the_same(session: Session, brand: Brand, circles: list[Item], few: int) -> None:
    vector = queries.map_vectors(session, brand.id, [circles[0].id], PICTURE)[circles[0].id]
    approved = select(Item.id).where(Item.brand_id == brand.id, Item.state == State.APPROVED)
    near = queries.find_near_among(session, brand.id, vector, PICTURE, approved, limit=2, few=few)
    assert [id for id, _ in near] == [circles[1].id, circles[3].id]
    assert near[0][1] > near[1][1]


def test_pages_together_hold_each_item_once_in_the_order_of_nearness(session: Session, brand: Brand, circles: list[Item]) -> None:
    asked = ItemFilter(similar_to=circles[0].id)
    whole = [item.id for item in page(session, brand, asked).items]
    read, cursor = [], None
    for _ in range(5):
        part = page(session, brand, asked, cursor, limit=2)
        read += [item.id for item in part.items]
        cursor = part.next
        if cursor is None:
            break
    assert read == whole


def test_reviews_are_compared_by_what_they_say(runtime: Runtime, session: Session, brand: Brand) -> None:
    bodies = ("The zipper broke after a week", "After one week the zipper was broken", "Soft wool, warm and light")
    reviews = [drawn.item(session, brand, drawn.figure(), kind=Kind.REVIEW, body=body) for body in bodies]
    encode(runtime, session, reviews)
    found = resembling.find_resembling(session, brand.id, reviews[0], ItemFilter(), limit=8, now=NOON)
    assert (found.space, [id for id, _ in found.items]) == ("text", [reviews[1].id])


def test_an_item_with_nothing_to_compare_resembles_nothing(
    runtime: Runtime, session: Session, brand: Brand, circles: list[Item]
) -> None:
    bare = drawn.item(session, brand)
    encode(runtime, session, [bare])
    assert page(session, brand, ItemFilter(similar_to=bare.id)).items == []


def test_an_item_of_another_brand_is_no_measure(session: Session, brand: Brand, circles: list[Item]) -> None:
    with pytest.raises(Invalid, match="no item"):
        resolved(session, make.brand(session), ItemFilter(similar_to=circles[0].id))


def test_a_filter_that_nobody_resolved_finds_nothing_by_mistake(session: Session, brand: Brand) -> None:
    with pytest.raises(Invalid, match="can't be used here"):
        library_queries.find_ids(session, brand.id, ItemFilter(similar_to=1), now=NOON, limit=10)


COLOURED = {
    "red": ("#c02020", "#f0f0f0"),
    "blue": ("#2040a0", "#101010"),
    "both": ("#b81c1c", "#203c98", "#777777"),
    "fourth": ("#101010", "#f0f0f0", "#808080", "#c02020"),
}


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        (("red",), {"red", "both"}),
        (("#c4241e",), {"red", "both"}),
        (("red", "blue"), {"red", "blue", "both"}),
        (("!red",), {"blue", "fourth"}),
        (("green",), set()),
        (("black",), {"blue", "fourth"}),
    ],
)
def test_a_colour_finds_pictures_whose_main_colours_look_like_it(
    session: Session, brand: Brand, colour: tuple[str, ...], expected: set[str]
) -> None:
    made = {drawn.item(session, brand, drawn.figure(), colours=hexes).id: name for name, hexes in COLOURED.items()}
    drawn.item(session, make.brand(session), drawn.figure(), colours=("#c02020",))
    wanted = library_queries.read_filter({"colour": list(colour)})
    found = library_queries.find_ids(session, brand.id, wanted, now=NOON, limit=10)
    assert {made[id] for id in found} == expected


def test_the_facet_counts_items_by_the_names_of_their_main_colours(session: Session, brand: Brand) -> None:
    for hexes in COLOURED.values():
        drawn.item(session, brand, drawn.figure(), colours=hexes)
    counted = library_queries.count_facets(session, brand.id, ItemFilter(), ["colour"], now=NOON)["colour"]
    assert {value.value: value.count for value in counted} == {"red": 2, "blue": 2, "black": 2, "white": 2, "grey": 2}


@pytest.mark.parametrize("value", ["crimson", "#12", "", "!nothing"])
def test_a_colour_that_is_none_is_refused(value: str) -> None:
    if not value:
        assert library_queries.read_filter({"colour": value}).colour == ()
        return
    with pytest.raises(Invalid, match="#rrggbb"):
        library_queries.read_filter({"colour": value})
