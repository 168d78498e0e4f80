"""VK: posts that a search over public walls finds, and one wall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from ugc.kit.http.fetching import Answer
from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import LONGEST_WAIT, NetworkFailed, QuestionRefused, ask_json, body_of, option
from ugc.social.networks.base import (
    Ask,
    Field,
    MediaData,
    Mode,
    Network,
    PostData,
    Pulled,
    SourceGone,
    Throttled,
    TokenRefused,
)
from ugc.social.networks.paging import Page, size, token_at, walk
from ugc.social.networks.reading import (
    MOST_MEDIA,
    Missing,
    Record,
    code_at,
    count_at,
    cut,
    dicts,
    find,
    hashtags_of,
    kind_of,
    moment_at,
    need,
    need_text,
    read_posts,
    records_at,
    text_at,
    url_at,
)  # fmt: skip

BASE = "https://api.vk.com/method"
SITE = "https://vk.com"
VERSION = "5.199"
# https://dev.vk.com/reference/errors
TOKEN_CODES = {4, 5, 7, 17, 20, 27, 28, 1114, 1116, 1117}
WAITS = {6: timedelta(seconds=5), 9: timedelta(hours=1), 29: LONGEST_WAIT}
GONE_CODES = {15, 18, 19, 30, 113, 125, 203}
QUESTION_CODES = {3, 8, 100}
MOST_FOUND, MOST_ON_WALL = 200, 100


def ask_vk(ask: Ask, method: str, params: Mapping[str, str]) -> Any:
    """The answer of one method. Everything goes in the body: VK's other way is the token in the address (T-38)."""
    form = {**params, "access_token": ask.token, "v": VERSION}
    return ask_json(ask, f"{BASE}/{method}", form=form, refusal=refusal)


def refusal(answer: Answer) -> Exception | None:
    """What an error's code means; VK always says status 200."""
    error = find(body_of(answer), "error")
    if error is None:
        return None
    code = code_at(error, "error_code")
    if isinstance(code, int) and code in WAITS:
        return Throttled(WAITS[code])
    if code in TOKEN_CODES:
        return TokenRefused()
    if code in GONE_CODES:
        return SourceGone()
    return QuestionRefused(permanent=True) if code in QUESTION_CODES else NetworkFailed()


def read_post(record: Record, people: Mapping[int, CreatorData] | None = None, *, mention: bool = False) -> PostData | None:
    """A post or a comment that a search found; an advertisement is None. Raises Missing."""
    if find(record, "marked_as_ads") == 1 or find(record, "is_deleted") is True:
        return None
    owner, number, text = number_at(record, "owner_id"), number_at(record, "id"), cut(need_text(record, "text"))
    media, film = read_media(record), any(part.get("type") == "video" for part in dicts(find(record, "attachments")))
    parent = find(record, "post_id") if find(record, "post_type") == "reply" else None
    wall = f"{SITE}/wall{owner}_{parent if isinstance(parent, int) else number}"
    return PostData(
        external_id=f"{owner}_{number}", kind=Kind.VIDEO if film else kind_of(media), text=text,
        url=f"{wall}?reply={number}" if isinstance(parent, int) else wall, creator=read_creator(record, people or {}),
        published_at=moment_at(record, "date"), media=media, like_count=count_at(record, "likes.count"),
        comment_count=count_at(record, "comments.count"), hashtags=hashtags_of(text), is_mention=mention,
        parent_url=wall if isinstance(parent, int) else "",
    )  # fmt: skip


def number_at(record: Record, path: str) -> int:
    """A number that must be there, negative for communities; raises Missing."""
    value = need(record, path)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 10**18:
        raise Missing(path, "not a number")
    return value


def read_creator(record: Record, people: Mapping[int, CreatorData]) -> CreatorData | None:
    """Who posted it: the author, not the wall."""
    author = find(record, "from_id")
    return people.get(author) if isinstance(author, int) else None


def read_people(answer: Any) -> dict[int, CreatorData]:
    """The persons and communities that come with an answer, communities by their negative number."""
    people: dict[int, CreatorData] = {}
    for sign, path in ((1, "response.profiles"), (-1, "response.groups")):
        for one in dicts(find(answer, path)):
            number = one.get("id")
            name = text_at(one, "name") or f"{text_at(one, 'first_name')} {text_at(one, 'last_name')}".strip()
            if isinstance(number, int) and not isinstance(number, bool):
                handle = text_at(one, "screen_name") or f"{'id' if sign > 0 else 'club'}{number}"
                people[sign * number] = CreatorData(name or handle, handle, f"{SITE}/{quote(handle)}", "vk")
    return people


def read_media(record: Record) -> tuple[MediaData, ...]:
    """The pictures in their largest size; of a video its still, since the interface gives no file."""
    found: list[MediaData] = []
    for part in dicts(find(record, "attachments")):
        kind = text_at(part, "type")
        sizes = find(part, "photo.sizes") if kind == "photo" else find(part, "video.image")
        alt = text_at(part, "photo.text") or text_at(part, "video.title")
        if kind in {"photo", "video"} and (one := read_largest(sizes, alt)):
            found.append(one)
    return tuple(found[:MOST_MEDIA])


def read_largest(sizes: Any, alt: str) -> MediaData | None:
    """The largest of a picture's sizes."""
    named = [one for one in dicts(sizes) if url_at(one, "url")]
    if not named:
        return None
    best = max(named, key=lambda one: count_at(one, "width") * count_at(one, "height"))
    return MediaData(url_at(best, "url"), alt=alt, width=count_at(best, "width"), height=count_at(best, "height"))


def pull_search(ask: Ask) -> Pulled:
    """What a search over public walls finds, newest first."""
    return walk(ask, lambda page: read_found(ask, page))


def read_found(ask: Ask, page: str) -> Page:
    """One page of a search."""
    params = {"q": option(ask, "query"), "extended": "1", "count": size(ask, MOST_FOUND), **({"start_from": page} if page else {})}
    answer = ask_vk(ask, "newsfeed.search", params)
    posts, skipped = read_posts(records_at(answer, "response.items"), partial(read_post, people=read_people(answer), mention=True))
    return Page(posts, skipped, token_at(answer, "response.next_from"))


def pull_wall(ask: Ask) -> Pulled:
    """A wall's posts, newest first."""
    return walk(ask, lambda page: read_wall(ask, page))


def read_wall(ask: Ask, page: str) -> Page:
    """One page of a wall; its token is how many posts were read."""
    owner = option(ask, "owner")
    whose = {"owner_id": owner} if owner.removeprefix("-").isdecimal() else {"domain": owner.rstrip("/").rsplit("/", 1)[-1]}
    start = int(page) if page.isdecimal() else 0
    answer = ask_vk(ask, "wall.get", {**whose, "extended": "1", "count": size(ask, MOST_ON_WALL), "offset": str(start)})
    entries = records_at(answer, "response.items")
    posts, skipped = read_posts(entries, partial(read_post, people=read_people(answer)))
    after = start + len(entries)
    return Page(posts, skipped, str(after) if entries and after < count_at(answer, "response.count") else "")


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which posts still exist."""
    found: dict[str, bool] = {}
    for start in range(0, len(external_ids), MOST_ON_WALL):
        batch = external_ids[start : start + MOST_ON_WALL]
        answer = ask_vk(ask, "wall.getById", {"posts": ",".join(batch)})
        items = find(answer, "response.items") if isinstance(find(answer, "response"), dict) else find(answer, "response")
        there = {f"{one.get('owner_id')}_{one.get('id')}" for one in dicts(items)}
        found |= {one: one in there for one in batch if isinstance(items, list)}
    return found


QUERY = Field("query", "Words", "As in VK's search")
OWNER = Field("owner", "Wall", "A name as in the address, or a number; communities have a minus before it")
# No sign-in: an app's service token reads public walls, and VK ID's own way of exchanging codes (`device_id`) is no plain OAuth.
NETWORK = Network(
    kind="vk",
    label="VK",
    modes=(
        Mode("search", "Search", (QUERY,), pull_search, SourcePolicy.API_CACHED),
        Mode("wall", "Wall", (OWNER,), pull_wall, SourcePolicy.API_CACHED),
    ),
    token_hint="The service token of a VK app.",
    check=check,
)
