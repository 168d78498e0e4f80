"""What becomes of a post, and when a source is asked again: pure decisions, time and chance are arguments."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit

from ugc.ingest import wanting
from ugc.ingest.wanting import WantedUrl
from ugc.kit.errors import Invalid, NotFound, Unprocessable
from ugc.library.models import RightsState, SourcePolicy
from ugc.library.rules import SHOWABLE_RIGHTS, CreatorData, ItemData, clean_count, clean_text
from ugc.social.networks import (
    bluesky,
    facebook,
    feed,
    instagram,
    linkedin,
    mastodon,
    pinterest,
    reddit,
    tiktok,
    vk,
    wordpress,
    x,
    youtube,
)
from ugc.social.networks.base import Field, Mode, Network, PostData

FILES = (instagram, facebook, tiktok, youtube, pinterest, x, linkedin, vk, mastodon, bluesky, reddit, wordpress, feed)
NETWORKS: dict[str, Network] = {file.NETWORK.kind: file.NETWORK for file in FILES}
"""Every network by its kind; a new one is a file in `networks/` and a line here."""

MAX_TEXT_BYTES = 10_000
"""Of one text field (T-39)."""
MAX_EXTERNAL_ID = 200
MAX_PAGES = 50
"""Questions of one pull: a network that gives a post a page must not keep us for hours."""
MAX_CURSOR_BYTES = 20_000

DEGRADED_AFTER = 5
"""Failures in a row."""
FIRST_WAIT = timedelta(minutes=2)
RARELY = timedelta(hours=6)
LONGEST_WAIT = timedelta(hours=24)
"""However long a network asks us to wait, it is asked again after a day."""
CONTINUED_AFTER = timedelta(minutes=2)
"""After a pull that stopped at its cap."""
INTERVALS = {15: "every 15 minutes", 60: "every hour", 360: "every 6 hours", 1440: "once a day"}

HASHTAGS = 30
WEEK = timedelta(days=7)
"""Instagram lets an account search 30 different hashtags in 7 days; one counts from its first search on."""

CHECKED_EVERY = timedelta(days=1)
"""Each day the networks are asked which posts are still there (L-24); that renews leases long before they end (L-25)."""
CHECKED_SOONEST = timedelta(hours=12)

# Names of files under which a network's signature may change while the file stays the same.
FILE_NAME = re.compile(r"\.(jpe?g|png|webp|gif|heic|avif|mp4|m4v|mov|webm|mp3|m4a|wav|ogg)$", re.IGNORECASE)


class UnknownNetwork(NotFound):
    """There is no such network, or it can't bring that."""


class BadSource(Unprocessable):
    """Something that the source needs is missing or can't be used."""


class Outcome(StrEnum):
    """What a post is to us."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what a source brings its posts."""

    network: str
    policy: SourcePolicy
    max_age: timedelta | None
    tags: tuple[str, ...]
    source_id: int | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What we hold of a post."""

    item_id: int
    text_digest: str
    """Of the text as the network last said it."""
    own_digest: str
    """Of the text as it stands in the library; another one = a coordinator corrected it."""
    like_count: int
    comment_count: int
    media_keys: tuple[str, ...]
    sources: tuple[int, ...]
    policy: SourcePolicy
    is_gone: bool = False
    lost: Mapping[str, str] = field(default_factory=dict)
    """Files that did not come, by the digest of their key: the address that was tried."""


@dataclass(frozen=True, slots=True)
class ItemIntent:
    """What is to be done with a post."""

    outcome: Outcome
    external_id: str
    data: ItemData
    tags: tuple[str, ...] = ()
    """To add; what a coordinator took off is not put on again by the same source."""
    media: tuple[WantedUrl, ...] = ()
    """All files of the post by their addresses."""
    wanted: tuple[WantedUrl, ...] = ()
    """Those to fetch now."""
    has_new_text: bool = False
    """The network changed it, and nobody here did."""
    has_new_counts: bool = False
    is_back: bool = False
    is_lifted: bool = False
    """It was found where only the network's embed may show it, and is now brought by a source whose terms let it be kept."""


def get_network(kind: str) -> Network:
    """A network by its kind; raises UnknownNetwork."""
    found = NETWORKS.get(kind)
    if found is None:
        raise UnknownNetwork(f"there is no network named {kind[:40]!r}")
    return found


def get_mode(network: Network, name: str) -> Mode:
    """What the network can bring under this name; raises UnknownNetwork."""
    for mode in network.modes:
        if mode.name == name:
            return mode
    raise UnknownNetwork(f"{network.label} has no mode named {name[:40]!r}")


# Posts.


def decide(post: PostData, known: Known | None, terms: Terms) -> ItemIntent:
    """What becomes of a post: new, changed upstream, or nothing. Decisions of people here are never part of it."""
    lifted = known is not None and known.policy is SourcePolicy.EMBED_ONLY and terms.policy is SourcePolicy.API_CACHED
    policy = known.policy if known and not lifted else terms.policy
    data, media = item_of(post, terms), media_of(post)
    if policy is SourcePolicy.EMBED_ONLY:
        data = wordless(data)
    unknown = tuple(wanted for wanted in media if known is None or lifted or is_unknown(wanted, known))
    fetched = unknown if policy is not SourcePolicy.EMBED_ONLY else ()
    if known is None:
        return ItemIntent(Outcome.NEW, data.external_id, data, terms.tags, media, fetched)
    new_text = text_digest(data) != known.text_digest and known.own_digest == known.text_digest
    new_counts = (data.like_count, data.comment_count) != (known.like_count, known.comment_count)
    tags = () if terms.source_id in known.sources else terms.tags
    changed = new_text or new_counts or bool(unknown) or known.is_gone
    return ItemIntent(
        Outcome.CHANGED if changed else Outcome.SAME, data.external_id, data, tags, media, fetched, new_text, new_counts,
        known.is_gone, lifted,
    )  # fmt: skip


def is_unknown(wanted: WantedUrl, known: Known) -> bool:
    """Whether a file is new, or did not come from the address that the network gave before."""
    tried = known.lost.get(wanting.digest(wanted.key))
    return wanted.key not in known.media_keys or (tried is not None and tried != wanted.url)


def item_of(post: PostData, terms: Terms) -> ItemData:
    """The post as an item, every text within its cap."""
    creator = post.creator and CreatorData(
        post.creator.name, post.creator.handle, post.creator.url, post.creator.network or terms.network
    )
    return ItemData(
        kind=post.kind,
        title=cut(clean_text(post.title, 300)),
        body=cut(clean_text(post.text)),
        creator=creator,
        source=terms.network,
        source_url=post.url,
        external_id=external_id_of(post.external_id),
        published_at=moment_of(post.published_at, terms.now),
        language=post.language,
        like_count=clean_count(post.like_count),
        comment_count=clean_count(post.comment_count),
        extra=extra_of(post),
        source_policy=terms.policy,
        embed_url=post.embed_url,
        lease_until=lease_end(terms.policy, terms.max_age, terms.now),
    )


def wordless(data: ItemData) -> ItemData:
    """What may be kept of a post that only its network's embed may show: where it is, of what kind, whose and since when (L-20)."""
    return replace(data, title="", body="", language="", like_count=0, comment_count=0, extra={})


def moment_of(published_at: datetime | None, now: datetime) -> datetime:
    """When it was published: in UTC, and never later than it was found."""
    if published_at is None:
        return now
    aware = published_at if published_at.tzinfo else published_at.replace(tzinfo=UTC)
    return min(aware, now)


def external_id_of(name: str) -> str:
    """The network's name of the post; one too long for an index becomes its digest."""
    plain = clean_text(name, MAX_TEXT_BYTES)
    return plain if len(plain.encode()) <= MAX_EXTERNAL_ID else f"long:{digest(plain)}"


def extra_of(post: PostData) -> dict[str, Any]:
    """What a post says beyond an item's columns; dropped where it is larger than a text may be."""
    own = {"hashtags": [cut(tag) for tag in post.hashtags[:50]], "parent_url": cut(post.parent_url), "mention": post.is_mention}
    extra = {name: value for name, value in own.items() if value} | dict(post.extra)
    try:
        size = len(json.dumps(extra, default=str).encode())
    except (TypeError, ValueError, RecursionError):
        size = MAX_TEXT_BYTES + 1
    return extra if size <= MAX_TEXT_BYTES else {name: value for name, value in own.items() if value}


def cut(text: str, most: int = MAX_TEXT_BYTES) -> str:
    """The beginning of a text that fits in so many bytes of UTF-8."""
    if len(text) * 4 <= most:
        return text
    return text.encode("utf-8", "ignore")[:most].decode("utf-8", "ignore").strip()


def text_digest(data: ItemData) -> str:
    """What tells two versions of a post's text apart."""
    return digest(f"{data.title}\x1f{data.body}")


def digest(text: str) -> str:
    """32 hex digits."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def media_of(post: PostData) -> tuple[WantedUrl, ...]:
    """The files of a post in their order: of a video without an address its picture."""
    shown = [(each, each.url or each.poster_url) for each in post.media]
    keys = Counter(media_key(url) for _, url in shown)
    wanted = []
    for position, (each, url) in enumerate(shown):
        if not url:
            continue
        key = media_key(url) if keys[media_key(url)] == 1 else digest(url)
        wanted.append(WantedUrl(url, position, each.alt[:300], each.kind if each.url else "picture", key))
    return tuple(wanted)


def media_key(url: str) -> str:
    """What stays the same of a file's address when the network signs it anew or serves it from another host."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return digest(url)
    return digest(path if FILE_NAME.search(path) else url)


def written_media(media: Sequence[WantedUrl]) -> list[dict[str, Any]]:
    """Addresses as a row keeps them."""
    return [{"url": each.url, "position": each.position, "alt": each.alt, "kind": each.kind, "key": each.key} for each in media]


def read_media(rows: Sequence[Mapping[str, Any]]) -> list[WantedUrl]:
    """Addresses as `written_media` wrote them."""
    return [WantedUrl(row["url"], row["position"], row["alt"], row["kind"], row["key"]) for row in rows]


# Policies and leases.


def lease_end(policy: SourcePolicy, max_age: timedelta | None, now: datetime) -> datetime | None:
    """Until when a post confirmed now may be kept; None where no term says."""
    return now + max_age if policy is SourcePolicy.API_CACHED and max_age is not None else None


def checked_after(max_age: timedelta | None) -> timedelta:
    """How long after it was last shown a post is asked about: a day, sooner where a lease is short."""
    return min(CHECKED_EVERY, max_age / 2) if max_age is not None else CHECKED_EVERY


def settled_policy(current: SourcePolicy, terms: SourcePolicy, rights: RightsState) -> SourcePolicy:
    """The policy of an item after its right has changed: the creator's licence stands above the network's terms."""
    if terms is SourcePolicy.OWN:
        return current
    if rights in SHOWABLE_RIGHTS:
        return SourcePolicy.RIGHTS_GRANTED
    return terms if current is SourcePolicy.RIGHTS_GRANTED else current


# When to ask.


def wait_after(failures: int, chance: float) -> timedelta:
    """How long to leave a source alone after so many failures in a row: doubled each time, a fifth more or less by chance."""
    wait = RARELY if failures >= DEGRADED_AFTER else FIRST_WAIT * 2 ** max(0, failures - 1)
    return min(wait, RARELY) * (0.8 + 0.4 * chance)


def wait_asked(retry_after: timedelta) -> timedelta:
    """How long to wait when the network says so."""
    return min(max(retry_after, timedelta(minutes=1)), LONGEST_WAIT)


def quota_day(now: datetime) -> date:
    """The day of a network's quota: Google's ends at midnight in California; without summer time, to be on the safe side."""
    return (now - timedelta(hours=8)).date()


def next_quota(now: datetime) -> datetime:
    """When the next day of the quota begins."""
    tomorrow = quota_day(now) + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, 8, tzinfo=UTC)


def may_search(term: str, counted: Mapping[str, datetime], now: datetime) -> bool:
    """Whether a hashtag may be searched: it counts already, or there is room for one more in the week."""
    current = {name for name, since in counted.items() if since > now - WEEK}
    return term in current or len(current) < HASHTAGS


# Setting up.


def read_fields(fields: Sequence[Field], given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was filled in, the secrets apart; raises BadSource for a missing field, Invalid for one that the mode has not."""
    known = {each.name for each in fields}
    for name in given:
        if name not in known:
            raise Invalid(f"there is no field named {name[:40]!r}; known are {', '.join(sorted(known)) or 'none'}")
    filled = {each.name: clean_text(str(given.get(each.name, "")), 2_000) for each in fields}
    for each in fields:
        if each.required and not filled[each.name]:
            raise BadSource(f"{each.label} is missing", name=each.name)
    secret = {each.name for each in fields if each.secret}
    plain = {name: value for name, value in filled.items() if value and name not in secret}
    return plain, {name: value for name, value in filled.items() if value and name in secret}


def read_interval(minutes: int) -> int:
    """How often a source is asked; raises BadSource."""
    if minutes not in INTERVALS:
        raise BadSource(f"a source is asked {', '.join(INTERVALS.values())}: {', '.join(map(str, INTERVALS))} minutes")
    return minutes


def scrubbed(text: str, secrets: Sequence[str]) -> str:
    """An error's words without any secret that they may quote, plain or as part of an address (T-38)."""
    for secret in sorted((value for value in secrets if value), key=len, reverse=True):
        for spelling in (secret, quote(secret, safe=""), quote(secret)):
            text = text.replace(spelling, "…")
    return text
