"""Reads product feeds as a stream of attributes by Google's names: XML (RSS 2.0, Atom) and delimited tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from ugc.catalog import rules
from ugc.kit import rows
from ugc.kit.errors import Invalid, Unprocessable

GOOGLE = "http://base.google.com/"
CHUNK = 64 * 1024
# Longer than any field that we keep; the rest of a hostile one is not held in memory (T-39).
MAX_TEXT = 20_000
FEED_ROOTS = {"rss", "feed", "rdf"}
ITEMS = {"item", "entry"}
FORMATS = ("auto", "google-xml", "google-table", "csv")


class NotAFeed(Unprocessable):
    """This is not a product feed: neither RSS or Atom with items nor a table with a column for the product's identifier."""


class UnknownFormat(Invalid):
    """The format must be auto, google-xml, google-table or csv."""


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


def open_feed(path: Path, format: str = "auto", mapping: Mapping[str, str] | None = None) -> Feed:
    """Open a feed of any known format; raises NotAFeed before anything was read from a file that is none."""
    if format not in FORMATS:
        raise UnknownFormat()
    with open(path, "rb") as file:
        head = file.read(512)
    looks_like_xml = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or head.startswith((b"\xff\xfe<", b"\xfe\xff\0<"))
    if format == "google-xml" or (format == "auto" and looks_like_xml):
        return open_xml(path)
    return open_table(path, mapping or {})


def open_table(path: Path, mapping: Mapping[str, str]) -> Feed:
    """A table whose header names the attributes; `mapping` (attribute → header) overrides what is guessed."""
    sheet = rows.sniff(path)
    records = rows.read_rows(sheet)
    header = next(records, None)
    if header is None or header.fault:
        raise NotAFeed()
    columns = rules.guess_columns(header.cells) | explicit_columns(header.cells, mapping)
    if not any(name in columns for name in rules.IDENTIFIERS):
        shown = ", ".join(cell for cell in header.cells if cell)[:300]
        raise NotAFeed(f"no column names the product; the columns are {shown}. Say which with a mapping, e.g. id=Article")
    used = [f"{name} = {header.cells[place]}" for name, place in columns.items()]
    unused = [cell for place, cell in enumerate(header.cells) if place not in columns.values() and cell]
    notes = [f"columns: {', '.join(used)}"] + ([f"columns not used: {', '.join(unused)}"] if unused else [])
    kind = "google-table" if {"id", "title", "link"} <= {rules.normal(cell) for cell in header.cells} else "csv"
    return Feed(kind, table_entries(records, columns, len(header.cells)), notes)


def explicit_columns(header: list[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Attribute → column as the mapping says; raises Invalid for an attribute or a header that is not there."""
    found = {}
    for attribute, name in mapping.items():
        if attribute not in rules.ALIASES:
            raise Invalid(f"{attribute!r} is not an attribute of a product; known are {', '.join(rules.ALIASES)}")
        places = [place for place, cell in enumerate(header) if cell.strip().lower() == name.strip().lower()]
        if not places:
            raise Invalid(f"there is no column {name!r}; the columns are {', '.join(header)}")
        found[attribute] = places[0]
    return found


def table_entries(records: Iterator[rows.Row], columns: Mapping[str, int], width: int) -> Iterator[Entry]:
    """The rows below the header; one with more or fewer cells than the header is faulty, not guessed at."""
    for row in records:
        if row.fault:
            yield Entry(row.line, {}, row.fault)
        elif len(row.cells) != width:
            yield Entry(row.line, {}, f"the row has {len(row.cells)} cells where the header has {width}")
        else:
            yield Entry(row.line, {name: row.cells[place].strip() for name, place in columns.items()})


def open_xml(path: Path) -> Feed:
    """An RSS or Atom feed; the first piece is parsed at once, so that a file of another kind is refused here."""
    entries = xml_entries(path)
    try:
        first = next(entries)
    except StopIteration:
        raise NotAFeed("the XML holds no product: no <item> or <entry>") from None

    def all_entries() -> Iterator[Entry]:
        yield first
        yield from entries

    return Feed("google-xml", all_entries())


def xml_entries(path: Path) -> Iterator[Entry]:
    """Parse piece by piece; entries are handed on as they end, so memory stays flat. A DTD is refused (T-36)."""
    parser = make_parser()
    reader = ItemReader(parser.getLineNumber)
    parser.forbid_dtd = True
    parser.setContentHandler(reader)
    try:
        with open(path, "rb") as file:
            while piece := file.read(CHUNK):
                parser.feed(piece)
                yield from reader.take()
            parser.close()
    except DefusedXmlException as cause:
        raise NotAFeed("the XML declares a document type or entities, which a feed has no use for") from cause
    except SAXParseException as cause:
        yield from reader.take()
        if not reader.root:
            raise NotAFeed(f"the XML can't be read: {cause.getMessage()}") from cause
        yield Entry(cause.getLineNumber() or 0, {}, f"the XML breaks off here: {cause.getMessage()}")
    yield from reader.take()


class ItemReader(ContentHandler):
    """Collects the direct children of each <item> or <entry>; `g:` attributes win over plain ones of the same name."""

    def __init__(self, line: Callable[[], int | None]) -> None:
        super().__init__()
        self.line = line
        self.root = ""
        self.prefix = "g"
        self.done: list[Entry] = []
        self.depth = 0
        self.item_depth = 0
        self.item_line = 0
        self.attributes: dict[str, str] = {}
        self.name = ""
        self.text: list[str] = []
        self.length = 0

    def take(self) -> Iterator[Entry]:
        """The entries that ended since the last call."""
        ready, self.done = self.done, []
        return iter(ready)

    def startElement(self, name: str, attrs: AttributesImpl[str]) -> None:
        """Note where an item begins and which of its children is being read."""
        self.depth += 1
        if self.depth == 1:
            self.open_root(name, attrs)
        elif not self.item_depth and name.rsplit(":", 1)[-1].lower() in ITEMS:
            self.item_depth, self.item_line, self.attributes = self.depth, self.line() or 0, {}
        elif self.item_depth and self.depth == self.item_depth + 1:
            self.name, self.text, self.length = name, [], 0
            if name == "link" and attrs.get("rel", "alternate") == "alternate" and "href" in attrs:
                self.attributes.setdefault("link", attrs["href"])

    def open_root(self, name: str, attrs: AttributesImpl[str]) -> None:
        """Refuse what is not a feed by its root; find out which prefix stands for Google's names."""
        local = name.rsplit(":", 1)[-1].lower()
        if local not in FEED_ROOTS:
            kind = "a sitemap" if local in {"urlset", "sitemapindex"} else "not a product feed"
            raise NotAFeed(f"the root element <{name[:60]}> makes it {kind}; expected RSS 2.0 or Atom with g: attributes")
        self.root = local
        self.prefix = next((key[6:] for key, value in attrs.items() if key[:6] == "xmlns:" and value.startswith(GOOGLE)), "g")

    def characters(self, content: str) -> None:
        """Gather a child's text up to the cap."""
        if self.name and self.length < MAX_TEXT:
            self.text.append(content[: MAX_TEXT - self.length])
            self.length += len(content)

    def endElement(self, name: str) -> None:
        """Keep a child's text, or hand the item on."""
        if self.name and self.depth == self.item_depth + 1:
            self.keep("".join(self.text).strip())
        elif self.item_depth and self.depth == self.item_depth:
            self.done.append(Entry(self.item_line, self.attributes))
            self.item_depth = 0
        self.depth -= 1

    def keep(self, value: str) -> None:
        """Store one attribute of the item under Google's name for it."""
        prefix, _, local = self.name.rpartition(":")
        attribute = PLAIN_NAMES.get(rules.normal(local), re.sub(r"\W", "", local.lower()))
        if prefix == self.prefix and value:
            self.attributes[attribute] = value
        elif not prefix and value and attribute != "id":  # Atom's own <id> names the entry, not the product
            self.attributes.setdefault(attribute, value)
        self.name = ""


PLAIN_NAMES = {"summary": "description", "content": "description", "group id": "item_group_id"}
"""Names of Atom and of other dialects for Google's attributes."""
