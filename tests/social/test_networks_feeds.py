"""Feeds: the published conformance fixtures, what a hostile one can't do, and what one costs at most."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.social import answering
from ugc.kit.errors import Outside
from ugc.kit.http.errors import BodyTooLarge
from ugc.kit.http.fetching import Answer
from ugc.social.networks import feed
from ugc.social.networks.base import BadShape, PostData, Skipped, SourceGone
from ugc.social.networks.feed import DeclarationRefused, FeedTooComplex, read_feed
from ugc.social.networks.reading import plain

URL = "http://example.org/feed"
RSS = b'<rss version="2.0"><channel>%b</channel></rss>'
ITEM = b"<item><title>x</title></item>"
# An RDF document with nothing in it but its root: no version, no entry, so it is not taken for a feed.
RIGHT_TO_DIFFER = {"version_rdf_090.xml"}
# Measured: all of them, but for the one above.
FLOOR = {"count": 128, "title": 7, "text": 19, "link": 4, "id": 3, "author": 1, "date": 1}


def wanted_of(entry: dict[str, Any]) -> dict[str, Any]:
    """What a fixture expects of an entry, in our fields."""
    texts = [entry.get(name) for name in ("content", "summary", "description")]
    values = [text if isinstance(text, str) else (text or {}).get("value", "") for text in texts]
    links = [link for link in entry.get("links") or [] if isinstance(link, dict) and link.get("rel", "alternate") == "alternate"]
    guid = entry.get("guid")
    author = entry.get("author") or next(iter(entry.get("authors") or []), None)
    found = {
        "title": plain(entry.get("title")),
        "text": plain(max(values, key=len)),
        "link": entry.get("link") or next((link.get("href") for link in links), None),
        "id": entry.get("id") or (guid.get("value") if isinstance(guid, dict) else guid),
        "author": author.get("name") if isinstance(author, dict) else author,
        "date": entry.get("publishedParsed") or entry.get("pubDateParsed") or entry.get("updatedParsed"),
    }
    return {name: value for name, value in found.items() if value}


def agrees(post: PostData, name: str, value: Any) -> bool:
    """Whether a post says of one field what the fixture expects."""
    if name == "id":
        return post.external_id in {value, f"example.org:{value}"}
    if name == "date":
        return post.published_at == datetime.fromisoformat(value)
    creator = post.creator.name if post.creator else None
    return bool({"title": post.title, "text": post.text, "link": post.url, "author": creator}[name] == value)


def test_the_conformance_fixtures_agree(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agreed, total, differing = Counter[str](), Counter[str](), []
    for path in sorted((data / "social" / "feeds_gofeed").rglob("*.xml")):
        if not path.with_suffix(".json").exists():
            continue
        expected = json.loads(path.with_suffix(".json").read_text())
        entries = expected.get("entries") or expected.get("items") or []
        total["count"] += 1
        try:
            posts, skipped = read_feed(path.read_bytes(), URL)
        except BadShape:
            differing.append(path.name)
            continue
        agreed["count"] += len(posts) + len(skipped) == len(entries)
        # An entry without id, address, title and text is nothing that could be shown or found again.
        assert not skipped or not any({"title", "text", "link", "id"} & wanted_of(entry).keys() for entry in entries)
        for post, entry in zip(posts, entries, strict=False) if not skipped else ():
            for name, value in wanted_of(entry).items():
                total[name] += 1
                agreed[name] += agrees(post, name, value)
                differing += [] if agrees(post, name, value) else [f"{path.name}: {name}"]
    with capsys.disabled():
        print("\nfeed fixtures:", ", ".join(f"{name} {agreed[name]}/{total[name]}" for name in total), "differ:", differing)  # noqa: T201
    assert set(differing) == RIGHT_TO_DIFFER
    assert all(agreed[name] >= floor for name, floor in FLOOR.items())


def outcome(body: bytes) -> tuple[tuple[PostData, ...], tuple[Skipped, ...]] | Outside:
    """What a body becomes: posts, or why it is not read."""
    try:
        return read_feed(body, URL)
    except Outside as refused:
        return refused


def test_every_fixture_is_read_or_refused_with_a_reason(data: Path) -> None:
    paths = [path for path in (data / "social" / "feeds_gofeed").rglob("*") if path.suffix in {".xml", ".json"}]
    assert len(paths) > 500
    for path in paths:
        got = outcome(path.read_bytes())
        assert isinstance(got, tuple | BadShape | DeclarationRefused | FeedTooComplex), path.name


@pytest.mark.parametrize("version", ["10", "11", "11_deprecated_author"])
def test_json_feeds_of_each_version(data: Path, version: str) -> None:
    folder = data / "social" / "feeds_gofeed" / "parser" / "json"
    expected = json.loads((folder / f"version_json_{version}_expected.json").read_text())
    posts, skipped = read_feed((folder / f"version_json_{version}.json").read_bytes(), URL)
    assert skipped == ()
    for post, item in zip(posts, expected["items"], strict=True):
        assert post.external_id in {item["id"], f"example.org:{item['id']}"}
        assert post.title == item.get("title", "")
        assert post.url == item.get("url", "")


EVIL = {
    "file": '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "address": '<!DOCTYPE rss [<!ENTITY a SYSTEM "http://127.0.0.1:8200/canary">]>',
    "parameter": '<!DOCTYPE rss [<!ENTITY % a SYSTEM "http://127.0.0.1:8200/canary.dtd"> %a;]>',
    "external": '<!DOCTYPE rss SYSTEM "http://127.0.0.1:8200/canary.dtd">',
    "public": '<!DOCTYPE rss PUBLIC "-//X//DTD RSS 0.91//EN" "http://127.0.0.1:8200/canary.dtd">',
    "laughs": '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
    "quadratic": f'<!DOCTYPE rss [<!ENTITY a "{"x" * 50_000}">]>',
    "small letters": '<!doctype rss [<!ENTITY a "b">]>',
}  # fmt: skip


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
def test_a_document_type_is_refused(evil: str, codec: str) -> None:
    """T-36: whatever it declares, in whatever character set, well-formed or not."""
    for declared in (
        "",
        '<?xml version="1.0"?>',
        f'<?xml version="1.0" encoding="{codec.removesuffix("-sig")}"?>\n<!-- hello -->\n',
    ):
        for rest in ("<rss version='2.0'><channel><item><title>&a;</title></item></channel></rss>", "<rss><item>&a; & <b>"):
            started = time.process_time()
            with pytest.raises(DeclarationRefused):
                read_feed((declared + evil + rest).encode(codec), URL)
            assert time.process_time() - started < 1


def test_a_document_type_inside_a_text_is_only_text() -> None:
    body = RSS % b"<item><title>t</title><description><![CDATA[<!DOCTYPE html><p>Hello</p>]]></description></item>"
    [post] = read_feed(body, URL)[0]
    assert post.text == "Hello"


@pytest.mark.parametrize(
    "body", [b"/etc/passwd", b"file:///etc/passwd", b"http://127.0.0.1:8200/canary", b"\0", b"", b"<", b"hello"]
)
def test_a_body_is_never_taken_for_the_name_of_a_file_or_an_address(body: bytes) -> None:
    """T-37: the feed library opens whatever string it is given; it is given none."""
    with pytest.raises(BadShape):
        read_feed(body, URL)


def test_the_html_of_an_entry_becomes_text_only() -> None:
    """T-35."""
    evil = (
        b"<![CDATA[<p onclick=a()>One</p><script>alert(1)</script><iframe src=//evil></iframe><style>p{}</style>"
        b"<a href='javascript:alert(1)'>two</a><img src=x onerror=alert(1)><svg><script>1</script></svg>&lt;script&gt;]]>"
    )
    [post] = read_feed(
        RSS % (b"<item><title>" + evil + b"</title><description>" + evil + b"</description><link>javascript:1</link></item>"), URL
    )[0]
    assert post.text == "One\ntwo<script>"
    assert post.url == ""
    assert [one.url for one in post.media] == ["http://example.org/x"]
    assert post.embed_url == ""


NUMBERED = [b"a%d=" % number for number in range(180_000)]
# What is sent, and how many posts come of it; None = refused, or nothing.
COSTLY = {
    "items": (RSS % (ITEM * 60_000), 501),
    "empty items": (RSS % (b"<item/>" * 250_000), 0),
    "title": (RSS % (b"<item><title>" + b"x" * 1_900_000 + b"</title></item>"), 1),
    "some html": (RSS % (b"<item><title>t</title><description><![CDATA[" + b"<div>" * 60_000 + b"]]></description></item>"), 1),
    "html": (RSS % (b"<item><title>t</title><description><![CDATA[" + b"<div>" * 380_000 + b"]]></description></item>"), 1),
    "some links": (RSS % (b"<item><title>t</title>" + b"<enclosure url='/a' type='image/png'/>" * 8_000 + b"</item>"), 1),
    "links": (RSS % (b"<item><title>t</title>" + b"<enclosure url='/a' type='image/png'/>" * 50_000 + b"</item>"), 1),
    "attributes": (b'<rss version="2.0"><channel><item ' + b'"1" '.join(NUMBERED) + b'"1">', None),
    "attributes in order": (RSS % (b"<item " + b'">" '.join(NUMBERED) + b'">"/>'), None),
    "levels": (b'<rss version="2.0"><channel>' + b"<a>" * 600_000, None),
    "ampersands": (RSS % (b"<item><title>" + b"& < " * 450_000), None),
    "comment": (b'<rss version="2.0"><channel><!--' + b"-" * 1_900_000, None),
    "brackets": (b"<" * 1_900_000, None),
}


# Seconds each, at all that the fetcher takes; a part of it tells whether the cost grows faster than the size.
SLOW = {"html", "links"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.long) if name in SLOW else name for name in COSTLY])
def test_what_a_feed_costs_is_bounded(name: str) -> None:
    """T-39: 2 MB of anything, the most that the fetcher takes, is read or refused in seconds."""
    body, posts = COSTLY[name]
    started = time.process_time()
    got = outcome(body)
    if isinstance(got, Outside):
        assert posts is None
        assert isinstance(got, BadShape | FeedTooComplex)
    else:
        assert posts is None or len(got[0]) == posts
        assert len(got[0]) + len(got[1]) <= 501
        assert all(len(post.title.encode()) <= 10_000 and len(post.text.encode()) <= 10_000 for post in got[0])
    assert time.process_time() - started < 15


def test_a_title_of_fifty_megabytes_is_not_even_taken() -> None:
    """T-39: the pull ends at the fetcher's cap and says so."""
    mode = answering.mode_of("feed", "feed")
    with pytest.raises(BodyTooLarge):
        mode.pull(answering.ask(answering.Alike(RSS % (b"<item><title>" + b"x" * 50_000_000)), {"url": URL}))


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_closed_feed_is_gone(status: int) -> None:
    assert isinstance(feed.refusal(Answer(status, URL)), SourceGone) or status in {404, 410}
    with pytest.raises(SourceGone):
        feed.pull_feed(answering.ask(answering.Alike(b"", status), {"url": URL}))


def test_ids_of_two_feeds_do_not_meet() -> None:
    body = RSS % b"<item><guid>17</guid><title>x</title></item>"
    first, second = (read_feed(body, url)[0][0].external_id for url in ("https://a.test/feed", "https://b.test/feed"))
    assert first != second
