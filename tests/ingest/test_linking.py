"""A post's address: its network's embed and nothing else, or what its page says as data, never as HTML (T-33, T-35, L-20, L-21)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.fakes import FakeFetcher
from tests.make import NOON
from ugc.ingest import linking
from ugc.ingest.models import WantedFile
from ugc.ingest.sources import link
from ugc.ingest.sources.link import Embed, NoSuchPage, NotALink, PageData, Picture
from ugc.kit.errors import Outside
from ugc.kit.http.fetching import Answer, Fetching
from ugc.library.models import SourcePolicy
from ugc.runtime import Runtime

PAGE = "https://blog.example/2026/linen"


@pytest.mark.parametrize(
    ("url", "network", "id", "embed"),
    [
        ("https://www.instagram.com/p/Cx_1-abcDEF/?igsh=1", "instagram", "Cx_1-abcDEF", "https://www.instagram.com/p/Cx_1-abcDEF/embed/"),
        ("https://www.instagram.com/ada.l/reel/Cx1abc/", "instagram", "Cx1abc", "https://www.instagram.com/reel/Cx1abc/embed/"),
        ("https://www.tiktok.com/@ada.l/video/7301234567890123456", "tiktok", "7301234567890123456", "https://www.tiktok.com/embed/v2/7301234567890123456"),
        ("https://youtu.be/dQw4w9WgXcQ?t=3", "youtube", "dQw4w9WgXcQ", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
        ("https://m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ", "youtube", "dQw4w9WgXcQ", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
        ("https://www.youtube.com/shorts/dQw4w9WgXcQ", "youtube", "dQw4w9WgXcQ", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
        ("https://twitter.com/ada/status/1712345678901234567", "x", "1712345678901234567", "https://platform.twitter.com/embed/Tweet.html?dnt=true&id=1712345678901234567"),
        ("https://de.pinterest.com/pin/a-nice-pin--1234567890/", "pinterest", "1234567890", "https://assets.pinterest.com/ext/embed.html?id=1234567890"),
        ("https://www.reddit.com/r/linen/comments/1abc2d/a_title/", "reddit", "1abc2d", "https://embed.reddit.com/r/linen/comments/1abc2d/"),
        ("https://vimeo.com/123456789", "vimeo", "123456789", "https://player.vimeo.com/video/123456789?dnt=1"),
        ("https://www.facebook.com/a.shop/posts/pfbid0abcXYZ", "facebook", "pfbid0abcXYZ", "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Fa.shop%2Fposts%2Fpfbid0abcXYZ"),
    ],
)  # fmt: skip
def test_l20_an_embed_is_made_from_the_id(url: str, network: str, id: str, embed: str) -> None:
    found = link.find_embed(url)
    assert found is not None
    assert (found.network, found.external_id, found.embed_url) == (network, id, embed)


@pytest.mark.parametrize(
    "url",
    [
        "https://instagram.com.evil.example/p/Cx1abc/", "https://evil.example/https://www.instagram.com/p/Cx1abc/",
        "https://notinstagram.com/p/Cx1abc/", "https://www.instagram.com/ada.l/", "https://www.youtube.com/@ada",
        "https://www.youtube.com/watch?v=short", "https://blog.example/p/Cx1abc/", "https://mastodon.example/@ada/1234567890",
    ],
)  # fmt: skip
def test_other_addresses_are_pages(url: str) -> None:
    assert link.find_embed(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no address",
        "javascript:alert(1)",
        "ftp://a.example/",
        "https://user@a.example/",
        "http://0x7f.1/",
        "file:///etc/passwd",
    ],
)
def test_t33_what_is_no_address_is_refused(session: Session, url: str) -> None:
    with pytest.raises(NotALink):
        linking.add_link(session, make.brand(session).id, url, actor="tests", now=NOON)


def html(head: str, language: str = "de-AT") -> Answer:
    body = f"<!doctype html><html lang='{language}'><head>{head}</head><body>words of others</body></html>"
    return Answer(200, PAGE, {"content-type": "text/html; charset=utf-8"}, body.encode())


FULL = """<title>Linen &amp; sun | A blog</title><link rel="canonical" href="/2026/linen?ref=feed">
<meta property="og:title" content="Linen &amp; sun">
<meta property="og:description" content="How it &lt;b&gt;wears&lt;/b&gt; after a summer">
<meta property="og:site_name" content="A blog"><meta name="author" content="Ada L.">
<meta property="article:published_time" content="2026-07-01T10:00:00Z">
<meta property="og:image" content="/a.jpg"><meta property="og:image:alt" content="A shirt">
<meta property="og:image" content="https://cdn.example/b.jpg">
<link rel="alternate" type="application/json+oembed" href="/oembed?url=x">"""
HOSTILE = {
    "type": "rich", "title": "<script>alert(1)</script>Linen",
    "author_name": "Ada <img src=x onerror=alert(1)> L.",
    "author_url": "javascript:alert(1)",
    "html": "<script>alert(1)</script><iframe src='//evil.example'></iframe>", "thumbnail_url": 7,
}  # fmt: skip


def site(head: str, oembed: object = None) -> FakeFetcher:
    answers = {PAGE: html(head)}
    if oembed is not None:
        answers["https://blog.example/oembed"] = Answer(200, "https://blog.example/oembed?url=x", {}, json.dumps(oembed).encode())
    return FakeFetcher(answers)


def test_a_page_says_what_it_is() -> None:
    assert link.read_page(site(FULL), PAGE) == PageData(
        url="https://blog.example/2026/linen?ref=feed", title="Linen & sun", text="How it wears after a summer", site="A blog",
        author="Ada L.", published_at=datetime(2026, 7, 1, 10, tzinfo=UTC), language="de",
        pictures=(Picture("https://blog.example/a.jpg", "A shirt"), Picture("https://cdn.example/b.jpg")),
    )  # fmt: skip


@pytest.mark.parametrize(
    "head",
    [
        "<title>T</title>" + each
        for each in (
            '<meta property="og:image" content="http://[">', '<meta property="og:image" content="http://a\u2100b/">',
            '<meta property="og:image:secure_url" content="//[x">', '<meta name="twitter:image" content="https://[::1">',
            '<link rel="canonical" href="http://[::1">', "<![x <meta>", "<!DOCTYPE x [<!ENTITY y 'z'>]>",
            '<link rel="alternate" type="application/json+oembed" href="http://[">',
        )
    ],
)  # fmt: skip
def test_t33_what_a_page_writes_wrongly_is_left_out(head: str) -> None:
    assert link.read_page(site(head), PAGE) == PageData(PAGE, title="T", site="blog.example", language="de")


def test_t35_what_no_database_holds_is_left_out(runtime: Runtime, session: Session) -> None:
    hostile = {
        "title": "a\ud800b\0c",
        "author_name": "Ada\ud800\0",
        "author_url": "https://a.example/\ud800",
        "thumbnail_url": "/\ud800",
    }
    own = '<meta name="description" content="x\0y"><link rel="alternate" type="application/json+oembed" href="/oembed?url=x">'
    item = linking.add_link(session, make.brand(session).id, PAGE, actor="tests", now=NOON).item
    session.commit()
    linking.read_link(replace(runtime, fetcher=site(own, hostile)), item.brand_id, item.id, now=NOON)
    session.refresh(item)
    assert (item.title, item.body) == ("abc", "xy")


def test_t35_an_oembed_answer_is_data() -> None:
    read = link.read_page(site(FULL, HOSTILE), PAGE)
    assert isinstance(read, PageData)
    assert read.author.startswith("Ada")
    assert "<" not in repr(read)
    assert "evil" not in repr(read)
    assert read.author_url == ""


@pytest.mark.parametrize("oembed", [[], "words", None, 7, {"title": None}, {"author_name": ["x"]}])
def test_t35_an_oembed_answer_of_another_shape_says_nothing(oembed: object) -> None:
    assert link.read_page(site(FULL, oembed), PAGE) == link.read_page(site(FULL), PAGE)


def test_a_page_without_any_of_it_still_has_its_title() -> None:
    read = link.read_page(site("<title>  Linen \n and <b>sun</b></title>"), PAGE)
    assert isinstance(read, PageData)
    assert read.title.startswith("Linen")
    assert read.site == "blog.example"


def test_a_page_cannot_speak_for_another_site() -> None:
    read = link.read_page(site("<link rel=canonical href='https://other.example/'>"), PAGE)
    assert isinstance(read, PageData)
    assert read.url == PAGE


def test_t39_a_page_with_a_million_facts_stops_at_its_caps() -> None:
    read = link.read_page(site("<meta property='og:image' content='/x.jpg?{}'>" * 9_000 + "<meta name=author content=late>"), PAGE)
    assert isinstance(read, PageData)
    assert len(read.pictures) <= link.MAX_PICTURES


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        (Answer(404, PAGE), True),
        (Answer(403, PAGE), True),
        (Answer(503, PAGE), False),
        (Answer(429, PAGE), False),
        (Answer(200, PAGE, {"content-type": "image/png"}), True),
    ],
)
def test_what_is_no_page_is_said_so(answer: Answer, permanent: bool) -> None:
    with pytest.raises(Outside) as refused:
        link.read_page(FakeFetcher({PAGE: answer}), PAGE)
    assert refused.value.permanent is permanent
    assert isinstance(refused.value, NoSuchPage) is (answer.status in {403, 404})


def test_a_short_address_that_leads_to_a_networks_post_is_that_post() -> None:
    led = replace(html(FULL), url="https://www.instagram.com/p/Cx1abc/")
    assert isinstance(link.read_page(FakeFetcher({"https://short.example/x": led}), "https://short.example/x"), Embed)


def find_wanted(session: Session, item_id: int) -> list[WantedFile]:
    return list(session.scalars(select(WantedFile).where(WantedFile.item_id == item_id).order_by(WantedFile.position)))


def with_fetcher(runtime: Runtime, fetcher: Fetching) -> Runtime:
    return replace(runtime, fetcher=fetcher)


def test_l20_of_a_networks_post_only_addresses_are_kept_and_nothing_is_fetched(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    item = linking.add_link(session, brand.id, "https://www.instagram.com/p/Cx1abc/?igsh=9", actor="tests", now=NOON).item
    assert item.source_policy is SourcePolicy.EMBED_ONLY
    assert (item.title, item.body, item.source_url) == ("", "", "https://www.instagram.com/p/Cx1abc/")
    assert item.embed_url == "https://www.instagram.com/p/Cx1abc/embed/"
    assert item.rights_state == "none"


def test_the_same_post_again_adds_nothing_but_tags(session: Session) -> None:
    brand = make.brand(session)
    first = linking.add_link(session, brand.id, f"{PAGE}/?utm_source=mail#top", actor="tests", now=NOON)
    again = linking.add_link(session, brand.id, PAGE, tags=["linen"], actor="tests", now=NOON)
    assert (first.added, again.added, first.item.id) == (True, False, again.item.id)
    assert linking.add_link(session, make.brand(session).id, PAGE, actor="tests", now=NOON).item.id != first.item.id


def test_a_page_fills_its_item_and_its_pictures_are_wanted(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    item = linking.add_link(session, brand.id, PAGE, actor="tests", now=NOON).item
    assert item.title == PAGE
    session.commit()
    linking.read_link(with_fetcher(runtime, site(FULL, HOSTILE)), brand.id, item.id, now=NOON)
    session.refresh(item)
    assert (item.title, item.body) == ("Linen & sun", "How it wears after a summer")
    assert item.creator is not None
    assert item.creator.name.startswith("Ada")
    assert item.published_at == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert [row.url for row in find_wanted(session, item.id)] == [
        "https://blog.example/a.jpg",
        "https://cdn.example/b.jpg",
    ]
    linking.read_link(with_fetcher(runtime, site(FULL)), brand.id, item.id, now=NOON)
    assert len(find_wanted(session, item.id)) == 2


def test_an_address_longer_than_an_id_keeps_its_own(session: Session) -> None:
    brand = make.brand(session)
    items = {linking.add_link(session, brand.id, f"{PAGE}?q={'x' * 400}{end}", actor="tests", now=NOON).item.id for end in "ab"}
    assert len(items) == 2
