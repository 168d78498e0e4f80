"""LinkedIn: the posts of an organisation that the person who gave access manages; it lets apps read nobody else's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import ask_json, bearer, option
from ugc.social.networks.base import Ask, BadShape, Field, MediaData, Mode, Network, OAuth, PostData, Pulled, SourceGone
from ugc.social.networks.paging import Page, size, walk
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
    moment_at,
    need_text,
    read_posts,
    records_at,
    text_at,
    url_at,
)  # fmt: skip

BASE = "https://api.linkedin.com/rest"
SITE = "https://www.linkedin.com"
# LinkedIn names a version by its month and keeps each for a year.
VERSION = "202609"
MOST_A_PAGE = 100
MENTION = re.compile(r"@\[((?:[^\]\\]|\\.)*)\]\([^()\s]*\)")
HASHTAG = re.compile(r"\{hashtag\|\\?#\|((?:[^}\\]|\\.)*)\}")
ESCAPED = re.compile(r"\\([|{}@\[\]()<>#\\*_~])")


def ask_linkedin(ask: Ask, path: str, params: Mapping[str, str] | None = None, method: str = "") -> Any:
    """The answer of one address."""
    headers = {"LinkedIn-Version": VERSION, "X-Restli-Protocol-Version": "2.0.0", **({"X-RestLi-Method": method} if method else {})}
    return ask_json(ask, f"{BASE}/{path}", params, headers={**headers, **bearer(ask.token)})


def read_post(record: Record, files: Record | None = None) -> PostData | None:
    """A published post; `files` are the addresses of pictures and videos by their ids. Raises Missing."""
    if text_at(record, "lifecycleState") not in {"", "PUBLISHED"} or text_at(record, "visibility") not in {"", "PUBLIC"}:
        return None
    external_id, text = id_at(record, "id"), read_text(need_text(record, "commentary"))
    media, page = read_media(record, files or {}), f"feed/update/{quote(external_id)}"
    article = url_at(record, "content.article.source")
    return PostData(
        external_id=external_id, kind=Kind.VIDEO if has_film(record) else kind_of(media), text=text, url=f"{SITE}/{page}/",
        title=text_at(record, "content.article.title"), creator=read_author(record), media=media, hashtags=hashtags_of(text),
        published_at=moment_at(record, "publishedAt") or moment_at(record, "createdAt"), embed_url=f"{SITE}/embed/{page}",
        extra={"link": article} if article else {},
    )  # fmt: skip


def read_text(markup: str) -> str:
    """LinkedIn's little markup as plain text: `@[Name](urn)`, `{hashtag|\\#|word}`, escapes."""
    words = HASHTAG.sub(r"#\1", MENTION.sub(r"\1", markup[:50_000]))
    return cut(ESCAPED.sub(r"\1", words))


def read_author(record: Record) -> CreatorData | None:
    """The organisation, by its number; the list does not name it."""
    number = text_at(record, "author").rsplit(":", 1)[-1]
    url = f"{SITE}/company/{quote(number)}" if ":organization:" in text_at(record, "author") else ""
    return CreatorData(number, number, url, "linkedin") if number else None


def parts_of(record: Record) -> list[dict[str, Any]]:
    """What is in the post: one medium, or several pictures in their order."""
    one = find(record, "content.media")
    return ([one] if isinstance(one, dict) else []) + dicts(find(record, "content.multiImage.images"))


def has_film(record: Record) -> bool:
    """Whether the post is a video."""
    return any(text_at(part, "id").startswith("urn:li:video:") for part in parts_of(record))


def read_media(record: Record, files: Record) -> tuple[MediaData, ...]:
    """The pictures and videos whose addresses are known."""
    found = [read_one(part, files.get(text_at(part, "id"))) for part in parts_of(record)]
    return tuple(one for one in found if one)[:MOST_MEDIA]


def read_one(part: Record, file: Any) -> MediaData | None:
    """One picture or video."""
    kind = "video" if text_at(part, "id").startswith("urn:li:video:") else "picture"
    url, alt = url_at(file, "downloadUrl"), text_at(part, "altText") or text_at(part, "title")
    return MediaData(url, kind, alt, url_at(file, "thumbnail")) if url else None


def pull_organisation(ask: Ask) -> Pulled:
    """The organisation's posts, newest first."""
    return walk(ask, lambda page: read_page(ask, page))


def read_page(ask: Ask, page: str) -> Page:
    """One page of posts; its token is how many were read."""
    start, count = int(page) if page.isdecimal() else 0, size(ask, MOST_A_PAGE)
    organisation = option(ask, "organisation").rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    params = {
        "author": f"urn:li:organization:{organisation}",
        "q": "author",
        "sortBy": "CREATED",
        "count": count,
        "start": str(start),
    }
    answer = ask_linkedin(ask, "posts", params, "FINDER")
    entries = records_at(answer, "elements")
    files, cost = find_files(ask, dicts(entries))
    posts, skipped = read_posts(entries, partial(read_post, files=files))
    more = any(link.get("rel") == "next" for link in dicts(find(answer, "paging.links")))
    after = start + len(entries)
    known = count_at(answer, "paging.total")
    return Page(posts, skipped, str(after) if entries and (more or after < known) else "", cost=1 + cost)


def find_files(ask: Ask, entries: Sequence[Record]) -> tuple[dict[str, Any], int]:
    """The addresses of all pictures and videos of a page, and how many questions that took."""
    names = [text_at(part, "id") for entry in entries for part in parts_of(entry)]
    files: dict[str, Any] = {}
    cost = 0
    for kind in ("image", "video"):
        wanted = list(dict.fromkeys(name for name in names if name.startswith(f"urn:li:{kind}:")))
        for start in range(0, len(wanted), MOST_A_PAGE):
            batch = ",".join(quote(name, safe="") for name in wanted[start : start + MOST_A_PAGE])
            results = find(ask_linkedin(ask, f"{kind}s?ids=List({batch})"), "results")
            files |= results if isinstance(results, dict) else {}
            cost += 1
    return files, cost


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which posts still exist."""
    return {one: exists(ask, one) for one in external_ids}


def exists(ask: Ask, external_id: str) -> bool:
    """Whether this post exists."""
    try:
        answer = ask_linkedin(ask, f"posts/{quote(external_id, safe='')}")
    except SourceGone:
        return False
    if not isinstance(find(answer, "id"), str):
        raise BadShape("id")
    return True


ORGANISATION = Field("organisation", "Organisation", "The number in the address of the page's admin view")
# LinkedIn lets what members did be kept for two days.
MAX_AGE = timedelta(days=2)
NETWORK = Network(
    kind="linkedin",
    label="LinkedIn",
    modes=(Mode("organisation", "Posts of our page", (ORGANISATION,), pull_organisation, SourcePolicy.API_CACHED, MAX_AGE),),
    oauth=OAuth(
        authorize_url=f"{SITE}/oauth/v2/authorization",
        token_url=f"{SITE}/oauth/v2/accessToken",
        scopes=("r_organization_social",),
    ),
    token_hint="An access token with r_organization_social, which LinkedIn grants to apps of its Community Management programme.",
    knows_own_only=True,
    check=check,
)
