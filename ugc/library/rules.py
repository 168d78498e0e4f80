"""What an item may be and when it may be shown: pure decisions, the time is an argument."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from ugc.kit.errors import Unprocessable
from ugc.library.models import Kind, RightsState, SourcePolicy, State

MAX_TEXT = 20_000
MAX_NAME = 300
MAX_URL = 2_000
MAX_TAG = 60
MAX_TAGS = 50
MAX_PRODUCTS = 50
SHOWABLE_RIGHTS = frozenset({RightsState.GRANTED, RightsState.OWNED})
OWN_COPY = frozenset({SourcePolicy.OWN, SourcePolicy.RIGHTS_GRANTED})
"""Policies under which the brand holds a copy that does not depend on the network."""
# PostgreSQL's text can't hold NUL, UTF-8 can't hold lone surrogates; other control characters only confuse readers.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class BadItem(Unprocessable):
    """A field of the item has a value that can't be stored."""


class BadTag(Unprocessable):
    """A tag is 1 to 60 characters, at least one of them a letter, digit or symbol."""


class BadHotspot(Unprocessable):
    """A hotspot needs x and y, both from 0 to 1, or neither."""


class BadWindow(Unprocessable):
    """A window must end after it starts."""


@dataclass(frozen=True, slots=True)
class CreatorData:
    """Who made an item, as the source says it."""

    name: str
    handle: str = ""
    url: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class ProductTag:
    """A product on an item; x and y are fractions of the first picture from its top left corner."""

    sku: str
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True, slots=True)
class ItemData:
    """An item as a source brings it."""

    kind: Kind
    body: str = ""
    title: str = ""
    rating: int | None = None
    creator: CreatorData | None = None
    source: str = "import"
    source_url: str = ""
    external_id: str = ""
    published_at: datetime | None = None
    language: str = ""
    helpful_count: int = 0
    like_count: int = 0
    comment_count: int = 0
    verified: bool = False
    incentivised: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    source_policy: SourcePolicy = SourcePolicy.OWN
    embed_url: str = ""
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewItem:
    """One row of a bulk add: the item with its stored files (by id), products and tags."""

    data: ItemData
    file_ids: tuple[int, ...] = ()
    products: tuple[ProductTag, ...] = ()
    tags: tuple[str, ...] = ()
    cleaned: Mapping[str, Any] | None = None
    """What `clean_item` made of the data, where somebody had time for it before."""


@dataclass(frozen=True, slots=True)
class Added:
    """The outcome of one row of a bulk add; `added` is False when the item was there before."""

    item_id: int
    added: bool


def clean_text(text: str, most: int = MAX_TEXT) -> str:
    """Text as it can be stored: NFC, no control characters but tab and line breaks, cut at `most` characters."""
    if not text:
        return ""
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    # What is printable throughout holds nothing forbidden; most texts are, and an import looks at ten of them a row.
    return (plain if plain.isprintable() else FORBIDDEN.sub("", plain)).strip()[:most]


def clean_url(url: str) -> str:
    """The address where it is http or https, else empty: anything else must never become a link (T-40)."""
    plain = clean_text(url, MAX_URL + 1) if url else ""
    if not plain or len(plain) > MAX_URL:
        return ""
    try:
        parts = urlsplit(plain)
    except ValueError:
        return ""
    return plain if parts.scheme.lower() in {"http", "https"} and parts.netloc and not re.search(r"\s", plain) else ""


def clean_item(data: ItemData) -> dict[str, Any]:
    """The item's own columns; raises BadItem."""
    if data.rating is not None and not 1 <= data.rating <= 5:
        raise BadItem("rating must be from 1 to 5")
    if data.published_at is not None and data.published_at.tzinfo is None:
        raise BadItem("published_at needs a time zone")
    return {
        "kind": data.kind.value,
        "title": clean_text(data.title, MAX_NAME),
        "body": clean_text(data.body),
        "rating": data.rating,
        "verified": data.verified,
        "incentivised": data.incentivised,
        "helpful_count": clean_count(data.helpful_count),
        "like_count": clean_count(data.like_count),
        "comment_count": clean_count(data.comment_count),
        "extra": clean_extra(data.extra),
        "source": clean_text(data.source, MAX_NAME).lower() or "import",
        "source_url": clean_url(data.source_url),
        "external_id": clean_text(data.external_id, MAX_NAME),
        "source_policy": data.source_policy.value,
        "embed_url": clean_url(data.embed_url),
        "lease_until": data.lease_until.isoformat() if data.lease_until else None,
    }


def clean_count(count: int) -> int:
    """A counter that the column can hold; a source's nonsense (negative, astronomic) becomes the nearest bound."""
    return max(0, min(count, 2**53))


def clean_extra(value: Any) -> Any:
    """JSON that the database can hold."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key), MAX_NAME): clean_extra(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_extra(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def clean_creator(data: CreatorData | None) -> CreatorData | None:
    """The creator with a handle that tells creators of a network apart; None when nothing names anybody."""
    if data is None:
        return None
    name, handle = clean_text(data.name, MAX_NAME), clean_text(data.handle, MAX_NAME).lstrip("@").lower()
    if not name and not handle:
        return None
    return CreatorData(name or handle, handle or name.lower(), clean_url(data.url), clean_text(data.network, MAX_NAME).lower())


def normal_tag(name: str) -> str:
    """A tag as it is stored: NFKC, lower case, single spaces, no leading `#`; raises BadTag."""
    plain = FORBIDDEN.sub("", unicodedata.normalize("NFKC", name)).casefold()
    tag = " ".join(plain.split()).lstrip("# ")
    if not tag or len(tag) > MAX_TAG or not any(unicodedata.category(sign)[0] in "LNS" for sign in tag):
        raise BadTag()
    return tag


def normal_tags(names: Iterable[str]) -> list[str]:
    """Distinct normal tags in their order; raises BadTag, also when there are too many."""
    tags = list(dict.fromkeys(normal_tag(name) for name in names))
    if len(tags) > MAX_TAGS:
        raise BadTag(f"an item carries at most {MAX_TAGS} tags")
    return tags


def check_products(tags: Sequence[ProductTag]) -> list[ProductTag]:
    """Distinct product tags in their order, the last of a SKU wins; raises BadHotspot."""
    for tag in tags:
        if (tag.x is None) != (tag.y is None) or not all(place is None or 0 <= place <= 1 for place in (tag.x, tag.y)):
            raise BadHotspot()
    distinct = list({tag.sku: tag for tag in tags}.values())
    if len(distinct) > MAX_PRODUCTS:
        raise BadItem(f"an item carries at most {MAX_PRODUCTS} products")
    return distinct


def check_window(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Raise BadWindow unless the window ends after it starts."""
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise BadWindow()


class Showable(Protocol):
    """What the publishable rule reads of an item."""

    state: State
    rights_state: RightsState
    publish_at: datetime | None
    expires_at: datetime | None
    rights_from: datetime | None
    rights_until: datetime | None
    needs_product: bool
    source_policy: SourcePolicy
    lease_until: datetime | None
    gone_at: datetime | None


def is_publishable(item: Showable, now: datetime, *, has_product: bool) -> bool:
    """Whether the public may see an item: the twin of `queries.publishable`; a window holds its start and not its end."""
    return (
        item.state is State.APPROVED
        and item.rights_state in SHOWABLE_RIGHTS
        and (item.publish_at is None or item.publish_at <= now)
        and (item.expires_at is None or now < item.expires_at)
        and (item.rights_from is None or item.rights_from <= now)
        and (item.rights_until is None or now < item.rights_until)
        and (not item.needs_product or has_product)
        and may_be_kept(item, now)
    )


def may_be_kept(item: Showable, now: datetime) -> bool:
    """Whether the terms of the network let us show what we hold: a copy of our own, or one that its lease still covers."""
    if item.source_policy in OWN_COPY:
        return True
    leased = item.lease_until is None or now < item.lease_until
    return item.source_policy is SourcePolicy.API_CACHED and item.gone_at is None and leased


def next_change(item: Showable, now: datetime, *, has_product: bool) -> datetime | None:
    """The nearest moment after `now` at which time alone changes whether the item may be shown."""
    moments = (item.publish_at, item.expires_at, item.rights_from, item.rights_until, item.lease_until)
    today = is_publishable(item, now, has_product=has_product)
    for moment in sorted(moment for moment in moments if moment is not None and moment > now):
        if is_publishable(item, moment, has_product=has_product) is not today:
            return moment
    return None


def why_hidden(item: Showable, now: datetime, *, has_product: bool) -> list[str]:
    """Every reason why the public does not see an item, for people; empty when it does."""
    reasons = [
        (item.state is not State.APPROVED, "not approved"),
        (item.rights_state not in SHOWABLE_RIGHTS, "no right to use it"),
        (item.publish_at is not None and item.publish_at > now, "to be published later"),
        (item.expires_at is not None and item.expires_at <= now, "expired"),
        (item.rights_from is not None and item.rights_from > now, "the right starts later"),
        (item.rights_until is not None and item.rights_until <= now, "the right has ended"),
        (item.needs_product and not has_product, "needs a product"),
        *why_not_kept(item, now),
    ]
    return [reason for holds, reason in reasons if holds]


def why_not_kept(item: Showable, now: datetime) -> list[tuple[bool, str]]:
    """What the network's terms say against showing it."""
    if item.source_policy in OWN_COPY:
        return []
    leased = item.source_policy is SourcePolicy.API_CACHED
    return [
        (not leased, "only the network itself may show it"),
        (leased and item.gone_at is not None, "deleted where it was posted"),
        (leased and item.lease_until is not None and item.lease_until <= now, "not confirmed by the network in time"),
    ]


def search_words(creator: CreatorData | None, tags: Iterable[str], products: Iterable[tuple[str, str]]) -> str:
    """Words from elsewhere that find an item: creator, tags, titles and SKUs of its products, a line each."""
    words = [] if creator is None else [creator.name, creator.handle]
    words += tags
    for title, sku in products:
        words += [title, sku]
    return "\n".join(words)
