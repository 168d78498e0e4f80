"""Feeds of blogs, boards and podcasts: RSS, Atom, JSON Feed. Read from bytes alone; nothing that a feed names is opened."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from calendar import timegm
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

import feedparser
from defusedxml import sax
from defusedxml.common import DefusedXmlException
from feedparser.encodings import convert_to_utf8

from ugc.kit.errors import Outside
from ugc.kit.http.fetching import Answer
from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData, clean_url
from ugc.social.networks.asking import known, option, refuse
from ugc.social.networks.base import (
    MOST_POSTS,
    Ask,
    BadShape,
    Field,
    MediaData,
    Mode,
    Network,
    PostData,
    Pulled,
    Skipped,
    SourceGone,
)
from ugc.social.networks.reading import (
    MOST_HTML,
    MOST_MEDIA,
    Missing,
    Record,
    count_at,
    cut,
    dicts,
    find,
    hashtags_of,
    moment,
    moment_at,
    plain,
    read_posts,
    same_tag,
    text_at,
    url_at,
)  # fmt: skip

MOST_ID = 200
ENTRY = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
PROLOG = re.compile(r"<[A-Za-z_]")
DECLARED = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL)
# Ids that say themselves whose they are; "17" is another entry in every feed.
GLOBAL = re.compile(r"https?://|tag:|urn:", re.IGNORECASE)
# A loose reader takes minutes for one tag of 200,000 attributes (measured), so its input is bounded.
LONG_TAG = re.compile(r"<[A-Za-z][^<>]{5000}")
MOST_LOOSE = 200_000
MOST_LEVELS = 100
MOST_ATTRIBUTES = 100
# The longer marks first: UTF-32 begins like UTF-16. feedparser itself reads neither without a declaration.
MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
KINDS = {"image": "picture", "video": "video", "audio": "audio"}
ACCEPT = {"Accept": "application/feed+json, application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"}


class DeclarationRefused(Outside):
    """The feed holds a document type declaration, which could name files and addresses; it is not read."""


class FeedTooComplex(Outside):
    """The feed nests deeper, or says more in one tag, than any feed needs to; it is not read."""


def pull_feed(ask: Ask) -> Pulled:
    """The feed's entries, at most 500; nothing where it did not change."""
    answer = ask.fetcher.fetch(
        option(ask, "url"), headers=ACCEPT, redirects=3, etag=known(ask, "etag"), modified=known(ask, "modified")
    )
    if answer.status == 304:
        return Pulled(cursor=ask.cursor)
    refuse(answer, ask.now, refusal)
    posts, skipped = read_feed(answer.body, answer.url)
    stamps = {"etag": answer.headers.get("etag", ""), "modified": answer.headers.get("last-modified", "")}
    return Pulled(posts, skipped, {name: value[:500] for name, value in stamps.items() if value})


def refusal(answer: Answer) -> Exception | None:
    """A feed has no access that could be renewed: what is closed is gone."""
    return SourceGone() if answer.status in {401, 403} else None


def read_feed(body: bytes, url: str) -> tuple[tuple[PostData, ...], tuple[Skipped, ...]]:
    """A feed's entries; raises BadShape for what is none, DeclarationRefused (T-36)."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return read_json(body, url)
    text = decoded(body)
    if HTML.match(text[:10_000]):
        raise BadShape("a feed")
    text = shortened(text)
    parsed = parse(text if refuse_traps(text) else loosened(text), url)
    if not parsed.get("version") and not parsed.entries:
        raise BadShape("a feed")
    author, language = read_author(parsed.feed), str(parsed.feed.get("language") or "")
    return read_posts(parsed.entries, lambda entry: read_entry(entry, url, author, language))


def decoded(body: bytes) -> str:
    """The feed as text, whatever its character set; bytes that fit none are replaced."""
    for mark, name in MARKS.items():
        if body.startswith(mark):
            return body.decode(name, "replace")
    try:
        text = convert_to_utf8({}, body, {})
    except (LookupError, ValueError):
        text = body
    return str(text.decode("utf-8", "replace"))


class Traps(ContentHandler):
    """Refuses what only costs time: no feed nests this deep or says so much in one tag."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        """Count one level more."""
        self.depth += 1
        if self.depth > MOST_LEVELS or attrs.getLength() > MOST_ATTRIBUTES:
            raise FeedTooComplex(permanent=True)

    def endElement(self, name: str) -> None:
        """Count one level less."""
        self.depth -= 1


def refuse_traps(text: str) -> bool:
    """Whether it is well-formed XML. No document type, no entities, no traps: by the parser, or by the text itself (T-36)."""
    start = PROLOG.search(text)
    if DECLARED.search(text, 0, start.start() if start else len(text)):
        raise DeclarationRefused(permanent=True)
    try:
        sax.parseString(text.encode("utf-8", "replace"), Traps(), forbid_dtd=True)
    except DefusedXmlException as cause:
        raise DeclarationRefused(permanent=True) from cause
    except (SAXException, LookupError, ValueError):
        return False
    return True


def loosened(text: str) -> str:
    """What may be read of a feed that is not well-formed: less, since reading it by its looks costs time."""
    if LONG_TAG.search(text):
        raise FeedTooComplex(permanent=True)
    if len(text) <= MOST_LOOSE:
        return text
    starts = [start.start() for start in ENTRY.finditer(text, 0, MOST_LOOSE)]
    return text[: starts[-1] if len(starts) > 1 else MOST_LOOSE]


def shortened(text: str) -> str:
    """The feed up to its 501st entry, which says that there are more: what follows is not even parsed (T-39)."""
    for number, start in enumerate(ENTRY.finditer(text)):
        if number == MOST_POSTS + 1:
            return text[: start.start()] + closing(text)
    return text


def closing(text: str) -> str:
    """The end tags that a shortened feed lacks."""
    root = PROLOG.search(text)
    name = re.match(r"<([\w.:-]+)", text[root.start() :]) if root else None
    outer = name.group(1) if name else "rss"
    return f"</channel></{outer}>" if outer.lower() == "rss" else f"</{outer}>"


def parse(text: str, url: str) -> Any:
    """What feedparser makes of it. As a file object: it would open bytes and text as the name of a file or an address."""
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    return feedparser.parse(BytesIO(text.encode("utf-8", "replace")), response_headers=headers, sanitize_html=False)


def read_entry(entry: Record, base: str, author: CreatorData | None = None, language: str = "") -> PostData:
    """An entry of RSS or Atom; raises Missing."""
    title, markup = plain(entry.get("title")), markup_of(entry)
    url, text = link_of(entry, base), plain(markup)
    media = read_media(entry, markup, url or base)
    published = moment_of(entry, "published") or moment_of(entry, "updated") or moment_of(entry, "created")
    tags = (same_tag(tag.get("term")) for tag in dicts(entry.get("tags")))
    return PostData(
        external_id=identity(str(entry.get("id") or ""), base, url, title, text), kind=kind_of_entry(media), title=title, text=text,
        url=url, creator=read_author(entry) or author, published_at=published, media=media,
        language=language_of(entry, language),
        hashtags=tuple(dict.fromkeys([*hashtags_of(title, text), *filter(None, tags)]))[:60],
        comment_count=count_at(entry, "slash_comments"), extra=read_topics(entry),
    )  # fmt: skip


def markup_of(entry: Record) -> str:
    """The longest text of an entry: the whole content, else the summary."""
    contents = [str(part.get("value") or "") for part in dicts(entry.get("content"))]
    return max([*contents, str(entry.get("summary") or "")], key=len)


def link_of(entry: Record, base: str) -> str:
    """The entry's own page."""
    for link in dicts(entry.get("links")):
        if link.get("rel", "alternate") == "alternate" and (url := absolute(link.get("href"), base)):
            return url
    return absolute(entry.get("link"), base)


def absolute(address: Any, base: str) -> str:
    """The address of a link as seen from the feed, empty where it is none."""
    if not isinstance(address, str) or not address.strip():
        return ""
    try:
        return clean_url(urljoin(base, address.strip()))
    except ValueError:
        return ""


def identity(name: str, feed: str, url: str, title: str, text: str) -> str:
    """What tells entries apart, of all feeds: its id, else its address, else what it says; raises Missing for an empty one."""
    name = cut(name)
    if not name and not url and not title and not text:
        raise Missing("id")
    if name and not GLOBAL.match(name):
        name = f"{urlsplit(feed).netloc}:{name}"
    name = name or url
    if name and len(name) <= MOST_ID:
        return name
    return hashlib.sha256("\n".join([name] if name else [feed, title, text]).encode("utf-8", "replace")).hexdigest()


def read_author(record: Record) -> CreatorData | None:
    """Who wrote it, as the feed says; an e-mail address is not kept."""
    detail = record.get("author_detail") or {}
    name = plain(detail.get("name")) or plain(record.get("author"))
    if "@" in name:
        name = re.sub(r"\S+@\S+", "", name).strip(" ()<>,;")
    url = clean_url(str(detail.get("href") or ""))
    return CreatorData(name or url, "", url, "") if name or url else None


def moment_of(entry: Record, name: str) -> datetime | None:
    """A moment as feedparser understood it, which knows the odd spellings of feeds."""
    read = entry.get(f"{name}_parsed")
    try:
        return datetime.fromtimestamp(timegm(read), UTC) if read else moment(entry.get(name))
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def language_of(entry: Record, language: str) -> str:
    """The language that the entry, else the feed, names."""
    named = str(find(entry, "title_detail.language") or find(entry, "summary_detail.language") or language)
    return named[:2].lower() if named[:2].isascii() and named[:2].isalpha() else ""


def read_topics(entry: Record) -> dict[str, Any]:
    """The categories as the feed writes them."""
    topics = [topic for tag in dicts(entry.get("tags"))[:30] if (topic := cut(str(tag.get("term") or ""), 100))]
    return {"topics": topics} if topics else {}


def kind_of_entry(media: tuple[MediaData, ...]) -> Kind:
    """A podcast's episode is audio, a film's a video; a blog's entry stays a post, with pictures or without."""
    kinds = {one.kind for one in media}
    return Kind.VIDEO if "video" in kinds else Kind.AUDIO if "audio" in kinds else Kind.POST


def read_media(entry: Record, markup: str, base: str) -> tuple[MediaData, ...]:
    """What is enclosed, what Media RSS names, and the pictures inside the text; each address once."""
    found: dict[str, MediaData] = {}
    for part in [*dicts(entry.get("enclosures")), *dicts(entry.get("media_content"))]:
        if (one := read_enclosure(part, base)) and one.url not in found:
            found[one.url] = one
    pictures = [MediaData(absolute(part.get("url"), base)) for part in dicts(entry.get("media_thumbnail"))] if not found else []
    pictures += [MediaData(absolute(find(entry, "image.href"), base))]
    for one in [*pictures, *pictures_in(markup, base)]:
        if one.url:
            found.setdefault(one.url, one)
    return tuple(found.values())[:MOST_MEDIA]


def read_enclosure(part: Record, base: str) -> MediaData | None:
    """One enclosed file, by its declared kind; whether it is that is found out when it is decoded."""
    kind = KINDS.get(str(part.get("type") or "").partition("/")[0].lower()) or KINDS.get(str(part.get("medium") or "").lower())
    url = absolute(part.get("href") or part.get("url"), base)
    return MediaData(url, kind, width=count_at(part, "width"), height=count_at(part, "height")) if kind and url else None


def pictures_in(markup: str, base: str) -> list[MediaData]:
    """The pictures in a text, without counting pixels."""
    reader = Pictures(base)
    reader.feed(markup[:MOST_HTML])
    return reader.found


class Pictures(HTMLParser):
    """Collects `<img>`; nothing else of the text is looked at."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.found: list[MediaData] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take one picture."""
        if tag != "img" or len(self.found) >= MOST_MEDIA:
            return
        named = {name: value or "" for name, value in attrs}
        url, width, height = absolute(named.get("src"), self.base), count_at(named, "width"), count_at(named, "height")
        if url and not (0 < width <= 2 or 0 < height <= 2):
            self.found.append(MediaData(url, alt=cut(named.get("alt", ""), 1_000), width=width, height=height))


def read_json(body: bytes, url: str) -> tuple[tuple[PostData, ...], tuple[Skipped, ...]]:
    """A JSON Feed 1.0 or 1.1 (https://jsonfeed.org); raises BadShape."""
    try:
        feed = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as cause:
        raise BadShape("JSON") from cause
    # `https://jsonfeed.org/version/1.1` by the book; feeds in the wild write the number alone.
    if not text_at(feed, "version"):
        raise BadShape("version")
    if not isinstance(find(feed, "items"), list):
        raise BadShape("items")
    author, language = json_author(feed), text_at(feed, "language")
    return read_posts(feed["items"], lambda item: read_item(item, url, author, language))


def read_item(item: Record, base: str, author: CreatorData | None = None, language: str = "") -> PostData:
    """An item of a JSON Feed; raises Missing."""
    name = find(item, "id")
    url = absolute(find(item, "url"), base) or absolute(find(item, "external_url"), base)
    markup, title = str(find(item, "content_html") or ""), plain(find(item, "title"))
    text = plain(markup) or text_at(item, "content_text") or text_at(item, "summary")
    media, tags = json_media(item, markup, url or base), find(item, "tags")
    named = [tag for one in tags[:60] if (tag := same_tag(one))] if isinstance(tags, list) else []
    return PostData(
        external_id=identity(str(name) if isinstance(name, str | int | float) else "", base, url, title, text),
        kind=kind_of_entry(media), title=title, text=text, url=url, creator=json_author(item) or author, media=media,
        published_at=moment_at(item, "date_published") or moment_at(item, "date_modified"),
        hashtags=tuple(dict.fromkeys([*hashtags_of(title, text), *named]))[:60],
        language=(text_at(item, "language") or language)[:2].lower(),
    )  # fmt: skip


def json_author(record: Record) -> CreatorData | None:
    """The first author: `authors` since 1.1, `author` in 1.0."""
    author = (dicts(find(record, "authors")) or [find(record, "author")])[0]
    name, url = text_at(author, "name"), url_at(author, "url")
    return CreatorData(name or url, "", url, "") if name or url else None


def json_media(item: Record, markup: str, base: str) -> tuple[MediaData, ...]:
    """The item's picture, its attachments, the pictures inside its text; each address once."""
    found: dict[str, MediaData] = {}
    files = [read_enclosure({**part, "type": part.get("mime_type")}, base) for part in dicts(find(item, "attachments"))]
    image = absolute(find(item, "image"), base)
    for one in [*files, MediaData(image) if image else None, *pictures_in(markup, base)]:
        if one:
            found.setdefault(one.url, one)
    return tuple(found.values())[:MOST_MEDIA]


ADDRESS = Field("url", "Address", "The address of the feed itself; blogs and boards link it as RSS or Atom")
NETWORK = Network(
    kind="feed",
    label="Feed",
    modes=(Mode("feed", "RSS, Atom or JSON Feed", (ADDRESS,), pull_feed, SourcePolicy.API_CACHED),),
)
