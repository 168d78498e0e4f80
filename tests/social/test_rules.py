"""What becomes of a post and when a source is asked again: tables and laws, with no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import NOON
from tests.social.network import post
from ugc.ingest import wanting
from ugc.kit.errors import Invalid
from ugc.library.models import SourcePolicy
from ugc.social import rules
from ugc.social.networks.base import Field, MediaData
from ugc.social.rules import BadSource, Known, Outcome, Terms

TERMS = Terms("fake", SourcePolicy.API_CACHED, timedelta(days=30), ("summer",), 1, NOON)
POST = post(1)


def known(**facts: object) -> Known:
    """What we hold of POST, as it was brought."""
    data = rules.item_of(POST, TERMS)
    digest = rules.text_digest(data)
    keys = tuple(each.key for each in rules.media_of(POST))
    held = Known(7, digest, digest, data.like_count, data.comment_count, keys, (1,), SourcePolicy.API_CACHED)
    return replace(held, **facts)  # type: ignore[arg-type]  # facts of one test


CASES = {
    "new": (POST, None, Outcome.NEW),
    "the same": (POST, known(), Outcome.SAME),
    "more likes": (replace(POST, like_count=99), known(), Outcome.CHANGED),
    "fewer likes": (replace(POST, like_count=0), known(), Outcome.CHANGED),
    "another text": (replace(POST, text="Now sold out"), known(), Outcome.CHANGED),
    "another text, corrected here": (replace(POST, text="Now sold out"), known(own_digest="other"), Outcome.SAME),
    "another file": (replace(POST, media=(MediaData("https://cdn.test/2.jpg"),)), known(), Outcome.CHANGED),
    "a file less": (replace(POST, media=()), known(), Outcome.SAME),
    "a file signed anew": (replace(POST, media=(MediaData("https://x.test/1.jpg?sig=2"),)), known(), Outcome.SAME),
    "there again": (POST, known(is_gone=True), Outcome.CHANGED),
    "from another source": (POST, known(sources=(2,)), Outcome.SAME),
}


@pytest.mark.parametrize("case", CASES)
def test_a_post_is_new_changed_or_the_same(case: str) -> None:
    given_post, held, outcome = CASES[case]
    assert rules.decide(given_post, held, TERMS).outcome is outcome


def test_a_source_puts_its_tags_on_a_post_once() -> None:
    assert rules.decide(POST, None, TERMS).tags == ("summer",)
    assert rules.decide(POST, known(), TERMS).tags == (), "taken off here, not put on again"
    assert rules.decide(POST, known(sources=(2,)), TERMS).tags == ("summer",)


def test_a_file_that_did_not_come_is_wanted_again_under_a_new_address() -> None:
    [media] = rules.media_of(POST)
    key = wanting.digest(media.key)
    assert rules.decide(POST, known(lost={key: media.url}), TERMS).wanted == ()
    assert rules.decide(POST, known(lost={key: "https://old.test/1.jpg"}), TERMS).wanted == (media,)


def test_no_file_of_an_embedded_post_is_wanted() -> None:
    embedded = replace(TERMS, policy=SourcePolicy.EMBED_ONLY)
    intent = rules.decide(POST, None, embedded)
    assert (intent.wanted, len(intent.media), intent.data.lease_until) == ((), 1, None)
    more = replace(POST, media=(*POST.media, MediaData("https://cdn.test/2.jpg")))
    assert rules.decide(more, known(policy=SourcePolicy.EMBED_ONLY), embedded).wanted == ()
    assert len(rules.decide(more, known(policy=SourcePolicy.RIGHTS_GRANTED), embedded).wanted) == 1


@given(st.text(max_size=3_000), st.text(max_size=400), st.integers(-(2**70), 2**70), st.booleans())
def test_whatever_a_post_says_the_second_time_is_the_same(text: str, title: str, likes: int, has_date: bool) -> None:
    given_post = replace(POST, text=text * 9, title=title, like_count=likes, published_at=NOON if has_date else None)
    intent = rules.decide(given_post, None, TERMS)
    assert len(intent.data.body.encode()) <= rules.MAX_TEXT_BYTES
    assert 0 <= intent.data.like_count <= 2**53
    digest = rules.text_digest(intent.data)
    keys = tuple(each.key for each in intent.media)
    held = Known(7, digest, digest, intent.data.like_count, 0, keys, (1,), SourcePolicy.API_CACHED)
    assert rules.decide(given_post, held, TERMS).outcome is Outcome.SAME


@pytest.mark.parametrize(
    ("name", "kept"), [("p1", "p1"), ("x" * 200, "x" * 200), ("x" * 201, "long:"), ("ü" * 101, "long:"), (" p\x001 ", "p1")]
)
def test_an_id_fits_its_index(name: str, kept: str) -> None:
    assert rules.external_id_of(name).startswith(kept)
    assert len(rules.external_id_of(name).encode()) <= rules.MAX_EXTERNAL_ID


def test_two_files_that_differ_behind_the_question_mark_are_two() -> None:
    media = tuple(MediaData(f"https://cdn.test/a.jpg?id={n}") for n in range(2))
    assert len({each.key for each in rules.media_of(replace(POST, media=media))}) == 2


def test_a_video_without_an_address_is_its_picture() -> None:
    media = (
        MediaData("", "video", poster_url="https://cdn.test/p.jpg"),
        MediaData(""),
        MediaData("https://cdn.test/v.mp4", "video"),
    )
    assert [(each.url, each.kind, each.position) for each in rules.media_of(replace(POST, media=media))] == [
        ("https://cdn.test/p.jpg", "picture", 0), ("https://cdn.test/v.mp4", "video", 2),
    ]  # fmt: skip


def test_a_post_is_never_published_later_than_it_was_found() -> None:
    assert rules.moment_of(NOON + timedelta(days=3), NOON) == NOON
    assert rules.moment_of(None, NOON) == NOON
    assert rules.moment_of(datetime(2026, 1, 1), NOON) == datetime(2026, 1, 1, tzinfo=UTC)  # noqa: DTZ001  # a careless connector's


@given(st.integers(1, 30), st.floats(0, 1))
def test_waits_grow_to_a_bound_and_never_meet_exactly(failures: int, chance: float) -> None:
    wait = rules.wait_after(failures, chance)
    assert timedelta(minutes=1.5) <= wait <= rules.RARELY * 1.2
    assert rules.wait_after(failures, 0.0) < rules.wait_after(failures, 1.0)


def test_a_day_of_a_quota_begins_at_eight() -> None:
    before, after = datetime(2026, 7, 1, 7, 59, tzinfo=UTC), datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    assert rules.quota_day(before) != rules.quota_day(after)
    assert rules.next_quota(before) == after


@pytest.mark.parametrize(
    ("age", "expected"),
    [(None, timedelta(days=1)), (timedelta(days=30), timedelta(days=1)), (timedelta(days=1), timedelta(hours=12))],
)
def test_a_short_lease_is_confirmed_at_half_its_length(age: timedelta | None, expected: timedelta) -> None:
    assert rules.checked_after(age) == expected


FIELDS = (Field("tag", "Hashtag"), Field("note", "Note", required=False), Field("key", "Key", required=False, secret=True))


def test_fields_are_read_with_the_secrets_apart() -> None:
    assert rules.read_fields(FIELDS, {"tag": " linen ", "key": "k"}) == ({"tag": "linen"}, {"key": "k"})
    with pytest.raises(BadSource, match="Hashtag is missing"):
        rules.read_fields(FIELDS, {"tag": "\x00 "})
    with pytest.raises(Invalid):
        rules.read_fields(FIELDS, {"tag": "x", "other": "y"})


def test_secrets_leave_an_error_in_every_spelling() -> None:
    """T-38."""
    words = "GET /?token=a%2Fb%26c&key=a/b&c and a%2Fb%26c"
    assert "a/b&c" not in rules.scrubbed(words, ["a/b&c", ""])
    assert "%2Fb%26" not in rules.scrubbed(words, ["a/b&c"])
