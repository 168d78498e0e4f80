"""Pinterest: the pins of a board, or of the account that gave access. Answers of version 1 are read too, as archives hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData
from ugc.social.networks.asking import ask_json, bearer, segment
from ugc.social.networks.base import Ask, BadShape, Field, MediaData, Mode, Network, OAuth, PostData, Pulled, SourceGone
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
    read_posts,
    records_at,
    text_at,
    url_at,
)  # fmt: skip

BASE = "https://api.pinterest.com/v5"
SITE = "https://www.pinterest.com"
MOST_A_PAGE = 100


def read_pin(record: Record) -> PostData:
    """A pin of version 5; raises Missing. `note` is private and not read."""
    external_id, text, title = id_at(record, "id"), text_at(record, "description"), text_at(record, "title")
    if not isinstance(find(record, "media"), Mapping):
        raise Missing("media")
    media = read_media(record)
    film = text_at(record, "media.media_type") in {"video", "multiple_videos"}
    link = url_at(record, "link")
    return PostData(
        external_id=external_id, kind=Kind.VIDEO if film else kind_of(media), title=title, text=text, url=pin_url(external_id),
        creator=read_owner(text_at(record, "board_owner.username")), published_at=moment_at(record, "created_at"), media=media,
        hashtags=hashtags_of(text), embed_url=embed_of(external_id), extra={"link": link} if link else {},
    )  # fmt: skip


def read_media(record: Record) -> tuple[MediaData, ...]:
    """The pictures, those of a carousel in its order; of a video its cover."""
    alt = text_at(record, "alt_text")
    parts = dicts(find(record, "media.items")) or [find(record, "media")]
    return tuple(one for part in parts if (one := read_picture(part, alt)))[:MOST_MEDIA]


def read_picture(part: Any, alt: str) -> MediaData | None:
    """The widest of a picture's sizes."""
    sizes = (
        [one for one in (find(part, "images") or {}).values() if url_at(one, "url")]
        if isinstance(find(part, "images"), dict)
        else []
    )
    if sizes:
        best = max(sizes, key=lambda one: count_at(one, "width"))
        own = text_at(part, "description") or text_at(part, "title") or alt
        return MediaData(url_at(best, "url"), alt=own, width=count_at(best, "width"), height=count_at(best, "height"))
    cover = url_at(part, "cover_image_url")
    return MediaData(cover, alt=alt) if cover else None


def read_pin_v1(record: Record) -> PostData:
    """A pin of version 1, which ended in 2023: archives and exports still have this shape. Raises Missing."""
    external_id, text = id_at(record, "id"), text_at(record, "note")
    picture, name = url_at(record, "image.original.url"), text_at(record, "creator.url").rstrip("/").rsplit("/", 1)[-1]
    width, height = count_at(record, "image.original.width"), count_at(record, "image.original.height")
    media = (MediaData(picture, width=width, height=height),) if picture else ()
    if not text and not media:
        raise Missing("note")
    return PostData(
        external_id=external_id, kind=kind_of(media), text=text, url=pin_url(external_id), creator=read_owner(name), media=media,
        published_at=moment_at(record, "created_at"), hashtags=hashtags_of(text), embed_url=embed_of(external_id),
        comment_count=count_at(record, "counts.comments"), like_count=count_at(record, "counts.saves"),
    )  # fmt: skip


def read_owner(name: str) -> CreatorData | None:
    """Whose board it is on."""
    return CreatorData(name, name, f"{SITE}/{quote(name)}/", "pinterest") if name else None


def pin_url(external_id: str) -> str:
    """The pin's page."""
    return f"{SITE}/pin/{quote(external_id, safe='')}/"


def embed_of(external_id: str) -> str:
    """Pinterest's embed page of a pin."""
    return f"https://assets.pinterest.com/ext/embed.html?id={quote(external_id, safe='')}"


def pull_own(ask: Ask) -> Pulled:
    """The account's pins, newest first."""
    return walk(ask, lambda page: read_page(ask, "pins", page))


def pull_board(ask: Ask) -> Pulled:
    """A board's pins."""
    path = f"boards/{segment(ask, 'board_id')}/pins"
    return walk(ask, lambda page: read_page(ask, path, page))


def read_page(ask: Ask, path: str, page: str) -> Page:
    """One page of pins."""
    params = {"page_size": size(ask, MOST_A_PAGE), **({"bookmark": page} if page else {})}
    answer = ask_json(ask, f"{BASE}/{path}", params, headers=bearer(ask.token))
    posts, skipped = read_posts(records_at(answer, "items"), read_pin)
    return Page(posts, skipped, token_at(answer, "bookmark"))


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which pins still exist; Pinterest has no question for many at once."""
    return {one: exists(ask, one) for one in external_ids}


def exists(ask: Ask, external_id: str) -> bool:
    """Whether this pin exists."""
    try:
        answer = ask_json(ask, f"{BASE}/pins/{quote(external_id, safe='')}", headers=bearer(ask.token))
    except SourceGone:
        return False
    if not isinstance(find(answer, "id"), str):
        raise BadShape("id")
    return True


BOARD = Field("board_id", "Board id", "The number of the board, as Pinterest's interface lists it")
NETWORK = Network(
    kind="pinterest",
    label="Pinterest",
    modes=(
        Mode("own", "Own pins", (), pull_own, SourcePolicy.EMBED_ONLY),
        Mode("board", "Board", (BOARD,), pull_board, SourcePolicy.EMBED_ONLY),
    ),
    oauth=OAuth(
        authorize_url="https://www.pinterest.com/oauth/",
        token_url=f"{BASE}/oauth/token",
        scopes=("boards:read", "pins:read", "user_accounts:read"),
        scope_separator=",",
        token_auth="basic",
    ),
    token_hint="An access token of a Pinterest app with boards:read and pins:read.",
    knows_own_only=True,
    check=check,
)
