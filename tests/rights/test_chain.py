"""The chain finds every edit made past it; the database refuses edits; parallel writers don't fork it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.kit import signing
from ugc.kit.errors import NotFound
from ugc.library.models import Item, RightsState, State
from ugc.media.models import File
from ugc.rights import actions, jobs, queries
from ugc.rights.models import LedgerEntry
from ugc.rights.queries import ChainReport
from ugc.rights.rules import EvidenceData
from ugc.runtime import Runtime

EDITS = {
    "a state": ("update rights_ledger set state = 'owned' where sequence = 3", {3}),
    "a window": ("update rights_ledger set expires_at = now() where sequence = 3", {3}),
    "a time by a microsecond": ("update rights_ledger set at = at + interval '1 microsecond' where sequence = 3", {3}),
    "an actor": ("update rights_ledger set actor = 'person:9' where sequence = 3", {3}),
    "an item": ("update rights_ledger set item_id = item_id + 1 where sequence = 3", {3}),
    "a file": ("update rights_ledger set file_sha256 = 'f' where sequence = 3", {3}),
    "a hash": ("update rights_ledger set hash = repeat('0', 64) where sequence = 3", {3, 4}),
    "a hash made without the key": (
        (
            "update rights_ledger set state = 'owned', hash = encode(sha256(convert_to(previous_hash || 'owned', 'UTF8')), 'hex')"
            " where sequence = 3"
        ),
        {3, 4},
    ),
    "a removed entry": ("delete from rights_ledger where sequence = 3", {4}),
    "the last entry cut off": ("delete from rights_ledger where sequence = 5", {5}),
    "the last entry cut off with its evidence": (
        (
            "with gone as (delete from rights_ledger where sequence = 5 returning id)"
            " delete from rights_evidence using gone where entry_id = gone.id"
        ),
        {5},
    ),
    "two entries swapped": ("update rights_ledger set sequence = 103 - sequence where sequence in (3, 4)", {5, 99, 100}),
    "a text of evidence": (
        "update rights_evidence e set text = 'No' from rights_ledger l where l.id = e.entry_id and l.sequence = 3",
        {3},
    ),
    "evidence moved": (
        (
            "update rights_evidence e set text = o.text from rights_evidence o, rights_ledger l, rights_ledger k"
            " where l.id = e.entry_id and l.sequence = 3 and k.id = o.entry_id and k.sequence = 4"
        ),
        {3},
    ),
    "the item's copy": ("update items set rights_state = 'none'", {6}),
}


def proof(runtime: Runtime, session: Session, brand: Brand) -> ChainReport:
    """What the proof of the brand's chain finds."""
    return queries.verify_chain(session, brand.id, runtime.key("rights-ledger"))


def five_entries(runtime: Runtime, session: Session) -> tuple[Brand, list[Item]]:
    """A brand with five granted items."""
    brand = make.brand(session)
    items = [make.item(session, brand) for _ in range(5)]
    for number, item in enumerate(items):
        actions.record(runtime, session, item, RightsState.GRANTED, text=f"Yes {number}", actor="person:1", now=NOON)
    return brand, items


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_past_the_ledger_is_found_and_named(runtime: Runtime, session: Session, edit: str) -> None:
    """T-65."""
    statement, sequences = EDITS[edit]
    brand, _ = five_entries(runtime, session)
    assert proof(runtime, session, brand).ok
    session.execute(text("alter table rights_ledger disable trigger rights_ledger_append_only"))
    assert session.connection().execute(text(statement)).rowcount
    report = proof(runtime, session, brand)
    assert not report.ok
    assert sequences <= {fault.sequence for fault in report.faults}, report.faults
    untouched = {1, 2, 3, 4, 5} - sequences - {number + 1 for number in sequences}
    assert not untouched & {fault.sequence for fault in report.faults}, report.faults


@pytest.mark.parametrize(
    "statement",
    [
        "update rights_ledger set actor = 'x'",
        "delete from rights_ledger",
        "truncate rights_ledger",
        "update rights_ledger set id = id where false",
    ],
)
def test_the_database_refuses_to_change_the_ledger(runtime: Runtime, session: Session, statement: str) -> None:
    brand, _ = five_entries(runtime, session)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))
    assert proof(runtime, session, brand).ok


def test_another_key_proves_nothing(runtime: Runtime, session: Session) -> None:
    brand, _ = five_entries(runtime, session)
    assert not queries.verify_chain(session, brand.id, signing.derive("another secret", "rights-ledger")).ok


def test_brands_have_chains_of_their_own(runtime: Runtime, session: Session) -> None:
    first, _ = five_entries(runtime, session)
    second, items = five_entries(runtime, session)
    assert proof(runtime, session, first).entries == proof(runtime, session, second).entries == 5
    assert queries.find_entries(session, first.id, items[0].id) == []
    with pytest.raises(NotFound):
        actions.record_many(
            runtime, session, first.id, [items[0].id], RightsState.OWNED, EvidenceData("x"), actor="system", now=NOON
        )


def test_an_entry_names_the_files_that_it_was_given_for(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    item, files = make.item(session, brand), [make.file(session, brand) for _ in range(2)]
    session.execute(
        text("insert into item_media (item_id, file_id, position) values (:i, :a, 1), (:i, :b, 0)"),
        {"i": item.id, "a": files[0].id, "b": files[1].id},
    )
    actions.record(runtime, session, item, RightsState.GRANTED, link="https://network.test/c/1", actor="person:1", now=NOON)
    [entry] = queries.find_entries(session, brand.id, item.id)
    assert entry.files == (files[1].sha256, files[0].sha256)


def test_a_withdrawn_right_ends_the_public_addresses_of_files_that_nothing_else_shows(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    alone, shared = make.file(session, brand), make.file(session, brand)
    first, second = (make.item(session, brand, state=State.APPROVED) for _ in range(2))
    for item, file in ((first, alone), (first, shared), (second, shared)):
        session.execute(text("insert into item_media (item_id, file_id) values (:i, :f)"), {"i": item.id, "f": file.id})
        actions.record(runtime, session, item, RightsState.GRANTED, text="Yes", actor="person:1", now=NOON)
    before = {file.id: file.public_name for file in (alone, shared)}
    session.info.clear()
    actions.withdraw(runtime, session, first, text="Please take it down", actor="creator", now=NOON)
    session.flush()
    names = {row.id: row.public_name for row in session.scalars(select(File).where(File.brand_id == brand.id))}
    assert names[alone.id] != before[alone.id]
    assert names[shared.id] == before[shared.id]
    assert session.info["changed_items"] == {first.id}


def test_the_copies_on_items_equal_the_ledger_after_any_walk(runtime: Runtime, session: Session) -> None:
    brand, items = five_entries(runtime, session)
    actions.withdraw(runtime, session, items[0], actor="creator", now=NOON)
    actions.record(
        runtime, session, items[1], RightsState.OWNED, text="Bought", expires_at=NOON.replace(year=2027), actor="person:1", now=NOON
    )
    actions.record(runtime, session, items[2], RightsState.NONE, actor="person:1", now=NOON)
    assert queries.find_differing(session, brand.id, limit=10) == []
    for item in items:
        last = queries.get_last(session, brand.id, item.id)
        assert last is not None
        assert (item.rights_state, item.rights_from, item.rights_until) == (last.state, last.starts_at, last.expires_at)


def test_the_nightly_job_puts_copies_right(runtime: Runtime, session: Session) -> None:
    brand, items = five_entries(runtime, session)
    stray = make.item(session, brand, rights_state=RightsState.OWNED)
    session.execute(text("update items set rights_state = 'none' where id = :id"), {"id": items[0].id})
    session.commit()
    assert len(queries.find_differing(session, brand.id, limit=10)) == 2
    jobs.check_copies(runtime)
    session.expire_all()
    assert queries.find_differing(session, brand.id, limit=10) == []
    assert (items[0].rights_state, stray.rights_state) == (RightsState.GRANTED, RightsState.NONE)


def test_parallel_writers_don_t_fork_the_chain(live: Runtime) -> None:
    with live.transaction() as session:
        brand = make.brand(session)
        ids = [make.item(session, brand).id for _ in range(40)]

    def record(number: int) -> None:
        with live.transaction() as session:
            mine = ids[number * 5 : number * 5 + 5]
            actions.record_many(live, session, brand.id, mine, RightsState.OWNED, EvidenceData("Ours"), actor="system", now=NOON)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, range(8)))
    with live.transaction() as session:
        report = proof(live, session, brand)
        assert (report.entries, report.faults) == (40, ())
        sequences = session.scalars(select(LedgerEntry.sequence).order_by(LedgerEntry.sequence)).all()
        assert list(sequences) == list(range(1, 41))
        assert session.scalar(select(func.count()).where(Item.rights_state == RightsState.OWNED)) == 40
