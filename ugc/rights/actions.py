"""Writes of the ledger. An entry, its evidence and the item's copy of the right are one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library import rules as library_rules
from ugc.library.models import Item, ItemMedia, RightsState, State
from ugc.library.rules import Added, NewItem
from ugc.media import actions as media_actions
from ugc.media.models import File
from ugc.rights import queries, rules
from ugc.rights.models import Evidence, LedgerEntry
from ugc.rights.rules import EvidenceData, Facts, Link
from ugc.runtime import Runtime


def record(
    runtime: Runtime, session: Session, item: Item, state: RightsState, *, text: str = "", link: str = "", given_by: str = "",
    starts_at: datetime | None = None, expires_at: datetime | None = None, actor: str, now: datetime,
) -> LedgerEntry:  # fmt: skip
    """Record where the permission to use an item stands, and on what it rests."""
    evidence = EvidenceData(text, link, given_by)
    links = record_many(
        runtime,
        session,
        item.brand_id,
        [item.id],
        state,
        evidence,
        starts_at=starts_at,
        expires_at=expires_at,
        actor=actor,
        now=now,
    )
    session.refresh(item, ["rights_state", "rights_from", "rights_until"])
    written = select(LedgerEntry).where(LedgerEntry.brand_id == item.brand_id, LedgerEntry.sequence == links[0].facts.sequence)
    return session.scalars(written).one()


def record_many(
    runtime: Runtime, session: Session, brand_id: int, item_ids: Sequence[int], state: RightsState,
    evidence: EvidenceData, *, starts_at: datetime | None = None, expires_at: datetime | None = None, actor: str, now: datetime,
) -> list[Link]:  # fmt: skip
    """Record the same right of many items (an import's), the chain made in one pass; raises NotFound for a stranger's item."""
    evidence = rules.clean_evidence(evidence)
    library_rules.check_window(starts_at, expires_at)
    library_actions.hold(session, brand_id)
    ids = list(dict.fromkeys(item_ids))
    for before in set(find_states(session, brand_id, ids).values()):
        rules.check_record(before, state, evidence)
    files = find_files(session, ids)
    facts = [(id, files.get(id, "")) for id in ids]
    links = enter(runtime, session, brand_id, facts, state, evidence, starts_at, expires_at, actor, now)
    library_actions.set_rights_many(session, brand_id, ids, state, starts_at, expires_at)
    return links


def add_items(
    runtime: Runtime, session: Session, brand_id: int, rows: Sequence[NewItem], rights: RightsState, evidence: EvidenceData, *,
    state: State = State.INBOX, actor: str, now: datetime, import_id: int | None = None,
) -> list[Added]:  # fmt: skip
    """Add items with the right that an import states: those that are new carry it from their insert on, and the ledger too."""
    if rights is RightsState.NONE:
        return library_actions.add_items(session, brand_id, rows, state=state, actor=actor, now=now, import_id=import_id)
    evidence = rules.clean_evidence(evidence)
    rules.check_record(RightsState.NONE, rights, evidence)
    library_actions.hold(session, brand_id)
    added = library_actions.add_items(
        session, brand_id, rows, state=state, actor=actor, now=now, import_id=import_id, rights=rights
    )
    fresh = [outcome.item_id for outcome in added if outcome.added]
    files = find_files(session, fresh) if any(row.file_ids for row in rows) else {}
    enter(runtime, session, brand_id, [(id, files.get(id, "")) for id in fresh], rights, evidence, None, None, actor, now)
    return added


def enter(
    runtime: Runtime, session: Session, brand_id: int, items: Sequence[tuple[int, str]], state: RightsState,
    evidence: EvidenceData, starts_at: datetime | None, expires_at: datetime | None, actor: str, now: datetime,
) -> list[Link]:  # fmt: skip
    """Continue the chain with one entry for each item (its id, the SHA-256 of its files); the brand is held."""
    key = runtime.key("rights-ledger")
    sequence, previous = queries.get_head(session, brand_id)
    entries = [
        Facts(
            brand_id, sequence + place, id, now, actor, state, starts_at, expires_at, files,
            rules.digest_of(key, brand_id, sequence + place, evidence),
        )
        for place, (id, files) in enumerate(items, start=1)
    ]  # fmt: skip
    links = rules.chain(key, previous, entries)
    write_links(session, brand_id, links, evidence)
    return links


def find_states(session: Session, brand_id: int, item_ids: Sequence[int]) -> dict[int, RightsState]:
    """Where each item's right stands; raises NotFound when one of them is not the brand's."""
    session.flush()
    query = select(Item.id, Item.rights_state).where(Item.brand_id == brand_id, among(Item.id, item_ids))
    states = {id: state for id, state in session.execute(query)}  # noqa: C416  # dict() can't see that the rows are pairs
    if len(states) != len(item_ids):
        raise NotFound("there is no such item")
    return states


def find_files(session: Session, item_ids: Sequence[int]) -> dict[int, str]:
    """The SHA-256 of each item's files in their order, with a space between."""
    query = (
        select(ItemMedia.item_id, File.sha256)
        .join(File, File.id == ItemMedia.file_id)
        .where(among(ItemMedia.item_id, item_ids))
        .order_by(ItemMedia.item_id, ItemMedia.position, ItemMedia.id)
    )
    files: dict[int, str] = {}
    for item_id, sha256 in session.execute(query):
        files[item_id] = f"{files[item_id]} {sha256}" if item_id in files else sha256
    return files


def write_links(session: Session, brand_id: int, links: Sequence[Link], evidence: EvidenceData) -> None:
    """Entries and their evidence rows, in one statement."""
    rows = [
        {
            "sequence": link.facts.sequence, "item_id": link.facts.item_id, "at": rules.moment(link.facts.at),
            "actor": link.facts.actor, "state": link.facts.state.value, "starts_at": rules.moment(link.facts.starts_at),
            "expires_at": rules.moment(link.facts.expires_at), "file_sha256": link.facts.file_sha256,
            "evidence_digest": link.facts.evidence_digest, "previous_hash": link.previous_hash, "hash": link.hash,
        }
        for link in links
    ]  # fmt: skip
    session.execute(
        text("""
            with entries as (
                insert into rights_ledger (brand_id, sequence, item_id, at, actor, state, starts_at, expires_at, file_sha256,
                                           evidence_digest, previous_hash, hash)
                select :brand, r.* from jsonb_to_recordset(cast(:rows as jsonb)) as r (
                    sequence bigint, item_id bigint, at timestamptz, actor text, state text, starts_at timestamptz,
                    expires_at timestamptz, file_sha256 text, evidence_digest text, previous_hash text, hash text)
                order by r.sequence returning id)
            insert into rights_evidence (brand_id, entry_id, text, link, given_by)
            select :brand, id, :text, :link, :given_by from entries
        """),
        {"brand": brand_id, "rows": json.dumps(rows), "text": evidence.text, "link": evidence.link, "given_by": evidence.given_by},
    )


def withdraw(runtime: Runtime, session: Session, item: Item, *, text: str = "", actor: str, now: datetime) -> LedgerEntry:
    """Take the permission back: the item leaves every gallery with this commit, and its files' public addresses die."""
    entry = record(runtime, session, item, RightsState.REVOKED, text=text, actor=actor, now=now)
    for file in find_hidden_files(session, item, now):
        media_actions.hide(runtime, session, file)
    return entry


def find_hidden_files(session: Session, item: Item, now: datetime) -> list[File]:
    """The item's files that no item shows in public."""
    shown = select(ItemMedia.file_id).join(Item, Item.id == ItemMedia.item_id).where(library_queries.publishable(now))
    mine = select(ItemMedia.file_id).where(ItemMedia.item_id == item.id)
    return list(session.scalars(select(File).where(File.id.in_(mine), File.id.not_in(shown)).order_by(File.id)))


def erase_evidence(session: Session, brand_id: int, item_ids: Sequence[int], *, actor: str, now: datetime) -> int:
    """Delete texts, links and names behind the items' entries; the chain still verifies and says "erased"."""
    entries = select(LedgerEntry.id).where(LedgerEntry.brand_id == brand_id, LedgerEntry.item_id.in_(item_ids))
    gone = delete(Evidence).where(Evidence.brand_id == brand_id, Evidence.entry_id.in_(entries)).returning(Evidence.id)
    erased = len(session.scalars(gone).all())
    for id in item_ids:
        accounts_actions.audit(
            session, brand_id=brand_id, actor=actor, action="rights.erase_evidence", subject_type="item", subject_id=id, now=now
        )
    return erased


def repair_copies(session: Session, brand_id: int, *, limit: int = 500) -> list[int]:
    """Copy the ledger's word onto items that say something else; which they were."""
    library_actions.hold(session, brand_id)
    differing = [row[0] for row in queries.find_differing(session, brand_id, limit=limit)]
    for item in session.scalars(select(Item).where(Item.id.in_(differing)).order_by(Item.id)):
        last = queries.get_last(session, brand_id, item.id)
        said = (last.state, last.starts_at, last.expires_at) if last else (RightsState.NONE, None, None)
        library_actions.set_rights(session, item, *said)
    return differing
