"""Writes of galleries, and letting go of the answers that a change made untrue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.accounts import queries as accounts_queries
from ugc.galleries import rules, snapshots
from ugc.galleries.models import Fallback, Gallery, Layout, Pin, Sort
from ugc.kit import jobs
from ugc.kit.errors import Conflict, Invalid, NotFound
from ugc.library import queries as library_queries
from ugc.library.models import Item
from ugc.runtime import Runtime

log = structlog.get_logger()
MAX_NAME = 200


class GalleryExists(Conflict):
    """The brand has a gallery of this name already."""


class BadGallery(Invalid):
    """A gallery needs a name of 1 to 200 characters, a known layout and sort, and 1 to 100 items a page."""


def add_gallery(
    session: Session, brand_id: int, slug: str, name: str, *, rule: dict[str, Any] | None = None, layout: str = "grid",
    sort: str = "score", fallback: str = "type", page_size: int = 30, actor: str, now: datetime,
) -> Gallery:  # fmt: skip
    """A new gallery; raises BadSlug, BadGallery, Invalid for a rule that can't be read, GalleryExists."""
    facts = check(name=name, rule=rule or {}, layout=layout, sort=sort, fallback=fallback, page_size=page_size)
    gallery = Gallery(brand_id=brand_id, slug=rules.check_slug(slug), updated=now, **facts)
    session.add(gallery)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as cause:
        raise GalleryExists() from cause
    session.refresh(gallery)
    note(session, gallery, "gallery.added", actor, now)
    return gallery


def change_gallery(session: Session, gallery: Gallery, *, actor: str, now: datetime, **facts: Any) -> None:
    """Change any of `name, rule, layout, sort, fallback, page_size`; the slug stays, since pages out there name it."""
    for name, value in check(**facts).items():
        setattr(gallery, name, value)
    gallery.updated = now
    session.flush()
    note(session, gallery, "gallery.changed", actor, now, fields=sorted(facts))


def remove_gallery(session: Session, gallery: Gallery, *, actor: str, now: datetime) -> None:
    """Delete a gallery with its pins; its answers follow after the commit."""
    note(session, gallery, "gallery.removed", actor, now, slug=gallery.slug)
    brand = accounts_queries.get_brand_by_id(session, gallery.brand_id)
    session.info.setdefault("removed_galleries", set()).add((brand.slug, gallery.slug))
    jobs.enqueue(session, "galleries.purge", queue=jobs.UNPUBLISH, brand_id=brand.id, brand=brand.slug, gallery=gallery.slug)
    session.delete(gallery)
    session.flush()


def set_pins(session: Session, gallery: Gallery, item_ids: Sequence[int], *, actor: str, now: datetime) -> None:
    """Let these items stand first, in this order; raises TooManyPins, NotFound for an item of no or another brand."""
    wanted = list(dict.fromkeys(item_ids))
    if len(wanted) > rules.MAX_PINS:
        raise rules.TooManyPins()
    known = set(session.scalars(select(Item.id).where(Item.brand_id == gallery.brand_id, Item.id.in_(wanted))))
    if known != set(wanted):
        raise NotFound(f"no item {min(set(wanted) - known)}")
    gallery.pins.clear()
    session.flush()
    gallery.pins.extend(Pin(item_id=item_id, position=place) for place, item_id in enumerate(wanted))
    session.flush()
    note(session, gallery, "gallery.pinned", actor, now, item_ids=wanted)


def pin_kept(session: Session, brand_id: int, item_id: int, copy_ids: Sequence[int], *, actor: str, now: datetime) -> int:
    """Where a copy of an item is pinned, pin the item before it; in how many galleries. The copy's own pin stays: while it lies in
    the trash nobody sees it, and if the merge is undone it stands where it stood.
    """
    mine = select(Gallery).join(Pin).where(Gallery.brand_id == brand_id, Pin.item_id.in_(copy_ids)).distinct().order_by(Gallery.id)
    changed = 0
    for gallery in session.scalars(mine).all():
        pinned = [pin.item_id for pin in sorted(gallery.pins, key=lambda pin: pin.position)]
        if item_id not in pinned:
            place = min(pinned.index(copy) for copy in copy_ids if copy in pinned)
            # A full list makes room where the copy stood.
            pinned[place : place + (len(pinned) >= rules.MAX_PINS)] = [item_id]
            set_pins(session, gallery, pinned, actor=actor, now=now)
            changed += 1
    return changed


def check(**facts: Any) -> dict[str, Any]:
    """The facts in their types; raises BadGallery or what the rule's reader raises."""
    kinds: dict[str, Any] = {"layout": Layout, "sort": Sort, "fallback": Fallback}
    checked: dict[str, Any] = {}
    for name, value in facts.items():
        if name in kinds:
            checked[name] = check_word(kinds[name], value)
        elif name == "name" and isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME:
            checked[name] = value.strip()
        elif name == "page_size" and isinstance(value, int) and 1 <= value <= rules.MAX_PAGE_SIZE:
            checked[name] = value
        elif name == "rule" and isinstance(value, dict):
            if library_queries.read_filter(value).similar_to is not None:
                raise BadGallery("a rule can't hold similar_to: what is nearest changes with every new item")
            checked[name] = value
        else:
            raise BadGallery(f"{name} can't be {str(value)[:80]!r}")
    return checked


def check_word(kind: Any, value: object) -> Any:
    """A member of an enum by its text, or BadGallery."""
    try:
        return kind(value)
    except ValueError as cause:
        raise BadGallery(f"must be one of {', '.join(kind)}, not {str(value)[:80]!r}") from cause


def note(session: Session, gallery: Gallery, action: str, actor: str, now: datetime, **detail: Any) -> None:
    """Audit a change, and have the gallery's answers dropped: after the commit at once, and by a job in any case."""
    accounts_actions.bump_content(session, gallery.brand_id)
    accounts_actions.audit(
        session, brand_id=gallery.brand_id, actor=actor, action=action, subject_type="gallery", subject_id=gallery.id, now=now,
        **detail,
    )  # fmt: skip
    session.info.setdefault("changed_galleries", set()).add((gallery.brand_id, gallery.id))
    jobs.enqueue(session, "galleries.drop_gallery", queue=jobs.UNPUBLISH, brand_id=gallery.brand_id, gallery_id=gallery.id)


def drop_changed(runtime: Runtime, session: Session) -> None:
    """What follows every commit at once: delete the answers that it made untrue. Jobs do the same again, durably.

    The commit is through, so nothing here may fail it: an error is logged and left to the jobs.
    """
    items: set[int] = session.info.pop("changed_items", set())
    galleries: set[tuple[int, int]] = session.info.pop("changed_galleries", set())
    removed: set[tuple[str, str]] = session.info.pop("removed_galleries", set())
    try:
        snapshots.drop_items(runtime, items)
        for brand_id, gallery_id in galleries:
            snapshots.drop_gallery(runtime, brand_id, gallery_id)
        for brand, gallery in removed:
            snapshots.purge(runtime.snapshots, brand, gallery)
    except Exception:
        log.exception("galleries.drop_changed", items=len(items), galleries=len(galleries))
