"""Knows a review again under another name: the same author, words, stars and product, from another app or twice in one file.

What this run brought is remembered in a filter of fixed size, which may suspect too much and never too little; a suspicion is
settled by the database (decision 0112).
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ugc.ingest.sources.reviews.base import ReviewRow
from ugc.library import rules as library_rules
from ugc.library.models import Item, Kind

Name = tuple[str, str]
"""Source and external id."""

# 8 MB: of four million reviews one in fifty is asked for in vain. A fingerprint is four numbers, each the place of a bit.
FILTER_BYTES = 8 * 1024 * 1024
FILTER_MASK = FILTER_BYTES * 8 - 1
FOUR = struct.Struct(">4I")
NOBODY = frozenset(
    {
        "anonymous", "anonym", "anónimo", "anonyme", "guest", "customer", "user", "someone", "n/a", "none", "null", "unknown", "-",
        "a customer", "amazon customer", "kindle customer", "verified buyer", "verified customer", "google user",
    }
)  # fmt: skip
"""Names that name nobody: two of them are not the same person."""


class Twins:
    """What one import has seen, and whether it began on an empty library."""

    def __init__(self, *, began_empty: bool, remember: bool) -> None:
        self.began_empty = began_empty
        self.bits = bytearray(FILTER_BYTES)
        self.names: dict[bytes, Name] | None = {} if remember else None
        """Names by fingerprint, for a dry run, which leaves nothing to ask the database for."""

    @staticmethod
    def places(print: bytes) -> tuple[int, ...]:
        """The four bits that stand for a fingerprint."""
        return tuple(number & FILTER_MASK for number in FOUR.unpack(print))

    def may_know(self, print: bytes) -> bool:
        """Whether this run may have brought it in."""
        bits = self.bits
        return all(bits[place >> 3] & 1 << (place & 7) for place in self.places(print))

    def note(self, print: bytes, name: Name) -> None:
        """Remember what this run brings in."""
        bits = self.bits
        for place in self.places(print):
            bits[place >> 3] |= 1 << (place & 7)
        if self.names is not None:
            self.names.setdefault(print, name)

    def named(self, print: bytes) -> Name | None:
        """What a dry run called it before."""
        return self.names.get(print) if self.names else None


def open_twins(session: Session, brand_id: int, *, dry_run: bool) -> Twins:
    """Begin an import of reviews."""
    before = session.scalar(select(Item.id).where(Item.brand_id == brand_id, Item.kind == Kind.REVIEW).limit(1))
    return Twins(began_empty=before is None, remember=dry_run)


def rename(session: Session, brand_id: int, rows: Sequence[ReviewRow], skus: Mapping[int, str], twins: Twins) -> list[ReviewRow]:
    """The rows, those that are there under another name called by that one. `skus`: each row's product, where it is known."""
    prints = [print_of(row, skus.get(place, "")) for place, row in enumerate(rows)]
    suspects = [place for place, print in enumerate(prints) if print and (not twins.began_empty or twins.may_know(print))]
    known = find_twins(session, brand_id, rows, skus, suspects)
    names: dict[bytes, Name] = {}
    renamed = []
    for place, (row, print) in enumerate(zip(rows, prints, strict=True)):
        if print is not None:
            if print not in names:
                names[print] = known.get(place) or twins.named(print) or name_of(row)
                twins.note(print, names[print])
            row = under(row, names[print])
        renamed.append(row)
    return renamed


def print_of(row: ReviewRow, sku: str) -> bytes | None:
    """What stands for author, words, stars and product; None where one can't tell whose or what words."""
    data = row.item.data
    author = data.creator.name.strip().lower() if data.creator else ""
    if not author or author in NOBODY or not data.body:
        return None
    product = sku or (row.mentions[0].names or row.mentions[0].gtins)[0] if row.mentions else ""
    said = "\x1f".join((author, data.body, product, str(data.rating)))
    return hashlib.blake2b(said.encode(errors="replace"), digest_size=16).digest()


def name_of(row: ReviewRow) -> Name:
    """What the row goes by."""
    return row.item.data.source, row.item.data.external_id


def under(row: ReviewRow, name: Name) -> ReviewRow:
    """The row under another name."""
    if name == name_of(row):
        return row
    data = replace(row.item.data, source=name[0], external_id=name[1])
    return replace(row, item=replace(row.item, data=data, cleaned=None))


# A name that so many reviews share is not one person's, and their texts are too many to read.
MOST_OF_ONE = 200
# Each author is looked up once: joined row by row, a name with 100,000 reviews was read 1,000 times a batch.
FIND = text(f"""
    with r as materialized (
        select * from jsonb_to_recordset(cast(:rows as jsonb)) as r (n bigint, handle text, body text, sku text, rating bigint)),
    theirs as materialized (
        select c.handle, i.* from (select distinct handle from r) as h
        join creators c on c.brand_id = :brand and c.network = '' and c.handle = h.handle
        cross join lateral (
            select i.id, i.body, i.rating, i.source, i.external_id, count(*) over () as number from (
                select * from items i where i.creator_id = c.id and i.brand_id = :brand and i.kind = 'review'
                limit {MOST_OF_ONE + 1}) as i) as i
        where i.number <= {MOST_OF_ONE})
    select distinct on (r.n) r.n, i.source, i.external_id
    from r join theirs i on i.handle = r.handle and i.body = r.body and i.rating is not distinct from r.rating
    left join item_products ip on ip.item_id = i.id
    left join products p on p.id = ip.product_id
    where coalesce(p.sku, '') = r.sku
    order by r.n, i.id
""")  # noqa: S608  # the number is ours, the values are bound


def find_twins(
    session: Session, brand_id: int, rows: Sequence[ReviewRow], skus: Mapping[int, str], suspects: Sequence[int]
) -> dict[int, Name]:
    """The names of the items that have the author, words and product of some rows, by the rows' places."""
    asked = [wanted(place, rows[place], skus.get(place, "")) for place in suspects if place in skus or not rows[place].mentions]
    if not asked:
        return {}
    found = session.execute(FIND, {"brand": brand_id, "rows": json.dumps(asked, ensure_ascii=False)})
    return {place: (source, external_id) for place, source, external_id in found}


def wanted(place: int, row: ReviewRow, sku: str) -> dict[str, Any]:
    """A row as the library would store it."""
    creator = library_rules.clean_creator(row.item.data.creator)
    body = library_rules.clean_text(row.item.data.body)
    return {"n": place, "handle": creator.handle if creator else "", "body": body, "sku": sku, "rating": row.item.data.rating}
