"""Opens product feeds of every known format as a stream of attributes by Google's names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from ugc.catalog.formats import bazaarvoice, google, olapic, shopify, table, turnto
from ugc.catalog.formats.base import Entry, Feed, NotAFeed
from ugc.kit import markup, rows
from ugc.kit.errors import Invalid

XML: dict[str, Callable[[Path], Iterator[Entry]]] = {
    "google-xml": google.read_entries,
    "bazaarvoice": bazaarvoice.read_entries,
    "olapic": olapic.read_entries,
}
TABLES = ("shopify", "turnto", "google-table", "csv")
FORMATS = ("auto", *XML, *TABLES)


class UnknownFormat(Invalid):
    """The format must be auto, google-xml, bazaarvoice, olapic, shopify, turnto, google-table or csv."""


def open_feed(path: Path, format: str = "auto", mapping: Mapping[str, str] | None = None) -> Feed:
    """Open a feed of any known format; raises NotAFeed before anything was read from a file that is none."""
    if format not in FORMATS:
        raise UnknownFormat()
    if format in XML or (format == "auto" and markup.looks_like_xml(path)):
        return open_xml(path, format)
    return open_table(path, format, mapping or {})


def open_table(path: Path, format: str, mapping: Mapping[str, str]) -> Feed:
    """A delimited table; a mapping makes it any table, whatever its header looks like."""
    records = rows.read_rows(rows.sniff(path))
    header = next(records, None)
    if header is None or header.fault:
        raise NotAFeed()
    if format == "shopify" or (format == "auto" and not mapping and shopify.is_one(header.cells)):
        notes = ["read as Shopify's product export: prices in the shop's currency, addresses below the shop's own"]
        return Feed("shopify", shopify.read_entries(header.cells, records), notes, of_the_shop=True)
    if format == "turnto" or (format == "auto" and not mapping and turnto.is_one(header.cells)):
        return Feed("turnto", turnto.read_entries(header.cells, records), ["read as TurnTo's catalogue"], of_the_shop=True)
    return table.open_table(header.cells, records, mapping)


def open_xml(path: Path, format: str) -> Feed:
    """An XML feed; its first product is read at once, so that a file of another kind is refused here."""
    try:
        format = kind_of(path) if format == "auto" else format
        entries = to_the_end(XML[format](path))
        first = next(entries, None)
    except markup.BadXml as bad:
        raise NotAFeed(bad.detail) from bad
    if first is None:
        raise NotAFeed("the XML holds no product: no <item>, <entry> or <Product>")
    return Feed(format, chain([first], entries))


def kind_of(path: Path) -> str:
    """The format by the root element; what no other format claims is Google's to refuse."""
    root, attributes = markup.root_of(path)
    if bazaarvoice.is_one(root, attributes):
        return "bazaarvoice"
    return "olapic" if olapic.is_one(root, attributes) else "google-xml"


def to_the_end(entries: Iterator[Entry]) -> Iterator[Entry]:
    """The entries; where the file breaks off, that is the last one."""
    try:
        yield from entries
    except markup.BrokenOff as broken:
        yield Entry(broken.line, {}, broken.reason)
