"""What the columns of a table of reviews mean: by the format's headers, by a mapping, or by what stands in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ugc.catalog.rules import normal
from ugc.ingest.rules import Refused, read_date
from ugc.ingest.sources.reviews.base import MEANINGS, VOLATILE, Format
from ugc.ingest.sources.reviews.known import ANY

MAX_EXTRAS = 30

PERSONAL = re.compile(
    r"e ?mail|courriel|phone|mobile|address|location|birth|\b(ip|zip|city)\b|\b(post|postal|zip) ?code\b"
    r"|\b(first|last|full|sur|family) ?name\b"
    r"|\b(customer|user|reviewer|author|person|order|transaction|invoice|session) ?(id|number|no|name|key|token)\b"
)
"""Columns about the person or the order that nothing here needs: not kept (L-11)."""

NOT_PRODUCTS = {"review", "user", "reviewer", "customer", "order", "person", "author", "store", "parent", "variant", "session"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column means what, by position, and what becomes of the others."""

    places: Mapping[str, int]
    width: int
    extras: Mapping[str, int] = field(default_factory=dict)
    dropped: Sequence[str] = ()
    has_header: bool = True
    lasting: tuple[int, ...] = ()
    """The columns by which a review without an id is known again; all that do not change between two exports."""


def lasting_of(places: Mapping[str, int], width: int) -> tuple[int, ...]:
    """All columns but those that change between two exports."""
    volatile = {place for meaning, place in places.items() if meaning in VOLATILE}
    return tuple(place for place in range(width) if place not in volatile)


def guess_columns(header: Sequence[str], mapping: Mapping[str, str] | None = None, format: Format = ANY) -> Columns | None:
    """What the columns of a header mean; None where neither a text nor a rating is among them. `mapping` overrides."""
    names = [normal(cell) for cell in header]
    found: dict[str, int] = {}
    for meaning, headers in format.columns.items():
        place = next((names.index(name) for name in headers if name in names and names.index(name) not in found.values()), None)
        if place is not None:
            found[meaning] = place
    if not {"product", "product_id", "product_handle"} & set(found) and (place := some_product_id(names)) is not None:
        found["product"] = place
    found = override(found, mapping, header)
    if not {"body", "rating"} & set(found):
        return None
    rest = {name: place for place, name in enumerate(names) if name and place not in found.values()}
    dropped = [name for name in rest if PERSONAL.search(name) or name in format.left_out]
    extras = [(name, place) for name, place in rest.items() if name not in dropped][:MAX_EXTRAS]
    return Columns(found, len(header), dict(extras), dropped, lasting=lasting_of(found, len(header)))


def some_product_id(names: Sequence[str]) -> int | None:
    """A column such as `Clothing ID`: a thing's id, and the thing is not a person, review or order."""
    for place, name in enumerate(names):
        thing, _, last = name.rpartition(" ")
        if last in {"id", "sku", "code"} and thing and thing not in NOT_PRODUCTS and not PERSONAL.search(name):
            return place
    return None


def override(found: Mapping[str, int], mapping: Mapping[str, str] | None, header: Sequence[str]) -> dict[str, int]:
    """The guess with what the user said instead: a header, a column's number from 1, or `-` for none; raises Refused."""
    said: dict[str, int] = {}
    without = set()
    for meaning, name in (mapping or {}).items():
        if meaning not in MEANINGS:
            raise Refused("bad_mapping", f"{meaning!r} is no field of a review; known are {', '.join(MEANINGS)}")
        if name.strip() == "-":
            without.add(meaning)
            continue
        places = [place for place, cell in enumerate(header) if cell.strip().lower() == name.strip().lower()]
        if not places and name.isascii() and name.isdigit() and 1 <= int(name) <= len(header):
            places = [int(name) - 1]
        if not places:
            raise Refused("bad_mapping", f"there is no column {name!r}; the columns are {', '.join(header)[:300]}")
        said[meaning] = places[0]
    kept = {meaning: place for meaning, place in found.items() if place not in said.values() and meaning not in without}
    return kept | said


def guess_by_content(sample: Sequence[Sequence[str]]) -> Columns | None:
    """What the columns of a file without a header mean, from what stands in them; None where no rating and text stand out."""
    width = max({len(row) for row in sample}, key=lambda size: sum(len(row) == size for row in sample), default=0)
    columns = [[row[place].strip() for row in sample if len(row) == width] for place in range(width)]
    free = dict(enumerate(columns))
    found: dict[str, int] = {}

    def claim(meaning: str, places: Sequence[int]) -> None:
        if places:
            found[meaning] = places[0]
            del free[places[0]]

    claim("rating", [place for place, cells in free.items() if all(re.fullmatch(r"[1-5](\.0)?", cell) for cell in cells)])
    claim("helpful", [place for place, cells in free.items() if all(re.fullmatch(r"\[\d+, ?\d+\]", cell) for cell in cells)])
    dates = [place for place, cells in free.items() if all(is_date(cell) for cell in cells)]
    # A product's number can look like Unix time, but repeats.
    claim("date", sorted(dates, key=lambda place: -len(set(free[place]))))
    claim("body", sorted(free, key=lambda place: -sum(map(len, free[place])))[:1])
    if "rating" not in found or "body" not in found:
        return None
    ids = [place for place, cells in free.items() if all(re.fullmatch(r"[A-Z0-9-]{6,20}", cell) for cell in cells)]
    claim("product", sorted(ids, key=lambda place: len(set(free[place]))))
    names = [place for place, cells in free.items() if place not in ids and not any(is_date(cell) for cell in cells)]
    claim("author", [place for place in names if place < found["body"]])
    claim("title", [place for place in names if place > found["body"]])
    return Columns(found, width, has_header=False, lasting=lasting_of(found, width))


def is_date(text: str) -> bool:
    """Whether the text is a date, be it in one reading or in two."""
    try:
        return read_date(text, "dmy") is not None
    except Refused:
        return False
