"""Reads of galleries: which items one shows, in which order, and until when that holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, selectinload

from ugc.catalog.models import Product
from ugc.galleries import rules
from ugc.galleries.models import Fallback, Gallery, Sort
from ugc.galleries.rules import GalleryData, Scope
from ugc.kit import paging
from ugc.kit.errors import NotFound
from ugc.kit.paging import BadCursor
from ugc.library import queries as library_queries
from ugc.library.models import Decision, Item, ItemMedia, ItemProduct, Kind, State
from ugc.media import rules as media_rules
from ugc.media.models import File, FileKind, FileState, Rendition

# A picture or film is nothing to look at before its renditions are there; words are.
WORDS = (Kind.REVIEW, Kind.POST)


@dataclass(frozen=True, slots=True)
class Selection:
    """What one page of a gallery shows."""

    items: tuple[Item, ...]
    next: str | None
    scope: Scope | None
    """The step of the fallback that had items; None = no step had any."""
    watched: dict[str, Any]
    """What else would change this selection: `family`, `type`, `takes_all`."""
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which row of which step's order a page starts; no item = before the first."""

    level: str
    phase: int = 0
    value: Any = None
    item_id: int | None = None


def get_gallery(session: Session, brand_id: int, slug: str) -> Gallery:
    """A brand's gallery by its name in the address, or NotFound."""
    gallery = session.scalar(select(Gallery).where(Gallery.brand_id == brand_id, Gallery.slug == slug))
    if gallery is None:
        raise NotFound(f"no gallery {slug!r}")
    return gallery


def find_galleries(session: Session, brand_id: int) -> list[Gallery]:
    """A brand's galleries by name."""
    return list(session.scalars(select(Gallery).where(Gallery.brand_id == brand_id).order_by(Gallery.name, Gallery.id)))


def select_items(
    session: Session, gallery: Gallery, product: Product | None, now: datetime, *,
    sku: str | None = None, cursor: str | None = None, limit: int | None = None, key: bytes = b"",
) -> Selection:  # fmt: skip
    """One page of a stored gallery, of a product where one is given; raises BadCursor."""
    sku = product.sku if product is not None else sku
    return preview(session, gallery.brand_id, rules.data_of(gallery), product, now, sku=sku, cursor=cursor, limit=limit, key=key)


def preview(
    session: Session, brand_id: int, data: GalleryData, product: Product | None, now: datetime, *,
    sku: str | None = None, cursor: str | None = None, limit: int | None = None, key: bytes = b"",
) -> Selection:  # fmt: skip
    """One page of a gallery that need not be stored: what it would show now."""
    subject = [brand_id, data.slug, sku, data.sort.value]
    start = read_start(cursor, key, subject)
    steps = rules.scopes(data.fallback, product, sku_given=sku is not None)
    shown = showable(session, brand_id, data, now)
    scope = next((step for step in steps if (step.level == start.level if start else has_items(session, shown, step))), None)
    watched = rules.watched(steps, scope)
    if scope is None:
        return Selection((), None, None, watched, next_arrival(session, brand_id, now))
    where = [*shown, within(scope)]
    pins = find_pinned(session, where, data.pins) if data.pins and not start else []
    unpinned = [*where, Item.id.not_in(data.pins)] if data.pins else where
    room = max(0, (limit or data.page_size) - len(pins))
    found = find_sorted(session, unpinned, data.sort, start or Place(scope.level), room + 1)
    rows = found[:room]
    items = (*pins, *(item for _, item in rows))
    follows = place_of(scope.level, rows[-1] if rows else None, data.sort)
    ends = (moment for item in items for moment in (item.expires_at, item.rights_until, item.lease_until))
    return Selection(
        items=items,
        next=paging.make_cursor([*subject, *astuple(follows)], key) if len(found) > room else None,
        scope=scope,
        watched=watched,
        valid_until=rules.nearest(now, [*ends, next_arrival(session, brand_id, now)]),
    )


def showable(session: Session, brand_id: int, data: GalleryData, now: datetime) -> list[ColumnElement[bool]]:
    """The items that the gallery's rule lets through and that may be shown now."""
    seen = (ItemMedia.is_compared, File.state == FileState.READY)  # the twin of ItemMedia.is_showable
    ready = exists().where(ItemMedia.item_id == Item.id, ItemMedia.file_id == File.id, *seen)
    rule = library_queries.read_filter(data.rule)
    configurations = library_queries.find_configurations(session, brand_id) if rule.q else []
    found = library_queries.conditions(rule, brand_id, configurations, now)
    return [*found, library_queries.publishable(now), or_(Item.kind.in_(WORDS), ready)]


def lets_through(session: Session, gallery: Gallery, item_id: int, now: datetime) -> bool:
    """Whether an item could show in a gallery now, on a page of one of its products or without a product."""
    shown = showable(session, gallery.brand_id, rules.data_of(gallery), now)
    return session.scalar(select(Item.id).where(*shown, Item.id == item_id)) is not None


def within(scope: Scope) -> ColumnElement[bool]:
    """The items of one step of the fallback."""
    if scope.level is Fallback.ALL:
        return and_(True)
    tagged = exists().where(ItemProduct.item_id == Item.id)
    if scope.level is Fallback.PRODUCT:
        return tagged.where(ItemProduct.product_id == scope.product_id)
    kin = Product.family == scope.family if scope.level is Fallback.FAMILY else Product.type == scope.type
    return tagged.where(Product.id == ItemProduct.product_id, Product.brand_id == Item.brand_id, kin)


def has_items(session: Session, shown: list[ColumnElement[bool]], scope: Scope) -> bool:
    """Whether a step of the fallback has anything to show."""
    return session.scalar(select(Item.id).where(*shown, within(scope)).limit(1)) is not None


def find_pinned(session: Session, where: list[ColumnElement[bool]], pins: tuple[int, ...]) -> list[Item]:
    """The pinned items that may be shown here, in the order of the pins."""
    found = {item.id: item for item in session.scalars(with_everything(select(Item).where(*where, Item.id.in_(pins))))}
    return [found[pin] for pin in pins if pin in found]


def phases(sort: Sort) -> list[tuple[ColumnElement[bool], Any]]:
    """An order as parts that an index can walk each: the items that have the value first, those without it behind."""
    dated: tuple[ColumnElement[bool], Any] = (Item.published_at.is_not(None), Item.published_at)
    if sort is Sort.NEWEST:
        return [dated]
    scored: list[tuple[ColumnElement[bool], Any]] = [
        (Item.score.is_not(None), Item.score),
        (and_(Item.score.is_(None), dated[0]), Item.published_at),
    ]
    if sort is Sort.SCORE:
        return scored
    proven = (Item.performance.is_not(None), Item.performance)
    return [proven, *((and_(Item.performance.is_(None), condition), value) for condition, value in scored)]


def find_sorted(
    session: Session, where: list[ColumnElement[bool]], sort: Sort, start: Place, count: int
) -> list[tuple[int, Item]]:  # fmt: skip
    """The next `count` items of an order with the phase of each, from behind a place in it."""
    rows: list[tuple[int, Item]] = []
    for phase, (condition, value) in enumerate(phases(sort)):
        if phase < start.phase or len(rows) == count:
            continue
        query = select(Item).where(*where, condition).order_by(value.desc(), Item.id.desc()).limit(count - len(rows))
        if phase == start.phase and start.item_id is not None:
            query = query.where(or_(value < start.value, and_(value == start.value, Item.id < start.item_id)))
        rows += [(phase, item) for item in session.scalars(with_everything(query))]
    return rows


def place_of(level: str, row: tuple[int, Item] | None, sort: Sort) -> Place:
    """A row's place in the order, as a cursor holds it."""
    if row is None:
        return Place(level)
    phase, item = row
    value = getattr(item, phases(sort)[phase][1].key)
    return Place(level, phase, value.isoformat() if isinstance(value, datetime) else value, item.id)


def read_start(cursor: str | None, key: bytes, subject: list[Any]) -> Place | None:
    """The place behind which a page starts; raises BadCursor for one that was altered or made for another gallery."""
    if cursor is None:
        return None
    values = paging.read_cursor(cursor, key)
    if len(values) != len(subject) + len(fields(Place)) or values[: len(subject)] != subject:
        raise BadCursor()
    level, phase, value, item_id = values[len(subject) :]
    return Place(level, phase, datetime.fromisoformat(value) if isinstance(value, str) else value, item_id)


def with_everything(query: Select[Item]) -> Select[Item]:
    """The same query, loading with each item what an answer shows of it, in a fixed number of statements."""
    return query.options(
        selectinload(Item.creator),
        selectinload(Item.media).selectinload(ItemMedia.file).selectinload(File.renditions),
        selectinload(Item.products).selectinload(ItemProduct.product),
    )


def next_arrival(session: Session, brand_id: int, now: datetime) -> datetime | None:
    """When the brand's next item comes into sight by itself: by its schedule or the start of its rights."""
    found = []
    for moment in (Item.publish_at, Item.rights_from):
        ahead = (Item.brand_id == brand_id, Item.state == State.APPROVED, moment > now)
        found.append(session.scalar(select(func.min(moment)).where(*ahead)))
    return rules.nearest(now, found)


def find_ended(session: Session, since: datetime, until: datetime) -> dict[int, list[int]]:
    """Approved items of every brand whose own window, right or lease ended after the one time and not after the other, by brand."""
    found: dict[int, list[int]] = {}
    for brand_id, item_id in session.execute(ended_between(since, until)):
        found.setdefault(brand_id, []).append(item_id)
    return found


def ended_between(since: datetime, until: datetime) -> Select[int, int]:
    """The same as pairs of brand and item; each end has an index, so that it costs by what ended."""
    ended = or_(*((moment > since) & (moment <= until) for moment in (Item.expires_at, Item.rights_until, Item.lease_until)))
    return select(Item.brand_id, Item.id).where(Item.state == State.APPROVED, ended)


def find_unrefined_files(session: Session, brand_id: int, item_ids: Sequence[int], now: datetime) -> list[File]:
    """Pictures of these items that the public may see and that have no AVIF yet, although they are large enough for one."""
    public = exists().where(
        ItemMedia.file_id == File.id, ItemMedia.item_id == Item.id, Item.id.in_(item_ids), library_queries.publishable(now)
    )
    refined = exists().where(Rendition.file_id == File.id, Rendition.type == "image/avif")
    large = (File.state == FileState.READY) & (File.kind == FileKind.PICTURE) & (File.width >= media_rules.LEAST_REFINED)
    return list(session.scalars(select(File).where(File.brand_id == brand_id, large, public, ~refined)))


def find_hidden_files(session: Session, brand_id: int, item_ids: Sequence[int], now: datetime) -> list[File]:
    """Pictures of these items that the public may have seen and may not see any more: no item that may be shown has them.

    An item that is in the inbox and was never decided on has never been public, so that its pictures keep their addresses.
    """
    decided = or_(Item.state != State.INBOX, exists().where(Decision.item_id == Item.id))
    left = exists().where(ItemMedia.file_id == File.id, ItemMedia.item_id == Item.id, Item.id.in_(item_ids), decided)
    public = exists().where(ItemMedia.file_id == File.id, ItemMedia.item_id == Item.id, library_queries.publishable(now))
    return list(session.scalars(select(File).where(File.brand_id == brand_id, File.state == FileState.READY, left, ~public)))
