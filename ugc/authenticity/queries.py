"""Reads of flags, and of what they are found by. Every query sees one brand only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy
from numpy.typing import NDArray
from sqlalchemy import func, select, text, union_all
from sqlalchemy.orm import Session, joinedload

from ugc.authenticity import rules
from ugc.authenticity.models import FlagState, ItemFlag
from ugc.authenticity.rules import NoSuchFlag, Repeat
from ugc.catalog.models import Product
from ugc.duplicates.models import Likeness, Pair
from ugc.kit.db import among
from ugc.library.models import Item, ItemMedia, ItemProduct, Kind
from ugc.media.models import File, FileKind
from ugc.orders.models import Order, OrderLine
from ugc.similarity.models import ProductPicture

STANDING = (FlagState.OPEN, FlagState.CONFIRMED)
"""What was dismissed counts no more."""
MOST_PAIRS = 2_000


def map_flags(
    session: Session, brand_id: int, item_ids: Collection[int], *, states: Iterable[FlagState] = STANDING
) -> dict[int, list[ItemFlag]]:  # fmt: skip
    """The flags of items, the surest first; what was dismissed is left out unless asked for."""
    query = select(ItemFlag).where(
        ItemFlag.brand_id == brand_id, among(ItemFlag.item_id, item_ids), ItemFlag.state.in_(sorted(states))
    )
    found: dict[int, list[ItemFlag]] = defaultdict(list)
    for flag in session.scalars(query.order_by(ItemFlag.p.desc(), ItemFlag.id)):
        found[flag.item_id].append(flag)
    return dict(found)


def map_deciding(session: Session, brand_id: int, item_ids: Collection[int]) -> dict[int, list[ItemFlag]]:
    """The flags that a decision may look at: those that rest on stars are left out (L-01)."""
    flags = map_flags(session, brand_id, item_ids)
    deciding = {id: [flag for flag in some if flag.kind in rules.DECIDING] for id, some in flags.items()}
    return {id: some for id, some in deciding.items() if some}


def get_flag(session: Session, brand_id: int, flag_id: int, *, lock: bool = False) -> ItemFlag:
    """One flag; raises NoSuchFlag."""
    query = select(ItemFlag).where(ItemFlag.brand_id == brand_id, ItemFlag.id == flag_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NoSuchFlag()
    return found


def find_flags(
    session: Session, brand_id: int, *, state: FlagState = FlagState.OPEN, kind: str = "", before: int | None = None,
    limit: int = 50,
) -> list[ItemFlag]:  # fmt: skip
    """Flags with their items, the newest first."""
    query = select(ItemFlag).where(ItemFlag.brand_id == brand_id, ItemFlag.state == state).options(joinedload(ItemFlag.item))
    query = query.where(ItemFlag.kind == kind) if kind else query
    query = query.where(ItemFlag.id < before) if before is not None else query
    return list(session.scalars(query.order_by(ItemFlag.id.desc()).limit(limit)))


def count_flags(session: Session, brand_id: int, *, state: FlagState = FlagState.OPEN) -> dict[str, int]:
    """How many flags of a state there are, by kind."""
    query = select(ItemFlag.kind, func.count()).where(ItemFlag.brand_id == brand_id, ItemFlag.state == state)
    return {row[0]: row[1] for row in session.execute(query.group_by(ItemFlag.kind))}


# What flags are found by.


def find_items(session: Session, brand_id: int, item_ids: Collection[int]) -> list[Item]:
    """The items themselves."""
    return list(session.scalars(select(Item).where(Item.brand_id == brand_id, among(Item.id, item_ids)).order_by(Item.id)))


@dataclass(frozen=True, slots=True)
class Alike:
    """Another creator's item that is alike."""

    item_id: int
    other_id: int
    likeness: Likeness
    distance: int


def find_alike(session: Session, brand_id: int, item_ids: Collection[int]) -> list[Alike]:
    """Pairs of alike items of different creators, whatever was decided of them as duplicates. An item without a creator is
    nobody's in particular, so it is left out.
    """
    columns = (Pair.low_id, Pair.high_id, Pair.likeness, Pair.distance)
    low = select(*columns).where(Pair.brand_id == brand_id, among(Pair.low_id, item_ids)).limit(MOST_PAIRS)
    high = select(*columns).where(Pair.brand_id == brand_id, among(Pair.high_id, item_ids)).limit(MOST_PAIRS)
    pairs = {(int(row[0]), int(row[1]), Likeness(row[2]), int(row[3])) for row in session.execute(union_all(low, high))}
    ids = {id for low_id, high_id, _, _ in pairs for id in (low_id, high_id)}
    named = select(Item.id, Item.creator_id).where(among(Item.id, ids), Item.creator_id.is_not(None))
    creators = {row[0]: row[1] for row in session.execute(named)}
    asked = set(item_ids)
    return [
        Alike(id, other_id, likeness, distance)
        for low_id, high_id, likeness, distance in sorted(pairs)
        for id, other_id in ((low_id, high_id), (high_id, low_id))
        if id in asked and {id, other_id} <= creators.keys() and creators[id] != creators[other_id]
    ]


def repeats_of(alike: Iterable[Alike], item_id: int) -> list[Repeat]:
    """The texts among them that are alike with an item's."""
    return [
        Repeat(one.other_id, 1 - one.distance / 100) for one in alike if one.item_id == item_id and one.likeness is Likeness.TEXT
    ]


def map_files(session: Session, brand_id: int, item_ids: Collection[int]) -> dict[int, list[File]]:
    """The files of items that were decoded."""
    query = select(ItemMedia.item_id, File).join(File, File.id == ItemMedia.file_id)
    found: dict[int, list[File]] = defaultdict(list)
    for item_id, file in session.execute(query.where(File.brand_id == brand_id, among(ItemMedia.item_id, item_ids))):
        found[item_id].append(file)
    return found


@dataclass(frozen=True, slots=True)
class Shelf:
    """The hashes of a brand's catalogue pictures, and whose they are."""

    hashes: NDArray[numpy.uint64]
    products: Sequence[tuple[str, str]]
    """SKU and title."""


def find_shelf(session: Session, brand_id: int) -> Shelf:
    """The catalogue's pictures that were fetched."""
    query = (
        select(File.perceptual_hash, Product.sku, Product.title)
        .join(ProductPicture, ProductPicture.file_id == File.id)
        .join(Product, Product.id == ProductPicture.product_id)
        .where(ProductPicture.brand_id == brand_id, func.length(File.perceptual_hash) == 32, File.kind == FileKind.PICTURE)
        .order_by(Product.id)
    )
    rows = session.execute(query).all()
    data = b"".join(bytes(hash or b"") for hash, _, _ in rows)
    return Shelf(numpy.frombuffer(data, numpy.uint64).reshape(-1, 4), [(sku, title) for _, sku, title in rows])


def map_reviewed(session: Session, item_ids: Collection[int]) -> dict[int, list[int]]:
    """The products of items, by item."""
    found: dict[int, list[int]] = defaultdict(list)
    query = select(ItemProduct.item_id, ItemProduct.product_id).where(among(ItemProduct.item_id, item_ids))
    for item_id, product_id in session.execute(query):
        found[item_id].append(product_id)
    return found


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a product was reviewed around one of its reviews, that one included."""

    near: int
    """Within half a day of it."""
    around: int
    """Within `rules.BASE` of it."""


PACES = text("""
    select item_id, near, around from (
        select p.item_id,
            count(*) over (partition by p.product_id order by i.published_at
                range between :half preceding and :half following) as near,
            count(*) over (partition by p.product_id order by i.published_at
                range between :base preceding and :base following) as around
        from item_products p
        join items i on i.id = p.item_id
        left join imports m on m.id = i.import_id
        where i.brand_id = :brand and i.kind = 'review' and p.product_id = any(:products)
            and i.published_at between :since and :until
            and (m.id is null or i.published_at < m.created - interval '1 minute')
    ) as every where item_id = any(:ids)
""")
"""A file without dates gives its reviews the time of its import, which says nothing of when they were written."""


def map_paces(session: Session, brand_id: int, dated: Mapping[int, datetime], products: Collection[int]) -> dict[int, list[Pace]]:
    """The paces of some products around some of their reviews, by review; one walk through the products' reviews."""
    if not dated or not products:
        return {}
    since, until = min(dated.values()) - rules.BASE, max(dated.values()) + rules.BASE
    given = {"ids": list(dated), "products": list(products), "half": rules.WINDOW / 2, "base": rules.BASE}
    found: dict[int, list[Pace]] = defaultdict(list)
    for item_id, near, around in session.execute(PACES, given | {"brand": brand_id, "since": since, "until": until}):
        found[item_id].append(Pace(near, around))
    return found


def map_given(session: Session, brand_id: int, creator_ids: Collection[int]) -> dict[int, list[int]]:
    """The stars that creators gave, by creator; only shown to people (L-01)."""
    query = select(Item.creator_id, Item.rating).where(
        Item.brand_id == brand_id, Item.kind == Kind.REVIEW, Item.rating.is_not(None), among(Item.creator_id, creator_ids)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for creator_id, rating in session.execute(query):
        found[int(creator_id or 0)].append(int(rating or 0))
    return found


def get_shares(session: Session, brand_id: int) -> dict[int, float]:
    """How the stars of the brand's reviews are spread."""
    query = select(Item.rating, func.count()).where(Item.brand_id == brand_id, Item.kind == Kind.REVIEW, Item.rating.is_not(None))
    counts = {int(row[0] or 0): row[1] for row in session.execute(query.group_by(Item.rating))}
    whole = sum(counts.values()) or 1
    return {rating: count / whole for rating, count in counts.items()}


def has_orders(session: Session, brand_id: int) -> bool:
    """Whether the shop sends its orders, with whose they are."""
    query = select(Order.id).where(Order.brand_id == brand_id, Order.email_sha256 != "").limit(1)
    return session.scalar(query) is not None


def find_bought(session: Session, brand_id: int, digests: Collection[str]) -> set[tuple[str, int]]:
    """Digest of an address and product, for all that these customers ordered."""
    query = (
        select(Order.email_sha256, OrderLine.product_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.brand_id == brand_id, among(Order.email_sha256, digests), OrderLine.product_id.is_not(None))
    )
    return {(digest, product_id) for digest, product_id in session.execute(query) if product_id is not None}
