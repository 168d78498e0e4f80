"""Reads of the ledger: an item's entries, the proof of the chain, copies that differ from their source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ugc.kit import signing
from ugc.library.models import Item, RightsState
from ugc.rights import rules
from ugc.rights.models import Evidence, LedgerEntry

# A broken chain of a million entries must not fill memory; the first faults tell where to look.
MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class EntryView:
    """A ledger entry with its evidence, where that was not erased."""

    id: int
    sequence: int
    at: datetime
    actor: str
    state: RightsState
    starts_at: datetime | None
    expires_at: datetime | None
    files: tuple[str, ...]
    """SHA-256 of the item's files at that moment."""
    hash: str
    text: str
    link: str
    given_by: str
    erased: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the chain that is not as it was written; `sequence` names the entry."""

    sequence: int
    item_id: int | None
    what: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What the proof of a chain found; `head` is worth keeping elsewhere, it pins everything before it."""

    entries: int
    erased: int
    faults: tuple[Fault, ...]
    head: str

    @property
    def ok(self) -> bool:
        """Whether every entry is as it was written."""
        return not self.faults


def find_entries(session: Session, brand_id: int, item_id: int) -> list[EntryView]:
    """What was recorded about an item, the newest first."""
    query = (
        select(LedgerEntry, Evidence)
        .outerjoin(Evidence, and_(Evidence.entry_id == LedgerEntry.id, Evidence.brand_id == brand_id))
        .where(LedgerEntry.brand_id == brand_id, LedgerEntry.item_id == item_id)
        .order_by(LedgerEntry.sequence.desc())
    )
    return [view_of(entry, evidence) for entry, evidence in session.execute(query)]


def view_of(entry: LedgerEntry, evidence: Evidence | None) -> EntryView:
    """An entry beside its evidence."""
    return EntryView(
        id=entry.id, sequence=entry.sequence, at=entry.at, actor=entry.actor, state=entry.state, starts_at=entry.starts_at,
        expires_at=entry.expires_at, files=tuple(entry.file_sha256.split()), hash=entry.hash,
        text=evidence.text if evidence else "", link=evidence.link if evidence else "",
        given_by=evidence.given_by if evidence else "", erased=evidence is None,
    )  # fmt: skip


def get_last(session: Session, brand_id: int, item_id: int) -> LedgerEntry | None:
    """The newest entry about an item."""
    query = select(LedgerEntry).where(LedgerEntry.brand_id == brand_id, LedgerEntry.item_id == item_id)
    return session.scalar(query.order_by(LedgerEntry.sequence.desc()).limit(1))


def get_head(session: Session, brand_id: int) -> tuple[int, str]:
    """The sequence and hash of the brand's last entry."""
    query = select(LedgerEntry.sequence, LedgerEntry.hash).where(LedgerEntry.brand_id == brand_id)
    last = session.execute(query.order_by(LedgerEntry.sequence.desc()).limit(1)).one_or_none()
    return (last[0], last[1]) if last else (0, rules.START)


def verify_chain(session: Session, brand_id: int, key: bytes) -> ChainReport:
    """Walk the whole chain; faults name each entry that was edited, removed, moved or put in between."""
    session.flush()
    faults: list[Fault] = []
    entries, erased, previous, expected = 0, 0, rules.START, 1
    for row in read_chain(session, brand_id):
        found = faults_of(row, previous, expected, key)
        faults += found[: MAX_FAULTS - len(faults)]
        entries, erased = entries + 1, erased + (row.evidence is None)
        previous, expected = row.hash, row.facts.sequence + 1
    faults += find_strays(session, brand_id, entries)[: MAX_FAULTS - len(faults)]
    return ChainReport(entries, erased, tuple(faults), previous)


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it lies in the table, beside its evidence where that was not erased."""

    facts: rules.Facts
    previous_hash: str
    hash: str
    evidence: rules.EvidenceData | None


def read_chain(session: Session, brand_id: int) -> Iterator[Stored]:
    """The brand's entries in their order, a thousand at a time; plain columns, since row objects cost more than the proof."""
    query = (
        select(
            LedgerEntry.brand_id, LedgerEntry.sequence, LedgerEntry.item_id, LedgerEntry.at, LedgerEntry.actor, LedgerEntry.state,
            LedgerEntry.starts_at, LedgerEntry.expires_at, LedgerEntry.file_sha256, LedgerEntry.evidence_digest,
            LedgerEntry.previous_hash, LedgerEntry.hash, Evidence.id, Evidence.text, Evidence.link, Evidence.given_by,
        )
        .outerjoin(Evidence, and_(Evidence.entry_id == LedgerEntry.id, Evidence.brand_id == brand_id))
        .where(LedgerEntry.brand_id == brand_id)
        .order_by(LedgerEntry.sequence)
        .execution_options(yield_per=1_000)
    )  # fmt: skip
    for row in session.execute(query):
        *facts, previous_hash, hash, evidence_id, text, link, given_by = row
        evidence = None if evidence_id is None else rules.EvidenceData(text, link, given_by)
        yield Stored(rules.Facts(*facts), previous_hash, hash, evidence)


def faults_of(row: Stored, previous: str, expected: int, key: bytes) -> list[Fault]:
    """What is wrong with one entry at its place."""
    facts, wrong = row.facts, []
    if facts.sequence != expected:
        wrong.append(f"entries from {expected} to {facts.sequence - 1} are missing")
    elif row.previous_hash != previous:
        wrong.append("does not follow the entry before it")
    if not signing.same(row.hash, rules.hash_of(key, row.previous_hash, facts)):
        wrong.append("was edited")
    if row.evidence is not None and not evidence_holds(facts, row.evidence, key):
        wrong.append("its evidence was edited")
    return [Fault(facts.sequence, facts.item_id, what) for what in wrong]


def evidence_holds(facts: rules.Facts, evidence: rules.EvidenceData, key: bytes) -> bool:
    """Whether the evidence is what the entry was written over."""
    return signing.same(facts.evidence_digest, rules.digest_of(key, facts.brand_id, facts.sequence, evidence))


def find_strays(session: Session, brand_id: int, entries: int) -> list[Fault]:
    """Traces of entries that were cut off the chain's end: evidence without an entry, a right without a record."""
    known = select(LedgerEntry.id).where(LedgerEntry.brand_id == brand_id)
    lost = select(Evidence.entry_id).where(Evidence.brand_id == brand_id, Evidence.entry_id.not_in(known)).limit(MAX_FAULTS)
    strays = [Fault(entries + 1, None, f"evidence of the removed entry with id {id} is left") for id in session.scalars(lost)]
    return strays + [
        Fault(entries + 1, item_id, f"the item says {state.value}, the ledger says {(recorded or RightsState.NONE).value}")
        for item_id, state, recorded in find_differing(session, brand_id, limit=MAX_FAULTS)
    ]


def find_differing(session: Session, brand_id: int, *, limit: int) -> list[tuple[int, RightsState, RightsState | None]]:
    """Items whose copy of the right differs from their last entry: id, the copy, what the ledger says."""
    last = (
        select(LedgerEntry)
        .where(LedgerEntry.brand_id == brand_id)
        .ext(distinct_on(LedgerEntry.item_id))
        .order_by(LedgerEntry.item_id, LedgerEntry.sequence.desc())
        .subquery()
    )
    query = (
        select(Item.id, Item.rights_state, last.c.state)
        .outerjoin(last, last.c.item_id == Item.id)
        .where(
            Item.brand_id == brand_id,
            or_(
                Item.rights_state != func.coalesce(last.c.state, RightsState.NONE.value),
                Item.rights_from.is_distinct_from(last.c.starts_at),
                Item.rights_until.is_distinct_from(last.c.expires_at),
            ),
        )
        .order_by(Item.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query.limit(limit))]
