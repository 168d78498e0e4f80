"""Writes of the library on a real database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.accounts.models import AuditEntry, Brand
from ugc.kit.errors import NotFound, Unprocessable
from ugc.library import actions, queries, rules
from ugc.library.models import Decision, Item, Kind, Reason, RightsState, State
from ugc.library.queries import ItemFilter
from ugc.library.rules import CreatorData, ItemData, NewItem, ProductTag
from ugc.media.models import FileState
from ugc.runtime import Runtime

KEY = b"k" * 32


def test_an_item_comes_in_with_creator_files_tags_and_products_and_is_found_by_all_of_them(session: Session) -> None:
    brand = make.brand(session)
    make.product(session, brand, sku="HAT-1", title="Straw Hat")
    picture = make.file(session, brand)
    data = ItemData(Kind.PHOTO, body="We were walking along the beaches all day", creator=CreatorData("Ada Lovelace", "@ada"))
    item, added = actions.add_item(
        session, brand.id, data, files=[picture], products=[ProductTag("HAT-1", 0.5, 0.25)], tags=["#Summer  2026"],
        actor="system", now=NOON,
    )  # fmt: skip
    assert added
    assert item.creator is not None
    assert (item.creator.name, item.creator.handle) == ("Ada Lovelace", "ada")
    assert [tag.tag.name for tag in item.tags] == ["summer 2026"]
    assert [(tag.product.sku, tag.x, tag.y) for tag in item.products] == [("HAT-1", 0.5, 0.25)]
    assert [medium.file_id for medium in item.media] == [picture.id]
    for words in ("beach", "walk", "ada", "summer", "straw hat", "hat-1", "beaches lovelace"):
        page = queries.find_items(session, brand.id, ItemFilter(q=words), key=KEY, now=NOON)
        assert [found.id for found in page.items] == [item.id], words


def test_a_batch_is_undone_as_a_whole(session: Session) -> None:
    brand = make.brand(session)
    ids = [make.item(session, brand).id for _ in range(3)]
    batch = actions.reject(session, brand.id, ids, Reason.OFF_TOPIC, "not ours", actor="person:1", now=NOON)
    assert queries.count_states(session, brand.id)[State.REJECTED] == 3
    assert actions.undo(session, brand.id, batch, actor="person:1", now=NOON) == 3
    assert queries.count_states(session, brand.id)[State.INBOX] == 3
    assert actions.undo(session, brand.id, batch, actor="person:1", now=NOON) == 0


def test_a_batch_of_new_items_is_added_once(session: Session) -> None:
    brand = make.brand(session)
    rows = [NewItem(ItemData(Kind.REVIEW, body=f"Review {n}", rating=5, external_id=str(n))) for n in range(10)]
    first = actions.add_items(session, brand.id, rows, state=State.APPROVED, actor="import:1", now=NOON)
    second = actions.add_items(session, brand.id, rows, actor="import:1", now=NOON)
    assert all(row.added for row in first)
    assert not any(row.added for row in second)
    assert [row.item_id for row in first] == [row.item_id for row in second]
    actions.set_rights_many(session, brand.id, [row.item_id for row in first], RightsState.OWNED, None, None)
    facets = queries.count_facets(session, brand.id, ItemFilter(), queries.FACETS, now=NOON)
    assert [(value.value, value.count) for value in facets["rights"]] == [("owned", 10)]


def announced(session: Session, event: str) -> list[dict[str, Any]]:
    """The arguments of an event's announcements."""
    rows = session.execute(text("select args from procrastinate_jobs where task_name = :name order by id"), {"name": event})
    return [row[0] for row in rows]


def version(session: Session, brand: Brand) -> int:
    """The brand's content version."""
    return session.scalars(select(Brand.content_version).where(Brand.id == brand.id)).one()


def test_what_a_batch_names_twice_is_added_once(session: Session) -> None:
    brand = make.brand(session)
    rows = [NewItem(ItemData(Kind.PHOTO, external_id="same"), tags=(tag,)) for tag in ("one", "two")]
    first, second = actions.add_items(session, brand.id, rows, actor="import:1", now=NOON)
    assert first.item_id == second.item_id
    assert (first.added, second.added) == (True, False)
    item = queries.get_item(session, brand.id, first.item_id)
    assert [tag.tag.name for tag in item.tags] == ["one", "two"]
    [found] = queries.find_items(session, brand.id, ItemFilter(q="one two"), key=KEY, now=NOON).items
    assert found is item


def test_an_item_that_was_there_only_gets_what_it_lacks(session: Session) -> None:
    brand = make.brand(session)
    for sku in ("A", "B"):
        make.product(session, brand, sku=sku)
    data = ItemData(Kind.PHOTO, body="first words", external_id="x")
    item, _ = actions.add_item(session, brand.id, data, products=[ProductTag("A", 0.1, 0.2)], actor="system", now=NOON)
    actions.approve(session, brand.id, [item.id], actor="person:1", now=NOON)
    again, added = actions.add_item(
        session, brand.id, ItemData(Kind.PHOTO, body="other words", external_id="x"), tags=["new"],
        products=[ProductTag("A", 0.9, 0.9), ProductTag("B")], state=State.INBOX, actor="system", now=NOON,
    )  # fmt: skip
    assert (again.id, added, again.body, again.state) == (item.id, False, "first words", State.APPROVED)
    assert [(tag.product.sku, tag.x) for tag in again.products] == [("A", 0.1), ("B", None)]
    assert [tag.tag.name for tag in again.tags] == ["new"]


def test_a_new_item_whose_picture_is_still_being_made_is_left_to_that_picture(session: Session) -> None:
    brand = make.brand(session)
    pending, ready = make.file(session, brand, state=FileState.PENDING), make.file(session, brand, state=FileState.READY)
    actions.add_item(session, brand.id, ItemData(Kind.PHOTO), files=[pending], actor="system", now=NOON)
    assert announced(session, "library.item_added") == []
    item, _ = actions.add_item(session, brand.id, ItemData(Kind.PHOTO), files=[ready], actor="system", now=NOON)
    assert announced(session, "library.item_added") == [{"brand_id": brand.id, "item_id": item.id}]


def test_new_items_are_announced_one_or_by_the_portion(session: Session) -> None:
    brand = make.brand(session)
    item, _ = actions.add_item(session, brand.id, ItemData(Kind.PHOTO), actor="system", now=NOON)
    assert announced(session, "library.item_added") == [{"brand_id": brand.id, "item_id": item.id}]
    assert version(session, brand) == 0
    rows = [NewItem(ItemData(Kind.PHOTO)) for _ in range(501)]
    added = actions.add_items(session, brand.id, rows, state=State.APPROVED, actor="system", now=NOON)
    portions = announced(session, "library.items_added")
    assert [len(portion["item_ids"]) for portion in portions] == [500, 1]
    assert sorted(id for portion in portions for id in portion["item_ids"]) == sorted(row.item_id for row in added)
    assert version(session, brand) == 1
    assert session.info["changed_items"] == {row.item_id for row in added}


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (NewItem(ItemData(Kind.PHOTO), products=(ProductTag("NONE"),)), actions.UnknownProduct),
        (NewItem(ItemData(Kind.PHOTO), file_ids=(10**9,)), actions.UnknownFile),
        (NewItem(ItemData(Kind.PHOTO, rating=9)), rules.BadItem),
        (NewItem(ItemData(Kind.PHOTO), tags=("",)), rules.BadTag),
    ],
)
def test_a_row_that_can_t_be_is_refused(session: Session, row: NewItem, error: type[Exception]) -> None:
    brand, other = make.brand(session), make.brand(session)
    make.product(session, other, sku="NONE")
    with pytest.raises(error):
        actions.add_items(session, brand.id, [row], actor="system", now=NOON)


def test_another_brands_file_can_t_be_attached(session: Session) -> None:
    mine, theirs = make.brand(session), make.brand(session)
    with pytest.raises(actions.UnknownFile):
        actions.add_item(session, mine.id, ItemData(Kind.PHOTO), files=[make.file(session, theirs)], actor="system", now=NOON)


def test_every_decision_is_in_the_history_with_its_reason(session: Session) -> None:
    brand = make.brand(session)
    item = make.item(session, brand)
    actions.reject(session, brand.id, [item.id], Reason.LOW_QUALITY, "blurred", actor="person:1", now=NOON)
    actions.approve(session, brand.id, [item.id], actor="person:2", now=NOON)
    actions.approve(session, brand.id, [item.id], actor="person:2", now=NOON)
    history = queries.find_history(session, brand.id, item.id)
    assert [(entry.actor, entry.from_state, entry.to_state, entry.reason, entry.note) for entry in history] == [
        ("person:2", State.REJECTED, State.APPROVED, None, ""),
        ("person:1", State.INBOX, State.REJECTED, Reason.LOW_QUALITY, "blurred"),
    ]
    assert (item.state, item.state_reason, item.state_note) == (State.APPROVED, None, "")


def test_a_rejection_needs_a_reason_from_the_closed_list(session: Session) -> None:
    """L-01."""
    brand = make.brand(session)
    item = make.item(session, brand)
    with pytest.raises(Unprocessable):
        actions.move(session, brand.id, [item.id], State.REJECTED, actor="person:1", now=NOON)
    assert not {"rating", "stars", "negative", "sentiment"} & {reason.value for reason in Reason}


def test_undo_restores_the_reason_too_and_leaves_later_decisions_alone(session: Session) -> None:
    brand = make.brand(session)
    first, second = make.item(session, brand), make.item(session, brand)
    actions.reject(session, brand.id, [first.id], Reason.OFF_TOPIC, "hm", actor="person:1", now=NOON)
    batch = actions.approve(session, brand.id, [first.id, second.id], actor="person:1", now=NOON)
    actions.move(session, brand.id, [second.id], State.TRASH, actor="person:2", now=NOON)
    assert actions.undo(session, brand.id, batch, actor="person:1", now=NOON) == 1
    session.expire_all()
    assert (first.state, first.state_reason, first.state_note) == (State.REJECTED, Reason.OFF_TOPIC, "hm")
    assert second.state is State.TRASH
    with pytest.raises(NotFound):
        actions.undo(session, make.brand(session).id, batch, actor="person:9", now=NOON)


def test_only_what_galleries_could_show_changes_the_content_version(session: Session) -> None:
    brand = make.brand(session)
    item = make.item(session, brand)
    actions.reject(session, brand.id, [item.id], Reason.SPAM, actor="person:1", now=NOON)
    assert (version(session, brand), announced(session, "library.item_changed")) == (0, [])
    actions.approve(session, brand.id, [item.id], actor="person:1", now=NOON)
    assert version(session, brand) == 1
    actions.move(session, brand.id, [item.id], State.INBOX, actor="person:1", now=NOON)
    assert version(session, brand) == 2
    assert announced(session, "library.item_changed") == [{"brand_id": brand.id, "item_id": item.id}] * 2


@pytest.mark.parametrize("what", ["approve", "reject", "move", "add_tags", "remove_tags", "add_products"])
def test_a_stranger_s_item_is_not_there(session: Session, what: str) -> None:
    mine, theirs = make.brand(session), make.brand(session)
    make.product(session, mine, sku="A")
    ids = [make.item(session, mine).id, make.item(session, theirs).id]
    calls: dict[str, Callable[[], object]] = {
        "approve": lambda: actions.approve(session, mine.id, ids, actor="x", now=NOON),
        "reject": lambda: actions.reject(session, mine.id, ids, Reason.OTHER, actor="x", now=NOON),
        "move": lambda: actions.move(session, mine.id, ids, State.TRASH, actor="x", now=NOON),
        "add_tags": lambda: actions.add_tags(session, mine.id, ids, ["a"], actor="x", now=NOON),
        "remove_tags": lambda: actions.remove_tags(session, mine.id, ids, ["a"], actor="x", now=NOON),
        "add_products": lambda: actions.add_products(session, mine.id, ids, ["A"], actor="x", now=NOON),
    }
    with pytest.raises(NotFound):
        calls[what]()
    with pytest.raises(NotFound):
        queries.get_item(session, mine.id, ids[1])
    assert queries.find_history(session, mine.id, ids[1]) == []


def test_tags_and_products_are_set_added_and_taken_off(session: Session) -> None:
    brand = make.brand(session)
    for sku in ("A", "B"):
        make.product(session, brand, sku=sku)
    item, other = make.item(session, brand), make.item(session, brand)
    actions.set_tags(session, item, ["One", "two"], actor="person:1", now=NOON)
    actions.set_tags(session, item, ["two", "three"], actor="person:1", now=NOON)
    assert {tag.tag.name for tag in item.tags} == {"two", "three"}
    assert actions.add_tags(session, brand.id, [item.id, other.id], ["three"], actor="person:1", now=NOON) == 1
    assert actions.remove_tags(session, brand.id, [item.id, other.id], ["THREE"], actor="person:1", now=NOON) == 2
    actions.set_products(session, item, [ProductTag("B"), ProductTag("A", 0, 1)], actor="person:1", now=NOON)
    assert [(tag.product.sku, tag.x, tag.y) for tag in item.products] == [("B", None, None), ("A", 0, 1)]
    assert actions.add_products(session, brand.id, [item.id, other.id], ["A"], actor="person:1", now=NOON) == 1
    with pytest.raises(actions.UnknownProduct):
        actions.set_products(session, item, [ProductTag("C")], actor="person:1", now=NOON)
    subjects = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == item.id).order_by(AuditEntry.id)).all()
    assert subjects == ["library.set_tags"] * 2 + ["library.remove_tags", "library.set_products"]


def test_deciders_at_the_same_time_wait_for_each_other(live: Runtime) -> None:
    with live.transaction() as session:
        brand = make.brand(session)
        ids = [make.item(session, brand).id for _ in range(20)]

    def decide(number: int) -> None:
        with live.transaction() as session:
            some = ids if number % 2 else ids[::-1]
            actions.approve(session, brand.id, some, actor=f"person:{number}", now=NOON)
            actions.add_tags(session, brand.id, some, [f"by {number % 3}", "seen"], actor=f"person:{number}", now=NOON)
            actions.move(session, brand.id, some[:5], State.INBOX, actor=f"person:{number}", now=NOON)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(decide, range(6)))
    with live.transaction() as session:
        decisions = session.execute(select(Decision.item_id, Decision.from_state, Decision.to_state).order_by(Decision.id)).all()
        standing = dict.fromkeys(ids, State.INBOX)
        for item_id, before, after in decisions:
            assert standing[item_id] is before
            standing[item_id] = after
        states = session.execute(select(Item.id, Item.state).where(Item.brand_id == brand.id)).all()
        assert {id: state for id, state in states} == standing  # noqa: C416  # rows are no pairs to the type checker
