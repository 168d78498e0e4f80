"""Pure parts of galleries: where an answer is stored, how long it may live, how far a product falls back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from ugc.catalog.models import Product
from ugc.galleries.models import Fallback, Gallery, Layout, Sort
from ugc.kit.errors import Invalid

Format = Literal["json", "html", "jsonld"]
FORMATS: tuple[Format, ...] = ("json", "html", "jsonld")
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
# A file name may have 255 bytes; a longer SKU is stored under its hash.
LONGEST_NAME = 200
MAX_PINS = 30
MAX_PAGE_SIZE = 100

OPEN = "snapshots"
"""Answers that only a change ends; nginx serves this folder by itself."""
TIMED = "snapshots-timed"
"""Answers that also end at a moment; only the application serves them, since it checks the clock."""


class BadSlug(Invalid):
    """A gallery's name in the address has 1 to 64 of a–z, 0–9 and hyphens, and no hyphen at either end."""


class TooManyPins(Invalid):
    """At most 30 items can be pinned."""


@dataclass(frozen=True, slots=True)
class GalleryData:
    """What a gallery is told to be, stored or only tried out in a preview."""

    slug: str = "preview"
    name: str = "Preview"
    layout: Layout = Layout.GRID
    sort: Sort = Sort.SCORE
    fallback: Fallback = Fallback.TYPE
    page_size: int = 30
    rule: dict[str, Any] = field(default_factory=dict)
    pins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose items one step of the fallback looks at; no field set = the brand's."""

    level: Fallback
    product_id: int | None = None
    family: str = ""
    type: str = ""


def data_of(gallery: Gallery) -> GalleryData:
    """A stored gallery as plain data."""
    return GalleryData(
        slug=gallery.slug,
        name=gallery.name,
        layout=gallery.layout,
        sort=gallery.sort,
        fallback=gallery.fallback,
        page_size=gallery.page_size,
        rule=dict(gallery.rule),
        pins=tuple(pin.item_id for pin in gallery.pins),
    )


def check_slug(slug: str) -> str:
    """The slug, or BadSlug."""
    if not SLUG.fullmatch(slug):
        raise BadSlug()
    return slug


def scopes(fallback: Fallback, product: Product | None, *, sku_given: bool) -> list[Scope]:
    """The steps in which a gallery looks for items; the first that finds any is shown.

    Without a SKU there is one step, everything. A SKU that the catalogue doesn't know has no family and no type, so only a
    gallery that falls back to everything shows anything for it.
    """
    everything = Scope(Fallback.ALL)
    if not sku_given:
        return [everything]
    steps = []
    if product is not None:
        steps.append(Scope(Fallback.PRODUCT, product_id=product.id))
        if product.family:
            steps.append(Scope(Fallback.FAMILY, family=product.family))
        if product.type:
            steps.append(Scope(Fallback.TYPE, type=product.type))
    steps.append(everything)
    allowed = list(Fallback)[: list(Fallback).index(fallback) + 1]
    return [step for step in steps if step.level in allowed]


def watched(steps: list[Scope], found: Scope | None) -> dict[str, Any]:
    """What would change an answer: the steps up to the one that was shown, or all of them where none was."""
    tried = steps if found is None else steps[: steps.index(found) + 1]
    return {
        "family": next((step.family for step in tried if step.family), ""),
        "type": next((step.type for step in tried if step.type), ""),
        "takes_all": any(step.level is Fallback.ALL for step in tried),
    }


def name_of(sku: str) -> str:
    """A SKU as a file name that can't leave its folder: itself where it is `[A-Za-z0-9._-]` with no leading dot, else encoded."""
    name = quote(sku, safe="").replace("~", "%7E")
    if name.startswith("."):
        name = "%2E" + name[1:]
    return name if len(name) <= LONGEST_NAME else "~" + hashlib.sha256(sku.encode()).hexdigest()


def storage_key(brand: str, gallery: str, sku: str | None, kind: Format, *, timed: bool) -> str:
    """Where an answer is stored; the same path as its address, so that a web server can map one to the other."""
    folder = TIMED if timed else OPEN
    place = gallery if sku is None else f"{gallery}/{name_of(sku)}"
    return f"{folder}/{brand}/{place}.{kind}"


def storage_keys(brand: str, gallery: str, sku: str | None, kind: Format) -> tuple[str, str]:
    """Both places where an answer can lie."""
    return (
        storage_key(brand, gallery, sku, kind, timed=False),
        storage_key(brand, gallery, sku, kind, timed=True),
    )


def nearest(now: datetime, moments: Iterable[datetime | None]) -> datetime | None:
    """The first of the moments that lies ahead."""
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def etag_of(body: bytes) -> str:
    """A strong validator: the same bytes have the same one."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


# Anchored: what a visitor wrote stands behind it and can't pass for it.
VALID_UNTIL = re.compile(
    rb'(?:\{"valid_until":"|\{"expires":"|<!doctype html><!-- valid_until=)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00)'
)


def valid_until_of(body: bytes) -> datetime | None:
    """The end that a stored answer carries in its first bytes; None = only a change ends it."""
    found = VALID_UNTIL.match(body)
    return datetime.fromisoformat(found[1].decode()) if found else None
