"""What all product feeds become: entries of attributes by Google's names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ugc.kit.errors import Unprocessable


class NotAFeed(Unprocessable):
    """This is not a product feed: neither XML with products nor a table with a column for the product's identifier."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One product's attributes by Google's names, the line where it begins, and what is wrong with it, if anything."""

    line: int
    attributes: Mapping[str, str]
    fault: str = ""


@dataclass(slots=True)
class Feed:
    """An opened feed: its format, notes on how it was understood, and its entries."""

    format: str
    entries: Iterator[Entry]
    notes: list[str] = field(default_factory=list)
    of_the_shop: bool = False
    """Prices may have no currency and products only a `path`: they are the shop's own."""
