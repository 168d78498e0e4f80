"""Each sample answer of a network beside the posts that it must give."""

from __future__ import annotations

from typing import Any

import pytest

from tests.social import answering
from ugc.kit.errors import UgcError
from ugc.social.networks.base import PostData, Skipped
from ugc.social.rules import NETWORKS


def facts_of(post: PostData) -> dict[str, Any]:
    creator = (post.creator.name, post.creator.handle) if post.creator else None
    names = (
        "external_id", "kind", "text", "title", "url", "published_at", "like_count", "comment_count", "hashtags", "language",
        "embed_url", "is_mention", "parent_url", "extra",
    )  # fmt: skip
    return {name: getattr(post, name) for name in names} | {
        "creator": creator,
        "media": [(one.url, one.kind) for one in post.media],
    }


@pytest.mark.parametrize("name", answering.NAMES)
def test_a_sample_gives_its_expected_posts(name: str) -> None:
    sample = answering.load(name)
    pulled = sample.mode.pull(answering.ask(answering.Alike(sample.body), sample.options, sample.cursor))
    posts = [wanted for wanted in sample.expected if isinstance(wanted, dict)]
    skipped = [wanted for wanted in sample.expected if isinstance(wanted, tuple)]
    assert [(one.external_id, one.field) for one in pulled.skipped] == skipped
    assert [one.external_id for one in pulled.posts if not one.external_id] == []
    assert len(pulled.posts) == len(posts)
    for got, wanted in zip(map(facts_of, pulled.posts), posts, strict=True):
        assert {key: got[key] for key in wanted} == wanted


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_network_has_a_plain_an_odd_and_a_changed_sample(kind: str) -> None:
    assert len([name for name in answering.NAMES if name.startswith(f"{kind}/")]) >= 3


@pytest.mark.parametrize("name", answering.NAMES)
def test_nothing_asked_holds_the_token_in_its_address(name: str) -> None:
    """T-38: addresses end up in logs."""
    sample, fetcher = answering.load(name), answering.Alike(b"{}")
    options = {**sample.options, "identifier": "ada.test"}
    with pytest.raises(UgcError):
        sample.mode.pull(answering.ask(fetcher, options, sample.cursor, token="tok_SECRET_x"))
    assert fetcher.asked
    assert not [asked.url for asked in fetcher.asked if "tok_SECRET_x" in asked.url]


def test_a_skipped_post_names_the_field_in_words_of_the_answer() -> None:
    sample = answering.load("mastodon/missing")
    pulled = sample.mode.pull(answering.ask(answering.Alike(sample.body), sample.options))
    assert pulled.skipped[0] == Skipped("111000000000000001", "content", "missing")
