"""What the connectors share: reading odd values, waiting, refusals, walking; rules in tables, without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import NOON
from tests.social import answering
from ugc.kit.errors import Outside
from ugc.kit.http.fetching import Answer
from ugc.library.models import Kind, SourcePolicy
from ugc.social.networks import asking, bluesky, graph, instagram, linkedin, vk, youtube
from ugc.social.networks.base import BadShape, MediaData, SourceGone, Throttled, TokenRefused
from ugc.social.networks.reading import count_at, cut, find, hashtags_of, kind_of, moment, plain, read_posts, url_at
from ugc.social.rules import NETWORKS


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2021-03-16T12:02:14+0000", datetime(2021, 3, 16, 12, 2, 14, tzinfo=UTC)),
        ("2026-11-05T07:00:00.000Z", datetime(2026, 11, 5, 7, tzinfo=UTC)),
        ("2026-11-05T07:00:00", datetime(2026, 11, 5, 7, tzinfo=UTC)),
        ("Fri, 30 Oct 2026 09:00:00 +0100", datetime(2026, 10, 30, 8, tzinfo=UTC)),
        (1760000000, datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)),
        (1760000000000, datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)),
        ("1760000000", datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None), ("soon", None), ("", None), (None, None), (True, None), (float("nan"), None),
        (float("inf"), None), (10**30, None), ([], None), ("9" * 99, None),
    ],
)  # fmt: skip
def test_moments(value: Any, wanted: datetime | None) -> None:
    assert moment(value) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#Wool #wool #WOOL", ("wool",)), ("#1 #2026fit", ("2026fit",)), ("a#b https://x.test/#c", ()),
        ("(#one),#two!", ("one", "two")),
        ("#Straße #мода #帽子 #हिन्दी", ("straße", "мода", "帽子", "हिन्दी")),
        ("＃wide #snake_case #kebab-case", ("wide", "snake_case", "kebab")),
        ("# #! ##", ()), ("", ()),
    ],
)  # fmt: skip
def test_hashtags(text: str, wanted: tuple[str, ...]) -> None:
    assert hashtags_of(text) == wanted


@pytest.mark.parametrize(
    ("markup", "wanted"),
    [
        ("<p>One<br>two</p><p>three</p>", "One\ntwo\n\nthree"), ("a &amp;lt;b&gt; &#8211; c", "a &lt;b> – c"),
        ("<script>x</script>y<style>z</style>", "y"), ("<b>un<i>closed", "unclosed"), ("1 < 2", "1 < 2"),
        ('<span class="invisible">https://</span><span>a.test</span>', "https://a.test"), (None, ""), (7, ""),
    ],
)  # fmt: skip
def test_html_becomes_plain_text(markup: Any, wanted: str) -> None:
    """T-35."""
    assert plain(markup) == wanted


@given(st.text(max_size=300))
def test_any_text_can_be_stored_after_it_was_read(text: str) -> None:
    for read in (cut(text), plain(text), cut(text, 10)):
        assert "\x00" not in read
        read.encode()
    assert len(cut(text, 10).encode()) <= 10


def test_a_long_text_is_cut_at_a_whole_character() -> None:
    """T-39: 10 kB a text field."""
    assert len(cut("ä" * 50_000_000)) == 5_000


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//a.test", "data:x", "ftp://a.test", "https://", 7, None, "https://a b"])
def test_only_web_addresses_are_addresses(url: Any) -> None:
    """T-40."""
    assert url_at({"url": url}, "url") == ""


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(5, 5), ("12", 12), (-1, 0), (10**30, 2**31 - 1), ("many", 0), (True, 0), (None, 0), ("9" * 50, 2**31 - 1)],
)
def test_counts(value: Any, wanted: int) -> None:
    assert count_at({"n": value}, "n") == wanted


def test_a_path_through_anything_is_nothing() -> None:
    assert find({"a": [{"b": 1}]}, "a.0.b") == 1
    records: tuple[Any, ...] = (None, [], {}, {"a": 1}, {"a": []}, {"a": {"0": {}}}, "a")
    assert [find(record, "a.0.b") for record in records] == [None] * 7


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [((), Kind.POST), (("picture",), Kind.PHOTO), (("picture", "video"), Kind.VIDEO), (("audio",), Kind.AUDIO)],
)
def test_a_post_is_what_its_media_are(kinds: tuple[str, ...], wanted: Kind) -> None:
    assert kind_of([MediaData("https://a.test", kind) for kind in kinds]) == wanted


def test_a_list_longer_than_500_is_read_no_further() -> None:
    """T-39."""
    posts, skipped = read_posts(range(10**6), lambda record: None)
    assert (len(posts), len(skipped)) == (0, 501)


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"retry-after": "7"}, timedelta(seconds=7)), ({"retry-after": "0"}, timedelta(seconds=1)),
        ({"retry-after": "99999999"}, timedelta(days=1)), ({"retry-after": "9" * 400}, timedelta(days=1)),
        ({"retry-after": "Sat, 21 Nov 2026 12:01:00 GMT"}, timedelta(minutes=1)),
        ({"retry-after": "Sat, 21 Nov 1999 12:01:00 GMT"}, timedelta(seconds=1)),
        ({"retry-after": "soon"}, timedelta(minutes=15)), ({}, timedelta(minutes=15)),
        ({"x-rate-limit-reset": str(int(NOON.timestamp()) + 90)}, timedelta(seconds=90)),
        ({"x-ratelimit-reset": "2026-11-21T12:05:00.000Z"}, timedelta(minutes=5)),
        ({"x-ratelimit-reset": "33.5"}, timedelta(seconds=33)), ({"retry-after": "-5"}, timedelta(minutes=15)),
    ],
)  # fmt: skip
def test_how_long_to_wait(headers: dict[str, str], wanted: timedelta) -> None:
    assert asking.wait_of(headers, NOON) == wanted


def graph_error(code: Any, subcode: Any = None, **headers: str) -> Exception | None:
    body = f'{{"error": {{"code": {code}, "error_subcode": {subcode or "null"}}}}}'
    return graph.refusal(Answer(400, "", headers, body.encode()))


@pytest.mark.parametrize(
    ("code", "subcode", "wanted"),
    [
        (190, None, TokenRefused), (190, 460, TokenRefused), (102, None, TokenRefused), (10, None, TokenRefused),
        (200, None, TokenRefused),
        (4, None, Throttled), (17, None, Throttled), (32, None, Throttled), (613, None, Throttled), (80002, None, Throttled),
        (18, None, Throttled), (100, 33, SourceGone), (24, 2207024, SourceGone), (803, None, SourceGone), (1, None, Outside),
        (100, None, type(None)), ('"x"', None, type(None)),
    ],
)  # fmt: skip
def test_what_the_codes_of_the_graph_mean(code: Any, subcode: Any, wanted: type) -> None:
    assert isinstance(graph_error(code, subcode), wanted)


def test_the_graph_says_in_minutes_how_long_to_wait() -> None:
    usage = '{"1784": [{"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 19}]}'
    throttled = graph.refusal(Answer(400, "", {"x-business-use-case-usage": usage}, b'{"error": {"code": 80002}}'))
    assert isinstance(throttled, Throttled)
    assert throttled.retry_after == timedelta(minutes=19)


@pytest.mark.parametrize(
    ("reason", "wanted"), [("quotaExceeded", Throttled), ("commentsDisabled", SourceGone), ("odd", type(None))]
)
def test_what_the_reasons_of_youtube_mean(reason: str, wanted: type) -> None:
    body = f'{{"error": {{"errors": [{{"reason": "{reason}"}}]}}}}'.encode()
    assert isinstance(youtube.refusal(Answer(403, "", {}, body)), wanted)


@pytest.mark.parametrize(("code", "wanted"), [(5, TokenRefused), (6, Throttled), (29, Throttled), (15, SourceGone), (10, Outside)])
def test_what_the_codes_of_vk_mean(code: int, wanted: type) -> None:
    assert isinstance(vk.refusal(Answer(200, "", {}, f'{{"error": {{"error_code": {code}}}}}'.encode())), wanted)


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (400, b'{"error": "ExpiredToken"}', TokenRefused),
        (400, b'{"error": "InvalidRequest", "message": "Profile not found"}', SourceGone),
        (400, b'{"error": "AccountTakedown"}', SourceGone), (400, b'{"error": "InvalidRequest"}', type(None)),
        (200, b"{}", type(None)),
    ],
)  # fmt: skip
def test_what_the_errors_of_bluesky_mean(status: int, body: bytes, wanted: type) -> None:
    assert isinstance(bluesky.refusal(Answer(status, "", {}, body)), wanted)


@pytest.mark.parametrize("status", [401, 422])
def test_a_server_that_hides_its_timelines_asks_for_access(status: int) -> None:
    fetcher = answering.Alike(b'{"error": "This method requires an authenticated user"}', status)
    with pytest.raises(TokenRefused):
        answering.mode_of("mastodon", "hashtag").pull(answering.ask(fetcher, {"server": "a.test", "hashtag": "x"}))


@pytest.mark.parametrize(("token", "host"), [("EAAB", "graph.facebook.com"), ("IGQV", "graph.instagram.com")])
def test_a_token_goes_to_the_host_that_gave_it(token: str, host: str) -> None:
    fetcher = answering.Alike(b'{"data": []}')
    answering.mode_of("instagram", "own").pull(answering.ask(fetcher, {"user_id": "1"}, token=token))
    assert fetcher.asked[0].url.startswith(f"https://{host}/")
    assert fetcher.asked[0].headers["Authorization"] == f"Bearer {token}"


def test_a_thirty_first_hashtag_waits_without_asking() -> None:
    mode, fetcher = answering.mode_of("instagram", "hashtag"), answering.Alike(b"{}")
    with pytest.raises(Throttled):
        mode.pull(answering.ask(fetcher, {"user_id": "1", "hashtag": "hat"}, search_allowed=False))
    assert fetcher.asked == []


def test_a_hashtag_is_looked_up_once() -> None:
    found = answering.Alike(b'{"data": [{"id": "178", "media_type": "IMAGE", "permalink": "https://www.instagram.com/p/a/"}]}')
    options = {"user_id": "1", "hashtag": "#Hat"}
    first = instagram.pull_hashtag(answering.ask(found, options))
    assert [asked.url.split("?")[0].rsplit("/", 2)[-2:] for asked in found.asked] == [
        ["v26.0", "ig_hashtag_search"],
        ["178", "recent_media"],
    ]
    instagram.pull_hashtag(answering.ask(found, options, first.cursor))
    assert len(found.asked) == 3


def test_what_a_person_types_stays_one_part_of_the_address() -> None:
    for value in ("../../evil", "a/b?c", "x#y", "a b"):
        fetcher = answering.Alike(b"{}")
        with pytest.raises(Outside):
            answering.mode_of("reddit", "subreddit").pull(answering.ask(fetcher, {"subreddit": value}))
        assert fetcher.asked[0].url.split("?")[0].count("/") == 5
    for value in ("..", "."):
        with pytest.raises(asking.QuestionRefused):
            answering.mode_of("reddit", "subreddit").pull(answering.ask(answering.Alike(b"{}"), {"subreddit": value}))


@pytest.mark.parametrize(
    ("markup", "wanted"),
    [
        ("@[A \\(B\\)](urn:li:organization:1) says \\#no {hashtag|\\#|yes}", "A (B) says #no #yes"),
        ("plain_text \\_ and \\\\", "plain_text _ and \\"), ("@[open", "@[open"), ("", ""),
    ],
)  # fmt: skip
def test_the_markup_of_linkedin(markup: str, wanted: str) -> None:
    assert linkedin.read_text(markup) == wanted


def test_pictures_of_linkedin_are_asked_for_together() -> None:
    pictures = b'{"multiImage": {"images": [{"id": "urn:li:image:a"}, {"id": "urn:li:image:b"}]}}'
    post = b'{"id": "urn:li:share:1", "commentary": "x", "content": %b}' % pictures
    files = b'{"results": {"urn:li:image:a": {"downloadUrl": "https://m.test/a"}, "urn:li:image:b": {"downloadUrl": "https://m.test/b"}}}'

    class Two(answering.Alike):
        def answer(self, asked: Any) -> Answer:
            self.asked.append(asked)
            return Answer(200, asked.url, {}, files if "/images?" in asked.url else b'{"elements": [%b]}' % post)

    fetcher = Two(b"")
    pulled = linkedin.pull_organisation(answering.ask(fetcher, {"organisation": "1"}))
    assert [one.url for one in pulled.posts[0].media] == ["https://m.test/a", "https://m.test/b"]
    assert (len(fetcher.asked), pulled.cost) == (2, 2)
    assert "ids=List(urn%3Ali%3Aimage%3Aa,urn%3Ali%3Aimage%3Ab)" in fetcher.asked[1].url


def test_a_page_token_that_is_not_taken_any_more_starts_the_walk_again() -> None:
    class Forgetful(answering.Alike):
        def answer(self, asked: Any) -> Answer:
            self.asked.append(asked)
            old = "after=" in asked.url
            return Answer(400 if old else 200, asked.url, {}, b"{}" if old else b'{"data": [], "paging": {}}')

    cursor = {"page": "old", "first": "9", "until": "1", "until_at": "", "began": (NOON - timedelta(minutes=5)).isoformat()}
    pulled = answering.mode_of("instagram", "own").pull(answering.ask(Forgetful(b""), {"user_id": "1"}, cursor))
    assert (pulled.more, pulled.cursor) == (False, {"until": "1", "until_at": ""})


def test_a_walk_of_yesterday_starts_again() -> None:
    fetcher = answering.Alike(b'{"data": [], "paging": {}}')
    cursor = {"page": "old", "began": (NOON - timedelta(days=1)).isoformat(), "until": "1"}
    answering.mode_of("instagram", "own").pull(answering.ask(fetcher, {"user_id": "1"}, cursor))
    assert "after=" not in fetcher.asked[0].url


def test_every_network_says_what_may_be_kept_of_it() -> None:
    """L-20, L-24, L-25: what the terms only let us embed is never stored; YouTube's data lives 30 days."""
    policies = {(kind, mode.name): (mode.policy, mode.max_age) for kind, network in NETWORKS.items() for mode in network.modes}
    embedded = {name for name, (policy, _) in policies.items() if policy == SourcePolicy.EMBED_ONLY}
    assert embedded == {("instagram", "hashtag"), ("tiktok", "own"), ("pinterest", "own"), ("pinterest", "board")}
    assert {policies["youtube", name][1] for name in ("search", "channel", "comments")} == {timedelta(days=30)}
    assert SourcePolicy.OWN not in {policy for policy, _ in policies.values()}


def test_what_may_only_be_embedded_has_an_embed_of_our_own_making() -> None:
    """T-35: the provider's HTML is never read."""
    for name in answering.NAMES:
        sample = answering.load(name)
        if sample.mode.policy == SourcePolicy.EMBED_ONLY:
            posts = sample.mode.pull(answering.ask(answering.Alike(sample.body), sample.options, sample.cursor)).posts
            assert all(
                post.embed_url.startswith(
                    ("https://www.instagram.com/", "https://www.tiktok.com/", "https://assets.pinterest.com/")
                )
                for post in posts
            )


def test_a_blog_is_asked_for_what_is_newer_by_a_moment_that_names_its_zone() -> None:
    """Without one WordPress takes it for the site's own time: west of Greenwich, posts of some hours would be missed."""
    fetcher = answering.Alike(b"[]")
    answering.mode_of("wordpress", "posts").pull(
        answering.ask(fetcher, {"site": "blog.test"}, {"until": "1", "until_at": NOON.isoformat()})
    )
    assert "after=2026-11-21T12%3A00%3A00%2B00%3A00" in fetcher.asked[0].url


@pytest.mark.parametrize(
    ("name", "sent"), [("ada", "web:ugc:1 (by /u/ada)"), ("/u/a b\r\nX: 1", "web:ugc:1 (by /u/uabX1)"), ("", "web:ugc:1")]
)
def test_reddit_is_told_whose_app_asks(name: str, sent: str) -> None:
    fetcher = answering.Alike(b'{"data": {"children": []}}')
    answering.mode_of("reddit", "subreddit").pull(answering.ask(fetcher, {"subreddit": "knitting", "username": name}))
    assert fetcher.asked[0].headers["User-Agent"] == sent


def test_a_list_where_a_record_should_be_names_what_was_expected() -> None:
    with pytest.raises(BadShape, match="data"):
        answering.mode_of("instagram", "own").pull(answering.ask(answering.Alike(b"[]"), {"user_id": "1"}))
