"""What all formats of reviews share: the meanings of columns, what a format is, a record as a file gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ugc.catalog.rules import ProductData
from ugc.ingest.rules import YES
from ugc.library.models import State
from ugc.library.rules import NewItem

MEANINGS = {
    "id": ("review id", "reviewid", "id"),
    "product": ("sku", "product sku", "product id", "productid", "page id", "asin", "item id"),
    "product_id": ("product id", "productid"),
    "product_handle": ("product handle", "handle"),
    "variant": ("variant id", "variantid", "variant sku"),
    "gtin": ("gtin", "ean", "upc", "barcode"),
    "product_title": ("product title", "product name", "producttitle"),
    "product_url": ("product url", "producturl"),
    "product_department": ("department name", "department", "product category", "category"),
    "product_class": ("class name", "class", "product type", "subcategory"),
    "product_line": ("division name", "division", "product line", "collection", "brand"),
    "title": ("review title", "title", "summary", "headline"),
    "body": (
        "review text", "review body", "review content", "body", "body text", "content", "text", "reviewtext", "review", "comment",
        "comments", "message", "review description", "product comment",
    ),
    "rating": ("rating", "stars", "star rating", "review rating", "review score", "score", "overall", "product rating"),
    "author": (
        "reviewer name", "reviewername", "author", "display name", "nickname", "user name", "username", "customer name", "reviewer",
        "name", "user",
    ),
    "date": (
        "review date", "date", "created at", "datecreated", "date created", "review timestamp", "timestamp", "published at",
        "unixreviewtime", "review time", "reviewtime", "submission date", "feedback date",
    ),
    "helpful": ("positive feedback count", "helpful", "helpful count", "helpful votes", "votes up", "likes"),
    "verified": ("verified purchase", "verified buyer", "isverifiedbuyer", "is verified purchase", "is verified buyer", "verified"),
    "incentivised": (
        "incentivized", "incentivised", "isincentivized", "is incentivized review", "is incentivized", "is incentivised",
    ),
    "recommended": ("recommended ind", "recommended", "isrecommended", "is recommended", "would recommend"),
    "language": ("language", "review language", "lang", "locale"),
    "status": ("status", "state", "curated", "review status", "published"),
    "approved": ("isapproved", "is approved", "approved"),
    "spam": ("is spam", "isspam", "spam"),
    "url": ("review url", "permalink"),
    "reply": ("reply", "merchant reply", "store reply", "response", "comment content", "owner response"),
    "reply_date": ("reply date", "replied at", "replydatecreated", "comment created at", "response date"),
    "reply_public": ("replyispublic", "reply is public", "comment public"),
    "pictures": (
        "picture urls", "photo urls", "photo url", "picture url", "image urls", "imageurls", "review image urls", "photos",
        "pictures", "images", "img", "published image url",
    ),
    "videos": ("video urls", "videourls", "video url", "videos", "video"),
}  # fmt: skip
"""What a column can mean → headers that say so in any file, in the order of preference."""

VOLATILE = frozenset(
    {
        "helpful",
        "status",
        "approved",
        "spam",
        "verified",
        "incentivised",
        "reply",
        "reply_date",
        "reply_public",
        "pictures",
        "videos",
    }
)
"""What changes between two exports of the same review, and so is no part of its identity."""

SHOWN = frozenset(
    {
        "ok",
        "active",
        "published",
        "publish",
        "approved",
        "public",
        "visible",
        "live",
        "enabled",
        "accepted",
        "shown",
        "1",
        "true",
        "yes",
    }
)


def as_it_is(given: dict[str, str]) -> dict[str, str]:
    """What most formats have to put right in a row: nothing."""
    return given


@dataclass(frozen=True, slots=True)
class Format:
    """How one app writes its reviews. Headers are written as `catalog.rules.normal` makes them: `isApproved` → `isapproved`."""

    name: str
    """As `--format` takes it."""
    label: str
    signatures: tuple[frozenset[str], ...] = ()
    """Sets of headers; a file that has all of one set is of this format."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MEANINGS)
    """Meaning → headers, the preferred first."""
    dates: str = ""
    """`dmy` or `mdy`: how the app writes dates with slashes, where that is documented."""
    verified: frozenset[str] = frozenset(YES)
    """What the column for verified purchases says of one; nothing else counts."""
    shown: frozenset[str] = SHOWN
    """Status words of reviews that were to be seen; every other word keeps a review out of display."""
    left_out: frozenset[str] = frozenset()
    """Headers of columns that are not kept, e.g. pictures that the shop rejected."""
    tidy: Callable[[dict[str, str]], dict[str, str]] = as_it_is
    """Puts right what columns can't say."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A product that a review speaks of: the names that the file has for it, the best first, and what it says of it."""

    names: tuple[str, ...]
    gtins: tuple[str, ...] = ()
    data: ProductData | None = None
    several: bool = False
    """Whether there are several names of one kind: variants, which may be products without a family."""


@dataclass(frozen=True, slots=True)
class MediaUrl:
    """A picture or video of a review, by its address."""

    url: str
    kind: str = "picture"


@dataclass(frozen=True, slots=True)
class Record:
    """One review as a file gives it: texts by meaning, whatever else stands beside it, what it is known again by."""

    line: int
    given: Mapping[str, str]
    extras: Mapping[str, str] = field(default_factory=dict)
    lasting: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] | None = None
    """Where the format itself says which products; else the columns do."""
    fault: str = ""
    code: str = "unreadable_row"


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review read: the item, the state that the file calls for, its products, the addresses of its pictures."""

    item: NewItem
    state: State | None = None
    mentions: tuple[Mention, ...] = ()
    media: tuple[MediaUrl, ...] = ()
    refused_media: int = 0
    """Addresses that are not http(s)."""
