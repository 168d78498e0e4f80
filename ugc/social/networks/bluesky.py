"""Bluesky: an author's posts, and the search, for which it asks for an app password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from ugc.kit.http.fetching import Answer
from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import ask_json, bearer, body_of, option, site
from ugc.social.networks.base import Ask, BadShape, Field, MediaData, Mode, Network, PostData, Pulled, SourceGone, TokenRefused
from ugc.social.networks.paging import Page, size, token_at, walk
from ugc.social.networks.reading import (
    MOST_MEDIA,
    Missing,
    Record,
    count_at,
    cut,
    dicts,
    find,
    hashtags_of,
    id_at,
    kind_of,
    moment_at,
    need_text,
    read_posts,
    records_at,
    same_tag,
    text_at,
    url_at,
)  # fmt: skip

PUBLIC = "https://public.api.bsky.app"
HOME = "https://bsky.social"
SITE = "https://bsky.app"
MOST_A_PAGE = 100
MOST_IDS = 25
TOKEN_ERRORS = {"AuthenticationRequired", "AuthMissing", "ExpiredToken", "InvalidToken"}
GONE_ERRORS = {"AccountDeactivated", "AccountTakedown", "BlockedActor", "BlockedByActor"}
# Whoever sets this label asks apps not to show them to people who are not signed in.
SIGNED_IN_ONLY = "!no-unauthenticated"


def read_post(record: Record, *, mention: bool = False) -> PostData | None:
    """A post view; None for an author who asks not to be shown outside. Raises Missing."""
    external_id, text = id_at(record, "uri"), cut(need_text(record, "record.text"))
    creator = read_creator(record)
    if SIGNED_IN_ONLY in {text_at(label, "val") for label in dicts(find(record, "author.labels"))}:
        return None
    key, did = external_id.rsplit("/", 1)[-1], text_at(record, "author.did")
    media, film = read_media(record), "app.bsky.embed.video#view" in embed_types(record)
    return PostData(
        external_id=external_id, kind=Kind.VIDEO if film else kind_of(media), text=text, creator=creator, media=media,
        url=f"{SITE}/profile/{quote(creator.handle)}/post/{quote(key)}", hashtags=read_hashtags(record, text),
        published_at=moment_at(record, "record.createdAt") or moment_at(record, "indexedAt"),
        language=text_at(record, "record.langs.0")[:2].lower(),
        like_count=count_at(record, "likeCount"), comment_count=count_at(record, "replyCount"), is_mention=mention,
        embed_url=f"https://embed.bsky.app/embed/{quote(did)}/app.bsky.feed.post/{quote(key)}" if did else "",
        parent_url=url_of(text_at(record, "record.reply.parent.uri")), extra=read_labels(record),
    )  # fmt: skip


def read_feed_item(record: Record) -> PostData | None:
    """An entry of an author's feed; a repost is somebody else's post."""
    if find(record, "reason") is not None:
        return None
    if not isinstance(find(record, "post"), Mapping):
        raise Missing("post")
    return read_post(record["post"])


def read_creator(record: Record) -> CreatorData:
    """Who posted it; raises Missing."""
    handle = text_at(record, "author.handle")
    if not handle:
        raise Missing("author.handle")
    return CreatorData(text_at(record, "author.displayName") or handle, handle, f"{SITE}/profile/{quote(handle)}", "bluesky")


def embeds(record: Record) -> list[Any]:
    """What is embedded: one thing, or a quotation with one."""
    return [part for part in (find(record, "embed"), find(record, "embed.media")) if isinstance(part, dict)]


def embed_types(record: Record) -> set[str]:
    """What kinds of things are embedded."""
    return {text_at(part, "$type") for part in embeds(record)}


def read_media(record: Record) -> tuple[MediaData, ...]:
    """The pictures; of a video its still, since the film itself comes in pieces by a playlist, which is never opened."""
    found: list[MediaData] = []
    for part in embeds(record):
        found += [read_picture(image, "fullsize") for image in dicts(find(part, "images"))]
        if text_at(part, "$type") == "app.bsky.embed.video#view":
            found.append(read_picture(part, "thumbnail"))
    return tuple(one for one in found if one.url)[:MOST_MEDIA]


def read_picture(image: Record, name: str) -> MediaData:
    """One picture with its alternative text."""
    width, height = count_at(image, "aspectRatio.width"), count_at(image, "aspectRatio.height")
    return MediaData(url_at(image, name), alt=text_at(image, "alt"), width=width, height=height)


def read_hashtags(record: Record, text: str) -> tuple[str, ...]:
    """The hashtags in the text, in its marks, and beside it."""
    marks = [mark for facet in dicts(find(record, "record.facets")) for mark in dicts(find(facet, "features"))]
    tags = find(record, "record.tags")
    named = [mark.get("tag") for mark in marks] + (tags if isinstance(tags, list) else [])
    return tuple(dict.fromkeys([*hashtags_of(text), *filter(None, map(same_tag, named))]))[:60]


def read_labels(record: Record) -> dict[str, Any]:
    """What moderation services said of the post."""
    labels = [value for label in dicts(find(record, "labels")) if (value := text_at(label, "val"))]
    return {"labels": labels[:20]} if labels else {}


def url_of(uri: str) -> str:
    """The page of a post by its at:// address."""
    parts = uri.split("/")
    return f"{SITE}/profile/{quote(parts[2])}/post/{quote(parts[4])}" if len(parts) == 5 and parts[0] == "at:" else ""


def refusal(answer: Answer) -> Exception | None:
    """What an error's name means; Bluesky says most of them with status 400."""
    body = body_of(answer) if answer.status in {400, 401} else None
    if text_at(body, "error") in TOKEN_ERRORS:
        return TokenRefused()
    gone = text_at(body, "error") in GONE_ERRORS or text_at(body, "message") == "Profile not found"
    return SourceGone() if gone else None


def pull_author(ask: Ask) -> Pulled:
    """An author's posts without replies."""
    params = {"actor": option(ask, "actor").lstrip("@"), "filter": "posts_no_replies"}
    return walk(ask, lambda page: read_page(ask, PUBLIC, {}, "app.bsky.feed.getAuthorFeed", params, page))


def pull_search(ask: Ask) -> Pulled:
    """What a search finds, newest first."""
    params = {"q": option(ask, "query"), "sort": "latest"}
    server, headers = sign_in(ask)
    return walk(ask, lambda page: read_page(ask, server, headers, "app.bsky.feed.searchPosts", params, page))


def sign_in(ask: Ask) -> tuple[str, dict[str, str]]:
    """The server to ask and its session. A session lives in memory only: a cursor is no place for a secret (T-38)."""
    if not ask.token:
        return PUBLIC, {}
    server = site(ask, "server") if ask.options.get("server") else HOME
    json = {"identifier": option(ask, "identifier").lstrip("@"), "password": ask.token}
    session = ask_json(ask, f"{server}/xrpc/com.atproto.server.createSession", json=json)
    if not (token := text_at(session, "accessJwt")):
        raise BadShape("accessJwt")
    return server, bearer(token)


def read_page(ask: Ask, server: str, headers: Mapping[str, str], method: str, params: Mapping[str, str], page: str) -> Page:
    """One page of a feed or a search."""
    sent = {**params, "limit": size(ask, MOST_A_PAGE), **({"cursor": page} if page else {})}
    answer = ask_json(ask, f"{server}/xrpc/{method}", sent, headers=headers, refusal=refusal)
    feed = method.endswith("getAuthorFeed")
    read = read_feed_item if feed else partial(read_post, mention=True)
    posts, skipped = read_posts(records_at(answer, "feed" if feed else "posts"), read)
    return Page(posts, skipped, token_at(answer, "cursor"))


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which posts still exist, 25 a question."""
    found: dict[str, bool] = {}
    for start in range(0, len(external_ids), MOST_IDS):
        batch = external_ids[start : start + MOST_IDS]
        query = "&".join(f"uris={quote(uri, safe='')}" for uri in batch)
        posts = dicts(records_at(ask_json(ask, f"{PUBLIC}/xrpc/app.bsky.feed.getPosts?{query}"), "posts"))
        there = {text_at(post, "uri") for post in posts}
        found |= {uri: uri in there for uri in batch}
    return found


ACTOR = Field("actor", "Account", "e.g. name.bsky.social")
QUERY = Field("query", "Words", "As in Bluesky's search: words, #hashtags, from:name, lang:en")
IDENTIFIER = Field(
    "identifier", "Your account", "Whose app password the token is; without one Bluesky refuses most searches", required=False
)
SERVER = Field("server", "Its server", "Only where it is not bsky.social", required=False)
NETWORK = Network(
    kind="bluesky",
    label="Bluesky",
    modes=(
        Mode("author", "Account", (ACTOR,), pull_author, SourcePolicy.API_CACHED),
        Mode("search", "Search", (QUERY, IDENTIFIER, SERVER), pull_search, SourcePolicy.API_CACHED),
    ),
    token_hint="For the search: an app password, from Settings, Privacy and security, App passwords.",
    check=check,
)
