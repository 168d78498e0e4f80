"""Recording, withdrawing and erasing on a real database."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.library.models import RightsState
from ugc.rights import actions, queries
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
