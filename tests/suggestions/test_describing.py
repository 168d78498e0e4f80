"""Drafts as suggestions: offered for pictures without a description, taken by people, never over what a person wrote."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from ugc.accounts.models import Brand
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, ItemMedia, ItemProduct, ItemTag, RightsState, State, Tag
from ugc.media.models import File
from ugc.similarity.models import PictureDescription
from ugc.suggestions import actions, describing, queries
from ugc.suggestions.describing import AlreadyDescribed
from ugc.suggestions.models import Standing, Suggestion, What
from ugc.suggestions.rules import Offer

NOON = make.NOON


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


def pictured(session: Session, brand: Brand, *, products: tuple[str, ...] = (), tags: tuple[str, ...] = (), **facts: Any) -> Item:
    """An item with a red picture."""
    item = make.item(session, brand, **({"body": ""} | facts))
    add_picture(session, brand, item)
    for title in products:
        product = make.product(session, brand, title=title)
        make.added(session, ItemProduct(item_id=item.id, product_id=product.id))
    for name in tags:
        tag = session.scalar(select(Tag).where(Tag.brand_id == brand.id, Tag.name == name))
        tag = tag or make.added(session, Tag(brand_id=brand.id, name=name))
        make.added(session, ItemTag(item_id=item.id, tag_id=tag.id))
    session.expire_all()
    return item


def add_picture(session: Session, brand: Brand, item: Item, place: int = 0) -> File:
    file = make.file(session, brand, colours=["#c8102e", "#ffffff"])
    make.added(session, ItemMedia(item_id=item.id, file_id=file.id, position=place))
    session.expire_all()
    return file


def drafts(session: Session, brand: Brand, item: Item) -> list[Suggestion]:
    describing.draft_items(session, brand.id, [item.id], now=NOON)
    return queries.map_open(session, brand.id, [item.id], What.ALT).get(item.id, [])


def alt_of(session: Session, brand: Brand, item: Item) -> str:
    session.expire_all()
    return library_queries.get_item(session, brand.id, item.id).media[0].alt


def test_a_draft_is_offered_from_products_tags_and_colours(session: Session, brand: Brand) -> None:
    item = pictured(session, brand, products=("Straw hat",), tags=("beach",))
    [draft] = drafts(session, brand, item)
    assert (draft.name, draft.file_id, draft.p) == ("Straw hat. Beach. Mostly red and white.", item.media[0].file_id, 0.7)
    assert alt_of(session, brand, item) == ""


def test_what_a_person_wrote_stays_and_ends_the_draft(session: Session, brand: Brand) -> None:
    item = pictured(session, brand, products=("Straw hat",))
    assert drafts(session, brand, item)
    item = library_queries.get_item(session, brand.id, item.id)
    library_actions.set_alt(session, item, item.media[0].file_id, "Mine", actor="person:1", now=NOON)
    assert drafts(session, brand, item) == []
    assert alt_of(session, brand, item) == "Mine"


def test_with_nothing_known_nothing_is_offered(session: Session, brand: Brand) -> None:
    assert drafts(session, brand, pictured(session, brand, body="Anna at the lake")) == []


def test_a_likely_product_is_named_and_an_unlikely_one_is_not(session: Session, brand: Brand) -> None:
    product = make.product(session, brand, title="Straw hat")
    for p, said in ((0.9, "Straw hat. Mostly red and white."), (0.4, None)):
        item = pictured(session, brand)
        actions.offer(session, brand.id, item.id, "product", [Offer(product.sku, p, ("caption",), product_id=product.id)], NOON)
        assert [draft.name for draft in drafts(session, brand, item)] == ([said] if said else [])


def test_the_caption_gives_only_words_that_the_brand_uses(session: Session, brand: Brand) -> None:
    pictured(session, brand, tags=("lake", "anna’s place"))
    [draft] = drafts(session, brand, pictured(session, brand, body="Anna at the LAKE, call 0170"))
    assert draft.name == "Lake. Mostly red and white."


def test_several_pictures_get_a_draft_each_that_can_be_told_apart(session: Session, brand: Brand) -> None:
    item = pictured(session, brand, products=("Straw hat",))
    second = add_picture(session, brand, item, 1)
    made = {draft.file_id: draft.name for draft in drafts(session, brand, item)}
    assert len(made) == 2
    assert made[second.id].endswith("Picture 2 of 2.")


def test_what_the_model_saw_comes_first_without_saying_who(session: Session, brand: Brand) -> None:
    item = pictured(session, brand, products=("Straw hat",))
    said = PictureDescription(
        file_id=item.media[0].file_id, brand_id=brand.id, model="m", alt="A young woman in a straw hat", described_at=NOON
    )
    make.added(session, said)
    [draft] = drafts(session, brand, item)
    assert (draft.name, draft.p) == ("A person in a straw hat", 0.8)
    said.alt = "She smiles"
    [draft] = drafts(session, brand, item)
    assert draft.name == "Straw hat. Mostly red and white."


@pytest.mark.parametrize("state", [State.REJECTED, State.SPAM, State.TRASH])
def test_what_nobody_looks_at_gets_no_draft(state: State, session: Session, brand: Brand) -> None:
    assert drafts(session, brand, pictured(session, brand, products=("Straw hat",), state=state)) == []


def test_a_refused_draft_is_not_offered_again(session: Session, brand: Brand) -> None:
    item = pictured(session, brand, products=("Straw hat",))
    [draft] = drafts(session, brand, item)
    actions.refuse(session, brand.id, [draft.id], "person:1", NOON)
    assert drafts(session, brand, item) == []


def test_taking_a_draft_as_it_stands_accepts_it_and_an_edited_one_is_written(session: Session, brand: Brand) -> None:
    item, other = pictured(session, brand, products=("Straw hat",)), pictured(session, brand, products=("Red hat",))
    [draft], [edited] = drafts(session, brand, item), drafts(session, brand, other)
    by: Any = {"actor": "person:1", "now": NOON}
    taken = describing.take(session, brand.id, item.id, item.media[0].file_id, draft.name, **by)
    assert taken is not None
    assert taken.state is Standing.ACCEPTED
    assert describing.take(session, brand.id, other.id, other.media[0].file_id, "A red hat on a chair", **by) is None
    assert (alt_of(session, brand, item), alt_of(session, brand, other)) == (draft.name, "A red hat on a chair")
    describing.draft_items(session, brand.id, [other.id], now=NOON)
    assert queries.get_suggestion(session, brand.id, edited.id).state is Standing.SUPERSEDED


def test_nobody_overwrites_what_somebody_wrote_meanwhile(session: Session, brand: Brand) -> None:
    item = pictured(session, brand, products=("Straw hat",))
    file_id = item.media[0].file_id
    describing.take(session, brand.id, item.id, file_id, "First", actor="person:1", now=NOON)
    session.expire_all()
    with pytest.raises(AlreadyDescribed):
        describing.take(session, brand.id, item.id, file_id, "Second", actor="person:2", now=NOON)
    assert alt_of(session, brand, item) == "First"


def test_published_pictures_without_a_description_are_counted_and_listed(session: Session, brand: Brand) -> None:
    public: dict[str, Any] = {"state": State.APPROVED, "rights_state": RightsState.OWNED}
    first = pictured(session, brand, products=("Straw hat",), **public)
    second = pictured(session, brand, **public)
    pictured(session, brand, **(public | {"rights_state": RightsState.NONE}))
    pictured(session, brand)
    pictured(session, make.brand(session), **public)
    described = pictured(session, brand, **public)
    described.media[0].alt = "There"
    drafts(session, brand, first)
    assert describing.count_undescribed(session, brand.id, now=NOON) == 2
    assert describing.count_undescribed(session, brand.id, now=NOON, most=1) == 1
    assert describing.count_undescribed(session, brand.id, now=NOON, newest=9) == 2
    assert describing.count_undescribed(session, brand.id, now=NOON, newest=1) == 0
    found = describing.find_undescribed(session, brand.id, now=NOON, limit=9)
    assert [(each.item.id, each.draft.name if each.draft else None) for each in found] == [
        (second.id, None), (first.id, "Straw hat. Mostly red and white."),
    ]  # fmt: skip


def test_each_brand_drafts_only_its_own(session: Session, brand: Brand) -> None:
    item = pictured(session, brand, products=("Straw hat",))
    describing.draft_items(session, make.brand(session).id, [item.id], now=NOON)
    assert queries.map_open(session, brand.id, [item.id], What.ALT) == {}
