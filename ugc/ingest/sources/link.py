"""A post by its address: whose it is, and what its page says of itself by OpenGraph and oEmbed: data, never HTML (T-35)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from ugc.ingest.rules import read_date
from ugc.kit.errors import Outside, Unprocessable
from ugc.kit.http.fetching import Answer, Fetching
from ugc.kit.http.targets import read_target

MAX_PAGE = 2_000_000
# All that speaks of a page stands in its head; the rest is only looked at where a site puts it later.
MAX_READ = 512 * 1024
MAX_PICTURES = 10
MAX_META = 2_000
REDIRECTS = 5
TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
AUTHORS = ("author", "article:author", "twitter:creator")


class NotALink(Unprocessable):
    """This is not the address of a post or a page."""


class NoSuchPage(Outside):
    """There is no such page any more."""


@dataclass(frozen=True, slots=True)
class Embed:
    """A post that only its network's own embed may show: nothing but addresses is known of it (L-20, L-24)."""

    network: str
    external_id: str
    url: str
    """The post's own address, in its shortest form."""
    embed_url: str
    """Made by us from the id, never taken from an answer."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a page names as its own."""

    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class PageData:
    """What a page says of itself; plain text, absolute addresses, nothing of it trusted."""

    url: str
    title: str = ""
    text: str = ""
    site: str = ""
    author: str = ""
    author_url: str = ""
    published_at: datetime | None = None
    language: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """A network whose terms let nobody keep its posts: how its addresses look, and how its embed is addressed."""

    network: str
    hosts: frozenset[str]
    path: re.Pattern[str]
    embed: Callable[[re.Match[str]], str]
    post: Callable[[re.Match[str]], str]
    id: Callable[[re.Match[str]], str] = lambda found: found["id"]


def provider(network: str, hosts: str, path: str, post: str, embed: str, id: str = "{id}") -> Provider:
    """A provider from templates; what the pattern took goes in percent-encoded."""

    def filled(template: str) -> Callable[[re.Match[str]], str]:
        return lambda found: template.format(**{name: quote(value or "", safe="") for name, value in found.groupdict().items()})

    return Provider(network, frozenset(hosts.split()), re.compile(path), filled(embed), filled(post), filled(id))


# Each pattern takes only what stands in an id, so that nothing else can come into an address of ours.
PROVIDERS = (
    provider(
        "instagram", "instagram.com instagr.am", r"/(?:[\w.]+/)?(?P<kind>p|reel|tv)/(?P<id>[\w-]{5,40})",
        "https://www.instagram.com/{kind}/{id}/", "https://www.instagram.com/{kind}/{id}/embed/",
    ),
    provider(
        "tiktok", "tiktok.com", r"/@(?P<user>[\w.]{1,64})/(?:video|photo)/(?P<id>\d{5,25})",
        "https://www.tiktok.com/@{user}/video/{id}", "https://www.tiktok.com/embed/v2/{id}",
    ),
    provider(
        "youtube", "youtube.com youtu.be music.youtube.com",
        r"(?:/watch\?(?:.*&)?v=|/shorts/|/live/|/embed/|/)(?P<id>[\w-]{11})(?![\w-])",
        "https://www.youtube.com/watch?v={id}", "https://www.youtube-nocookie.com/embed/{id}",
    ),
    provider(
        "x", "x.com twitter.com", r"/(?P<user>\w{1,20})/status(?:es)?/(?P<id>\d{5,25})",
        "https://x.com/{user}/status/{id}", "https://platform.twitter.com/embed/Tweet.html?dnt=true&id={id}",
    ),
    provider(
        "pinterest", "pinterest.com", r"/pin/(?:[\w-]*--)?(?P<id>\d{5,25})",
        "https://www.pinterest.com/pin/{id}/", "https://assets.pinterest.com/ext/embed.html?id={id}",
    ),
    provider(
        "threads", "threads.net threads.com", r"/@(?P<user>[\w.]{1,40})/post/(?P<id>[\w-]{5,40})",
        "https://www.threads.net/@{user}/post/{id}", "https://www.threads.net/@{user}/post/{id}/embed",
    ),
    provider(
        "linkedin", "linkedin.com", r"/(?:feed/update/|embed/feed/update/)urn:li:(?P<kind>activity|share|ugcPost):(?P<id>\d{5,25})",
        "https://www.linkedin.com/feed/update/urn:li:{kind}:{id}/", "https://www.linkedin.com/embed/feed/update/urn:li:{kind}:{id}",
    ),
    provider(
        "facebook", "facebook.com", r"/(?P<user>[\w.-]{1,80})/(?P<kind>posts|videos)/(?:[\w-]+/)?(?P<id>(?:pfbid)?\w{5,120})",
        "https://www.facebook.com/{user}/{kind}/{id}",
        "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2F{user}%2F{kind}%2F{id}",
    ),
    provider(
        "reddit", "reddit.com old.reddit.com", r"/r/(?P<user>\w{1,40})/comments/(?P<id>[a-z0-9]{3,12})",
        "https://www.reddit.com/r/{user}/comments/{id}/", "https://embed.reddit.com/r/{user}/comments/{id}/",
    ),
    provider(
        "vimeo", "vimeo.com player.vimeo.com", r"/(?:video/|channels/\w+/)?(?P<id>\d{5,15})(?!\w)",
        "https://vimeo.com/{id}", "https://player.vimeo.com/video/{id}?dnt=1",
    ),
)  # fmt: skip


def find_embed(url: str) -> Embed | None:
    """The embed of a post on a network that lets nobody keep its posts; None for any other address."""
    target = read_target(url)
    host = re.sub(r"^(?:www\.|m\.|mobile\.|[a-z]{2}\.)", "", target.host)
    for each in PROVIDERS:
        if host in each.hosts and (found := each.path.match(target.path)):
            return Embed(each.network, each.id(found), each.post(found), each.embed(found))
    return None


def page_id(url: str) -> str:
    """What tells a page from others: its address without its anchor and without what campaigns hang on it."""
    target = read_target(url)
    path, _, query = target.path.partition("?")
    kept = [part for part in query.split("&") if part and not re.match(r"(?i)utm_|fbclid|gclid|igsh|mc_[ce]id", part)]
    port = "" if target.port in {80, 443} else f":{target.port}"
    return f"{target.host}{port}{path.rstrip('/')}" + ("?" + "&".join(kept) if kept else "")


def read_page(fetcher: Fetching, url: str) -> PageData | Embed:
    """Ask a page what it is, and its oEmbed answer where it names one; an Embed where it leads to a network's post."""
    answer = fetcher.fetch(url, headers={"Accept": "text/html,application/xhtml+xml"}, redirects=REDIRECTS, max_bytes=MAX_PAGE)
    if embed := find_embed(answer.url):
        return embed
    check(answer)
    head = Head()
    with suppress(AssertionError):  # the parser's word for a mark that is none; what stood before it counts
        head.feed(answer.text()[:MAX_READ])
    page = page_of(answer.url, head)
    oembed = joined(answer.url, head.oembed)
    return with_oembed(page, ask_oembed(fetcher, oembed)) if oembed else page


def check(answer: Answer) -> None:
    """Raise what an answer other than a page means."""
    if answer.status in {401, 403, 404, 410, 451}:
        raise NoSuchPage(f"the address answered {answer.status}", permanent=True)
    if answer.status != 200:
        again = answer.status in {408, 425, 429} or answer.status >= 500
        raise Outside(f"the address answered {answer.status}", permanent=not again)
    if "html" not in answer.headers.get("content-type", "html"):
        raise Outside("the address is no page", permanent=True)


class Head(HTMLParser):
    """The few facts of a page's head; scripts, styles and whatever else the page holds are never looked into."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.meta: list[tuple[str, str]] = []
        self.title = self.canonical = self.oembed = self.language = ""
        self.in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take meta, link, the page's language, the begin of the title."""
        facts = {name: value or "" for name, value in attrs}
        if tag == "meta" and len(self.meta) < MAX_META:
            self.meta.append(((facts.get("property") or facts.get("name") or "").lower(), facts.get("content", "")))
        elif tag == "link":
            self.take_link(facts)
        elif tag == "html":
            self.language = facts.get("lang", "")
        self.in_title = tag == "title" and not self.title

    def take_link(self, facts: Mapping[str, str]) -> None:
        """The page's own address, and where its oEmbed answer lies."""
        relations = facts.get("rel", "").lower().split()
        if "canonical" in relations:
            self.canonical = self.canonical or facts.get("href", "")
        if "alternate" in relations and facts.get("type", "").lower() == "application/json+oembed":
            self.oembed = self.oembed or facts.get("href", "")

    def handle_endtag(self, tag: str) -> None:
        """The title ends with its own tag, or any other."""
        self.in_title = False

    def handle_data(self, data: str) -> None:
        """The title's words."""
        if self.in_title:
            self.title += data[:1_000]

    def first(self, *names: str) -> str:
        """The first of the named facts that says something, as plain text."""
        for name in names:
            for known, content in self.meta:
                if known == name and content.strip():
                    return plain(content)
        return ""


def page_of(url: str, head: Head) -> PageData:
    """The page's own words."""
    return PageData(
        url=same_site(url, head.canonical) or url,
        title=head.first("og:title", "twitter:title") or plain(head.title),
        text=head.first("og:description", "twitter:description", "description"),
        site=head.first("og:site_name") or (urlsplit(url).hostname or "").removeprefix("www."),
        author=next((name for each in AUTHORS if (name := head.first(each)) and not is_url(name)), ""),
        published_at=read_time(head.first("article:published_time", "og:published_time", "date")),
        language=head.language.split("-")[0].lower()[:8],
        pictures=pictures_of(url, head.meta),
    )


def plain(text: str) -> str:
    """The words of a text that may hold tags, also written as entities."""
    return " ".join(TAG.sub("", unescape(text)).split())


def is_url(text: str) -> bool:
    """Whether a text is an address, as some sites fill in for a name."""
    return text.startswith(("http://", "https://"))


def read_time(text: str) -> datetime | None:
    """A moment where it can be read in one way."""
    try:
        return read_date(text) if text else None
    except ValueError:
        return None


def joined(url: str, other: str) -> str:
    """An address that a page names, made whole; empty for none and for what can't be read as one."""
    try:
        whole = urljoin(url, other.strip()) if other.strip() else ""
    except ValueError:
        return ""
    return whole if is_url(whole) else ""


def same_site(url: str, other: str) -> str:
    """An address of the same host that a page gives for its own; a page can't speak for another site."""
    own = joined(url, other)
    return own if own and urlsplit(own).hostname == urlsplit(url).hostname else ""


def pictures_of(url: str, meta: list[tuple[str, str]]) -> tuple[Picture, ...]:
    """`og:image` with the words that follow it, each once; else Twitter's."""
    found: dict[str, str] = {}
    last = ""
    for name, content in meta:
        if name in {"og:image", "og:image:url", "og:image:secure_url"} and content.strip():
            last = last if name != "og:image" and last else joined(url, content)
            found.setdefault(last, "")
        elif name == "og:image:alt" and last:
            found[last] = plain(content)
    if not found:
        found = {joined(url, content): "" for name, content in meta if name == "twitter:image"}
    return tuple(Picture(address, alt) for address, alt in found.items() if address)[:MAX_PICTURES]


def ask_oembed(fetcher: Fetching, url: str) -> Mapping[str, Any]:
    """The page's oEmbed answer; one that fails or has another shape says nothing."""
    try:
        answer = fetcher.fetch(url, headers={"Accept": "application/json"}, redirects=2)
        read = answer.json() if answer.status == 200 else {}
    except Outside:
        return {}
    return read if isinstance(read, Mapping) else {}


def with_oembed(page: PageData, read: Mapping[str, Any]) -> PageData:
    """The page with what oEmbed knows better: its author. The answer's `html` is not looked at (CVE-2023-36459)."""
    words = {name: plain(value) for name, value in read.items() if isinstance(value, str) and name != "html"}
    thumbnail = joined(page.url, words.get("thumbnail_url", ""))
    return replace(
        page,
        title=page.title or words.get("title", ""),
        author=words.get("author_name", "") or page.author,
        author_url=words.get("author_url", "") if is_url(words.get("author_url", "")) else "",
        pictures=page.pictures or ((Picture(thumbnail),) if thumbnail else ()),
    )
