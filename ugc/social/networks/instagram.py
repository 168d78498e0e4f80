"""Instagram: a professional account's own posts, posts that tag or mention it, and hashtags (30 in 7 days)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks import graph
from ugc.social.networks.asking import known, option, segment
from ugc.social.networks.base import (
    Ask,
    BadShape,
    Field,
    MediaData,
    Mode,
    Network,
    PostData,
    Pulled,
    Skipped,
    SourceGone,
    Throttled,
)
from ugc.social.networks.paging import Page, size, token_at, walk
from ugc.social.networks.reading import (
    MOST_MEDIA,
    Missing,
    Record,
    count_at,
    dicts,
    find,
    hashtags_of,
    id_at,
    kind_of,
    moment_at,
    name_of,
    need,
    read_posts,
    records_at,
    same_tag,
    text_at,
    url_at,
)  # fmt: skip

FIELDS = (
    "id,caption,media_type,media_url,thumbnail_url,permalink,timestamp,username,like_count,comments_count,"
    "children{id,media_type,media_url,thumbnail_url}"
)
# No `username` and no `thumbnail_url` on what a hashtag finds.
HASHTAG_FIELDS = "id,caption,media_type,media_url,permalink,timestamp,like_count,comments_count,children{id,media_type,media_url}"
MOST_A_PAGE = 50
KINDS = {"IMAGE": "picture", "VIDEO": "video"}


def read_post(record: Record, *, mention: bool = False) -> PostData:
    """A post; raises Missing. `username` is not there on hashtag items, nor `media_url` where music is protected."""
    caption, url, media = text_at(record, "caption"), url_at(record, "permalink"), read_media(record)
    return PostData(
        external_id=id_at(record, "id"), kind=kind_by(record, media), text=caption, url=url, creator=read_creator(record),
        published_at=moment_at(record, "timestamp"), media=media, like_count=count_at(record, "like_count"),
        comment_count=count_at(record, "comments_count"), hashtags=hashtags_of(caption), embed_url=embed_of(url),
        is_mention=mention,
    )  # fmt: skip


def kind_by(record: Record, media: tuple[MediaData, ...]) -> Kind:
    """What the post is, also where the address of its file is withheld."""
    return {"IMAGE": Kind.PHOTO, "VIDEO": Kind.VIDEO}.get(text_at(record, "media_type")) or kind_of(media)


def read_found(record: Record) -> PostData:
    """A post that a hashtag found; only its embed may be shown, so that it must have an address. Raises Missing."""
    need(record, "permalink")
    return read_post(record)


def read_media(record: Record) -> tuple[MediaData, ...]:
    """The pictures and videos, those of a carousel in its order."""
    if need(record, "media_type") != "CAROUSEL_ALBUM":
        return read_one(record)
    children = dicts(find(record, "children.data"))
    return tuple(one for child in children for one in read_one(child))[:MOST_MEDIA] or read_one(record)


def read_one(record: Record) -> tuple[MediaData, ...]:
    """One picture or video, none where Instagram withholds its address."""
    poster = url_at(record, "thumbnail_url")
    url, kind = url_at(record, "media_url"), KINDS.get(text_at(record, "media_type"), "picture")
    if not url:
        return (MediaData(poster),) if poster else ()
    return (MediaData(url, kind, poster_url=poster),)


def read_creator(record: Record) -> CreatorData | None:
    """Who posted it, as far as Instagram says."""
    if not (name := text_at(record, "username")):
        return None
    return CreatorData(name, name, f"https://www.instagram.com/{quote(name)}/", "instagram")


def embed_of(permalink: str) -> str:
    """Instagram's embed page of a post, from the code in its address."""
    parts = permalink.split("?")[0].split("/")
    if len(parts) < 5 or parts[3] not in {"p", "reel", "tv"} or not parts[4].replace("-", "").replace("_", "").isalnum():
        return ""
    return f"https://www.instagram.com/{parts[3]}/{quote(parts[4])}/embed/captioned/"


def pull_edge(ask: Ask, *, edge: str, mention: bool) -> Pulled:
    """The account's own posts (`media`) or those that tag it (`tags`)."""
    path, read = f"{segment(ask, 'user_id')}/{edge}", partial(read_post, mention=mention)
    return walk(ask, lambda page: read_page(ask, path, {"fields": FIELDS}, page, read))


def pull_hashtag(ask: Ask) -> Pulled:
    """What was posted with a hashtag in the last 24 hours; asking counts against 30 different hashtags in 7 days."""
    tag = same_tag(option(ask, "hashtag"))
    if not ask.search_allowed(tag):
        raise Throttled(timedelta(days=1))
    hashtag_id = (known(ask, "hashtag") == tag and known(ask, "hashtag_id")) or find_hashtag(ask, tag)
    params = {"fields": HASHTAG_FIELDS, "user_id": option(ask, "user_id")}
    kept = {"hashtag": tag, "hashtag_id": hashtag_id}
    return walk(ask, lambda page: read_page(ask, f"{quote(hashtag_id, safe='')}/recent_media", params, page, read_found, kept))


def find_hashtag(ask: Ask, tag: str) -> str:
    """Instagram's id of a hashtag."""
    answer = graph.ask_graph(ask, "ig_hashtag_search", {"user_id": option(ask, "user_id"), "q": tag})
    found = records_at(answer, "data")
    if not found:
        raise SourceGone()
    try:
        return id_at(found[0], "id")
    except Missing as missing:
        raise BadShape(f"data.0.{missing.field}") from missing


def read_page(
    ask: Ask, path: str, params: Mapping[str, str], page: str, read: Callable[[Record], PostData],
    kept: Mapping[str, Any] | None = None,
) -> Page:  # fmt: skip
    """One page of posts."""
    answer = graph.ask_graph(ask, path, {**params, "limit": size(ask, MOST_A_PAGE), **({"after": page} if page else {})})
    posts, skipped = read_posts(records_at(answer, "data"), read)
    # The cursor is there on the last page too; only `next` says that more follows.
    after = token_at(answer, "paging.cursors.after") if find(answer, "paging.next") else ""
    return Page(posts, skipped, after, kept=kept or {})


def pull_mentions(ask: Ask) -> Pulled:
    """Posts whose captions mention the account. Instagram lists none: it tells their ids one by one, which the source keeps."""
    wanted = [name for name in option(ask, "media_ids").replace(",", " ").split() if name.isdecimal()]
    done = [name for name in ask.cursor.get("done", []) if name in wanted] if isinstance(ask.cursor.get("done"), list) else []
    left = [name for name in wanted if name not in done]
    posts: list[PostData] = []
    skipped: list[Skipped] = []
    for media_id in left[: min(ask.limit, 20)]:
        read, unread = read_mention(ask, media_id)
        posts += read
        skipped += unread
        done.append(media_id)
    return Pulled(
        tuple(posts), tuple(skipped), {"done": done}, more=len(done) < len(wanted), cost=max(1, len(posts) + len(skipped))
    )


def read_mention(ask: Ask, media_id: str) -> tuple[tuple[PostData, ...], tuple[Skipped, ...]]:
    """One post that mentions the account; a private or deleted one is skipped."""
    fields = f"mentioned_media.media_id({media_id}){{{FIELDS}}}"
    try:
        answer = graph.ask_graph(ask, segment(ask, "user_id"), {"fields": fields})
    except SourceGone:
        return (), (Skipped(media_id, "mentioned_media", "deleted or private"),)
    if not isinstance(find(answer, "mentioned_media"), dict):
        return (), (Skipped(name_of(answer) or media_id, "mentioned_media", "missing"),)
    return read_posts([answer["mentioned_media"]], partial(read_post, mention=True))


# Meta names no number of days; its addresses of files live a few days (L-22), and what was deleted must go.
MAX_AGE = timedelta(days=7)
ACCOUNT = Field("user_id", "Account id", "The number of your professional account, e.g. 17841400000000000")
MEDIA_IDS = Field("media_ids", "Media ids", "From Instagram's notifications of mentions, separated by commas")
HASHTAG = Field("hashtag", "Hashtag", "30 different ones in 7 days; Instagram shows the last 24 hours and no names")
OWN, TAGGED = partial(pull_edge, edge="media", mention=False), partial(pull_edge, edge="tags", mention=True)
NETWORK = Network(
    kind="instagram",
    label="Instagram",
    modes=(
        Mode("own", "Own posts", (ACCOUNT,), OWN, SourcePolicy.API_CACHED, MAX_AGE),
        Mode("tagged", "Posts that tag us", (ACCOUNT,), TAGGED, SourcePolicy.API_CACHED, MAX_AGE),
        Mode("mentions", "Posts that mention us", (ACCOUNT, MEDIA_IDS), pull_mentions, SourcePolicy.API_CACHED, MAX_AGE),
        Mode("hashtag", "Hashtag", (ACCOUNT, HASHTAG), pull_hashtag, SourcePolicy.EMBED_ONLY),
    ),
    oauth=graph.oauth(
        "instagram_basic", "instagram_manage_comments", "pages_show_list", "pages_read_engagement", "business_management"
    ),
    token_hint="A user access token of an app with instagram_basic; hashtags need Instagram Public Content Access.",
    knows_own_only=True,
    check=graph.check,
)
