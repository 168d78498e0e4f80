"""A record of any format becomes a review: cleaned, never embellished; what can't be one is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ugc.catalog.rules import ProductData
from ugc.ingest import rules
from ugc.ingest.rules import Refused, plain
from ugc.ingest.sources.reviews.base import Format, MediaUrl, Mention, Record, ReviewRow
from ugc.library.models import Kind, State
from ugc.library.rules import CreatorData, ItemData, NewItem, ProductTag, clean_item

MAX_BODY = 10_000
MAX_TITLE = 300
MAX_EXTRA = 500
EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]{1,63}\.[^\s@]")

# A date without a zone may be ahead of us by as much.
A_ZONE = timedelta(days=1)
MAX_MEDIA = 20
"""Addresses of one review that are kept; the rest of an endless list is not."""


def nothing(text: str) -> str:
    """The language where nobody looks for it."""
    return ""


def read_review(
    record: Record, format: Format, *, source: str = "import", dates: str = "", detect: Callable[[str], str] = nothing,
    now: datetime | None = None,
) -> ReviewRow:  # fmt: skip
    """The review in a record, its language as the record says it, else as `detect` finds it; raises Refused.

    `now` refuses what is dated in the future, which would be the newest review for ever.
    """
    if record.fault:
        raise Refused(record.code, record.fault)
    given = format.tidy(dict(record.given))
    title, body = plain(given.get("title", "")), plain(given.get("body", ""))
    rating = rules.read_rating(given.get("rating", ""))
    if not body and not title and rating is None:
        raise Refused("empty_review", "the row has neither a text nor a rating")
    if len(body) > MAX_BODY or len(title) > MAX_TITLE:
        raise Refused("text_too_long", f"a review has at most {MAX_BODY} characters, its title {MAX_TITLE}")
    published_at = rules.read_date(given.get("date", ""), dates)
    if now and published_at and published_at > now + A_ZONE:
        raise Refused("bad_date", f"{given['date'][:40]!r} lies in the future")
    mentions = mentions_of(given) if record.mentions is None else record.mentions
    data = ItemData(
        kind=Kind.REVIEW,
        title=title,
        body=body,
        rating=rating,
        creator=creator_of(given.get("author", "")),
        source=source,
        source_url=given.get("url", ""),
        external_id=identity(record, given),
        published_at=published_at,
        language=rules.language_of(given.get("language", "")) or detect(f"{title} {body}"),
        helpful_count=rules.read_count(given.get("helpful", "")),
        verified=given.get("verified", "").lower() in format.verified,
        incentivised=rules.read_flag(given.get("incentivised", "")) is True,
        extra=extra_of(record.extras, given, dates),
    )
    # Cleaned here, where it costs no time of the database's.
    named = tuple(ProductTag(mention.names[0]) for mention in mentions if mention.names)
    item = NewItem(data, products=named, cleaned=clean_item(data))
    media, refused = media_of(given)
    return ReviewRow(item, state_of(given, format), mentions, media, refused)


def creator_of(author: str) -> CreatorData | None:
    """Who wrote it; an e-mail address is nobody's name and would be shown as one."""
    name = plain(author)
    return CreatorData(name=name) if name and not names_email(name) else None


def names_email(text: str) -> bool:
    """Whether an e-mail address stands in the text."""
    return "@" in text and EMAIL.search(text) is not None


def identity(record: Record, given: Mapping[str, str]) -> str:
    """A name that the same review gets in every run: its own id within its product, else a digest of what does not change."""
    if given.get("id"):
        context = rules.digest(given.get("product") or given.get("product_id", ""), given.get("author", ""))[:8]
        return f"{given['id'][:200]}:{context}"
    return "row:" + rules.digest(*record.lasting)


def state_of(given: Mapping[str, str], format: Format) -> State | None:
    """The strictest that the columns call for; None = shown where it comes from, so as the import says."""
    if rules.read_flag(given.get("spam", "")) is True:
        return State.SPAM
    states = {rules.state_of(given[name], format.shown) for name in ("status", "approved") if given.get(name)}
    return State.SPAM if State.SPAM in states else State.INBOX if State.INBOX in states else None


NAMES = ("product", "product_id", "variant", "product_handle")


def mentions_of(given: Mapping[str, str]) -> tuple[Mention, ...]:
    """The product that the columns name, under all its names; none where they name none."""
    named = [rules.product_id(name) for key in NAMES if (name := given.get(key))]
    names = tuple(dict.fromkeys(named)) if len(named) > 1 else tuple(named)
    gtins = (given["gtin"],) if given.get("gtin") else ()
    if not names and not gtins:
        return ()
    return (Mention(names, gtins, product_of((names or gtins)[0], given)),)


def product_of(sku: str, given: Mapping[str, str]) -> ProductData:
    """What a review row says of its product, for `--create-products`."""
    parts = [part for name in ("product_department", "product_class") if (part := given.get(name, ""))]
    kind = " > ".join(dict.fromkeys(parts))
    title = given.get("product_title") or (f"{parts[-1]} {sku}" if parts else sku)
    return ProductData(sku=sku, title=title[:500], line=given.get("product_line", "")[:300], type=kind[:300])


def media_of(given: Mapping[str, str]) -> tuple[tuple[MediaUrl, ...], int]:
    """The addresses of pictures and videos in their order, and how many addresses are none."""
    found, refused = [], 0
    for meaning, kind in (("pictures", "picture"), ("videos", "video")):
        if given.get(meaning):
            urls, others = rules.read_urls(given[meaning])
            found += [MediaUrl(url, kind) for url in urls]
            refused += others
    return tuple(found[:MAX_MEDIA]), refused


def extra_of(extras: Mapping[str, str], given: Mapping[str, str], dates: str) -> dict[str, Any]:
    """What the row says beyond our columns (no e-mail addresses), and the shop's answer: kept beside the item (decision 0111)."""
    extra: dict[str, Any] = {name: text[:MAX_EXTRA] for name, text in extras.items() if text and not names_email(text)}
    recommended = rules.read_flag(given.get("recommended", ""))
    if recommended is not None:
        extra["recommended"] = recommended
    if given.get("reply"):
        extra["reply"] = reply_of(given, dates)
    return extra


def reply_of(given: Mapping[str, str], dates: str) -> dict[str, Any]:
    """The shop's answer: its text, when (where that can be read), and whether it was public; said not to be, it never is."""
    try:
        at = rules.read_date(given.get("reply_date", ""), dates)
    except Refused:
        at = None
    said = given.get("reply_public", "").lower()
    public = not said or said in {*rules.YES, "public", "published"}
    return {"text": plain(given["reply"])[:MAX_BODY], "at": at.isoformat() if at else None, "public": public}
