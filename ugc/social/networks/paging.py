"""Walking a network's newest-first list back to where the last walk began, a page a pull, so that a break resumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ugc.social.networks.asking import QuestionRefused
from ugc.social.networks.base import MOST_POSTS, Ask, PostData, Pulled, Skipped
from ugc.social.networks.reading import find, moment

# Networks forget their page tokens; after this long a walk starts again from the newest.
WALK_LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: what was read, and the network's token for the one after, empty at the end."""

    posts: tuple[PostData, ...]
    skipped: tuple[Skipped, ...] = ()
    after: str = ""
    cost: int = 1
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What the network file itself remembers between pulls, e.g. an account's id."""


def walk(ask: Ask, fetch: Callable[[str], Page]) -> Pulled:
    """The next page of the walk. A page token that the network no longer takes starts the walk again."""
    going = current(ask)
    try:
        page = fetch(going.get("page", ""))
    except QuestionRefused:
        if not going.get("page"):
            raise
        going = {name: value for name, value in going.items() if name not in {"page", "first", "first_at"}}
        page = fetch("")
    return pulled(page, going, ask)


def current(ask: Ask) -> dict[str, str]:
    """Where the walk stands: text only, since a cursor is stored and may be of an older release."""
    going = {name: value for name, value in ask.cursor.items() if name in NAMES and isinstance(value, str)}
    began = moment(going.get("began"))
    if going.get("page") and (began is None or not timedelta() <= ask.now - began <= WALK_LASTS):
        return {name: value for name, value in going.items() if name in {"until", "until_at"}}
    return going


NAMES = {"page", "first", "first_at", "until", "until_at", "began", "taken"}


def pulled(page: Page, going: Mapping[str, str], ask: Ask) -> Pulled:
    """The page as a pull: more until the list ends or reaches what the last whole walk began with; the first walk takes 500."""
    first = {name: going[name] for name in ("first", "first_at") if going.get("page") and name in going} or newest(page)
    until = {name: going[name] for name in ("until", "until_at") if name in going}
    taken = number(going.get("taken") if going.get("page") else "") + len(page.posts) + len(page.skipped)
    if page.after and not reached(page, until) and (until or taken < MOST_POSTS):
        began = going.get("began", "") if going.get("page") else ask.now.isoformat()
        cursor = {**page.kept, **first, **until, "page": page.after, "began": began, "taken": str(taken)}
        return Pulled(page.posts, page.skipped, cursor, more=True, cost=page.cost)
    ended = {"until": first["first"], "until_at": first.get("first_at", "")} if first else until
    return Pulled(page.posts, page.skipped, {**page.kept, **ended}, more=False, cost=page.cost)


def number(text: str | None) -> int:
    """A count out of a cursor."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def newest(page: Page) -> dict[str, str]:
    """The newest post of a walk, by id and by time since it may be deleted meanwhile; a pinned one may stand before it."""
    dated = [(post.published_at, post.external_id) for post in page.posts if post.published_at]
    if dated:
        at, external_id = max(dated)
        return {"first": external_id, "first_at": at.isoformat()}
    return {"first": page.posts[0].external_id, "first_at": ""} if page.posts else {}


def reached(page: Page, until: Mapping[str, str]) -> bool:
    """Whether this page goes back to what was seen. Its last post tells, since pinned ones stand before newer ones."""
    if until.get("until") and any(post.external_id == until["until"] for post in page.posts):
        return True
    seen_at = moment(until.get("until_at"))
    last = page.posts[-1].published_at if page.posts else None
    return bool(seen_at and last and last <= seen_at)


def token_at(answer: Any, path: str) -> str:
    """A page token, empty where there is none."""
    value = find(answer, path)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isprintable() and len(text) <= 4_000 else ""


def size(ask: Ask, most: int, least: int = 1) -> str:
    """How many posts to ask for: what the pull may still take, within what the network allows."""
    return str(min(max(ask.limit, least), most))
