"""A merge keeps tags, products and rights, and one undo takes all of it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.duplicates.alike import BASE, flipped, photo, review
from tests.duplicates.test_jobs import apart, groups, look, the_group
from tests.make import NOON
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.duplicates import actions, jobs, merging, queries, rules
from ugc.duplicates.models import Standing
from ugc.galleries import actions as galleries_actions
from ugc.galleries import jobs as galleries_jobs
from ugc.galleries.models import Gallery
from ugc.kit.errors import NotFound
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, Reason, RightsState, State
from ugc.library.rules import ProductTag
from ugc.rights import actions as rights_actions
from ugc.rights import queries as rights_queries
from ugc.runtime import Runtime

BY: dict[str, Any] = {"actor": "person:1", "now": NOON}


@pytest.fixture
def brand(session: Session) -> Brand:
    made = make.brand(session)
    for sku in ("HAT", "BAG"):
        make.product(session, made, sku=sku)
    session.commit()
    return made


def pair(
    runtime: Runtime, session: Session, brand: Brand, *, turn: int = 0, best: dict[str, Any], copy: dict[str, Any]
) -> tuple[Item, Item]:
    """Two alike photos in a group, the better one first."""
    one = photo(session, brand, BASE, **({"score": 80} | best))
    two = photo(session, brand, flipped(3, hash=rules.turned_copies(BASE, None)[turn]), **({"score": 40} | copy))
    session.commit()
    look(runtime, one, two)
    return one, two


def merge(runtime: Runtime, session: Session, brand: Brand, best: Item | None = None) -> str:
    batch = merging.merge(runtime, session, brand.id, the_group(session, brand).id, best.id if best else None, **BY)
    session.commit()
    return batch


def undo(runtime: Runtime, session: Session, brand: Brand, batch: str) -> None:
    """As any page or program undoes a decision; the worker hears of it."""
    library_actions.undo(session, brand.id, batch, **BY)
    session.commit()
    jobs.reopen(runtime, brand_id=brand.id, batch=batch, actor="person:1")


def facts(session: Session, item: Item) -> dict[str, Any]:
    session.expire_all()
    item = library_queries.get_item(session, item.brand_id, item.id)
    return {
        "state": item.state,
        "reason": item.state_reason,
        "tags": sorted(tagged.tag.name for tagged in item.tags),
        "products": {tagged.product.sku: (tagged.x, tagged.y) for tagged in item.products},
        "right": item.rights_state,
    }


def test_the_others_go_to_the_trash_as_duplicates_and_the_best_stays(runtime: Runtime, session: Session, brand: Brand) -> None:
    best, copy = pair(runtime, session, brand, best={}, copy={})
    batch = merge(runtime, session, brand)
    assert (facts(session, best)["state"], facts(session, copy)["state"]) == (State.INBOX, State.TRASH)
    assert facts(session, copy)["reason"] is Reason.DUPLICATE
    assert groups(session, brand) == []
    [merged] = queries.find_groups(session, brand.id, Standing.MERGED)
    assert (merged.best_id, merged.decided_by, [shown.item.id for shown in merged.members]) == (
        best.id,
        "person:1",
        [best.id, copy.id],
    )
    [entry] = [
        entry for entry in accounts_queries.find_audit(session, brand.id, "item", best.id) if entry.action == "duplicates.merge"
    ]
    assert entry.detail["items"] == [copy.id]
    assert batch


def test_another_than_the_best_may_be_kept(runtime: Runtime, session: Session, brand: Brand) -> None:
    best, copy = pair(runtime, session, brand, best={}, copy={})
    merge(runtime, session, brand, copy)
    assert (facts(session, best)["state"], facts(session, copy)["state"]) == (State.TRASH, State.INBOX)


def test_tags_and_products_with_their_hotspots_come_along(runtime: Runtime, session: Session, brand: Brand) -> None:
    best, copy = pair(runtime, session, brand, best={}, copy={})
    library_actions.add_tags(session, brand.id, [best.id], ["beach"], **BY)
    library_actions.add_tags(session, brand.id, [copy.id], ["beach", "summer"], **BY)
    library_actions.set_products(session, best, [ProductTag("HAT")], **BY)
    library_actions.set_products(session, copy, [ProductTag("HAT", 0.1, 0.2), ProductTag("BAG", 0.3, 0.4)], **BY)
    session.commit()
    merge(runtime, session, brand)
    assert facts(session, best)["tags"] == ["beach", "summer"]
    assert facts(session, best)["products"] == {"HAT": (0.1, 0.2), "BAG": (0.3, 0.4)}


def test_a_hotspot_of_a_mirrored_picture_points_elsewhere_and_stays_behind(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    best, copy = pair(runtime, session, brand, turn=1, best={}, copy={})
    library_actions.set_products(session, copy, [ProductTag("BAG", 0.3, 0.4)], **BY)
    session.commit()
    merge(runtime, session, brand)
    assert facts(session, best)["products"] == {"BAG": (None, None)}


def test_what_was_approved_once_stays_approved(runtime: Runtime, session: Session, brand: Brand) -> None:
    best, copy = pair(runtime, session, brand, best={}, copy={"state": State.APPROVED})
    batch = merge(runtime, session, brand)
    assert facts(session, best)["state"] is State.APPROVED
    undo(runtime, session, brand, batch)
    assert (facts(session, best)["state"], facts(session, copy)["state"]) == (State.INBOX, State.APPROVED)


def test_the_same_persons_permission_is_entered_for_the_kept_item(runtime: Runtime, session: Session, brand: Brand) -> None:
    ada = make.creator(session, brand, name="Ada L.")
    best, copy = pair(runtime, session, brand, best={"creator_id": ada.id}, copy={"creator_id": ada.id})
    until = NOON + timedelta(days=90)
    rights_actions.record(runtime, session, copy, RightsState.GRANTED, text="she said yes", expires_at=until, **BY)
    session.commit()
    batch = merge(runtime, session, brand)
    session.refresh(best)
    assert (best.rights_state, best.rights_until) == (RightsState.GRANTED, until)
    [entry] = rights_queries.find_entries(session, brand.id, best.id)
    assert f"item {copy.id}" in entry.text
    assert len(rights_queries.find_entries(session, brand.id, copy.id)) == 1
    undo(runtime, session, brand, batch)
    assert facts(session, best)["right"] is RightsState.NONE
    assert facts(session, copy)["right"] is RightsState.GRANTED


def test_another_persons_permission_is_never_borrowed(runtime: Runtime, session: Session, brand: Brand) -> None:
    creators = [make.creator(session, brand) for _ in range(2)]
    best, copy = pair(runtime, session, brand, best={"creator_id": creators[0].id}, copy={"creator_id": creators[1].id})
    rights_actions.record(runtime, session, copy, RightsState.GRANTED, text="he said yes", **BY)
    session.commit()
    with pytest.raises(rules.RightWouldBeLost) as refused:
        merge(runtime, session, brand)
    assert refused.value.facts == {"item": copy.id}
    session.rollback()
    merge(runtime, session, brand, copy)
    assert (facts(session, best)["state"], facts(session, best)["right"]) == (State.TRASH, RightsState.NONE)
    assert facts(session, copy)["right"] is RightsState.GRANTED


def test_an_item_that_shows_more_is_not_merged_away(runtime: Runtime, session: Session, brand: Brand) -> None:
    best = photo(session, brand, BASE, score=90)
    album = photo(session, brand, flipped(1), flipped(*range(120)), score=10)
    session.commit()
    look(runtime, best, album)
    with pytest.raises(rules.MoreInIt):
        merge(runtime, session, brand)
    session.rollback()
    merge(runtime, session, brand, album)
    assert facts(session, best)["state"] is State.TRASH


def test_a_merge_of_reviews_keeps_their_products(runtime: Runtime, session: Session, brand: Brand) -> None:
    one, two = review(session, brand, score=9), review(session, brand, score=5)
    library_actions.set_products(session, one, [ProductTag("HAT")], **BY)
    library_actions.set_products(session, two, [ProductTag("BAG")], **BY)
    session.commit()
    look(runtime, one, two)
    merge(runtime, session, brand)
    assert set(facts(session, one)["products"]) == {"HAT", "BAG"}


def test_undo_takes_everything_back_and_asks_again(runtime: Runtime, session: Session, brand: Brand) -> None:
    best, copy = pair(runtime, session, brand, best={}, copy={})
    library_actions.add_tags(session, brand.id, [copy.id], ["summer"], **BY)
    library_actions.set_products(session, copy, [ProductTag("BAG", 0.3, 0.4)], **BY)
    session.commit()
    before = facts(session, best), facts(session, copy)
    batch = merge(runtime, session, brand)
    undo(runtime, session, brand, batch)
    assert (facts(session, best), facts(session, copy)) == before
    assert groups(session, brand) == [{best.id, copy.id}]
    jobs.reopen(runtime, brand_id=brand.id, batch=batch, actor="person:1")
    assert groups(session, brand) == [{best.id, copy.id}]


def test_keeping_apart_is_taken_back_too(runtime: Runtime, session: Session, brand: Brand) -> None:
    """Those who stood in one group only through its centre are not alike by that."""
    chain = [photo(session, brand, flipped(*range(20 * place))) for place in range(3)]
    session.commit()
    look(runtime, *chain)
    view = the_group(session, brand)
    apart(session, brand)
    merging.undo(runtime, session, brand.id, view.id, **BY)
    session.commit()
    assert groups(session, brand) == [{item.id for item in chain}]
    assert len(queries.find_edges(session, brand.id, [item.id for item in chain], inside=True)) == 2


def test_nobody_decides_twice(runtime: Runtime, session: Session, brand: Brand) -> None:
    pair(runtime, session, brand, best={}, copy={})
    view = the_group(session, brand)
    merge(runtime, session, brand)
    with pytest.raises(rules.GroupDecided):
        merging.merge(runtime, session, brand.id, view.id, **BY)
    with pytest.raises(rules.GroupDecided):
        actions.keep_apart(session, brand.id, view.id, **BY)


def test_only_one_of_the_group_can_be_kept(runtime: Runtime, session: Session, brand: Brand) -> None:
    pair(runtime, session, brand, best={}, copy={})
    stranger = make.item(session, brand)
    with pytest.raises(rules.NotInGroup):
        merging.merge(runtime, session, brand.id, the_group(session, brand).id, stranger.id, **BY)


def test_another_brand_finds_no_group_to_decide_on(runtime: Runtime, session: Session, brand: Brand) -> None:
    pair(runtime, session, brand, best={}, copy={})
    other, view = make.brand(session), the_group(session, brand)
    for decide in (
        lambda: merging.merge(runtime, session, other.id, view.id, **BY),
        lambda: actions.keep_apart(session, other.id, view.id, **BY),
        lambda: merging.undo(runtime, session, other.id, view.id, **BY),
    ):
        with pytest.raises(NotFound):
            decide()


def test_the_kept_item_takes_the_places_where_its_copies_were_pinned(runtime: Runtime, session: Session, brand: Brand) -> None:
    best, copy = pair(runtime, session, brand, best={}, copy={})
    other = make.item(session, brand)
    gallery = galleries_actions.add_gallery(session, brand.id, "home", "Home", **BY)
    galleries_actions.set_pins(session, gallery, [other.id, copy.id], **BY)
    session.commit()
    for _ in range(2):
        galleries_jobs.pin_kept(runtime, brand_id=brand.id, item_id=best.id, copy_ids=[copy.id])
    session.expire_all()
    pins = session.get_one(Gallery, gallery.id).pins
    assert [pin.item_id for pin in sorted(pins, key=lambda pin: pin.position)] == [other.id, best.id, copy.id]


def test_an_item_says_what_it_is_like_until_that_is_decided(runtime: Runtime, session: Session, brand: Brand) -> None:
    best, copy = pair(runtime, session, brand, best={}, copy={})
    view = the_group(session, brand)
    assert queries.map_likes(session, brand.id, [best.id])[best.id] == queries.Like(view.id, view.likeness, (copy.id,))
    assert queries.count_groups(session, brand.id, most=10) == 1
    library_actions.reject(session, brand.id, [copy.id], Reason.LOW_QUALITY, **BY)
    session.commit()
    assert queries.map_likes(session, brand.id, [best.id]) == {}
    assert queries.count_groups(session, brand.id, most=10) == 0


def test_the_ledger_and_the_items_agree_after_a_merge(runtime: Runtime, session: Session, brand: Brand) -> None:
    ada = make.creator(session, brand)
    _, copy = pair(runtime, session, brand, best={"creator_id": ada.id}, copy={"creator_id": ada.id})
    rights_actions.record(runtime, session, copy, RightsState.OWNED, text="contract", **BY)
    session.commit()
    merge(runtime, session, brand)
    assert rights_queries.find_differing(session, brand.id, limit=10) == []
    assert session.scalar(select(func.count()).select_from(Item).where(Item.brand_id == brand.id)) == 2
