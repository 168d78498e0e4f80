"""Merging a group: one item stays and takes over what the others have, the others go to the trash; and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.duplicates import actions, queries, rules
from ugc.duplicates.index import RADIUS, distance
from ugc.duplicates.models import Group, Pair, Standing
from ugc.duplicates.queries import COMPARED
from ugc.kit import jobs
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, Reason, RightsState, State
from ugc.library.rules import ProductTag
from ugc.media.models import File
from ugc.rights import actions as rights_actions
from ugc.runtime import Runtime


def merge(
    runtime: Runtime, session: Session, brand_id: int, group_id: int, best_id: int | None = None, *, actor: str, now: datetime
) -> str:
    """Keep one item of the group, the best by score where none is named; the batch id for undo.

    Raises GroupDecided, NotInGroup, MoreInIt, RightWouldBeLost.
    """
    group = actions.get_open(session, brand_id, group_id)
    members = library_queries.map_items(session, brand_id, [member.item_id for member in group.members])
    items = {id: item for id, item in members.items() if item.state in COMPARED}
    best, others = choose(items, best_id)
    check_pictures(best, others)
    right = rules.right_from(queries.copy_of(best), [queries.copy_of(item) for item in others], now)
    was_approved = best.state is not State.APPROVED and any(item.state is State.APPROVED for item in others)
    gained = gain_tags(session, best, others, actor, now) | gain_products(session, best, others, actor, now)
    if right is not None:
        gained |= gain_right(runtime, session, best, items[right.item_id], actor, now)
    group.batch, group.gained = throw_away(session, best, others, actor, now), gained
    if was_approved:
        library_actions.decide(session, brand_id, [best.id], State.APPROVED, None, "", actor, now, batch=group.batch)
    group.best_id = best.id
    actions.close(session, group, Standing.MERGED, actor, now)
    tell(session, group, [item.id for item in others], actor, now)
    actions.set_pairs(session, items, Standing.OPEN, Standing.MERGED)
    actions.regroup(session, brand_id, [best.id])
    return group.batch


def throw_away(session: Session, best: Item, others: Sequence[Item], actor: str, now: datetime) -> str:
    """The others go to the trash as duplicates; the batch id."""
    note = f"The same as item {best.id}"
    ids = [item.id for item in others]
    return library_actions.decide(session, best.brand_id, ids, State.TRASH, Reason.DUPLICATE, note, actor, now)


def choose(items: dict[int, Item], best_id: int | None) -> tuple[Item, list[Item]]:
    """The item to keep and the others; raises NotInGroup, or GroupDecided where too few are left to merge."""
    if len(items) < 2:
        raise rules.GroupDecided()
    order = [copy.item_id for copy in rules.order_of(queries.copy_of(item) for item in items.values())]
    best_id = best_id or order[0]
    if best_id not in items:
        raise rules.NotInGroup()
    return items[best_id], [items[id] for id in order if id != best_id]


def check_pictures(best: Item, others: Iterable[Item]) -> None:
    """Raise MoreInIt where one of the others shows a picture that the best does not."""
    kept = [medium.file for medium in best.media]
    for item in others:
        if not all(any(looks_like(medium.file, file) for file in kept) for medium in item.media):
            raise rules.MoreInIt(item=item.id)


def looks_like(file: File, kept: File) -> bool:
    """Whether two files show the same: each is at most the radius from the centre of their group, so twice that apart."""
    if file.id == kept.id:
        return True
    if file.kind is not kept.kind or not file.perceptual_hash or not kept.perceptual_hash:
        return False
    ways = rules.turned_copies(file.perceptual_hash, file.turned_hashes)
    return min(distance(way, kept.perceptual_hash) for way in ways) <= 2 * RADIUS


def gain_tags(session: Session, best: Item, others: Sequence[Item], actor: str, now: datetime) -> dict[str, Any]:
    """Tags of the others that the kept item did not have."""
    had = {tagged.tag.name for tagged in best.tags}
    gained = [name for name in dict.fromkeys(tagged.tag.name for item in others for tagged in item.tags) if name not in had]
    if gained:
        library_actions.add_tags(session, best.brand_id, [best.id], gained, actor=actor, now=now)
    return {"tags": gained}


def gain_products(session: Session, best: Item, others: Sequence[Item], actor: str, now: datetime) -> dict[str, Any]:
    """Products of the others; a hotspot comes along where the pictures lie the same way, so that it points at the same thing."""
    tags = {tagged.product.sku: ProductTag(tagged.product.sku, tagged.x, tagged.y) for tagged in best.products}
    had = set(tags)
    before = dict(tags)
    for item in others:
        same = lie_alike(session, best.id, item.id)
        for tagged in item.products:
            sku, known = tagged.product.sku, tags.get(tagged.product.sku)
            if known is None or (known.x is None and same):
                tags[sku] = ProductTag(sku, tagged.x, tagged.y) if same else ProductTag(sku)
    if tags != before:
        library_actions.set_products(session, best, list(tags.values()), actor=actor, now=now)
    return {"products": [sku for sku in tags if sku not in had]}


def lie_alike(session: Session, one: int, other: int) -> bool:
    """Whether two pictures are known to lie the same way."""
    pair = session.get(Pair, rules.ordered(one, other))
    return pair is not None and pair.turn == 0


def gain_right(runtime: Runtime, session: Session, best: Item, giver: Item, actor: str, now: datetime) -> dict[str, Any]:
    """The same person's permission for the same work, entered for the kept item with where it was given."""
    rights_actions.record(
        runtime, session, best, giver.rights_state, text=f"The same creator's same work as item {giver.id}, merged into this one",
        given_by=giver.creator.name if giver.creator else "", starts_at=giver.rights_from, expires_at=giver.rights_until,
        actor=actor, now=now,
    )  # fmt: skip
    return {"right": giver.id}


def tell(session: Session, group: Group, others: Sequence[int], actor: str, now: datetime) -> None:
    """Audit a merge, and let those above move what points at the others."""
    accounts_actions.audit(
        session, brand_id=group.brand_id, actor=actor, action="duplicates.merge", subject_type="item", subject_id=group.best_id,
        now=now, items=list(others), **group.gained,
    )  # fmt: skip
    jobs.announce(session, "duplicates.merged", brand_id=group.brand_id, item_id=group.best_id, copy_ids=list(others))


def reopen(runtime: Runtime, session: Session, brand_id: int, batch: str, *, actor: str, now: datetime) -> None:
    """What follows the undo of a merge's decisions: the kept item loses what it gained, and the group asks again."""
    actions.queue(session, brand_id)
    mine = select(Group).where(Group.brand_id == brand_id, Group.batch == batch, Group.standing == Standing.MERGED)
    group = session.scalar(mine.with_for_update().execution_options(populate_existing=True)) if batch else None
    if group is None:
        return
    best = library_queries.map_items(session, brand_id, [group.best_id or 0]).get(group.best_id or 0)
    if best is not None:
        lose(runtime, session, best, group.gained, actor, now)
    ids = [member.item_id for member in group.members]
    taken = {id for members in queries.find_open_members(session, ids).values() for id in members}
    group.standing, group.best_id, group.batch, group.gained = Standing.OPEN, None, "", {}
    group.decided_by, group.decided_at = "", None
    for member in group.members:
        member.is_open = member.item_id not in taken
    session.flush()
    actions.set_pairs(session, ids, Standing.MERGED, Standing.OPEN)


def lose(runtime: Runtime, session: Session, best: Item, gained: dict[str, Any], actor: str, now: datetime) -> None:
    """Take back what a merge gave an item."""
    if gained.get("tags"):
        library_actions.remove_tags(session, best.brand_id, [best.id], gained["tags"], actor=actor, now=now)
    if gained.get("products"):
        kept = [tagged for tagged in best.products if tagged.product.sku not in gained["products"]]
        tags = [ProductTag(tagged.product.sku, tagged.x, tagged.y) for tagged in kept]
        library_actions.set_products(session, best, tags, actor=actor, now=now)
    if gained.get("right"):
        rights_actions.record(runtime, session, best, RightsState.NONE, text="The merge was undone", actor=actor, now=now)


def undo(runtime: Runtime, session: Session, brand_id: int, group_id: int, *, actor: str, now: datetime) -> None:
    """Take a decision on a group back, whichever it was; raises NotFound."""
    actions.queue(session, brand_id)
    view = queries.get_group(session, brand_id, group_id)
    group = session.get_one(Group, group_id)
    if view.standing is Standing.MERGED:
        batch = group.batch
        library_actions.undo(session, brand_id, batch, actor=actor, now=now)
        reopen(runtime, session, brand_id, batch, actor=actor, now=now)
    elif view.standing is Standing.APART:
        rejoin(session, group, actor=actor, now=now)


def rejoin(session: Session, group: Group, *, actor: str, now: datetime) -> None:
    """Ask again about a group that was kept apart."""
    actions.queue(session, group.brand_id)
    brand_id, group_id, ids = group.brand_id, group.id, [member.item_id for member in group.members]
    actions.forget_never_alike(session, ids)
    actions.set_pairs(session, ids, Standing.APART, Standing.OPEN)
    session.delete(group)
    session.flush()
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="duplicates.rejoin", subject_type="group", subject_id=group_id, now=now,
        items=ids,
    )  # fmt: skip
    actions.regroup(session, brand_id, ids)
