"""Whatever a network answers, a pull ends in posts, in skipped ones with a field's name, or in an error of our own."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.social import answering
from ugc.kit.errors import Outside
from ugc.social.networks.base import Mode, Pulled
from ugc.social.networks.reading import MOST_BYTES, MOST_MEDIA
from ugc.social.rules import NETWORKS

HTML = b"<!DOCTYPE html><html><body><h1>Please wait</h1></body></html>"
BODIES = {
    "object": b"{}", "list": b"[]", "null": b"null", "text": b'"x"', "number": b"17", "true": b"true", "nothing": b"",
    "html": HTML, "cut": b'{"data": [{"id": "1', "deep": b"[" * 100_000, "bytes": bytes(range(256)), "nan": b'{"data": NaN}',
    "surrogate": b'{"data": [{"id": "\\ud800", "text": "\\udfff"}]}', "file": b"/etc/passwd", "address": b"http://127.0.0.1/x",
}  # fmt: skip
MODES = [(kind, mode) for kind, network in NETWORKS.items() for mode in network.modes]
IDS = [f"{kind}-{mode.name}" for kind, mode in MODES]
OPTIONS = {
    "user_id": "1", "page_id": "1", "hashtag": "hat", "media_ids": "12,13", "query": "hat", "channel": "@knit",
    "target": "abcdefghijk",
    "username": "ada", "board_id": "1", "server": "social.test", "account": "ada", "actor": "ada.test", "subreddit": "knitting",
    "owner": "knit", "organisation": "1", "site": "blog.test", "url": "https://hats.test/feed",
}  # fmt: skip
SAMPLES = [name for name in answering.NAMES if answering.load(name).record is not None]
# Each field gets some of them in turn, so that every value stands in many fields; all in all when time does not matter.
STEPS = [pytest.param(5, id="in turn"), pytest.param(1, id="all", marks=pytest.mark.long)]
ODD: tuple[Any, ...] = (None, "", "x", 0, -1, 10**30, 1.5, True, [], {}, [None], [[]], {"a": {}}, "\ud800", "1e400")


def outcome(mode: Mode, body: bytes, cursor: Any = None, options: Any = None, status: int = 200) -> Pulled | Outside:
    """What a pull ends in; anything but an error of the outside world is a fault of ours."""
    try:
        return mode.pull(answering.ask(answering.Alike(body, status), {**OPTIONS, **(options or {})}, cursor))
    except Outside as ended:
        return ended


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(("kind", "mode"), MODES, ids=IDS)
def test_an_answer_of_another_shape_ends_in_an_error_or_in_nothing(kind: str, mode: Mode, body: bytes) -> None:
    ended = outcome(mode, body)
    assert isinstance(ended, Outside) or not ended.posts
    assert isinstance(ended, Pulled) or ended.message()


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 410, 418, 422, 429, 500, 502, 503])
@pytest.mark.parametrize(("kind", "mode"), MODES, ids=IDS)
def test_a_status_that_is_no_success_brings_no_posts_and_names_its_cause(kind: str, mode: Mode, status: int) -> None:
    for body in (HTML, b"{}", b'{"error": {"code": "odd", "error_subcode": []}}', b'{"error": "gone"}'):
        ended = outcome(mode, body, status=status)
        # Mentions are asked for one by one: a deleted one is skipped, the others go on.
        assert isinstance(ended, Outside) or (mode.name == "mentions" and not ended.posts and ended.skipped)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inside:
        yield (*path, key)
        yield from places(below, (*path, key))


def changed(record: Any, path: tuple[Any, ...], put: Any = ...) -> bytes:
    """The answer without what stands at a path, or with something else there."""
    copied = copy.deepcopy(record)
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    if put is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = put
    return json.dumps(copied).encode()


def fields_of(path: tuple[Any, ...]) -> str:
    return str(next((key for key in reversed(path) if isinstance(key, str)), ""))


@pytest.mark.parametrize("name", SAMPLES)
def test_without_any_one_field_the_pull_goes_on_or_names_it(name: str) -> None:
    sample = answering.load(name)
    for path in places(sample.record):
        ended = outcome(sample.mode, changed(sample.record, path), sample.cursor, sample.options)
        before = len(sample.expected)
        if isinstance(ended, Pulled):
            assert all(one.field and one.reason for one in ended.skipped)
            # Marks like "removed" and "repost" hide a post, so without them one more is seen.
            assert len(ended.posts) + len(ended.skipped) >= before - 1, path
        else:
            assert fields_of(path) in ended.detail or "lacks" in ended.detail, (path, ended)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", SAMPLES)
def test_with_anything_else_in_any_field_nothing_unforeseen_happens(name: str, step: int) -> None:
    sample = answering.load(name)
    for number, path in enumerate(places(sample.record)):
        for put in ODD[number % step :: step]:
            ended = outcome(sample.mode, changed(sample.record, path, put), sample.cursor, sample.options)
            assert isinstance(ended, Outside) or sane(ended), (path, put)


def sane(pulled: Pulled) -> bool:
    """What the library and the engine rely on, whatever a network sent."""
    json.dumps(dict(pulled.cursor)).encode()
    for post in pulled.posts:
        assert post.external_id
        assert post.published_at is None or (isinstance(post.published_at, datetime) and post.published_at.tzinfo is not None)
        assert 0 <= post.like_count < 2**31
        assert 0 <= post.comment_count < 2**31
        assert len(post.media) <= MOST_MEDIA
        assert all(len(text.encode()) <= MOST_BYTES for text in (post.text, post.title, *post.hashtags))
        addresses = [
            post.url,
            post.embed_url,
            post.parent_url,
            *(one.url for one in post.media),
            *(one.poster_url for one in post.media),
        ]
        assert all(not address or address.startswith(("http://", "https://")) for address in addresses)
        json.dumps(dict(post.extra)).encode()
    return all(one.field and one.reason for one in pulled.skipped)


@pytest.mark.parametrize(("kind", "mode"), MODES, ids=IDS)
def test_a_cursor_of_another_release_or_none_is_no_obstacle(kind: str, mode: Mode) -> None:
    name = next((name for name in SAMPLES if name.startswith(f"{kind}/") and answering.load(name).mode is mode), "")
    body = answering.load(name).body if name else b"{}"
    values: tuple[Any, ...] = (7, None, [], {"a": 1}, "x", "")
    for value in values:
        cursor = dict.fromkeys(("page", "first", "until", "until_at", "began", "taken", "min_id", "done", "etag", "uploads"), value)
        assert isinstance(outcome(mode, body, cursor), Pulled | Outside)


@pytest.mark.parametrize(("kind", "mode"), MODES, ids=IDS)
def test_a_source_that_is_not_set_up_says_what_is_missing(kind: str, mode: Mode) -> None:
    for wanted in [one for one in mode.fields if one.required]:
        options = {name: value for name, value in OPTIONS.items() if name != wanted.name}
        with pytest.raises(Outside, match=wanted.name):
            mode.pull(answering.ask(answering.Alike(b"{}"), options))


@pytest.mark.parametrize("kind", NETWORKS)
def test_what_still_exists_is_never_guessed_from_a_broken_answer(kind: str) -> None:
    if not (check := NETWORKS[kind].check):
        assert kind == "feed"
        return
    ids = ["1", "abcdefghijk", "-1_2", "blog.test/post/3", "https://social.test/users/a/statuses/4"]
    for body in BODIES.values():
        try:
            found = check(answering.ask(answering.Alike(body), OPTIONS), ids)
        except Outside:
            continue
        # An empty list in an answer of the right shape does say that nothing exists.
        assert set(found) <= set(ids)
        assert not (found and body in {HTML, b"", b"null", BODIES["cut"]})
