"""X: an account's own posts and the recent search (7 days)."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from ugc.kit.http.fetching import Answer
from ugc.library.models import SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import ask_json, bearer, body_of, known, option, segment
from ugc.social.networks.base import Ask, BadShape, Field, MediaData, Mode, Network, OAuth, PostData, Pulled, SourceGone
from ugc.social.networks.paging import Page, current, size, token_at, walk
from ugc.social.networks.reading import (
    MOST_MEDIA,
    Record,
    count_at,
    cut,
    dicts,
    find,
    hashtags_of,
    id_at,
    kind_of,
    moment,
    moment_at,
    need_text,
    read_posts,
    records_at,
    same_tag,
    text_at,
    url_at,
)  # fmt: skip

BASE = "https://api.x.com/2"
SITE = "https://x.com"
FIELDS = {
    "tweet.fields": "created_at,author_id,lang,public_metrics,entities,attachments,referenced_tweets,note_tweet,possibly_sensitive",
    "expansions": "author_id,attachments.media_keys",
    "user.fields": "username,name",
    "media.fields": "type,url,preview_image_url,alt_text,width,height,variants",
}
MOST_A_PAGE = 100
# The search knows 7 days and refuses to begin before them.
SEARCHED = timedelta(days=6, hours=12)
KINDS = {"photo": "picture", "video": "video", "animated_gif": "video"}


def read_post(record: Record, includes: Record | None = None, *, mention: bool = False) -> PostData | None:
    """A post with what stands beside it in `includes`; a repost is nobody's own words: None. Raises Missing."""
    if any(other.get("type") == "retweeted" for other in dicts(find(record, "referenced_tweets"))):
        return None
    external_id, text = id_at(record, "id"), read_text(record)
    creator, media = read_creator(record, includes), read_media(record, includes)
    handle = creator.handle if creator else "i"
    named = (same_tag(tag.get("tag")) for tag in dicts(find(record, "entities.hashtags")))
    return PostData(
        external_id=external_id, kind=kind_of(media), text=text, url=f"{SITE}/{quote(handle)}/status/{quote(external_id)}",
        creator=creator, published_at=moment_at(record, "created_at"), media=media, is_mention=mention,
        like_count=count_at(record, "public_metrics.like_count"), comment_count=count_at(record, "public_metrics.reply_count"),
        hashtags=tuple(dict.fromkeys([*hashtags_of(text), *filter(None, named)])), language=language_of(record),
        embed_url=f"https://platform.twitter.com/embed/Tweet.html?id={quote(external_id, safe='')}",
        extra={"sensitive": True} if find(record, "possibly_sensitive") is True else {},
    )  # fmt: skip


def read_text(record: Record) -> str:
    """The whole text; short addresses are written out, those of the post's own media are left out."""
    long = find(record, "note_tweet.text")
    text, entities = (long, "note_tweet.entities") if isinstance(long, str) else (need_text(record, "text"), "entities")
    for link in dicts(find(record, f"{entities}.urls"))[:50]:
        if short := text_at(link, "url"):
            text = text.replace(short, "" if link.get("media_key") else url_at(link, "expanded_url") or short)
    return cut(html.unescape(text))


def read_creator(record: Record, includes: Record | None) -> CreatorData | None:
    """Who posted it."""
    author = find(record, "author_id")
    for user in dicts(find(includes, "users")):
        if user.get("id") == author and (handle := text_at(user, "username")):
            return CreatorData(text_at(user, "name") or handle, handle, f"{SITE}/{quote(handle)}", "x")
    return None


def read_media(record: Record, includes: Record | None) -> tuple[MediaData, ...]:
    """The pictures and videos, in the post's order."""
    keys = find(record, "attachments.media_keys")
    beside = {text_at(one, "media_key"): one for one in dicts(find(includes, "media"))}
    named = [beside[key] for key in keys if isinstance(key, str) and key in beside] if isinstance(keys, list) else []
    return tuple(one for media in named if (one := read_one(media)))[:MOST_MEDIA]


def read_one(media: Record) -> MediaData | None:
    """One picture, or the largest file of a video."""
    kind, poster = KINDS.get(text_at(media, "type"), ""), url_at(media, "preview_image_url")
    films = [one for one in dicts(find(media, "variants")) if one.get("content_type") == "video/mp4" and url_at(one, "url")]
    url = url_at(max(films, key=lambda one: count_at(one, "bit_rate")), "url") if films else url_at(media, "url")
    if kind == "video" and not films:
        kind, url, poster = "picture", poster, ""
    if not kind or not url:
        return None
    return MediaData(url, kind, text_at(media, "alt_text"), poster, count_at(media, "width"), count_at(media, "height"))


def language_of(record: Record) -> str:
    """The language; X writes `und`, `qme` and the like where it knows none."""
    named = text_at(record, "lang")
    return named if len(named) == 2 else ""


def refusal(answer: Answer) -> Exception | None:
    """A 200 that names no post but a missing account means that it is gone."""
    body = body_of(answer) if answer.status == 200 else None
    problem = text_at(body, "errors.0.type")
    return (
        SourceGone()
        if find(body, "data") is None and problem.endswith(("/resource-not-found", "/not-authorized-for-resource"))
        else None
    )


def pull_own(ask: Ask) -> Pulled:
    """An account's posts without replies and reposts."""
    user_id = known(ask, "user_id") or find_user(ask)
    params = {**FIELDS, "exclude": "retweets,replies"}
    return walk(
        ask, lambda page: read_page(ask, f"users/{quote(user_id, safe='')}/tweets", params, page, kept={"user_id": user_id})
    )


def find_user(ask: Ask) -> str:
    """The id of an account by its name."""
    name = segment(ask, "username").removeprefix("%40")
    answer = ask_json(ask, f"{BASE}/users/by/username/{name}", headers=bearer(ask.token), refusal=refusal)
    if not (user_id := token_at(answer, "data.id")):
        raise BadShape("data.id")
    return user_id


def pull_search(ask: Ask) -> Pulled:
    """What a search found in the last 7 days, without reposts."""
    params = {**FIELDS, "query": f"({option(ask, 'query')}) -is:retweet"}
    return walk(
        ask, lambda page: read_page(ask, "tweets/search/recent", params, page, mention=True, page_name="next_token", least=10)
    )


def read_page(
    ask: Ask, path: str, params: Mapping[str, str], page: str, *, mention: bool = False, kept: Mapping[str, Any] | None = None,
    page_name: str = "pagination_token", least: int = 5,
) -> Page:  # fmt: skip
    """One page of posts; each that is read counts against what the app may read in a month."""
    since = since_id(ask, searching=mention)
    more = {**({page_name: page} if page else {}), **({"since_id": since} if since else {})}
    sent = {**params, **more, "max_results": size(ask, MOST_A_PAGE, least)}
    answer = ask_json(ask, f"{BASE}/{path}", sent, headers=bearer(ask.token), refusal=refusal)
    none = find(answer, "meta.result_count") == 0 and find(answer, "data") is None
    posts, skipped = read_posts(
        [] if none else records_at(answer, "data"), partial(read_post, includes=find(answer, "includes"), mention=mention)
    )
    return Page(posts, skipped, token_at(answer, "meta.next_token"), max(1, len(posts) + len(skipped)), kept or {})


def since_id(ask: Ask, *, searching: bool) -> str:
    """The newest post of the last whole walk, so that nothing is read, and paid for, twice."""
    going = current(ask)
    at = moment(going.get("until_at"))
    return "" if searching and (at is None or ask.now - at > SEARCHED) else going.get("until", "")


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which posts still exist."""
    found: dict[str, bool] = {}
    for start in range(0, len(external_ids), MOST_A_PAGE):
        batch = external_ids[start : start + MOST_A_PAGE]
        answer = ask_json(ask, f"{BASE}/tweets", {"ids": ",".join(batch)}, headers=bearer(ask.token))
        there = {text_at(one, "id") for one in dicts(find(answer, "data"))}
        gone = {text_at(error, "resource_id") for error in dicts(find(answer, "errors"))}
        found |= {one: one in there for one in batch if one in there or one in gone}
    return found


USERNAME = Field("username", "Account", "The name without @")
QUERY = Field("query", "Search", "As in X's search: words, #hashtags, @names, OR, -word")
# What was deleted must go within 24 hours of the request; so it is asked for every day.
MAX_AGE = timedelta(days=1)
NETWORK = Network(
    kind="x",
    label="X",
    modes=(
        Mode("own", "Posts of an account", (USERNAME,), pull_own, SourcePolicy.API_CACHED, MAX_AGE),
        Mode("search", "Search", (QUERY,), pull_search, SourcePolicy.API_CACHED, MAX_AGE),
    ),
    oauth=OAuth(
        authorize_url="https://x.com/i/oauth2/authorize",
        token_url=f"{BASE}/oauth2/token",
        scopes=("tweet.read", "users.read", "offline.access"),
        pkce=True,
        token_auth="basic",
    ),
    token_hint="The bearer token of an X app; reading is paid by the post.",
    check=check,
)
