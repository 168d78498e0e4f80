"""What a network is: the shapes that go in and come out of a pull, and the ways in which one ends early."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ugc.kit.errors import Outside
from ugc.kit.http.fetching import Fetching
from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData

MOST_POSTS = 500
"""In one pull, whatever a network offers (T-39)."""


class Throttled(Outside):
    """The network asks to wait before the next question."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__()
        self.retry_after = retry_after


class TokenRefused(Outside):
    """The network does not accept the access any more; connect the source again."""


class SourceGone(Outside):
    """The network does not know what this source asks for; it was removed, renamed or made private."""


class BadShape(Outside):
    """The network's answer does not have the shape that it documents."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The network's answer lacks {name}, or holds something else there.")
        self.field = name


@dataclass(frozen=True, slots=True)
class MediaData:
    """A picture, video or sound of a post, by address: network addresses expire, so it is fetched at once or not at all."""

    url: str
    kind: str = "picture"
    """`picture`, `video` or `audio`."""
    alt: str = ""
    poster_url: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class PostData:
    """A post as a network brings it; text is plain, addresses are absolute, nothing of it is trusted."""

    external_id: str
    kind: Kind = Kind.POST
    text: str = ""
    title: str = ""
    url: str = ""
    creator: CreatorData | None = None
    published_at: datetime | None = None
    media: tuple[MediaData, ...] = ()
    """Several = one carousel, in its order."""
    like_count: int = 0
    comment_count: int = 0
    hashtags: tuple[str, ...] = ()
    """Lower case, without the sign, each once."""
    language: str = ""
    embed_url: str = ""
    """The network's own embed, made by us from the post's id, never taken from an answer (T-35)."""
    is_mention: bool = False
    parent_url: str = ""
    """What a comment stands under."""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A post that could not be read since the answer's shape has changed: which field was missing."""

    external_id: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to a network: what the source is set to, where the last pull ended."""

    fetcher: Fetching
    options: Mapping[str, str]
    token: str
    cursor: Mapping[str, Any]
    limit: int
    now: datetime
    search_allowed: Callable[[str], bool] = lambda term: True
    """Whether this term may be searched now: Instagram allows 30 hashtags in 7 days."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one question brought; `more`: ask again at once with this cursor."""

    posts: tuple[PostData, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    cursor: Mapping[str, Any] = field(default_factory=dict)
    more: bool = False
    cost: int = 1
    """Units of the network's daily quota."""


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a person fills in to set up a source."""

    name: str
    label: str
    hint: str = ""
    required: bool = True
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Mode:
    """One thing that a network can bring, e.g. a hashtag or the brand's own posts."""

    name: str
    label: str
    fields: tuple[Field, ...]
    pull: Callable[[Ask], Pulled]
    policy: SourcePolicy
    max_age: timedelta | None = None
    """How long the network's terms let its data be kept without asking again."""


@dataclass(frozen=True, slots=True)
class OAuth:
    """How a person gives the service access to their account on the network."""

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    pkce: bool = False
    scope_separator: str = " "
    client_id_name: str = "client_id"
    token_auth: str = "body"
    """Where the client's secret goes when a code is exchanged: `body` or `basic` (the Authorization header)."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """More parameters of the authorize address, e.g. what makes Google hand out a refresh token."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network with all that it can bring."""

    kind: str
    label: str
    modes: tuple[Mode, ...]
    oauth: OAuth | None = None
    token_hint: str = ""
    """Where a person finds an access token to paste; empty where none is needed."""
    daily_quota: int = 0
    """Units of `Pulled.cost` in a day; 0 = the network names no such number."""
    knows_own_only: bool = False
    """Whether a source can only tell of posts of its own account or site if they are still there: others are hidden from it."""
    check: Callable[[Ask, Sequence[str]], Mapping[str, bool]] | None = None
    """Which of these external ids still exist upstream; ids that it can't tell about are left out."""
