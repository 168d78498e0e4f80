"""Which galleries would show something else under other weights, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.galleries import queries, rules
from ugc.galleries.models import Gallery, Sort
from ugc.library.models import Item
from ugc.scoring.previewing import Preview

POOL = 300
"""Of each gallery's items the best today, and the best under the new weights: what is in neither is not looked at."""
MOST = 12
"""Galleries looked at; each costs two queries."""


@dataclass(frozen=True, slots=True)
class Reordered:
    """A gallery's first page under other weights."""

    slug: str
    name: str
    places: int
    """How many of its places would show another item."""
    size: int
    entering: int


def find_reordered(session: Session, brand_id: int, preview: Preview, now: datetime) -> tuple[list[Reordered], int]:
    """The galleries in order of the score whose first page would change, the most changed first; and how many were looked at."""
    ordered = [gallery for gallery in queries.find_galleries(session, brand_id) if gallery.sort is Sort.SCORE][:MOST]
    pool = preview.best(POOL)
    found = [compare(session, gallery, pool, preview, now) for gallery in ordered]
    return sorted((one for one in found if one.places), key=lambda one: -one.places), len(ordered)


def compare(session: Session, gallery: Gallery, pool: Sequence[int], preview: Preview, now: datetime) -> Reordered:
    """One gallery's first page, as it is and as it would be."""
    data = rules.data_of(gallery)
    shown = [*queries.showable(session, gallery.brand_id, data, now), Item.id.not_in(data.pins)]
    room = max(0, data.page_size - len(data.pins))
    best = select(Item.id).where(*shown, Item.score.is_not(None)).order_by(Item.score.desc(), Item.id.desc()).limit(POOL)
    today = list(session.scalars(best))
    others = session.scalars(select(Item.id).where(*shown, Item.id.in_(set(pool) - set(today)))).all() if len(today) == POOL else ()
    scores = preview.scores_of([*today, *others])
    drafted = sorted(scores, key=lambda id: (-scores[id], -id))[:room]
    before = [id for id in today if id in scores][:room]
    changed = sum(one != other for one, other in zip(before, drafted, strict=True))
    return Reordered(gallery.slug, gallery.name, changed, len(before), len(set(drafted) - set(before)))
