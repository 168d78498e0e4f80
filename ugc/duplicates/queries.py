"""Reads of prints, pairs and groups. Every query sees one brand only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, func, or_, select, text
from sqlalchemy.orm import Session, joinedload, selectinload

from ugc.duplicates import rules
from ugc.duplicates.models import Group, Likeness, Member, Pair, PicturePrint, Standing, TextPrint
from ugc.duplicates.rules import Edge
from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Decision, Item, ItemMedia, Kind, Reason, State
from ugc.media.models import File, FileKind, FileState

COMPARED = (State.INBOX, State.APPROVED)
"""What was rejected or thrown away asks for no decision any more."""
ACTOR = "duplicates"
"""Who holds back copies of what is kept out."""


def find_new_prints(session: Session, brand_id: int, kind: FileKind, after: int, limit: int) -> list[tuple[int, bytes]]:
    """The next prints in the order of their commits: id and hash."""
    query = select(PicturePrint.id, PicturePrint.hash).where(
        PicturePrint.brand_id == brand_id, PicturePrint.kind == kind, PicturePrint.id > after
    )
    return [(id, hash) for id, hash in session.execute(query.order_by(PicturePrint.id).limit(limit))]


def hashed() -> Any:
    """A file whose hash says enough to be compared."""
    return and_(
        finished(),
        File.kind.in_([FileKind.PICTURE, FileKind.VIDEO]),
        func.length(File.perceptual_hash) == 32,
        File.measures["hash_quality"].astext.cast(Integer) >= rules.LEAST_QUALITY,
    )


def find_hashed(session: Session, brand_id: int, item_ids: Iterable[int]) -> list[tuple[int, File]]:
    """The files of items that can be compared, each with its item."""
    query = (
        select(ItemMedia.item_id, File)
        .join(File, File.id == ItemMedia.file_id)
        .where(File.brand_id == brand_id, among(ItemMedia.item_id, item_ids), hashed())
    )
    return [(item_id, file) for item_id, file in session.execute(query.order_by(ItemMedia.item_id, ItemMedia.position))]


def find_uncompared(session: Session, brand_id: int, item_ids: Iterable[int]) -> list[int]:
    """The finished files of items that the public does not see yet, as rows of item_media; read before anything is looked for."""
    query = select(ItemMedia.id).join(File, File.id == ItemMedia.file_id).where(File.brand_id == brand_id)
    return list(session.scalars(query.where(among(ItemMedia.item_id, item_ids), ~ItemMedia.is_compared, finished())))


def finished() -> Any:
    """A file whose renditions are there."""
    return File.state == FileState.READY


def find_unprinted(session: Session, *, limit: int) -> list[tuple[int, int]]:
    """Brand and id of items with a file that was never compared, or a picture or a review's text that was never taken in: from
    before, or lost on the way.
    """
    files = (
        select(Item.brand_id, Item.id)
        .join(ItemMedia, ItemMedia.item_id == Item.id)
        .join(File, File.id == ItemMedia.file_id)
        .where(~ItemMedia.is_compared, finished())
    )
    pictures = (
        select(Item.brand_id, Item.id)
        .join(ItemMedia, ItemMedia.item_id == Item.id)
        .join(File, File.id == ItemMedia.file_id)
        .outerjoin(PicturePrint, PicturePrint.file_id == File.id)
        .where(hashed(), PicturePrint.id.is_(None))
    )
    texts = (
        select(Item.brand_id, Item.id)
        .outerjoin(TextPrint, TextPrint.item_id == Item.id)
        .where(Item.kind == Kind.REVIEW, TextPrint.item_id.is_(None))
    )
    rows = session.execute(pictures.limit(limit)).all() or session.execute(texts.limit(limit)).all()
    return [(brand_id, item_id) for brand_id, item_id in dict.fromkeys([*session.execute(files.limit(limit)), *rows])]


@dataclass(frozen=True, slots=True)
class Known:
    """What a print that was found belongs to; `item_id` is None where only the print is left."""

    print_id: int
    item_id: int | None
    keeps_out: Reason | None


def find_known(session: Session, brand_id: int, print_ids: Iterable[int]) -> list[Known]:
    """The items behind prints, and which of them keep their copies out, also before the job that marks their prints."""
    query = (
        select(PicturePrint.id, Item.id, func.coalesce(case((bars(), Item.state_reason)), PicturePrint.blocked))
        .outerjoin(ItemMedia, ItemMedia.file_id == PicturePrint.file_id)
        .outerjoin(Item, Item.id == ItemMedia.item_id)
        .where(PicturePrint.brand_id == brand_id, among(PicturePrint.id, print_ids))
    )
    return [Known(print_id, item_id, Reason(reason) if reason else None) for print_id, item_id, reason in session.execute(query)]


def bars() -> ColumnElement[bool]:
    """The item was rejected for a reason that keeps copies out, and not itself as the copy of another: a copy of a copy may be
    twice the radius away.
    """
    return and_(Item.state == State.REJECTED, Item.state_reason.in_(library_actions.BARRING), ~is_held_back())


def is_held_back() -> ColumnElement[bool]:
    """The last word on the item is that it looks like what is kept out."""
    standing = select(Decision.actor).where(Decision.item_id == Item.id, Decision.undone_at.is_(None)).correlate(Item)
    last = standing.order_by(Decision.id.desc()).limit(1).scalar_subquery()
    return func.coalesce(last, "") == ACTOR


def find_barred(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, Reason | None]:
    """The files of items by id, with why they keep copies out; what is only held back has no say in it."""
    mine = select(ItemMedia.file_id).join(Item, Item.id == ItemMedia.item_id)
    mine = mine.where(Item.brand_id == brand_id, among(Item.id, item_ids), ~is_held_back())
    found: dict[int, Reason | None] = dict.fromkeys(session.scalars(mine))
    why = select(ItemMedia.file_id, Item.state_reason).join(Item, Item.id == ItemMedia.item_id)
    found.update((file_id, reason) for file_id, reason in session.execute(why.where(among(ItemMedia.file_id, found), bars())))
    return found


SAME_TEXTS = text("""
    select a.item_id, b.item_id as other from text_prints a
    cross join lateral (
        select item_id from text_prints b where b.brand_id = a.brand_id and b.digest = a.digest and b.item_id <> a.item_id
        order by item_id limit :most) b
    where a.brand_id = :brand and a.item_id = any(:ids)
""")
LIKE_TEXTS = text("""
    select distinct a.item_id, b.item_id as other from text_keys a
    cross join lateral (
        select item_id from text_keys b where b.key = a.key and b.item_id <> a.item_id order by item_id limit :most) b
    where a.item_id = any(:ids)
""")


def find_same_texts(session: Session, brand_id: int, item_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Pairs of items that say the same."""
    rows = session.execute(SAME_TEXTS, {"brand": brand_id, "ids": list(item_ids), "most": rules.MOST_MEMBERS})
    return {rules.ordered(one, other) for one, other in rows}


def find_like_texts(session: Session, item_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Pairs of items of one brand that may say nearly the same; the brand is in their keys."""
    rows = session.execute(LIKE_TEXTS, {"ids": list(item_ids), "most": rules.MOST_MEMBERS})
    return {rules.ordered(one, other) for one, other in rows}


def find_words(session: Session, item_ids: Iterable[int]) -> dict[int, list[str]]:
    """The words of items."""
    query = select(Item.id, Item.title, Item.body).where(among(Item.id, item_ids))
    return {id: rules.words_of(title, body) for id, title, body in session.execute(query)}


def find_held_back(session: Session, item_ids: Iterable[int]) -> set[int]:
    """Items that were held back once; what a person decided since then stands."""
    return set(session.scalars(select(Decision.item_id).where(among(Decision.item_id, item_ids), Decision.actor == ACTOR)))


def find_barring(session: Session) -> list[tuple[int, int]]:
    """Brand and id of the items behind prints that keep copies out."""
    query = select(PicturePrint.brand_id, ItemMedia.item_id).join(ItemMedia, ItemMedia.file_id == PicturePrint.file_id)
    return [(brand_id, item_id) for brand_id, item_id in session.execute(query.where(PicturePrint.blocked.is_not(None)))]


# Pairs.


def find_edges(session: Session, brand_id: int, item_ids: Collection[int], *, inside: bool) -> list[Edge]:
    """Open pairs of items that ask for a decision: with both ends among the ids, or with either."""
    low, high = among(Pair.low_id, item_ids), among(Pair.high_id, item_ids)
    mine = select(Pair).where(
        Pair.brand_id == brand_id, Pair.standing == Standing.OPEN, and_(low, high) if inside else or_(low, high)
    )
    pairs = list(session.scalars(mine))
    ends = {end for pair in pairs for end in (pair.low_id, pair.high_id)}
    asked = set(session.scalars(select(Item.id).where(among(Item.id, ends), Item.state.in_(COMPARED))))
    return [Edge(pair.low_id, pair.high_id, pair.distance) for pair in pairs if {pair.low_id, pair.high_id} <= asked]


def find_apart(session: Session, brand_id: int, item_ids: Collection[int]) -> set[tuple[int, int]]:
    """Pairs among the items that a person told apart."""
    query = select(Pair.low_id, Pair.high_id).where(
        Pair.brand_id == brand_id, Pair.standing == Standing.APART, among(Pair.low_id, item_ids), among(Pair.high_id, item_ids)
    )
    return {(low, high) for low, high in session.execute(query)}


def find_waiting(session: Session, *, limit: int) -> list[tuple[int, int]]:
    """Brand and id of items with an open pair and without an open group, whose neighbour has none either."""
    rows = session.execute(
        text("""
            select distinct p.brand_id, p.low_id from duplicate_pairs p
            join items l on l.id = p.low_id and l.state in ('inbox', 'approved')
            join items h on h.id = p.high_id and h.state in ('inbox', 'approved')
            where p.standing = 'open' and not exists (
                select from duplicate_members m where m.is_open and m.item_id in (p.low_id, p.high_id))
            limit :limit
        """),
        {"limit": limit},
    )
    return [(brand_id, item_id) for brand_id, item_id in rows]


def find_open_members(session: Session, item_ids: Collection[int]) -> dict[int, set[int]]:
    """The open groups that any of the items are in: all members by group."""
    mine = select(Member.group_id).where(Member.is_open, among(Member.item_id, item_ids))
    groups: dict[int, set[int]] = {}
    for group_id, item_id in session.execute(select(Member.group_id, Member.item_id).where(Member.group_id.in_(mine))):
        groups.setdefault(group_id, set()).add(item_id)
    return groups


# Groups, as they are shown.


@dataclass(frozen=True, slots=True)
class Shown:
    """An item of a group."""

    item: Item
    distance: int | None
    """From the centre: bits, or per cent for texts; None for the centre itself and for what only its centre links to it."""
    turn: str


@dataclass(frozen=True, slots=True)
class View:
    """A group with its items, the best first."""

    id: int
    likeness: Likeness
    standing: Standing
    best_id: int | None
    decided_by: str
    decided_at: datetime | None
    created: datetime
    members: tuple[Shown, ...]

    @property
    def authors(self) -> int:
        """How many people they come from; each without a name counts as one."""
        named = {shown.item.creator_id for shown in self.members if shown.item.creator_id is not None}
        return len(named) + sum(shown.item.creator_id is None for shown in self.members)


def asking() -> Any:
    """An open group of at least two items that ask for a decision."""
    asked = select(func.count()).select_from(Member).join(Item, Item.id == Member.item_id)
    count = asked.where(Member.group_id == Group.id, Item.state.in_(COMPARED)).correlate(Group).scalar_subquery()
    return and_(Group.standing == Standing.OPEN, count >= 2)


def find_groups(
    session: Session, brand_id: int, standing: Standing = Standing.OPEN, *, before: int | None = None, limit: int = 20
) -> list[View]:
    """Groups with their items, the newest first."""
    query = select(Group).where(Group.brand_id == brand_id, asking() if standing is Standing.OPEN else Group.standing == standing)
    if before is not None:
        query = query.where(Group.id < before)
    groups = session.scalars(query.order_by(Group.id.desc()).limit(limit).options(selectinload(Group.members))).all()
    return [view_of(session, group) for group in groups]


def count_groups(session: Session, brand_id: int, *, most: int) -> int:
    """How many groups wait for a decision, counted up to a bound."""
    found = select(Group.id).where(Group.brand_id == brand_id, asking()).limit(most)
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def get_group(session: Session, brand_id: int, group_id: int) -> View:
    """One group; raises NotFound."""
    group = session.scalar(
        select(Group).where(Group.brand_id == brand_id, Group.id == group_id).options(selectinload(Group.members))
    )
    if group is None:
        raise NotFound("there is no such group")
    return view_of(session, group)


def view_of(session: Session, group: Group) -> View:
    """The group as it is shown: of an open one only what still asks for a decision."""
    items = library_queries.map_items(session, group.brand_id, [member.item_id for member in group.members])
    listed = [item for item in items.values() if group.standing is not Standing.OPEN or item.state in COMPARED]
    copies = {copy.item_id: place for place, copy in enumerate(rules.order_of(copy_of(item) for item in listed))}
    listed.sort(key=lambda item: (item.id != group.best_id if group.best_id else False, copies[item.id]))
    pairs = find_pairs(session, group.centre_id, list(items))
    members = tuple(Shown(item, *pairs.get(item.id, (None, ""))) for item in listed)
    return View(group.id, group.likeness, group.standing, group.best_id, group.decided_by, group.decided_at, group.created, members)


def find_pairs(session: Session, centre_id: int, item_ids: Sequence[int]) -> dict[int, tuple[int | None, str]]:
    """How far each item is from a centre, and how it lies."""
    query = select(Pair).where(
        or_(
            and_(Pair.low_id == centre_id, among(Pair.high_id, item_ids)),
            and_(Pair.high_id == centre_id, among(Pair.low_id, item_ids)),
        )
    )
    return {
        pair.high_id if pair.low_id == centre_id else pair.low_id: (pair.distance, rules.TURNS[pair.turn])
        for pair in session.scalars(query)
        if pair.distance != rules.NEVER_ALIKE
    }


def copy_of(item: Item) -> rules.Copy:
    """What a merge weighs of an item."""
    return rules.Copy(item.id, item.score, item.creator_id, item.rights_state, item.rights_until, item.created)


@dataclass(frozen=True, slots=True)
class Like:
    """That an item is in an open group, and with what."""

    group_id: int
    likeness: Likeness
    others: tuple[int, ...]


def map_likes(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, Like]:
    """The open groups of items, by item; only where another of the group still asks for a decision."""
    ids = list(item_ids)
    mine = select(Group).join(Member).where(Group.brand_id == brand_id, Group.standing == Standing.OPEN, among(Member.item_id, ids))
    loaded = selectinload(Group.members).options(joinedload(Member.item).load_only(Item.id, Item.state))
    likes: dict[int, Like] = {}
    for group in session.scalars(mine.options(loaded)).unique():
        asked = [member.item_id for member in group.members if member.item.state in COMPARED]
        for id in set(asked).intersection(ids):
            if others := tuple(other for other in asked if other != id):
                likes[id] = Like(group.id, group.likeness, others)
    return likes
