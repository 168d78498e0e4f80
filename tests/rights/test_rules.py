"""What may be recorded, and the arithmetic of the chain: no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from tests.make import NOON
from ugc.library.models import RightsState
from ugc.rights import rules
from ugc.rights.rules import EvidenceData, Facts

KEY, OTHER = b"k" * 32, b"o" * 32
FACTS = Facts(1, 1, 17, NOON, "person:1", RightsState.GRANTED, None, NOON + timedelta(days=1), "ab" * 32, "cd" * 32)
YES = EvidenceData(text="Yes, you may")


@pytest.mark.parametrize(
    ("before", "state", "evidence", "error"),
    [
        (RightsState.NONE, RightsState.GRANTED, YES, None),
        (RightsState.NONE, RightsState.OWNED, EvidenceData(link="https://shop.test/terms"), None),
        (RightsState.NONE, RightsState.GRANTED, EvidenceData(given_by="@ada"), rules.EvidenceMissing),
        (RightsState.NONE, RightsState.OWNED, EvidenceData(), rules.EvidenceMissing),
        (RightsState.GRANTED, RightsState.REVOKED, EvidenceData(), None),
        (RightsState.OWNED, RightsState.REVOKED, EvidenceData(), None),
        (RightsState.REVOKED, RightsState.REVOKED, EvidenceData(), None),
        (RightsState.NONE, RightsState.REVOKED, YES, rules.RightsMissing),
        (RightsState.REVOKED, RightsState.GRANTED, YES, None),
        (RightsState.GRANTED, RightsState.NONE, EvidenceData(), None),
        (RightsState.NONE, RightsState.REQUESTED, YES, rules.StateNotRecordable),
    ],
)
def test_what_may_be_recorded_by_hand(
    before: RightsState, state: RightsState, evidence: EvidenceData, error: type[Exception] | None
) -> None:
    if error is None:
        rules.check_record(before, state, evidence)
        return
    with pytest.raises(error):
        rules.check_record(before, state, evidence)


def test_a_link_that_is_no_address_is_refused() -> None:
    with pytest.raises(rules.BadLink):
        rules.clean_evidence(EvidenceData(link="javascript:alert(1)"))
    assert rules.clean_evidence(EvidenceData(text=" yes\x00 ", link=" https://a.test/x ")) == EvidenceData(
        "yes", "https://a.test/x"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"brand_id": 2}, {"sequence": 2}, {"item_id": 18}, {"at": NOON + timedelta(microseconds=1)}, {"actor": "person:2"},
        {"state": RightsState.OWNED}, {"starts_at": NOON}, {"expires_at": None}, {"file_sha256": ""}, {"evidence_digest": ""},
    ],
)  # fmt: skip
def test_every_fact_is_in_the_hash(change: dict[str, object]) -> None:
    changed = replace(FACTS, **change)  # type: ignore[arg-type]
    assert rules.hash_of(KEY, rules.START, changed) != rules.hash_of(KEY, rules.START, FACTS)


def test_the_hash_needs_the_key_and_the_entry_before() -> None:
    honest = rules.hash_of(KEY, rules.START, FACTS)
    assert rules.hash_of(OTHER, rules.START, FACTS) != honest
    assert rules.hash_of(KEY, "1" * 64, FACTS) != honest
    elsewhere = replace(FACTS, at=NOON.astimezone(timezone(timedelta(hours=5))))
    assert rules.hash_of(KEY, rules.START, elsewhere) == honest


def test_evidence_fits_its_own_entry_only() -> None:
    digest = rules.digest_of(KEY, 1, 1, YES)
    assert digest != rules.digest_of(KEY, 1, 2, YES)
    assert digest != rules.digest_of(KEY, 2, 1, YES)
    assert rules.digest_of(KEY, 1, 1, EvidenceData("a", "b")) != rules.digest_of(KEY, 1, 1, EvidenceData("ab", ""))


def test_a_chain_made_in_one_pass_is_the_chain_made_entry_by_entry() -> None:
    entries = [replace(FACTS, sequence=number) for number in range(1, 5)]
    together = rules.chain(KEY, rules.START, entries)
    previous, apart = rules.START, []
    for entry in entries:
        apart += rules.chain(KEY, previous, [entry])
        previous = apart[-1].hash
    assert together == apart
