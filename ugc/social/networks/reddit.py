"""Reddit: a subreddit's new posts and the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from ugc.kit.http.fetching import Answer
from ugc.library.models import SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import ask_json, bearer, body_of, option, segment
from ugc.social.networks.base import Ask, Field, MediaData, Mode, Network, OAuth, PostData, Pulled, SourceGone
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
    need,
    read_posts,
    records_at,
    text_at,
    url_at,
)  # fmt: skip

OPEN, SIGNED_IN, SITE = "https://www.reddit.com", "https://oauth.reddit.com", "https://www.reddit.com"
# Reddit refuses clients without a name of their own, in this form: platform:application:version (by /u/name).
AGENT = "web:ugc:1"
MOST_A_PAGE = 100
PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
GONE_REASONS = {"private", "banned", "quarantined", "gold_only"}


def read_post(record: Record, *, mention: bool = False) -> PostData | None:
    """A post; None where it was removed or is an advertisement. Raises Missing."""
    if not isinstance(find(record, "data"), Mapping):
        raise Missing("data")
    data = record["data"]
    if find(data, "removed_by_category") or find(data, "promoted") is True:
        return None
    title, text, path, media = str(need(data, "title")), text_at(data, "selftext"), permalink(data), read_media(data)
    return PostData(
        external_id=id_at(data, "name"), kind=kind_of(media), title=text_at(data, "title"),
        text="" if text in {"[removed]", "[deleted]"} else text,
        url=f"{SITE}{path}", creator=read_creator(data), published_at=moment_at(data, "created_utc"), media=media,
        like_count=count_at(data, "score"), comment_count=count_at(data, "num_comments"), hashtags=hashtags_of(title, text),
        embed_url=f"https://embed.reddit.com{path}", is_mention=mention, extra=read_extra(data),
    )  # fmt: skip


def permalink(data: Record) -> str:
    """The post's path on Reddit, made of safe letters; raises Missing."""
    path = str(need(data, "permalink"))
    if not path.startswith("/r/") and not path.startswith("/user/"):
        raise Missing("permalink", "not a path")
    return quote(path, safe="/%")


def read_creator(data: Record) -> CreatorData | None:
    """Who posted it, unless they deleted their account."""
    name = text_at(data, "author")
    return CreatorData(name, name, f"{SITE}/user/{quote(name)}", "reddit") if name and name != "[deleted]" else None


def read_extra(data: Record) -> dict[str, Any]:
    """The community, and whether it is for adults."""
    place = text_at(data, "subreddit")
    return {**({"subreddit": place} if place else {}), **({"sensitive": True} if find(data, "over_18") is True else {})}


def read_media(data: Record) -> tuple[MediaData, ...]:
    """A gallery in its order, a video, or a picture; the preview of a page that was linked to is not the author's."""
    if gallery := dicts(find(data, "gallery_data.items")):
        return tuple(one for item in gallery if (one := read_gallery_picture(data, item)))[:MOST_MEDIA]
    preview, linked = url_at(data, "preview.images.0.source.url"), url_at(data, "url_overridden_by_dest")
    for path in ("secure_media.reddit_video", "media.reddit_video"):
        if film := url_at(data, f"{path}.fallback_url"):
            return (MediaData(film, "video", "", preview, count_at(data, f"{path}.width"), count_at(data, f"{path}.height")),)
    if linked.split("?")[0].lower().endswith(PICTURES):
        width, height = count_at(data, "preview.images.0.source.width"), count_at(data, "preview.images.0.source.height")
        return (MediaData(linked, width=width, height=height),)
    return ()


def read_gallery_picture(data: Record, item: Record) -> MediaData | None:
    """One picture of a gallery."""
    metadata = find(data, "media_metadata")
    picture = metadata.get(item.get("media_id")) if isinstance(metadata, dict) and isinstance(item.get("media_id"), str) else None
    for name, kind in (("u", "picture"), ("mp4", "video"), ("gif", "picture")):
        if url := url_at(picture, f"s.{name}"):
            return MediaData(url, kind, text_at(item, "caption"), "", count_at(picture, "s.x"), count_at(picture, "s.y"))
    return None


def refusal(answer: Answer) -> Exception | None:
    """A private or banned subreddit comes with status 403 or 404, one that never was with a redirect to the search."""
    if answer.status == 302 or (answer.status in {403, 404} and text_at(body_of(answer), "reason") in GONE_REASONS):
        return SourceGone()
    return None


def pull_subreddit(ask: Ask) -> Pulled:
    """A subreddit's posts, newest first."""
    path = f"r/{segment(ask, 'subreddit').removeprefix('r%2F')}/new.json"
    return walk(ask, lambda page: read_page(ask, path, {}, page, mention=False))


def pull_search(ask: Ask) -> Pulled:
    """What a search finds, newest first, everywhere or in one subreddit."""
    params = {"q": option(ask, "query"), "sort": "new", "type": "link"}
    if not ask.options.get("subreddit", "").strip():
        return walk(ask, lambda page: read_page(ask, "search.json", params, page, mention=True))
    path = f"r/{segment(ask, 'subreddit').removeprefix('r%2F')}/search.json"
    return walk(ask, lambda page: read_page(ask, path, {**params, "restrict_sr": "1"}, page, mention=True))


def read_page(ask: Ask, path: str, params: Mapping[str, str], page: str, *, mention: bool) -> Page:
    """One page of a listing."""
    sent = {**params, "raw_json": "1", "limit": size(ask, MOST_A_PAGE), **({"after": page} if page else {})}
    answer = ask_reddit(ask, path, sent)
    posts, skipped = read_posts(records_at(answer, "data.children"), partial(read_post, mention=mention))
    return Page(posts, skipped, token_at(answer, "data.after"))


def ask_reddit(ask: Ask, path: str, params: Mapping[str, str]) -> Any:
    """The answer of one address; with access by the interface for apps, without by the open one, which allows far less."""
    base = SIGNED_IN if ask.token else OPEN
    return ask_json(ask, f"{base}/{path}", params, headers={"User-Agent": agent(ask), **bearer(ask.token)}, refusal=refusal)


def agent(ask: Ask) -> str:
    """Who asks: by name where the source says whose app it is."""
    name = "".join(one for one in ask.options.get("username", "") if one.isascii() and (one.isalnum() or one in "_-"))
    return f"{AGENT} (by /u/{name})" if name else AGENT


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which posts still exist and were not removed."""
    found: dict[str, bool] = {}
    for start in range(0, len(external_ids), MOST_A_PAGE):
        batch = external_ids[start : start + MOST_A_PAGE]
        children = dicts(records_at(ask_reddit(ask, "api/info.json", {"id": ",".join(batch), "raw_json": "1"}), "data.children"))
        there = {text_at(one, "data.name") for one in children if not find(one, "data.removed_by_category")}
        found |= {one: one in there for one in batch}
    return found


SUBREDDIT = Field("subreddit", "Subreddit", "The name after r/")
QUERY = Field("query", "Words", "As in Reddit's search")
INSIDE = Field("subreddit", "Only in the subreddit", required=False)
NAME = Field("username", "Your name on Reddit", "Reddit asks whose app it is", required=False)
# What people delete must go within 48 hours.
MAX_AGE = timedelta(days=2)
NETWORK = Network(
    kind="reddit",
    label="Reddit",
    modes=(
        Mode("subreddit", "Subreddit", (SUBREDDIT, NAME), pull_subreddit, SourcePolicy.API_CACHED, MAX_AGE),
        Mode("search", "Search", (QUERY, INSIDE, NAME), pull_search, SourcePolicy.API_CACHED, MAX_AGE),
    ),
    oauth=OAuth(
        authorize_url=f"{SITE}/api/v1/authorize",
        token_url=f"{SITE}/api/v1/access_token",
        scopes=("read",),
        token_auth="basic",
        extra={"duration": "permanent"},
    ),
    token_hint="An access token of a Reddit app with read; without one Reddit answers rarely.",
    check=check,
)
