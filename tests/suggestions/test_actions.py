"""Suggestions are offered, accepted, refused and taken back; what was refused never comes again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from ugc.accounts.models import Brand
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, ItemMedia
from ugc.suggestions import actions, queries
from ugc.suggestions.models import Standing, Suggestion, What
from ugc.suggestions.queries import NoSuchSuggestion
from ugc.suggestions.rules import BadPrecision, Offer

NOW = make.NOON


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


@pytest.fixture
def item(session: Session, brand: Brand) -> Item:
    return make.item(session, brand)


def offered(session: Session, item: Item, *offers: Offer, what: What = What.TAG) -> list[Suggestion]:
    actions.offer(session, item.brand_id, item.id, what, offers, NOW)
    return queries.map_open(session, item.brand_id, [item.id], what).get(item.id, [])


def tags_of(session: Session, item: Item) -> set[str]:
    return {each.tag.name for each in library_queries.get_item(session, item.brand_id, item.id).tags}


def products_of(session: Session, item: Item) -> list[str]:
    return [each.product.sku for each in library_queries.get_item(session, item.brand_id, item.id).products]


def test_an_accepted_tag_is_on_the_item_and_undo_takes_it_off(session: Session, item: Item) -> None:
    [one] = offered(session, item, Offer("beach", 0.9, ("caption says “beach”",)))
    actions.accept(session, item.brand_id, [one.id], "person:1", NOW)
    assert tags_of(session, item) == {"beach"}
    actions.reopen(session, item.brand_id, [one.id], "person:1", NOW)
    assert tags_of(session, item) == set()
    assert one.state is Standing.OPEN


def test_undo_leaves_what_the_item_had_before(session: Session, item: Item) -> None:
    [one] = offered(session, item, Offer("beach", 0.9))
    library_actions.add_tags(session, item.brand_id, [item.id], ["beach"], actor="person:1", now=NOW)
    actions.accept(session, item.brand_id, [one.id], "person:1", NOW)
    actions.reopen(session, item.brand_id, [one.id], "person:1", NOW)
    assert tags_of(session, item) == {"beach"}


def test_accepting_twice_is_accepting_once(session: Session, item: Item) -> None:
    [one] = offered(session, item, Offer("beach", 0.9))
    actions.accept(session, item.brand_id, [one.id], "person:1", NOW)
    actions.accept(session, item.brand_id, [one.id], "person:2", NOW + timedelta(minutes=1))
    assert (one.actor, one.added) == ("person:1", True)


def test_what_was_refused_is_never_offered_again_for_the_item(session: Session, item: Item) -> None:
    [one] = offered(session, item, Offer("beach", 0.9))
    actions.refuse(session, item.brand_id, [one.id], "person:1", NOW)
    assert offered(session, item, Offer("beach", 0.99)) == []
    assert one.state is Standing.REFUSED


def test_what_is_not_offered_again_ends_and_may_come_back(session: Session, item: Item) -> None:
    offered(session, item, Offer("beach", 0.9), Offer("street", 0.3))
    assert [each.name for each in offered(session, item, Offer("beach", 0.8))] == ["beach"]
    assert [each.name for each in offered(session, item, Offer("street", 0.5))] == ["street"]


def test_refusing_what_was_accepted_takes_it_off(session: Session, item: Item) -> None:
    [one] = offered(session, item, Offer("beach", 0.9))
    actions.accept(session, item.brand_id, [one.id], "person:1", NOW)
    actions.refuse(session, item.brand_id, [one.id], "person:1", NOW)
    assert tags_of(session, item) == set()


def test_a_product_is_put_on_and_taken_off(session: Session, brand: Brand, item: Item) -> None:
    hat = make.product(session, brand, sku="HAT")
    [one] = offered(session, item, Offer("HAT", 0.9, product_id=hat.id), what=What.PRODUCT)
    actions.accept(session, brand.id, [one.id], "person:1", NOW)
    assert products_of(session, item) == ["HAT"]
    actions.reopen(session, brand.id, [one.id], "person:1", NOW)
    assert products_of(session, item) == []


def test_an_alt_text_takes_the_place_of_the_former_one_and_undo_brings_that_back(
    session: Session, brand: Brand, item: Item
) -> None:
    file = make.file(session, brand)
    medium = make.added(session, ItemMedia(item_id=item.id, file_id=file.id, alt="A hat"))
    [one] = offered(session, item, Offer("A straw hat on sand.", 1.0, file_id=file.id), what=What.ALT)
    actions.accept(session, brand.id, [one.id], "person:1", NOW)
    session.refresh(medium)
    assert medium.alt == "A straw hat on sand."
    actions.reopen(session, brand.id, [one.id], "person:1", NOW)
    session.refresh(medium)
    assert medium.alt == "A hat"


def test_a_brand_decides_on_its_own_suggestions_only(session: Session, item: Item) -> None:
    [one] = offered(session, item, Offer("beach", 0.9))
    stranger = make.brand(session)
    for decide in (actions.accept, actions.refuse, actions.reopen):
        with pytest.raises(NoSuchSuggestion):
            decide(session, stranger.id, [one.id], "person:9", NOW)
    actions.offer(session, stranger.id, item.id, What.TAG, [Offer("theirs", 0.9)], NOW)
    assert session.scalar(select(Suggestion).where(Suggestion.name == "theirs")) is None


def test_what_is_tagged_by_hand_counts_as_accepted_and_what_is_taken_off_as_refused(session: Session, item: Item) -> None:
    beach, street = offered(session, item, Offer("beach", 0.9), Offer("street", 0.8))
    actions.accept(session, item.brand_id, [street.id], "person:1", NOW)
    actions.settle_carried(session, item.brand_id, {item.id: {"beach"}}, {}, (), NOW)
    assert (beach.state, street.state) == (Standing.ACCEPTED, Standing.REFUSED)


def test_a_family_that_left_the_catalogue_was_not_refused(session: Session, brand: Brand, item: Item) -> None:
    hat = make.product(session, brand, sku="HAT")
    [one] = offered(session, item, Offer("HAT", 0.9, product_id=hat.id), what=What.PRODUCT)
    actions.accept(session, brand.id, [one.id], "person:1", NOW)
    actions.settle_carried(session, brand.id, {item.id: set()}, {item.id: set()}, {"SCARF"}, NOW)
    assert one.state is Standing.ACCEPTED


@pytest.mark.parametrize("value", [0.5, 1.0, 0.949, 2])
def test_only_offered_precisions_can_be_chosen(session: Session, brand: Brand, value: float) -> None:
    with pytest.raises(BadPrecision):
        actions.set_precisions(session, brand.id, value, None, actor="person:1", now=NOW)


def test_precisions_are_kept_and_taken_back(session: Session, brand: Brand) -> None:
    actions.set_precisions(session, brand.id, 0.95, 0.98, actor="person:1", now=NOW)
    assert (queries.get_settings(session, brand.id).tags, queries.get_settings(session, brand.id).products) == (0.95, 0.98)
    actions.set_precisions(session, brand.id, None, 0.98, actor="person:1", now=NOW)
    assert queries.get_settings(session, brand.id).tags is None
