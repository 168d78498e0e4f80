"""What may be recorded about a right, and the arithmetic of the chain that keeps the record honest (decision 0042)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ugc.kit import signing
from ugc.kit.errors import Conflict, Unprocessable
from ugc.library import rules as library_rules
from ugc.library.models import RightsState

RECORDED_BY_HAND = frozenset({RightsState.NONE, RightsState.OWNED, RightsState.GRANTED, RightsState.REVOKED})
MAX_EVIDENCE = 20_000
START = "0" * 64
"""What the first entry of a chain names as its predecessor."""


class EvidenceMissing(Unprocessable):
    """Say what the permission rests on: the text of it, or a link to it."""


class StateNotRecordable(Unprocessable):
    """By hand a right is recorded as none, owned, granted or revoked."""


class RightsMissing(Conflict):
    """There is no permission to take back."""


class BadLink(Unprocessable):
    """The link to the evidence must start with http:// or https://."""


@dataclass(frozen=True, slots=True)
class EvidenceData:
    """What an entry rests on."""

    text: str = ""
    link: str = ""
    given_by: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an entry of the chain states; no names, texts or addresses of people outside."""

    brand_id: int
    sequence: int
    item_id: int
    at: datetime
    actor: str
    state: RightsState
    starts_at: datetime | None
    expires_at: datetime | None
    file_sha256: str
    evidence_digest: str


def clean_evidence(evidence: EvidenceData) -> EvidenceData:
    """The evidence as it can be stored; raises BadLink."""
    link = library_rules.clean_url(evidence.link)
    if evidence.link.strip() and not link:
        raise BadLink()
    text = library_rules.clean_text(evidence.text, MAX_EVIDENCE)
    return EvidenceData(text, link, library_rules.clean_text(evidence.given_by, library_rules.MAX_NAME))


def check_record(before: RightsState, state: RightsState, evidence: EvidenceData) -> None:
    """Raise what speaks against recording this state after that one."""
    if state not in RECORDED_BY_HAND:
        raise StateNotRecordable()
    if state in library_rules.SHOWABLE_RIGHTS and not (evidence.text or evidence.link):
        raise EvidenceMissing()
    if state is RightsState.REVOKED and before not in library_rules.SHOWABLE_RIGHTS | {RightsState.REVOKED}:
        raise RightsMissing()


CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(facts: dict[str, Any]) -> bytes:
    """One byte string for one set of facts: JSON with sorted keys, no spaces, UTF-8."""
    return CANONICAL(facts).encode()


def moment(at: datetime | None) -> str | None:
    """A moment as the chain writes it: UTC with microseconds, as exact as the database keeps it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at else None


def digest_of(key: bytes, brand_id: int, sequence: int, evidence: EvidenceData) -> str:
    """HMAC-SHA256 over evidence and its place in the chain, so that evidence can't be moved to another entry."""
    facts = {"brand": brand_id, "sequence": sequence, "text": evidence.text, "link": evidence.link, "given_by": evidence.given_by}
    return signing.keyed_digest(key, canonical(facts))


def hash_of(key: bytes, previous_hash: str, facts: Facts) -> str:
    """HMAC-SHA256 over the previous hash and the entry: who can only write to the database can't make one."""
    stated = {
        "brand": facts.brand_id, "sequence": facts.sequence, "item": facts.item_id, "at": moment(facts.at), "actor": facts.actor,
        "state": facts.state.value, "starts_at": moment(facts.starts_at), "expires_at": moment(facts.expires_at),
        "files": facts.file_sha256, "evidence": facts.evidence_digest,
    }  # fmt: skip
    return signing.keyed_digest(key, previous_hash.encode() + b"\n" + canonical(stated))


@dataclass(frozen=True, slots=True)
class Link:
    """A new entry with its place in the chain."""

    facts: Facts
    previous_hash: str
    hash: str


def chain(key: bytes, previous_hash: str, entries: Iterable[Facts]) -> list[Link]:
    """Entries linked one to the next, in one pass."""
    links = []
    for facts in entries:
        links.append(Link(facts, previous_hash, hash_of(key, previous_hash, facts)))
        previous_hash = links[-1].hash
    return links
