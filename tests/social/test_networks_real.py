"""Real answers of networks, kept outside the project: how much of them is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ugc.library.models import Kind
from ugc.social.networks import bluesky, facebook, instagram, mastodon, pinterest, tiktok, youtube
from ugc.social.networks.base import PostData
from ugc.social.networks.reading import Record, find, read_posts

GRAPH = "instagram_graph_api/instagram/apidata"
PAGE = "facebook_graph_api/facebook/apidata"
TUBE = "youtube_data_api/apidata"
PINS = "pinterest_v1"
Read = Callable[[Record], PostData | None]
# File, where its posts are, who reads them, how many there are: all are read.
WHOLE: list[tuple[str, str, Read, int]] = [
    (f"{GRAPH}/medias/media_default.json", "", instagram.read_post, 1),
    (f"{GRAPH}/users/tagged_medias.json", "data", instagram.read_post, 5),
    (f"{GRAPH}/users/mentioned_media.json", "mentioned_media", instagram.read_post, 1),
    (f"{GRAPH}/hashtags/hashtag_recent_medias_p1.json", "data", instagram.read_post, 5),
    (f"{GRAPH}/hashtags/hashtag_top_medias_p2.json", "data", instagram.read_found, 25),
    (f"{GRAPH}/discovery/medias_p1.json", "business_discovery.media.data", instagram.read_post, 2),
    (f"{GRAPH}/stories/stories_info.json", "", instagram.read_post, 2),
    ("instagram_graph_api/instagram_basic/apidata/user/user_medias_p1.json", "data", instagram.read_post, 2),
    (f"{PAGE}/posts/feed_fields_p1.json", "data", facebook.read_post, 5),
    (f"{PAGE}/posts/multi_posts_data.json", "", facebook.read_post, 2),
    (f"{TUBE}/search/search_by_location.json", "items", youtube.read_video, 5),
    (f"{TUBE}/videos/videos_chart_paged_1.json", "items", youtube.read_video, 5),
    (f"{TUBE}/videos/videos_info_multi.json", "items", youtube.read_video, 2),
    (f"{TUBE}/playlist_items/playlist_items_paged_2.json", "items", youtube.read_video, 3),
    (f"{TUBE}/comment_threads/comment_threads_by_video_paged_1.json", "items", youtube.read_comment, 5),
    (f"{TUBE}/comment_threads/comment_threads_with_search.json", "items", youtube.read_comment, 1),
    ("tiktok_docs/video_list.json", "data.videos", tiktok.read_post, 2),
    ("tiktok_docs/video_query.json", "data.videos", tiktok.read_post, 2),
    (f"{PINS}/PinsTest/testFromBoard.json", "data", pinterest.read_pin_v1, 4),
    (f"{PINS}/testGetMePinsWithExtraFields.json", "data", pinterest.read_pin_v1, 4),
    (f"{PINS}/UsersTest/testGetMeLikes.json", "data", pinterest.read_pin_v1, 3),
    ("bluesky/thread_view_post_with_embed_media.json", "thread.post", bluesky.read_post, 1),
]


def entries_of(data: Path, name: str, path: str) -> list[Any]:
    """The posts of a file: a list, one, or a table of them by id."""
    answer = json.loads((data / "social" / name).read_text())
    found = find(answer, path) if path else answer
    if isinstance(found, list):
        return found
    return [found] if "id" in found or "uri" in found else list(found.values())


@pytest.mark.parametrize(("name", "path", "read", "count"), WHOLE, ids=[case[0] for case in WHOLE])
def test_every_post_of_a_real_answer_is_read(data: Path, name: str, path: str, read: Read, count: int) -> None:
    posts, skipped = read_posts(entries_of(data, name, path), read)
    assert skipped == ()
    assert len(posts) == count
    assert all(post.external_id for post in posts)


def test_a_real_carousel_keeps_its_order_and_kinds(data: Path) -> None:
    [album] = entries_of(data, f"{GRAPH}/medias/media_default.json", "")
    post = instagram.read_post(album)
    assert [one.kind for one in post.media] == ["picture", "picture", "video"]
    assert [one.url for one in post.media] == [child["media_url"] for child in album["children"]["data"]]
    assert post.kind == Kind.VIDEO
    assert post.embed_url == "https://www.instagram.com/p/CRyZpmrjYC4/embed/captioned/"


def test_what_a_hashtag_finds_has_no_creator(data: Path) -> None:
    posts, _ = read_posts(entries_of(data, f"{GRAPH}/hashtags/hashtag_top_medias_p2.json", "data"), instagram.read_found)
    assert {post.creator for post in posts} == {None}
    assert all(post.embed_url for post in posts)


def test_hashtag_items_that_were_asked_for_without_an_address_are_skipped(data: Path) -> None:
    posts, skipped = read_posts(entries_of(data, f"{GRAPH}/hashtags/hashtag_recent_medias_p1.json", "data"), instagram.read_found)
    assert (len(posts), {one.field for one in skipped}) == (0, {"permalink"})


def test_real_statuses_are_read_as_text(data: Path) -> None:
    entries = entries_of(data, "mastodon/statuses.json", "")
    posts, skipped = read_posts(entries, mastodon.read_post)
    # One is a scheduled status, which is no status yet; hidden ones and boosts are not for us.
    assert (len(entries), len(posts), len(skipped)) == (167, 150, 1)
    assert not [post.text for post in posts if "<" in post.text and "&" in post.text]
    assert [one for post in posts for one in post.media]


def test_every_address_of_a_real_answer_is_one(data: Path) -> None:
    for name, path, read, _ in WHOLE:
        for post in read_posts(entries_of(data, name, path), read)[0]:
            assert all(one.url.startswith("http") for one in post.media)
            assert not post.url or post.url.startswith("http")


def test_answers_that_hold_no_posts_are_skipped_with_their_field(data: Path) -> None:
    entries = entries_of(data, f"{PINS}/FollowingTest/testInterests.json", "data")
    posts, skipped = read_posts(entries, pinterest.read_pin_v1)
    assert (len(posts), {one.field for one in skipped}) == (0, {"note"})
