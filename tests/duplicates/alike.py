"""Items whose pictures are a chosen number of bits apart."""

from __future__ import annotations

from typing import Any

import numpy
from sqlalchemy.orm import Session

from tests import make
from ugc.accounts.models import Brand
from ugc.library.models import Item, ItemMedia, Kind
from ugc.media.models import FileState

BASE = numpy.random.default_rng(9).integers(0, 256, 32, dtype=numpy.uint8).tobytes()
"""A hash; mirrored and turned it is far from itself."""
REVIEW = "I bought this dress in blue for my sister's wedding and got so many compliments on it all evening"


def flipped(*places: int, hash: bytes = BASE) -> bytes:
    """The hash with these bits turned over."""
    bits = int.from_bytes(hash)
    for place in places:
        bits ^= 1 << place
    return bits.to_bytes(32)


def photo(
    session: Session, brand: Brand, *hashes: bytes, quality: int = 100, file: dict[str, Any] | None = None, **facts: Any
) -> Item:
    """A photo with a finished file for each hash."""
    item = make.item(session, brand, **facts)
    for place, hash in enumerate(hashes):
        own = {"perceptual_hash": hash, "measures": {"hash_quality": quality}, "state": FileState.READY} | (file or {})
        make.added(session, ItemMedia(item_id=item.id, file_id=make.file(session, brand, **own).id, position=place))
    return item


def review(session: Session, brand: Brand, body: str = REVIEW, **facts: Any) -> Item:
    """A review."""
    return make.item(session, brand, kind=Kind.REVIEW, body=body, **({"rating": 5} | facts))
