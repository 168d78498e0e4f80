"""TikTok: the videos of the account that gave access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ugc.kit.http.fetching import Answer
from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import USUAL_WAIT, NetworkFailed, ask_json, bearer, body_of
from ugc.social.networks.base import Ask, BadShape, MediaData, Mode, Network, OAuth, PostData, Pulled, Throttled, TokenRefused
from ugc.social.networks.paging import Page, size, token_at, walk
from ugc.social.networks.reading import (
    Record,
    count_at,
    dicts,
    find,
    hashtags_of,
    id_at,
    moment_at,
    read_posts,
    records_at,
    text_at,
    url_at,
)  # fmt: skip

BASE = "https://open.tiktokapis.com/v2"
FIELDS = "id,title,video_description,create_time,cover_image_url,share_url,width,height,like_count,comment_count,view_count"
MOST_A_PAGE = 20
TOKEN_CODES = {"access_token_invalid", "scope_not_authorized", "scope_permission_missed", "token_not_authorized_for_this_endpoint"}


def ask_tiktok(ask: Ask, path: str, fields: str, json: Mapping[str, Any]) -> Any:
    """The answer of one address."""
    return ask_json(ask, f"{BASE}/{path}", {"fields": fields}, headers=bearer(ask.token), json=json, refusal=refusal)


def refusal(answer: Answer) -> Exception | None:
    """What TikTok's code means, which stands in the body whatever the status."""
    code = text_at(body_of(answer), "error.code")
    if code in TOKEN_CODES:
        return TokenRefused()
    if code == "rate_limit_exceeded" and answer.status == 200:
        return Throttled(USUAL_WAIT)
    return NetworkFailed() if code not in {"", "ok"} and answer.status == 200 else None


def read_post(record: Record) -> PostData:
    """A video; raises Missing. The interface gives a still, whose address lives six hours, and never the video itself."""
    external_id, text = id_at(record, "id"), text_at(record, "video_description")
    url = url_at(record, "share_url").split("?")[0]
    cover = url_at(record, "cover_image_url")
    return PostData(
        external_id=external_id, kind=Kind.VIDEO, title=text_at(record, "title"), text=text, url=url, creator=read_creator(url),
        published_at=moment_at(record, "create_time"), media=(MediaData(cover),) if cover else (),
        like_count=count_at(record, "like_count"), comment_count=count_at(record, "comment_count"), hashtags=hashtags_of(text),
        embed_url=f"https://www.tiktok.com/embed/v2/{quote(external_id, safe='')}",
        extra={"views": count_at(record, "view_count")} if find(record, "view_count") is not None else {},
    )  # fmt: skip


def read_creator(url: str) -> CreatorData | None:
    """Who posted it, by the address: the list itself does not say."""
    parts = url.split("/")
    name = parts[3][1:] if len(parts) > 3 and parts[3].startswith("@") else ""
    return CreatorData(name, name, f"https://www.tiktok.com/@{quote(name)}", "tiktok") if name else None


def pull_own(ask: Ask) -> Pulled:
    """The account's videos, newest first."""
    return walk(ask, lambda page: read_page(ask, page))


def read_page(ask: Ask, page: str) -> Page:
    """One page of videos."""
    json = {"max_count": int(size(ask, MOST_A_PAGE)), **({"cursor": int(page)} if page.isdecimal() else {})}
    answer = ask_tiktok(ask, "video/list/", FIELDS, json)
    posts, skipped = read_posts(records_at(answer, "data.videos"), read_post)
    return Page(posts, skipped, token_at(answer, "data.cursor") if find(answer, "data.has_more") is True else "")


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which of the account's videos still exist."""
    found: dict[str, bool] = {}
    for start in range(0, len(external_ids), MOST_A_PAGE):
        batch = list(external_ids[start : start + MOST_A_PAGE])
        answer = ask_tiktok(ask, "video/query/", "id", {"filters": {"video_ids": batch}})
        if not isinstance(find(answer, "data.videos"), list):
            raise BadShape("data.videos")
        there = {text_at(video, "id") for video in dicts(find(answer, "data.videos"))}
        found |= {name: name in there for name in batch}
    return found


NETWORK = Network(
    kind="tiktok",
    label="TikTok",
    modes=(Mode("own", "Own videos", (), pull_own, SourcePolicy.EMBED_ONLY),),
    oauth=OAuth(
        authorize_url="https://www.tiktok.com/v2/auth/authorize/", token_url=f"{BASE}/oauth/token/",
        scopes=("user.info.basic", "video.list"), scope_separator=",", client_id_name="client_key",
    ),
    token_hint="An access token of a TikTok app with video.list; it lives a day, so connect by the button.",
    knows_own_only=True,
    check=check,
)  # fmt: skip
