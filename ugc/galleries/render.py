"""A selection as bytes: JSON for the element, HTML without scripts, JSON-LD. Only the fields listed here become public (T-45)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader

from ugc.catalog.models import Product
from ugc.galleries.rules import Format, GalleryData
from ugc.library.models import Item, ItemMedia, ItemProduct, Kind
from ugc.media import playing
from ugc.media import rules as media_rules
from ugc.media.models import FileKind

CONTENT_TYPES: dict[Format, str] = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "jsonld": "application/ld+json",
}
# What an item's source is called where a page names it; uploads and imports are the shop's own and stay unnamed.
NETWORKS = {
    "instagram": "Instagram", "tiktok": "TikTok", "youtube": "YouTube", "facebook": "Facebook", "pinterest": "Pinterest",
    "x": "X", "mastodon": "Mastodon", "bluesky": "Bluesky", "reddit": "Reddit",
}  # fmt: skip
# Ties to the brand as the upload form asks for them (L-03).
TIES = frozenset({"gifted", "paid", "employee", "relative"})
MAX_ALT = 160

templates = Environment(loader=PackageLoader("ugc.galleries"), autoescape=True, trim_blocks=True, lstrip_blocks=True)


@dataclass(frozen=True, slots=True)
class Page:
    """All that an answer is made of."""

    brand: str
    brand_name: str
    gallery: GalleryData
    key: str
    """The publishable key, with which the element sends its events."""
    sku: str | None
    product: Product | None
    matched: str | None
    """The step of the fallback that is shown: `product`, `family`, `type` or `all`; None = nothing is."""
    items: Sequence[Item]
    next: str | None
    valid_until: datetime | None
    base_url: str


def render(page: Page, kind: Format) -> bytes:
    """The answer's bytes. Its end stands first, where a server finds it without reading the rest."""
    if kind == "html":
        return render_html(page)
    return dump(as_linked_data(page) if kind == "jsonld" else as_json(page))


def dump(value: dict[str, Any]) -> bytes:
    """Compact JSON; `<` is escaped so that it can stand inside a script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").encode("utf-8", "replace")


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return value.isoformat() if value else None


def as_json(page: Page) -> dict[str, Any]:
    """The answer that the element reads; `valid_until` comes first on purpose."""
    return {
        "valid_until": moment(page.valid_until),
        "gallery": page.gallery.slug,
        "name": page.gallery.name,
        "layout": page.gallery.layout.value,
        "brand": {"slug": page.brand, "name": page.brand_name},
        "key": page.key,
        "product": product_json(page.product) if page.product else None,
        "matched": page.matched,
        "items": [item_json(item, page.base_url) for item in page.items],
        "next": page.next,
    }


def item_json(item: Item, base_url: str) -> dict[str, Any]:
    """One item as the public may see it."""
    shown = [media for media in item.media if media.is_showable]
    return {
        "id": item.id,
        "kind": item.kind.value,
        "title": item.title,
        "caption": item.body,
        "alt": alt_of(item),
        "rating": item.rating,
        "creator": creator_json(item),
        "source": {"network": item.source, "url": safe_url(item.source_url)},
        "published_at": moment(item.published_at),
        "media": [media_json(media, base_url) for media in shown],
        "products": [tagged_json(tagged) for tagged in item.products if tagged.product.removed_at is None],
        "badges": badges_of(item),
    }


def badges_of(item: Item) -> list[str]:
    """What must be said beside an item: a checked purchase, an incentive, and the tie to the brand that its sender named (L-06)."""
    marks = [name for name, is_set in (("verified", item.verified), ("incentivised", item.incentivised)) if is_set]
    tie = item.extra.get("relation")
    return [*marks, tie] if tie in TIES else marks


def creator_json(item: Item) -> dict[str, Any] | None:
    """Who made it."""
    if item.creator is None:
        return None
    return {"name": item.creator.name, "url": safe_url(item.creator.url)}


def media_json(media: ItemMedia, base_url: str) -> dict[str, Any]:
    """One picture in all its sizes, with its loop if it moves; or a video or recording: its poster's sizes, then what plays."""
    file = media.file
    loop = playing.loop_url(file, base_url)
    plays = {} if file.kind is FileKind.PICTURE else {"duration": round((file.duration_ms or 0) / 1000, 1), "sound": file.has_sound}
    return {
        "type": "image" if file.kind is FileKind.PICTURE else file.kind.value,
        **plays,
        **({"loop": loop} if loop else {}),
        "width": media.file.width,
        "height": media.file.height,
        "alt": media.alt,
        "placeholder": media.file.placeholder,
        "colour": media.file.colours[0] if media.file.colours else None,
        "renditions": media_rules.rendition_urls(file, base_url) + playing.moving_urls(file, base_url),
    }


def product_json(product: Product) -> dict[str, Any]:
    """A product as its card shows it; the amount is a decimal string, so that no cent is lost on the way."""
    price = None if product.price is None else {"amount": str(product.price), "currency": product.currency}
    return {
        "sku": product.sku,
        "title": product.title,
        "url": safe_url(product.url),
        "image": safe_url(product.image_url),
        "price": price,
        "availability": product.availability.value,
    }


def tagged_json(tagged: ItemProduct) -> dict[str, Any]:
    """A product on an item, with its place in the first picture where it has one."""
    hotspot = None if tagged.x is None or tagged.y is None else {"x": tagged.x, "y": tagged.y}
    return {**product_json(tagged.product), "hotspot": hotspot}


def alt_of(item: Item) -> str:
    """What a screen reader says for the item's picture: as described by hand, else its caption, else whose it is."""
    described = next((media.alt for media in item.media if media.alt), "")
    if described:
        return described
    words = " ".join((item.title or item.body).split())
    if words:
        return words if len(words) <= MAX_ALT else words[: MAX_ALT - 1].rsplit(" ", 1)[0] + "…"
    what = {Kind.VIDEO: "Video", Kind.AUDIO: "Recording"}.get(item.kind, "Photo")
    return f"{what} by {item.creator.name if item.creator else 'a customer'}"


def safe_url(url: str) -> str | None:
    """The address where it is http or https; anything else must never become a link (T-40)."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme.lower() in {"http", "https"} and parts.netloc else None


def page_url(page: Page, kind: Format = "html") -> str:
    """The public address of the answer."""
    place = page.gallery.slug if page.sku is None else f"{page.gallery.slug}/{quote(page.sku, safe='')}"
    return f"{page.base_url}/galleries/{page.brand}/{place}.{kind}"


def as_linked_data(page: Page) -> dict[str, Any]:
    """schema.org's words for the gallery's pictures; ratings are left to the product's own review data."""
    head: dict[str, Any] = {"expires": moment(page.valid_until)} if page.valid_until else {}
    return {
        **head,
        "@context": "https://schema.org",
        "@type": "ImageGallery",
        "name": page.gallery.name,
        "url": page_url(page),
        "associatedMedia": [linked_item(item, page.base_url) for item in page.items if shows_picture(item)],
    }


def shows_picture(item: Item) -> bool:
    """Whether an item has a finished picture."""
    return any(media.is_showable and media.file.renditions for media in item.media)


def linked_item(item: Item, base_url: str) -> dict[str, Any]:
    """One picture as an ImageObject with its creator's credit."""
    facts = item_json(item, base_url)
    first, creator = facts["media"][0], facts["creator"]
    return {
        **(linked_picture(first) if first["type"] == "image" else linked_recording(first)),
        "name": facts["alt"],
        "uploadDate": facts["published_at"],
        **({"creditText": creator["name"], "creator": {"@type": "Person", "name": creator["name"]}} if creator else {}),
    }


def linked_picture(media: dict[str, Any]) -> dict[str, Any]:
    """An ImageObject's own facts."""
    largest = max(media["renditions"], key=lambda rendition: rendition.get("width", 0))
    return {"@type": "ImageObject", "contentUrl": largest["url"], "width": largest["width"], "height": largest["height"]}


def linked_recording(media: dict[str, Any]) -> dict[str, Any]:
    """A VideoObject's or AudioObject's own facts, its poster as the thumbnail."""
    played = next((each for each in media["renditions"] if each.get("role") == media["type"]), None)
    posters = [each["url"] for each in media["renditions"] if "role" not in each]
    return {
        "@type": "VideoObject" if media["type"] == "video" else "AudioObject",
        **({"contentUrl": played["url"], "encodingFormat": played["type"]} if played else {}),
        "thumbnailUrl": posters[-1:],
        "duration": f"PT{max(1, round(media['duration']))}S",
    }


def render_html(page: Page) -> bytes:
    """The gallery as a page of links and pictures that needs no script."""
    facts = as_json(page)
    until = f"<!-- valid_until={page.valid_until.isoformat()} -->" if page.valid_until else ""
    body = templates.get_template("gallery.html").render(
        **facts,
        networks=NETWORKS,
        page_url=page_url(page),
        linked=dump(as_linked_data(page)).decode(),
        style=STYLE,
    )
    return f"<!doctype html>{until}\n{body}".encode("utf-8", "replace")


STYLE = templates.get_template("gallery.css").render()
"""The page's whole style; its hash stands in the page's content security policy."""
