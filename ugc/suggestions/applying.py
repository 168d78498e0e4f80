"""Applies suggestions that are right often enough for the brand: above a threshold that held-out decisions proved, by batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.catalog import queries as catalog_queries
from ugc.kit.db import among
from ugc.library import actions as library_actions
from ugc.suggestions import queries
from ugc.suggestions.models import Standing, Suggestion, What
from ugc.suggestions.tagging import Tagger

MOST_A_PORTION = 2_000


def apply(
    session: Session, brand_id: int, item_ids: Sequence[int], tagger: Tagger | None, products: Mapping[str, float], version: int,
    *, now: datetime,
) -> int:  # fmt: skip
    """Put on items what is likely enough; how many suggestions. One that was ever decided on is a person's, and left alone."""
    chosen = queries.get_settings(session, brand_id)
    count = 0
    if chosen.tags is not None and tagger is not None:
        wanted = str(chosen.tags)
        least = {name: found[wanted] for name, found in tagger.thresholds.items() if wanted in found}
        sure = find_sure(session, brand_id, item_ids, What.TAG, lambda each: each.p >= least.get(each.name, 2.0))
        count += apply_tags(session, brand_id, sure, tagger.version, now)
    if chosen.products is not None and str(chosen.products) in products:
        threshold = products[str(chosen.products)]
        sure = find_sure(session, brand_id, item_ids, What.PRODUCT, lambda each: each.p >= threshold)
        count += apply_products(session, brand_id, sure, version, now)
    return count


def find_sure(
    session: Session, brand_id: int, item_ids: Iterable[int], what: What, is_sure: Callable[[Suggestion], bool]
) -> list[Suggestion]:
    """Open suggestions that nobody decided on yet and that are likely enough; locked, the brand's row first."""
    library_actions.hold(session, brand_id)
    query = select(Suggestion).where(
        Suggestion.brand_id == brand_id, among(Suggestion.item_id, set(item_ids)), Suggestion.what == what,
        Suggestion.state == Standing.OPEN, Suggestion.decided_at.is_(None), Suggestion.model_version > 0,
    )  # fmt: skip
    found = session.scalars(query.order_by(Suggestion.id).limit(MOST_A_PORTION).with_for_update())
    return [each for each in found if is_sure(each)]


def apply_tags(session: Session, brand_id: int, sure: Sequence[Suggestion], version: int, now: datetime) -> int:
    """Tags on items, a statement a tag."""
    by_name: dict[str, list[Suggestion]] = defaultdict(list)
    for each in sure:
        by_name[each.name].append(each)
    for name, some in by_name.items():
        items = [each.item_id for each in some]
        library_actions.add_tags(session, brand_id, items, [name], actor=actor_of(version), now=now)
    mark(sure, What.TAG, version, now)
    return len(sure)


def apply_products(session: Session, brand_id: int, sure: Sequence[Suggestion], version: int, now: datetime) -> int:
    """Products on items, a statement a product."""
    products = catalog_queries.map_by_ids(session, brand_id, [each.product_id for each in sure if each.product_id])
    kept = [each for each in sure if each.product_id in products]
    by_sku: dict[str, list[int]] = defaultdict(list)
    for each in kept:
        by_sku[products[each.product_id or 0].sku].append(each.item_id)
    for sku, items in by_sku.items():
        library_actions.add_products(session, brand_id, items, [sku], actor=actor_of(version), now=now)
    mark(kept, What.PRODUCT, version, now)
    return len(kept)


def mark(applied: Sequence[Suggestion], what: What, version: int, now: datetime) -> None:
    """Say that these were applied, and under which name they are undone: one a day and version."""
    for each in applied:
        each.state, each.added, each.actor, each.decided_at = Standing.APPLIED, True, actor_of(version), now
        each.batch = f"{now:%Y-%m-%d}-{what}s-v{version}"


def actor_of(version: int) -> str:
    """Who did it, in the audit log: the model's version."""
    return f"suggestions:v{version}"
