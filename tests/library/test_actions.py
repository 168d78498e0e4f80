"""Writes of the library on a real database."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.library import actions, queries
from ugc.library.models import Kind, Reason, RightsState, State
from ugc.library.queries import ItemFilter
from ugc.library.rules import CreatorData, ItemData, NewItem, ProductTag

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
