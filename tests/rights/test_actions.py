"""Recording, withdrawing and erasing on a real database."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.library import actions as library_actions
from ugc.library.models import Item, Kind, RightsState, State
from ugc.library.rules import ItemData, NewItem
from ugc.rights import actions, queries
from ugc.rights.rules import EvidenceData, EvidenceMissing
from ugc.runtime import Runtime


def test_a_recorded_right_is_an_entry_its_evidence_and_the_copy_on_the_item(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    item = make.item(session, brand)
    actions.record(runtime, session, item, RightsState.GRANTED, text="Yes, gladly", given_by="@ada", actor="person:1", now=NOON)
    assert item.rights_state is RightsState.GRANTED
    [entry] = queries.find_entries(session, brand.id, item.id)
    assert (entry.state, entry.text, entry.given_by, entry.erased) == (RightsState.GRANTED, "Yes, gladly", "@ada", False)
    report = queries.verify_chain(session, brand.id, runtime.key("rights-ledger"))
    assert (report.entries, report.erased, report.ok) == (1, 0, True)
    actions.withdraw(runtime, session, item, actor="creator", now=NOON)
    assert queries.find_entries(session, brand.id, item.id)[0].state is RightsState.REVOKED


def test_erased_evidence_leaves_a_chain_that_verifies_and_says_so(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    item = make.item(session, brand)
    actions.record(runtime, session, item, RightsState.OWNED, text="From our own form", actor="import:1", now=NOON)
    assert actions.erase_evidence(session, brand.id, [item.id], actor="person:1", now=NOON) == 1
    report = queries.verify_chain(session, brand.id, runtime.key("rights-ledger"))
    assert (report.entries, report.erased, report.ok) == (1, 1, True)
    [entry] = queries.find_entries(session, brand.id, item.id)
    assert entry.erased
    assert entry.text == ""


def test_items_added_with_a_right_have_it_in_the_ledger_and_are_announced_once(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    file = make.file(session, brand)
    old, _ = library_actions.add_item(session, brand.id, ItemData(Kind.REVIEW, body="a", external_id="a"), actor="system", now=NOON)
    rows = [NewItem(ItemData(Kind.REVIEW, body=name, external_id=name), (file.id,) if name == "b" else ()) for name in "abc"]
    added = actions.add_items(
        runtime, session, brand.id, rows, RightsState.OWNED, EvidenceData("our form"), state=State.APPROVED, actor="import:1",
        now=NOON,
    )  # fmt: skip
    assert [outcome.added for outcome in added] == [False, True, True]
    items = [session.get_one(Item, outcome.item_id) for outcome in added]
    assert [item.rights_state for item in items] == [RightsState.NONE, RightsState.OWNED, RightsState.OWNED]
    assert [queries.find_entries(session, brand.id, item.id)[0].files for item in items[1:]] == [(file.sha256,), ()]
    report = queries.verify_chain(session, brand.id, runtime.key("rights-ledger"))
    assert (report.entries, report.faults) == (2, ())
    mine = text("select task_name from procrastinate_jobs where args ->> 'brand_id' = :brand")
    names = session.scalars(mine, {"brand": str(brand.id)})
    assert sorted(names) == ["library.item_added", "library.items_added"]
    assert old.id == added[0].item_id


def test_items_can_not_be_added_with_a_right_that_nothing_speaks_for(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    row = NewItem(ItemData(Kind.REVIEW, body="words"))
    with pytest.raises(EvidenceMissing):
        actions.add_items(runtime, session, brand.id, [row], RightsState.GRANTED, EvidenceData(" "), actor="import:1", now=NOON)
