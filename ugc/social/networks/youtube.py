"""YouTube: videos that a search finds, a channel's videos, comments under a video or a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from ugc.kit.http.fetching import Answer
from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import LONGEST_WAIT, USUAL_WAIT, ask_json, bearer, body_of, known, option
from ugc.social.networks.base import Ask, BadShape, Field, MediaData, Mode, Network, OAuth, PostData, Pulled, SourceGone, Throttled
from ugc.social.networks.paging import Page, size, token_at, walk
from ugc.social.networks.reading import (
    Missing,
    Record,
    count_at,
    cut,
    dicts,
    find,
    hashtags_of,
    id_at,
    moment_at,
    plain,
    read_posts,
    records_at,
    text_at,
    url_at,
)  # fmt: skip

BASE = "https://www.googleapis.com/youtube/v3"
SITE = "https://www.youtube.com"
# Google counts searches apart now (100 a day); as 100 of 10,000 units the old and the new limit both hold.
SEARCH_COST = 100
DAILY_QUOTA = 10_000
MOST_A_PAGE = 50
MOST_COMMENTS = 100
SIZES = ("maxres", "standard", "high", "medium", "default")
WAIT_REASONS = {"quotaExceeded": LONGEST_WAIT, "dailyLimitExceeded": LONGEST_WAIT, "rateLimitExceeded": USUAL_WAIT}
GONE_REASONS = {"commentsDisabled", "videoNotFound", "channelNotFound", "playlistNotFound", "channelClosed", "channelSuspended"}


def ask_youtube(ask: Ask, path: str, params: Mapping[str, str]) -> Any:
    """The answer of one address. An API key begins with AIza, anything else is a person's access token."""
    headers = {"X-Goog-Api-Key": ask.token} if ask.token.startswith("AIza") else bearer(ask.token)
    return ask_json(ask, f"{BASE}/{path}", params, headers=headers, refusal=refusal)


def refusal(answer: Answer) -> Exception | None:
    """What an error's reason means; a used-up quota comes with status 403."""
    reason = text_at(body_of(answer), "error.errors.0.reason") if answer.status >= 400 else ""
    if reason in WAIT_REASONS:
        return Throttled(WAIT_REASONS[reason])
    return SourceGone() if reason in GONE_REASONS else None


def read_video(record: Record) -> PostData:
    """A video as search, playlist or video list show it; raises Missing. Its file may not be copied, its still may (30 days)."""
    external_id = video_id(record)
    title, text = text_at(record, "snippet.title"), text_at(record, "snippet.description")
    tags = find(record, "snippet.tags")
    named = [cut(tag, 100) for tag in tags[:50] if isinstance(tag, str)] if isinstance(tags, list) else []
    return PostData(
        external_id=external_id, kind=Kind.VIDEO, title=plain(title), text=text, url=f"{SITE}/watch?v={quote(external_id)}",
        creator=read_channel(record), media=read_still(record), like_count=count_at(record, "statistics.likeCount"),
        published_at=moment_at(record, "contentDetails.videoPublishedAt") or moment_at(record, "snippet.publishedAt"),
        comment_count=count_at(record, "statistics.commentCount"), hashtags=hashtags_of(title, text), language=language_of(record),
        embed_url=f"https://www.youtube-nocookie.com/embed/{quote(external_id, safe='')}",
        extra={"tags": named} if named else {},
    )  # fmt: skip


def video_id(record: Record) -> str:
    """The video's id, which stands in four places, by the kind of list; raises Missing."""
    for path in ("id.videoId", "contentDetails.videoId", "snippet.resourceId.videoId"):
        if find(record, path):
            return id_at(record, path)
    if isinstance(find(record, "id"), Mapping):
        raise Missing("id.videoId")
    return id_at(record, "id")


def read_channel(record: Record) -> CreatorData | None:
    """The channel that the video belongs to, not the one whose playlist shows it."""
    name = text_at(record, "snippet.videoOwnerChannelTitle") or text_at(record, "snippet.channelTitle")
    channel = text_at(record, "snippet.videoOwnerChannelId") or text_at(record, "snippet.channelId")
    return (
        CreatorData(plain(name) or channel, channel, f"{SITE}/channel/{quote(channel)}" if channel else "", "youtube")
        if name or channel
        else None
    )


def read_still(record: Record) -> tuple[MediaData, ...]:
    """The largest still picture."""
    for name in SIZES:
        if url := url_at(record, f"snippet.thumbnails.{name}.url"):
            width, height = (
                count_at(record, f"snippet.thumbnails.{name}.width"),
                count_at(record, f"snippet.thumbnails.{name}.height"),
            )
            return (MediaData(url, width=width, height=height),)
    return ()


def language_of(record: Record) -> str:
    """The language that the uploader named."""
    named = text_at(record, "snippet.defaultAudioLanguage") or text_at(record, "snippet.defaultLanguage")
    return named[:2].lower() if named[:2].isalpha() else ""


def read_comment(record: Record) -> PostData:
    """The comment that a thread begins with; raises Missing."""
    top = find(record, "snippet.topLevelComment") or record
    external_id, text = id_at(top, "id"), text_at(top, "snippet.textOriginal") or plain(find(top, "snippet.textDisplay"))
    if not text:
        raise Missing("snippet.topLevelComment.snippet.textOriginal")
    video = text_at(top, "snippet.videoId") or text_at(record, "snippet.videoId")
    parent = f"{SITE}/watch?v={quote(video)}" if video else ""
    return PostData(
        external_id=external_id, text=text, url=f"{parent}&lc={quote(external_id)}" if parent else "", creator=read_author(top),
        published_at=moment_at(top, "snippet.publishedAt"), like_count=count_at(top, "snippet.likeCount"),
        comment_count=count_at(record, "snippet.totalReplyCount"), hashtags=hashtags_of(text), is_mention=True, parent_url=parent,
    )  # fmt: skip


def read_author(comment: Record) -> CreatorData | None:
    """Who commented."""
    name, channel = text_at(comment, "snippet.authorDisplayName"), text_at(comment, "snippet.authorChannelId.value")
    url = f"{SITE}/channel/{quote(channel)}" if channel else ""
    return CreatorData(name or channel, channel, url, "youtube") if name or channel else None


def pull_search(ask: Ask) -> Pulled:
    """Videos that a search finds, newest first."""
    params = {"part": "snippet", "type": "video", "order": "date", "safeSearch": "moderate", "q": option(ask, "query")}
    return walk(ask, lambda page: read_page(ask, "search", params, page, read_video, cost=SEARCH_COST))


def pull_channel(ask: Ask) -> Pulled:
    """A channel's videos, by the list of its uploads: 1 unit where a search costs 100."""
    uploads, cost = known(ask, "uploads"), 1
    if not uploads:
        uploads, cost = find_uploads(ask), 2
    params, kept = {"part": "snippet,contentDetails", "playlistId": uploads}, {"uploads": uploads}
    return walk(ask, lambda page: read_page(ask, "playlistItems", params, page, read_video, cost=cost, kept=kept))


def find_uploads(ask: Ask) -> str:
    """The list of a channel's uploads; a channel is named by its id or its @handle."""
    channel = option(ask, "channel").rstrip("/").rsplit("/", 1)[-1]
    named = {"id": channel} if channel.startswith("UC") and len(channel) == 24 else {"forHandle": channel}
    answer = ask_youtube(ask, "channels", {"part": "contentDetails", **named})
    if isinstance(answer, dict) and find(answer, "kind") and not dicts(find(answer, "items")):
        raise SourceGone()
    if not (uploads := token_at(answer, "items.0.contentDetails.relatedPlaylists.uploads")):
        raise BadShape("items.0.contentDetails.relatedPlaylists.uploads")
    return uploads


def pull_comments(ask: Ask) -> Pulled:
    """Comments under a video, or about a channel and its videos; with words, only those that hold them."""
    target = option(ask, "target")
    channel = target.startswith("UC") and len(target) == 24
    params = {
        "part": "snippet",
        "order": "time",
        "textFormat": "plainText",
        "allThreadsRelatedToChannelId" if channel else "videoId": target,
    }
    if words := ask.options.get("query", "").strip():
        params["searchTerms"] = words
    return walk(ask, lambda page: read_page(ask, "commentThreads", params, page, read_comment, most=MOST_COMMENTS))


def read_page(
    ask: Ask, path: str, params: Mapping[str, str], page: str, read: Any, *, cost: int = 1, most: int = MOST_A_PAGE,
    kept: Mapping[str, Any] | None = None,
) -> Page:  # fmt: skip
    """One page of a list."""
    answer = ask_youtube(ask, path, {**params, "maxResults": size(ask, most), **({"pageToken": page} if page else {})})
    posts, skipped = read_posts(records_at(answer, "items"), read)
    return Page(posts, skipped, token_at(answer, "nextPageToken"), cost, kept or {})


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which videos still exist, 50 for one unit; comments are not looked for."""
    found: dict[str, bool] = {}
    videos = [name for name in external_ids if len(name) == 11]
    for start in range(0, len(videos), MOST_A_PAGE):
        batch = videos[start : start + MOST_A_PAGE]
        items = dicts(records_at(ask_youtube(ask, "videos", {"part": "id", "id": ",".join(batch)}), "items"))
        there = {text_at(item, "id") for item in items}
        found |= {name: name in there for name in batch}
    return found


# What is stored must be asked for again or deleted within 30 days (L-25).
MAX_AGE = timedelta(days=30)
QUERY = Field("query", "Words", "As in YouTube's search")
CHANNEL = Field("channel", "Channel", "@handle or the id that begins with UC")
TARGET = Field("target", "Video or channel", "A video's id, or a channel's id that begins with UC")
WORDS = Field("query", "Words", "Only comments that hold them", required=False)
NETWORK = Network(
    kind="youtube",
    label="YouTube",
    modes=(
        Mode("search", "Search", (QUERY,), pull_search, SourcePolicy.API_CACHED, MAX_AGE),
        Mode("channel", "Channel", (CHANNEL,), pull_channel, SourcePolicy.API_CACHED, MAX_AGE),
        Mode("comments", "Comments", (TARGET, WORDS), pull_comments, SourcePolicy.API_CACHED, MAX_AGE),
    ),
    oauth=OAuth(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        scopes=("https://www.googleapis.com/auth/youtube.readonly",),
        pkce=True,
        # Without these two Google hands out no refresh token.
        extra={"access_type": "offline", "prompt": "consent"},
    ),
    token_hint="An API key of a Google Cloud project with the YouTube Data API v3.",
    daily_quota=DAILY_QUOTA,
    check=check,
)
