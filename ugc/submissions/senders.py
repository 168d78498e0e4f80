"""Who sent what, for those who compare it with orders: digests of addresses as order feeds carry them, never the addresses."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.kit import signing
from ugc.kit.db import among
from ugc.runtime import Runtime
from ugc.submissions.models import Submission


def map_digests(runtime: Runtime, session: Session, brand_id: int, item_ids: Collection[int]) -> Mapping[int, list[str]]:
    """Item → SHA-256 of the e-mail addresses that it was sent from; items that nobody sent are left out."""
    query = select(Submission.item_id, Submission.email_sealed).where(
        Submission.brand_id == brand_id, among(Submission.item_id, item_ids), Submission.email_sealed != ""
    )
    found: dict[int, list[str]] = defaultdict(list)
    for item_id, sealed in session.execute(query):
        if item_id is not None and (digest := digest_of(runtime, sealed)):
            found[item_id].append(digest)
    return found


def digest_of(runtime: Runtime, sealed: str) -> str:
    """What an order feed says instead of a customer's address; empty where the seal is from another key."""
    try:
        address = signing.unseal(runtime.key("submission-email"), sealed)
    except signing.SealBroken:
        return ""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()
