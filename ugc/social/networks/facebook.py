"""Facebook: a page's own posts and the posts that tag it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from urllib.parse import quote, urlencode, urljoin

from ugc.library.models import SourcePolicy
from ugc.library.rules import CreatorData, clean_url
from ugc.social.networks import graph
from ugc.social.networks.asking import segment
from ugc.social.networks.base import Ask, Field, MediaData, Mode, Network, PostData, Pulled
from ugc.social.networks.paging import Page, size, token_at, walk
from ugc.social.networks.reading import (
    MOST_MEDIA,
    Record,
    count_at,
    dicts,
    find,
    hashtags_of,
    id_at,
    kind_of,
    moment_at,
    read_posts,
    records_at,
    text_at,
    url_at,
)  # fmt: skip

MEDIA = "media_type,media{image{src,height,width},source},description"
FIELDS = (
    f"id,message,created_time,permalink_url,from{{id,name}},attachments{{{MEDIA},subattachments.limit(30){{{MEDIA}}}}},"
    "likes.limit(0).summary(true),comments.limit(0).summary(true)"
)
MOST_A_PAGE = 100
SITE = "https://www.facebook.com/"


def read_post(record: Record, *, mention: bool = False) -> PostData:
    """A post; raises Missing."""
    message, media = text_at(record, "message"), read_media(record)
    url = clean_url(urljoin(SITE, text_at(record, "permalink_url"))) if text_at(record, "permalink_url") else ""
    return PostData(
        external_id=id_at(record, "id"), kind=kind_of(media), text=message, url=url, creator=read_creator(record),
        published_at=moment_at(record, "created_time"), media=media, like_count=count_at(record, "likes.summary.total_count"),
        comment_count=count_at(record, "comments.summary.total_count"), hashtags=hashtags_of(message), embed_url=embed_of(url),
        is_mention=mention,
    )  # fmt: skip


def read_media(record: Record) -> tuple[MediaData, ...]:
    """The pictures and videos that were posted; the picture of a page that was only linked to is not the author's."""
    found: list[MediaData] = []
    for attachment in dicts(find(record, "attachments.data")):
        parts = dicts(find(attachment, "subattachments.data")) or [attachment]
        found += [one for part in parts if (one := read_one(part))]
    return tuple(found[:MOST_MEDIA])


def read_one(part: Record) -> MediaData | None:
    """One picture or video of a post."""
    kind, image = text_at(part, "media_type"), url_at(part, "media.image.src")
    width, height = count_at(part, "media.image.width"), count_at(part, "media.image.height")
    if kind == "video" and (source := url_at(part, "media.source")):
        return MediaData(source, "video", poster_url=image)
    if kind in {"photo", "album", "video"} and image:
        return MediaData(image, alt=text_at(part, "description"), width=width, height=height)
    return None


def read_creator(record: Record) -> CreatorData | None:
    """Who posted it; Facebook leaves people out who did not allow the app to see them."""
    name, handle = text_at(record, "from.name"), text_at(record, "from.id")
    return CreatorData(name or handle, handle, f"{SITE}{quote(handle)}" if handle else "", "facebook") if name or handle else None


def embed_of(url: str) -> str:
    """Facebook's embed page of a post."""
    return f"{SITE}plugins/post.php?{urlencode({'href': url})}" if url.startswith(SITE) else ""


def pull_edge(ask: Ask, *, edge: str, mention: bool) -> Pulled:
    """The page's own posts (`published_posts`) or those that tag it (`tagged`)."""
    return walk(ask, lambda page: read_page(ask, edge, page, mention))


def read_page(ask: Ask, edge: str, page: str, mention: bool) -> Page:
    """One page of posts."""
    params = {"fields": FIELDS, "limit": size(ask, MOST_A_PAGE), **({"after": page} if page else {})}
    answer = graph.ask_graph(ask, f"{segment(ask, 'page_id')}/{edge}", params)
    posts, skipped = read_posts(records_at(answer, "data"), partial(read_post, mention=mention))
    return Page(posts, skipped, token_at(answer, "paging.cursors.after") if find(answer, "paging.next") else "")


PAGE = Field("page_id", "Page id", "The number or the name in the page's address")
OWN, TAGGED = partial(pull_edge, edge="published_posts", mention=False), partial(pull_edge, edge="tagged", mention=True)
MAX_AGE = timedelta(days=7)
NETWORK = Network(
    kind="facebook",
    label="Facebook",
    modes=(
        Mode("own", "Posts of our page", (PAGE,), OWN, SourcePolicy.API_CACHED, MAX_AGE),
        Mode("tagged", "Posts that tag our page", (PAGE,), TAGGED, SourcePolicy.API_CACHED, MAX_AGE),
    ),
    oauth=graph.oauth("pages_show_list", "pages_read_engagement", "pages_read_user_content"),
    token_hint="A page access token with pages_read_engagement and pages_read_user_content.",
    knows_own_only=True,
    check=graph.check,
)
