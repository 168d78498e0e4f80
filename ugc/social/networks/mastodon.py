"""Mastodon and servers that speak its interface: a hashtag's public timeline, an account's posts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from ugc.kit.http.fetching import Answer
from ugc.library.models import SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import ask_answer, ask_json, bearer, known, option, site
from ugc.social.networks.base import Ask, BadShape, Field, MediaData, Mode, Network, PostData, Pulled, SourceGone, TokenRefused
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
    need_text,
    plain,
    read_posts,
    records_at,
    same_tag,
    text_at,
    url_at,
)  # fmt: skip

MOST_A_PAGE = 40
KINDS = {"image": "picture", "video": "video", "gifv": "video", "audio": "audio"}
EMBEDDABLE = re.compile(r"https?://[^/]+/@[\w.-]+/\d+")
LINK = re.compile(r'<([^<>]+)>\s*;\s*rel="?(\w+)"?')


def read_post(record: Record, *, host: str = "") -> PostData | None:
    """A post as its author wrote it for everybody: boosts and posts for followers are None. Raises Missing."""
    if find(record, "reblog") is not None or text_at(record, "visibility") in {"private", "direct"}:
        return None
    external_id, text = id_at(record, "id"), plain(need_text(record, "content"))
    media, url = read_media(record), url_at(record, "url") or url_at(record, "uri")
    tags = (same_tag(tag.get("name")) for tag in dicts(find(record, "tags")))
    return PostData(
        # The server's own id differs from server to server; the address of a post is the same everywhere.
        external_id=text_at(record, "uri") or f"{host}:{external_id}",
        kind=kind_of(media), title=text_at(record, "spoiler_text"), text=text,
        url=url, creator=read_creator(record, host), published_at=moment_at(record, "created_at"), media=media,
        like_count=count_at(record, "favourites_count"), comment_count=count_at(record, "replies_count"),
        hashtags=tuple(dict.fromkeys([*hashtags_of(text), *filter(None, tags)])), language=text_at(record, "language")[:2].lower(),
        embed_url=f"{url}/embed" if EMBEDDABLE.fullmatch(url) else "",
        extra={"sensitive": True} if find(record, "sensitive") is True else {},
    )  # fmt: skip


def read_media(record: Record) -> tuple[MediaData, ...]:
    """The pictures, videos and sounds."""
    return tuple(one for part in dicts(find(record, "media_attachments")) if (one := read_one(part)))[:MOST_MEDIA]


def read_one(part: Record) -> MediaData | None:
    """One attachment; of an unknown type nothing is known but its name."""
    kind, url = KINDS.get(text_at(part, "type"), ""), url_at(part, "url") or url_at(part, "remote_url")
    if not kind or not url:
        return None
    poster = url_at(part, "preview_url") if kind != "picture" else ""
    width, height = count_at(part, "meta.original.width"), count_at(part, "meta.original.height")
    return MediaData(url, kind, text_at(part, "description"), "" if poster == url else poster, width, height)


def read_creator(record: Record, host: str) -> CreatorData:
    """Who posted it, named with their server; raises Missing."""
    name = text_at(record, "account.acct")
    if not name:
        raise Missing("account.acct")
    handle = name if "@" in name or not host else f"{name}@{host}"
    return CreatorData(text_at(record, "account.display_name") or handle, handle, url_at(record, "account.url"), "mastodon")


def refusal(answer: Answer) -> Exception | None:
    """A server that shows its timelines to members alone says so with status 422, or 401."""
    return TokenRefused() if answer.status == 422 else None


def pull_hashtag(ask: Ask) -> Pulled:
    """A hashtag's posts, as far as the server knows them."""
    server, tag = site(ask, "server"), quote(option(ask, "hashtag").lstrip("#＃"), safe="")
    return pull_list(ask, f"{server}/api/v1/timelines/tag/{tag}", {}, {})


def pull_account(ask: Ask) -> Pulled:
    """An account's posts without replies and boosts."""
    server, account = site(ask, "server"), known(ask, "account_id") or find_account(ask)
    params = {"exclude_replies": "true", "exclude_reblogs": "true"}
    return pull_list(ask, f"{server}/api/v1/accounts/{quote(account, safe='')}/statuses", params, {"account_id": account})


def find_account(ask: Ask) -> str:
    """The server's id of an account by its name."""
    params = {"acct": option(ask, "account").lstrip("@")}
    answer = ask_json(ask, f"{site(ask, 'server')}/api/v1/accounts/lookup", params, headers=bearer(ask.token))
    if not (account := token_at(answer, "id")):
        raise BadShape("id")
    return account


def pull_list(ask: Ask, url: str, params: Mapping[str, str], kept: Mapping[str, Any]) -> Pulled:
    """First back through the newest posts, from then on forward from the last that was seen, so that none is missed."""
    if seen := known(ask, "min_id"):
        return pull_forward(ask, url, params, seen, kept)
    newest: list[str] = [known(ask, "newest")] if known(ask, "newest") else []
    pulled = walk(ask, lambda page: read_page(ask, url, params, page, kept, newest))
    if not newest:
        return replace(pulled, cursor=kept)
    if pulled.more:
        return replace(pulled, cursor={**pulled.cursor, "newest": newest[0]})
    return replace(pulled, cursor={**kept, "min_id": newest[0]})


def read_page(ask: Ask, url: str, params: Mapping[str, str], page: str, kept: Mapping[str, Any], newest: list[str]) -> Page:
    """One page backwards."""
    answer, entries = ask_list(ask, url, {**params, **({"max_id": page} if page else {})})
    newest += ids_of(entries)[:1]
    posts, skipped = read_posts(entries, partial(read_post, host=urlsplit(url).netloc))
    return Page(posts, skipped, linked(answer, "next", "max_id"), kept=kept)


def pull_forward(ask: Ask, url: str, params: Mapping[str, str], seen: str, kept: Mapping[str, Any]) -> Pulled:
    """The page that directly follows what was seen."""
    answer, entries = ask_list(ask, url, {**params, "min_id": seen})
    posts, skipped = read_posts(entries, partial(read_post, host=urlsplit(url).netloc))
    ids = ids_of(entries)
    more = bool(ids) and bool(linked(answer, "prev", "min_id"))
    return Pulled(posts, skipped, {**kept, "min_id": ids[0] if ids else seen}, more)


def ask_list(ask: Ask, url: str, params: Mapping[str, str]) -> tuple[Answer, list[Any]]:
    """One question and the posts in its answer."""
    answer = ask_answer(ask, url, {**params, "limit": size(ask, MOST_A_PAGE)}, headers=bearer(ask.token), refusal=refusal)
    return answer, records_at(answer.json(), "")


def ids_of(entries: list[Any]) -> list[str]:
    """The server's own ids, newest first."""
    return [name for entry in entries if (name := token_at(entry, "id"))]


def linked(answer: Answer, rel: str, name: str) -> str:
    """A parameter of the address that the Link header names; the address itself is not followed, being the server's word."""
    for address, relation in LINK.findall(answer.headers.get("link", "")[:4_000]):
        if relation == rel:
            return str((parse_qs(urlsplit(address).query).get(name) or [""])[0])
    return ""


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which posts of this server still exist; those of other servers are left out."""
    server, found = site(ask, "server"), {}
    for name in external_ids:
        number = name.rstrip("/").rsplit("/", 1)[-1]
        if name.startswith(f"{server}/") and number.isdecimal():
            found[name] = exists(ask, f"{server}/api/v1/statuses/{number}")
    return found


def exists(ask: Ask, url: str) -> bool:
    """Whether this post exists."""
    try:
        answer = ask_json(ask, url, headers=bearer(ask.token))
    except SourceGone:
        return False
    if not isinstance(find(answer, "id"), str):
        raise BadShape("id")
    return True


SERVER = Field("server", "Server", "e.g. mastodon.social; it shows what it knows of")
HASHTAG = Field("hashtag", "Hashtag")
ACCOUNT = Field("account", "Account", "name, or name@server")
NETWORK = Network(
    kind="mastodon",
    label="Mastodon",
    modes=(
        Mode("hashtag", "Hashtag", (SERVER, HASHTAG), pull_hashtag, SourcePolicy.API_CACHED),
        Mode("account", "Account", (SERVER, ACCOUNT), pull_account, SourcePolicy.API_CACHED),
    ),
    token_hint="Only for servers that show their timelines to members alone: an app's access token with read:statuses.",
    check=check,
)
