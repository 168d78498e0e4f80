"""Writes of prints, pairs and groups, and the two decisions: merge or keep apart.

Whoever writes here has queued first, so that what two workers find at the same moment becomes one group.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.duplicates import queries, rules
from ugc.duplicates.models import Group, Likeness, Member, Pair, PicturePrint, Standing, TextKey, TextPrint
from ugc.duplicates.queries import ACTOR, COMPARED
from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.library import actions as library_actions
from ugc.library.models import Item, Kind, Reason

LOCK = 0x0D0B1E00
"""What a brand's number is added to for the advisory lock."""


PATIENCE = "60s"
"""How long a job waits for the others; a person is told after the usual time."""


def queue(session: Session, brand_id: int, *, patience: str = "") -> None:
    """Wait for the others who write here for the brand; held until the commit, so that what they wrote is then seen."""
    for limit in ("lock_timeout", "statement_timeout") if patience else ():
        session.execute(text("select set_config(:limit, :patience, true)"), {"limit": limit, "patience": patience})
    session.execute(text("select pg_advisory_xact_lock(:lock, :brand)"), {"lock": LOCK, "brand": brand_id % (1 << 31)})


# Prints.


def note_prints(session: Session, brand_id: int, item_ids: Sequence[int]) -> None:
    """Take in what the items' pictures and texts look like; what is there stays. Texts need no order and nobody waits for them."""
    note_text_prints(session, brand_id, item_ids)
    if queries.find_hashed(session, brand_id, item_ids):
        queue(session, brand_id, patience=PATIENCE)
        note_picture_prints(session, brand_id, item_ids)


def note_picture_prints(session: Session, brand_id: int, item_ids: Sequence[int]) -> None:
    """A print for each of their files that can be compared; a file that was hashed anew gets a new one."""
    files = {file.id: file for _, file in queries.find_hashed(session, brand_id, item_ids)}
    mine = select(PicturePrint).where(PicturePrint.brand_id == brand_id, among(PicturePrint.file_id, list(files)))
    blocked: dict[int, Reason | None] = {}
    for known in session.scalars(mine):
        assert known.file_id is not None
        if known.hash == files[known.file_id].perceptual_hash:
            del files[known.file_id]
        else:
            blocked[known.file_id] = known.blocked
            session.delete(known)
    session.flush()
    for id, file in sorted(files.items()):
        print_of = PicturePrint(brand_id=brand_id, kind=file.kind, file_id=id, hash=file.perceptual_hash, blocked=blocked.get(id))
        session.add(print_of)
    session.flush()


def note_text_prints(session: Session, brand_id: int, item_ids: Sequence[int]) -> None:
    """A print for each review's text; one that was reworded gets a new one."""
    query = (
        select(Item.id, Item.title, Item.body, TextPrint.item_id.is_not(None), TextPrint.digest)
        .outerjoin(TextPrint, TextPrint.item_id == Item.id)
        .where(Item.brand_id == brand_id, among(Item.id, item_ids), Item.kind == Kind.REVIEW)
    )
    rows = session.execute(query.order_by(Item.id)).all()
    texts = {id: rules.words_of(title, body) for id, title, body, _, _ in rows}
    digests = {id: rules.digest_of(words) for id, words in texts.items()}
    new = [id for id, _, _, is_known, digest in rows if not is_known or digest != digests[id]]
    if not new:
        return
    keys = sorted({(key, id) for id in new for key in rules.keys_of(brand_id, texts[id])})
    for table in (TextKey, TextPrint):
        session.execute(delete(table).where(among(table.item_id, new)), execution_options={"synchronize_session": False})
    prints = insert(TextPrint).values([{"item_id": id, "brand_id": brand_id, "digest": digests[id]} for id in new])
    session.execute(prints.on_conflict_do_nothing())
    session.execute(
        text("""
            insert into text_keys (key, item_id) select * from unnest(cast(:keys as bigint[]), cast(:ids as bigint[]))
            on conflict do nothing
        """),
        {"keys": [key for key, _ in keys], "ids": [id for _, id in keys]},
    )


def note_barred(session: Session, brand_id: int, item_ids: Iterable[int]) -> None:
    """Keep further copies of these items' pictures out, if they are rejected for a reason that calls for it; else let them in."""
    for file_id, reason in queries.find_barred(session, brand_id, item_ids).items():
        mine = update(PicturePrint).where(PicturePrint.brand_id == brand_id, PicturePrint.file_id == file_id)
        session.execute(mine.values(blocked=reason), execution_options={"synchronize_session": False})


def forget_prints(session: Session) -> None:
    """Prints whose file is gone, all but those that keep copies out."""
    session.execute(text("delete from picture_prints where file_id is null and blocked is null"))


# Pairs and groups.


def note_pairs(session: Session, brand_id: int, likeness: Likeness, found: Iterable[tuple[int, int, int, int]]) -> None:
    """Keep pairs (item, item, distance, turn); one that is known stays as it was decided."""
    nearest: dict[tuple[int, int], tuple[int, int]] = {}
    for one, other, distance, turn in found:
        pair = rules.ordered(one, other)
        nearest[pair] = min(nearest.get(pair, (distance, turn)), (distance, turn))
    rows = [{"low": low, "high": high, "distance": near[0], "turn": near[1]} for (low, high), near in sorted(nearest.items())]
    if rows:
        session.execute(
            text("""
                insert into duplicate_pairs (brand_id, low_id, high_id, likeness, distance, turn)
                select :brand, r.low, r.high, :likeness, r.distance, r.turn
                from jsonb_to_recordset(cast(:rows as jsonb)) as r (low bigint, high bigint, distance bigint, turn bigint)
                join items l on l.id = r.low and l.brand_id = :brand join items h on h.id = r.high and h.brand_id = :brand
                on conflict (low_id, high_id) do nothing
            """),
            {"brand": brand_id, "likeness": likeness.value, "rows": json.dumps(rows)},
        )


def regroup(session: Session, brand_id: int, item_ids: Iterable[int]) -> None:
    """Give each of the items that have an open pair and no group the place that `rules.place_of` finds."""
    session.flush()
    edges = queries.find_edges(session, brand_id, list(item_ids), inside=False)
    for id in sorted({end for edge in edges for end in (edge.low_id, edge.high_id)} & set(item_ids)):
        place(session, brand_id, id, {edge.other(id) for edge in edges if id in (edge.low_id, edge.high_id)})


def place(session: Session, brand_id: int, item_id: int, neighbours: Collection[int]) -> None:
    """Let one item join a group or make one with its neighbours."""
    groups = queries.find_open_members(session, [item_id, *neighbours])
    around = {item_id, *neighbours}.union(*groups.values())
    if any(item_id in members for members in groups.values()):
        return
    edges = queries.find_edges(session, brand_id, around, inside=True)
    placed = rules.place_of(item_id, edges, groups, queries.find_apart(session, brand_id, around))
    if placed is None:
        return
    if placed.group_id is None:
        group = Group(brand_id=brand_id, likeness=likeness_of(session, item_id, placed.members), centre_id=placed.centre_id)
        session.add(group)
        session.flush()
    else:
        group = session.get_one(Group, placed.group_id)
        group.centre_id = placed.centre_id
    session.add_all(Member(group_id=group.id, item_id=member) for member in placed.members)
    session.flush()


def likeness_of(session: Session, item_id: int, members: Sequence[int]) -> Likeness:
    """In what the items of a new group are alike: as its first pair."""
    low, high = rules.ordered(item_id, next(member for member in members if member != item_id))
    return session.get_one(Pair, (low, high)).likeness


def hold_back(session: Session, brand_id: int, copies: dict[int, tuple[Reason, int | None]], *, now: datetime) -> None:
    """Reject copies of what is kept out for the same reason (T-19); once, so that a person who lets one in has the last word."""
    mine = select(Item.id).where(Item.brand_id == brand_id, among(Item.id, copies), Item.state.in_(COMPARED))
    waiting = set(session.scalars(mine)) - queries.find_held_back(session, copies)
    for id in sorted(waiting):
        reason, of = copies[id]
        note = f"Held back: looks like item {of}, rejected as {reason.value}" if of else "Held back: looks like what was removed"
        library_actions.reject(session, brand_id, [id], reason, note, actor=ACTOR, now=now)


# Decisions.


def get_open(session: Session, brand_id: int, group_id: int) -> Group:
    """The group, locked; raises NotFound, or GroupDecided."""
    queue(session, brand_id)
    group = session.scalar(
        select(Group)
        .where(Group.brand_id == brand_id, Group.id == group_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if group is None:
        raise NotFound("there is no such group")
    if group.standing is not Standing.OPEN:
        raise rules.GroupDecided()
    return group


def keep_apart(session: Session, brand_id: int, group_id: int, *, actor: str, now: datetime) -> None:
    """They are not duplicates: no two of them are shown together again."""
    group = get_open(session, brand_id, group_id)
    members = [member.item_id for member in group.members]
    # Of those only that were seen: who was rejected meanwhile is asked about when let in again.
    ids = sorted(session.scalars(select(Item.id).where(among(Item.id, members), Item.state.in_(COMPARED))))
    rows = [{"low": low, "high": high} for low, high in rules.pairs_among(ids)]
    session.execute(
        text("""
            insert into duplicate_pairs (brand_id, low_id, high_id, likeness, distance, standing)
            select :brand, r.low, r.high, :likeness, :never, 'apart'
            from jsonb_to_recordset(cast(:rows as jsonb)) as r (low bigint, high bigint)
            on conflict (low_id, high_id) do update set standing = 'apart'
        """),
        {"brand": brand_id, "likeness": group.likeness.value, "never": rules.NEVER_ALIKE, "rows": json.dumps(rows)},
    )
    close(session, group, Standing.APART, actor, now)
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="duplicates.keep_apart", subject_type="group", subject_id=group_id, now=now,
        items=ids,
    )  # fmt: skip
    regroup(session, brand_id, ids)


def close(session: Session, group: Group, standing: Standing, actor: str, now: datetime) -> None:
    """The group is decided on; its items may be asked about with others."""
    group.standing, group.decided_by, group.decided_at = standing, actor, now
    for member in group.members:
        member.is_open = False
    session.flush()


def set_pairs(session: Session, item_ids: Collection[int], before: Standing, after: Standing) -> None:
    """Bring the pairs among items from one standing into another."""
    among_them = update(Pair).where(among(Pair.low_id, item_ids), among(Pair.high_id, item_ids), Pair.standing == before)
    session.execute(among_them.values(standing=after).execution_options(synchronize_session=False))
    session.expire_all()


def forget_never_alike(session: Session, item_ids: Collection[int]) -> None:
    """Pairs among the items that are known only because they were told apart."""
    among_them = delete(Pair).where(among(Pair.low_id, item_ids), among(Pair.high_id, item_ids), Pair.distance == rules.NEVER_ALIKE)
    session.execute(among_them.execution_options(synchronize_session=False))
