"""XML read record by record in constant memory; declarations of types and entities are refused (T-36)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from ugc.kit.errors import Unprocessable

CHUNK = 64 * 1024
# Longer than any field that we keep, more parts than any record has; the rest of a hostile one is not held in memory (T-39).
MAX_TEXT = 20_000
MAX_PARTS = 10_000
MAX_RECORD = 1_000_000
MAX_DEPTH = 200
# Bytes of one tag or comment; the parser holds them until it ends.
MAX_TOKEN = 64 * CHUNK

OpenRoot = Callable[[str, Mapping[str, str]], None]


def nothing(name: str, attributes: Mapping[str, str]) -> None:
    """Take any root."""


class BadXml(Unprocessable):
    """The XML can't be read."""


class BrokenOff(Exception):
    """The XML can't be read from this line on; what came before it was handed out."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def looks_like_xml(path: Path) -> bool:
    """Whether the file begins as XML does."""
    with open(path, "rb") as file:
        head = file.read(512)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or head.startswith((b"\xff\xfe<", b"\xfe\xff\0<"))


def root_of(path: Path) -> tuple[str, dict[str, str]]:
    """The root's name without its prefix, and its attributes; raises BadXml where there is none."""

    class Seen(Exception):
        pass

    def stop(name: str, attributes: Mapping[str, str]) -> None:
        raise Seen(name, dict(attributes))

    try:
        next(read_records(path, (), stop), None)
    except Seen as seen:
        name, attributes = seen.args
        return name, attributes
    raise BadXml("the XML has no root element")


def read_records(
    path: Path, names: Collection[str], open_root: OpenRoot = nothing, *, prefixes: bool = False
) -> Iterator[tuple[int, Element]]:
    """Each outermost element with one of the local names, with the line where it begins, as soon as it ends.

    Names inside are given without their prefixes, or with them.
    `open_root` sees the root's local name and attributes and may refuse the file. Raises BadXml where nothing can be read at
    all, BrokenOff behind the records that could.
    """
    parser = make_parser()
    reader = RecordReader(parser.getLineNumber, names, open_root, prefixes)
    parser.forbid_dtd = True
    parser.setContentHandler(reader)
    try:
        with open(path, "rb") as file:
            while piece := file.read(CHUNK):
                reader.unheard += len(piece)
                parser.feed(piece)
                if reader.unheard > MAX_TOKEN:
                    raise BadXml(f"a tag or comment has more than {MAX_TOKEN:,} bytes")
                yield from reader.take()
            parser.close()
    except DefusedXmlException as cause:
        raise BadXml("the XML declares a document type or entities, which a feed has no use for") from cause
    except SAXParseException as cause:
        yield from reader.take()
        if not reader.depth:
            raise BadXml(f"the XML can't be read: {cause.getMessage()}") from cause
        raise BrokenOff(cause.getLineNumber() or 0, f"the XML breaks off here: {cause.getMessage()}") from cause
    yield from reader.take()


class RecordReader(ContentHandler):
    """Builds the wanted elements and forgets everything around them."""

    def __init__(self, line: Callable[[], int | None], names: Collection[str], open_root: OpenRoot, prefixes: bool) -> None:
        super().__init__()
        self.line = line
        self.names = frozenset(names)
        self.open_root = open_root
        self.prefixes = prefixes
        self.done: list[tuple[int, Element]] = []
        self.depth = 0
        self.builder: TreeBuilder | None = None
        self.began = (0, 0)
        self.parts = 0
        self.length = 0
        self.room = MAX_RECORD
        """Characters that the record may still have."""
        self.unheard = 0
        """Bytes that were read since the parser last had something to tell."""

    def take(self) -> Iterator[tuple[int, Element]]:
        """The records that ended since the last call."""
        ready, self.done = self.done, []
        return iter(ready)

    def startElement(self, name: str, attrs: AttributesImpl[str]) -> None:
        """Begin a record, or a part of one."""
        self.depth += 1
        self.unheard = 0
        if self.depth > MAX_DEPTH:
            raise BadXml(f"elements are nested more than {MAX_DEPTH} deep")
        local = name.rsplit(":", 1)[-1]
        if self.depth == 1:
            self.open_root(local, dict(attrs.items()))
        elif self.builder is None and local in self.names:
            self.builder, self.began = TreeBuilder(), (self.depth, self.line() or 0)
            self.parts, self.room = 0, MAX_RECORD
        if self.builder is not None:
            self.parts += 1 + len(attrs)
            self.room -= sum(map(len, attrs.values()))
            self.length = 0
            if self.parts > MAX_PARTS or self.room < 0:
                raise BadXml(f"the record in line {self.began[1]} has more than {MAX_PARTS:,} parts or is endless")
            self.builder.start(name if self.prefixes else local, dict(attrs.items()))

    def characters(self, content: str) -> None:
        """Gather a part's text up to the cap."""
        self.unheard = 0
        if self.builder is not None and (room := min(MAX_TEXT - self.length, self.room)) > 0:
            self.builder.data(content[:room])
            self.length += len(content)
            self.room -= min(len(content), room)

    def endElement(self, name: str) -> None:
        """End a part; hand a whole record on."""
        self.unheard = 0
        if self.builder is not None:
            self.builder.end(name if self.prefixes else name.rsplit(":", 1)[-1])
            self.length = 0
            if self.depth == self.began[0]:
                self.done.append((self.began[1], self.builder.close()))
                self.builder = None
        self.depth -= 1


def text_of(element: Element | None, path: str = "") -> str:
    """The text of an element, or of the first one on a path below it; empty where there is none."""
    found = element.find(path) if element is not None and path else element
    return (found.text or "").strip() if found is not None else ""


def texts_of(element: Element, path: str) -> list[str]:
    """The texts on a path below an element, those that are not empty."""
    return [text for found in element.iterfind(path) if (text := (found.text or "").strip())]
