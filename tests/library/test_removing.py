"""Deleting items for good: with the files that nobody else uses, without a trace in answers, the ledger's chain kept."""

from __future__ import annotations

import io
import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import make
from tests.media import vectors
from ugc.accounts.models import AuditEntry, Brand
from ugc.kit.storage.base import NoSuchFile
from ugc.library import actions, queries
from ugc.library.models import Item, ItemMedia, Kind, RightsState
from ugc.library.rules import ItemData
from ugc.media import actions as media_actions
from ugc.media import jobs as media_jobs
from ugc.media import queries as media_queries
from ugc.media import sandbox
from ugc.media.models import File
from ugc.rights import actions as rights_actions
from ugc.rights import queries as rights_queries
from ugc.runtime import Runtime


def stored_file(runtime: Runtime, session: Session, brand: Brand, seed: int = 1) -> File:
    """A finished file whose original and renditions lie in the storage."""
    data = vectors.encoded(vectors.photo(200, 150, seed=seed), "JPEG")
    with media_actions.receive(runtime, io.BytesIO(data), "x.jpg") as received:
        file, _ = media_actions.keep(runtime, session, brand.id, received)
    with runtime.storage.open(file.storage_key) as original:
        found = sandbox.render(original)
    media_actions.finish(runtime, file, found)
    media_actions.note_finished(session, brand.id, file.id, file.public_name, found, now=make.NOON)
    return file


def item_with(session: Session, brand: Brand, *files: File) -> Item:
    """An item of these files."""
    data = ItemData(kind=Kind.PHOTO, source="upload")
    return actions.add_item(session, brand.id, data, files=files, actor="test", now=make.NOON)[0]


def run_removals(runtime: Runtime, session: Session) -> None:
    """What the jobs after the commit do."""
    rows = session.execute(text("select args from procrastinate_jobs where task_name = 'media.remove_stored' order by id"))
    for row in rows.all():
        media_jobs.remove_stored(runtime, **row.args)


def keys(runtime: Runtime) -> list[str]:
    """Everything that lies in the storage."""
    return sorted([*runtime.storage.keys("originals/"), *runtime.storage.keys("renditions/")])


def test_an_item_goes_with_the_files_that_only_it_has(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    own, shared = stored_file(runtime, session, brand, 1), stored_file(runtime, session, brand, 2)
    going, staying = item_with(session, brand, own, shared), item_with(session, brand, shared)
    before = keys(runtime)
    assert actions.remove_items(runtime, session, brand.id, [going.id], actor="person:1", now=make.NOON) == 1
    session.commit()
    run_removals(runtime, session)
    assert media_queries.find_files(session, brand.id, [own.id, shared.id]) == [shared]
    assert session.get(Item, going.id, populate_existing=True) is None
    assert [each.file_id for each in queries.get_item(session, brand.id, staying.id).media] == [shared.id]
    assert keys(runtime) == [key for key in before if own.public_name not in key and own.sha256 not in key]
    assert keys(runtime)


def test_a_removal_stands_in_the_audit_and_in_what_follows_the_commit(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    item = item_with(session, brand)
    session.info.pop("changed_items", None)
    version = session.scalar(select(Brand.content_version).where(Brand.id == brand.id))
    actions.remove_items(runtime, session, brand.id, [item.id], actor="person:1", now=make.NOON)
    assert session.info["changed_items"] == {item.id}
    assert session.scalar(select(Brand.content_version).where(Brand.id == brand.id)) != version
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "item.removed")).one()
    assert (entry.actor, entry.subject_id, entry.brand_id) == ("person:1", item.id, brand.id)
    waiting = session.execute(text("select args from procrastinate_jobs where task_name = 'galleries.drop_items'")).scalars()
    assert [each["item_ids"] for each in waiting] == [[item.id]]


def test_the_ledger_keeps_the_chain_of_an_item_that_is_gone(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    item = item_with(session, brand)
    rights_actions.record(runtime, session, item, RightsState.OWNED, text="our own photo", actor="test", now=make.NOON)
    actions.remove_items(runtime, session, brand.id, [item.id], actor="test", now=make.NOON)
    assert len(rights_queries.find_entries(session, brand.id, item.id)) == 1
    assert not rights_queries.verify_chain(session, brand.id, runtime.key("rights-ledger")).faults


def test_a_brand_removes_its_own_items_only(runtime: Runtime, session: Session) -> None:
    mine, theirs = make.brand(session), make.brand(session)
    item = item_with(session, theirs)
    assert actions.remove_items(runtime, session, mine.id, [item.id, 999_999], actor="test", now=make.NOON) == 0
    assert queries.get_item(session, theirs.id, item.id)


def test_bytes_that_came_again_before_the_job_ran_are_kept(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    file = stored_file(runtime, session, brand)
    key, sha256 = file.storage_key, file.sha256
    actions.remove_items(runtime, session, brand.id, [item_with(session, brand, file).id], actor="test", now=make.NOON)
    session.commit()
    again = stored_file(runtime, session, brand)
    session.commit()
    assert (again.sha256, again.storage_key) == (sha256, key)
    run_removals(runtime, session)
    assert runtime.storage.read(key)
    assert any(again.public_name in each for each in keys(runtime))


def test_a_file_that_goes_while_its_renditions_are_made_leaves_nothing(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    file = stored_file(runtime, session, brand)
    item = item_with(session, brand, file)
    with runtime.storage.open(file.storage_key) as original:
        found = sandbox.render(original)
    actions.remove_items(runtime, session, brand.id, [item.id], actor="test", now=make.NOON)
    session.commit()
    assert not media_actions.note_finished(session, brand.id, file.id, file.public_name, found, now=make.NOON)
    media_jobs.make_renditions(runtime, brand_id=brand.id, file_id=file.id)


def test_a_file_that_goes_while_it_is_being_hidden_leaves_nothing(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    file = stored_file(runtime, session, brand)
    item, old = item_with(session, brand, file), file.public_name
    media_actions.hide(runtime, session, file)
    session.commit()
    new = file.public_name
    actions.remove_items(runtime, session, brand.id, [item.id], actor="test", now=make.NOON)
    session.commit()
    run_removals(runtime, session)
    media_jobs.hide_file(runtime, brand_id=brand.id, file_id=file.id, old_name=old, new_name=new)
    assert keys(runtime) == []


def test_a_file_that_is_just_given_to_another_item_stays(live: Runtime) -> None:
    with live.transaction() as session:
        brand = make.brand(session)
        file = stored_file(live, session, brand)
        going, other = item_with(session, brand, file), item_with(session, brand)
        brand_id, file_id, going_id, other_id = brand.id, file.id, going.id, other.id
    attached, removed = threading.Event(), threading.Event()

    def attach() -> None:
        with live.transaction() as session:
            session.add(ItemMedia(item_id=other_id, file_id=file_id))
            session.flush()
            attached.set()
            assert removed.wait(30)

    thread = threading.Thread(target=attach)
    thread.start()
    assert attached.wait(30)
    with live.transaction() as session:
        actions.remove_items(live, session, brand_id, [going_id], actor="test", now=make.NOON)
    removed.set()
    thread.join(30)
    with live.transaction() as session:
        assert [each.file_id for each in queries.get_item(session, brand_id, other_id).media] == [file_id]


def test_an_original_that_was_removed_can_not_be_read(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    file = stored_file(runtime, session, brand)
    key = file.storage_key
    media_actions.remove(runtime, session, file)
    session.commit()
    run_removals(runtime, session)
    with pytest.raises(NoSuchFile):
        runtime.storage.read(key)
