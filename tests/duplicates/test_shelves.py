"""This process's indexes: always up to date when asked, and never larger together than they may be."""

from __future__ import annotations

import numpy
from sqlalchemy import insert
from sqlalchemy.orm import Session

from tests import make
from tests.duplicates.alike import BASE, flipped
from ugc.accounts.models import Brand
from ugc.duplicates import shelves
from ugc.duplicates.models import PicturePrint
from ugc.duplicates.shelves import Shelves
from ugc.media.models import FileKind


def printed(session: Session, brand: Brand, hash: bytes, kind: FileKind = FileKind.PICTURE) -> int:
    return make.added(session, PicturePrint(brand_id=brand.id, kind=kind, hash=hash)).id


def found(held: Shelves, session: Session, brand: Brand, hash: bytes = BASE, kind: FileKind = FileKind.PICTURE) -> list[int]:
    [hits] = held.find(session, brand.id, kind, [hash])
    return [hit.id for hit in hits]


def test_what_was_added_since_the_last_question_is_found(session: Session) -> None:
    held, brand = Shelves(), make.brand(session)
    assert found(held, session, brand) == []
    first = printed(session, brand, BASE)
    assert found(held, session, brand) == [first]
    second = printed(session, brand, flipped(1))
    assert found(held, session, brand) == [first, second]


def test_brands_and_kinds_have_indexes_of_their_own(session: Session) -> None:
    held, one, other = Shelves(), make.brand(session), make.brand(session)
    picture, video, theirs = printed(session, one, BASE), printed(session, one, BASE, FileKind.VIDEO), printed(session, other, BASE)
    assert found(held, session, one) == [picture]
    assert found(held, session, one, kind=FileKind.VIDEO) == [video]
    assert found(held, session, other) == [theirs]


def test_an_index_that_was_let_go_is_read_again_in_full(session: Session) -> None:
    held, brands = Shelves(most_bytes=1), [make.brand(session) for _ in range(3)]
    ids = [printed(session, brand, BASE) for brand in brands]
    for _ in range(2):
        assert [found(held, session, brand) for brand in brands] == [[id] for id in ids]
        assert len(held._shelves) == 1


def test_more_than_one_reading_is_needed_for_many(session: Session) -> None:
    brand = make.brand(session)
    hashes = numpy.random.default_rng(2).integers(0, 256, (2 * shelves.PORTION + 5, 32), dtype=numpy.uint8)
    rows = [{"brand_id": brand.id, "kind": FileKind.PICTURE, "hash": row.tobytes()} for row in hashes]
    session.execute(insert(PicturePrint), rows)
    held = Shelves()
    for place in (0, shelves.PORTION - 1, shelves.PORTION, len(rows) - 1):
        assert len(found(held, session, brand, hashes[place].tobytes())) == 1
