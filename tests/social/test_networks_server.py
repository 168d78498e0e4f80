"""Connectors over real HTTP against a network that pages, throttles, breaks in the middle and is resumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from tests.social import answering, network_server
from tests.social.network_server import CUT, FAILED, THROTTLED, WRONG, Loopback, Page
from ugc.kit.errors import Outside
from ugc.social.networks.base import Ask, Mode, PostData, Pulled, Throttled

CASES: dict[str, tuple[Page, str, Mapping[str, str]]] = {
    "mastodon": (network_server.mastodon, "hashtag", {"server": "social.test", "hashtag": "hat"}),
    "instagram": (network_server.instagram, "own", {"user_id": "1"}),
    "youtube": (network_server.youtube, "search", {"query": "hat"}),
    "bluesky": (network_server.bluesky, "author", {"actor": "ada.test"}),
    "feed": (network_server.feed, "feed", {"url": "https://hats.test/feed.xml"}),
}
PAGED = [kind for kind in CASES if kind != "feed"]
TOTAL = 10


@dataclass
class Run:
    """What a source that goes on after every error came to."""

    posts: list[PostData] = field(default_factory=list)
    cursor: Mapping[str, Any] = field(default_factory=dict)
    errors: list[Outside] = field(default_factory=list)
    questions: int = 0

    @property
    def numbers(self) -> list[int]:
        """The posts by their numbers, in the order in which they came."""
        return [int(post.external_id.rsplit("/", 1)[-1]) for post in self.posts]


def run(mode: Mode, way: Loopback, options: Mapping[str, str], cursor: Mapping[str, Any]) -> Run:
    """Pull to the end, each time from the last cursor that came whole."""
    done = Run(cursor=cursor)
    for _ in range(40):
        done.questions += 1
        try:
            pulled = mode.pull(asked(way, options, done.cursor))
        except Outside as error:
            done.errors.append(error)
            continue
        done.posts += pulled.posts
        done.cursor = pulled.cursor
        if not pulled.more:
            return done
    raise AssertionError("it never came to an end")


def asked(way: Loopback, options: Mapping[str, str], cursor: Mapping[str, Any]) -> Ask:
    return answering.ask(way, options, cursor, token="token")


@pytest.mark.parametrize("kind", CASES)
def test_all_posts_come_once_by_the_networks_own_pages(kind: str) -> None:
    page, name, options = CASES[kind]
    with network_server.network(page, TOTAL) as (network, way):
        done = run(answering.mode_of(kind, name), way, options, {})
        assert done.numbers == list(range(TOTAL, 0, -1))
        assert len(network.asked) == (1 if kind == "feed" else 4)


@pytest.mark.parametrize("kind", CASES)
def test_a_network_that_throttles_and_breaks_is_resumed_where_it_stood(kind: str) -> None:
    page, name, options = CASES[kind]
    mode = answering.mode_of(kind, name)
    with network_server.network(page, TOTAL) as (network, way):
        first = mode.pull(asked(way, options, {}))
        # The cut comes before its headers promise more than is sent, the HTML with status 200.
        network.instead[:] = [THROTTLED, CUT, FAILED, WRONG]
        rest = run(mode, way, options, first.cursor)
        got = [*Run(posts=list(first.posts)).numbers, *rest.numbers]
        assert sorted(set(got), reverse=True) == list(range(TOTAL, 0, -1))
        assert len(rest.errors) == 4
        if kind != "feed":
            assert len(got) == TOTAL
        assert isinstance(rest.errors[0], Throttled)
        assert rest.errors[0].retry_after == timedelta(seconds=7)
        assert not any(error.permanent for error in rest.errors[1:3])


@pytest.mark.parametrize("kind", PAGED)
def test_the_next_walk_ends_where_the_last_began(kind: str) -> None:
    page, name, options = CASES[kind]
    mode = answering.mode_of(kind, name)
    with network_server.network(page, TOTAL) as (network, way):
        before = run(mode, way, options, {})
        nothing = run(mode, way, options, before.cursor)
        assert nothing.questions == 1
        network.numbers += [11, 12, 13, 14, 15]
        network.asked.clear()
        after = run(mode, way, options, nothing.cursor)
        assert {11, 12, 13, 14, 15} <= set(after.numbers)
        assert len(network.asked) <= 3
        assert min(after.numbers) >= 9


@pytest.mark.parametrize("kind", PAGED)
def test_a_deleted_newest_post_does_not_make_the_next_walk_go_through_everything(kind: str) -> None:
    page, name, options = CASES[kind]
    mode = answering.mode_of(kind, name)
    with network_server.network(page, TOTAL) as (network, way):
        before = run(mode, way, options, {})
        network.numbers.remove(TOTAL)
        network.numbers.append(11)
        network.asked.clear()
        after = run(mode, way, options, before.cursor)
        assert 11 in after.numbers
        assert len(network.asked) <= 2


def test_a_feed_that_did_not_change_is_not_read_again() -> None:
    """T-39: ETag and If-Modified-Since."""
    page, name, options = CASES["feed"]
    mode = answering.mode_of("feed", name)
    with network_server.network(page, TOTAL) as (network, way):
        before = run(mode, way, options, {})
        again = mode.pull(asked(way, options, before.cursor))
        assert again.posts == ()
        assert again.cursor == before.cursor
        network.numbers.append(11)
        assert len(mode.pull(asked(way, options, again.cursor)).posts) == 11


def test_the_first_walk_takes_the_newest_500_and_lets_the_rest_be() -> None:
    """T-39. Asked by hand, since 500 posts over real HTTP would only take time."""
    mode = answering.mode_of("bluesky", "author")
    entries = [{"post": network_server.skeet(number)} for number in range(1, 29)]
    body = answering.Alike(network_server.said({"feed": entries, "cursor": "1"}).body)
    pulled, taken = Pulled(more=True), list[int]()
    while pulled.more:
        pulled = mode.pull(answering.ask(body, {"actor": "ada.test"}, pulled.cursor))
        taken.append(len(pulled.posts))
    assert taken == [28] * 18
    assert pulled.cursor["until"].endswith("/28")
