"""Looks for what speaks for products and tags on items: orders, product pages, what looks alike."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from ugc.kit import signing
from ugc.kit.db import among
from ugc.library.models import Item, ItemProduct, ItemTag, Tag
from ugc.orders import queries as orders_queries
from ugc.orders import rules as orders_rules
from ugc.orders.models import Order, OrderLine
from ugc.runtime import Runtime
from ugc.similarity import queries as similarity_queries
from ugc.similarity.encoders.base import Vector
from ugc.submissions.models import Submission
from ugc.suggestions import evidence, matching
from ugc.suggestions.evidence import Bought, Near
from ugc.suggestions.matching import Index
from ugc.suggestions.models import Standing, Suggestion, What

LOOKED_AT = 30
"""Alike items that are asked for; the farthest says what is usual."""
CATALOGUE = 12
"""Catalogue pictures that are asked for."""
CLOSE = 0.15
"""Alike items below this closeness do not vote."""
MOST_ORDERS = 200
"""Newest orders of one customer."""
ORDER_NAMES = ("order_id", "order", "order_number", "order id", "order number")
CUSTOMER_NAMES = ("customer_id", "customer", "customer id", "user_id")
"""What review exports call the order and the customer beside a review."""
ADDRESS = re.compile(r"https?://[^\s<>\"')\]]{4,500}")


@dataclass(frozen=True, slots=True)
class Alike:
    """What looks like one item: items with their tags and products, and the catalogue's pictures by product."""

    items: tuple[Near, ...] = ()
    catalogue: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carried:
    """What items carry that a person agreed to: tag names and product ids by item."""

    tags: Mapping[int, Sequence[str]]
    products: Mapping[int, Sequence[int]]


def find_alike(session: Session, brand_id: int, vectors: Mapping[int, Vector]) -> dict[int, Alike]:
    """What looks like each of the items that have a vector."""
    found = {}
    for item_id, vector in vectors.items():
        items = similarity_queries.find_near(session, brand_id, vector, "picture", limit=LOOKED_AT, without=[item_id])
        near = evidence.closeness([similarity for _, similarity in items])
        products = similarity_queries.find_near_products(session, brand_id, vector, limit=CATALOGUE)
        close = evidence.closeness([similarity for _, similarity in products])
        found[item_id] = Alike(
            tuple(Near(key, share) for (key, _), share in zip(items, near, strict=True) if share >= CLOSE),
            {key: share for (key, _), share in zip(products, close, strict=True) if share >= CLOSE},
        )
    return found


def find_carried(session: Session, brand_id: int, item_ids: Iterable[int]) -> Carried:
    """Tags and products of items, without what a rule applied and nobody confirmed: it must not teach itself."""
    ids = set(item_ids)
    applied = select(Suggestion.item_id, Suggestion.what, Suggestion.name, Suggestion.product_id).where(
        Suggestion.brand_id == brand_id, among(Suggestion.item_id, ids), Suggestion.state == Standing.APPLIED
    )
    unsure = {(item_id, name if what is What.TAG else product_id) for item_id, what, name, product_id in session.execute(applied)}
    tags: dict[int, list[str]] = defaultdict(list)
    products: dict[int, list[int]] = defaultdict(list)
    named = select(ItemTag.item_id, Tag.name).join(Tag, Tag.id == ItemTag.tag_id)
    for item_id, name in session.execute(named.where(Tag.brand_id == brand_id, among(ItemTag.item_id, ids))):
        if (item_id, name) not in unsure:
            tags[item_id].append(name)
    own = select(ItemProduct.item_id, ItemProduct.product_id).join(Item, Item.id == ItemProduct.item_id)
    for item_id, product_id in session.execute(own.where(Item.brand_id == brand_id, among(ItemProduct.item_id, ids))):
        if (item_id, product_id) not in unsure:
            products[item_id].append(product_id)
    return Carried(tags, products)


def vote(near: Sequence[Near], carried: Mapping[int, Sequence[str]]) -> dict[str, list[Near]]:
    """Name → the alike items that carry it, the nearest first."""
    votes: dict[str, list[Near]] = defaultdict(list)
    for each in near:
        for name in carried.get(each.key, ()):
            votes[name].append(each)
    return votes


def families_of(index: Index, products: Mapping[int, Sequence[int]]) -> dict[int, list[str]]:
    """Item → the families of its products, each once."""
    return {
        item_id: list(
            dict.fromkeys(index.families[index.product_families[each]].name for each in ids if each in index.product_families)
        )
        for item_id, ids in products.items()
    }


def find_pages(index: Index, item: Item) -> list[str]:
    """Families whose page the item came from or links to."""
    extra = item.extra
    found = [str(extra.get(name) or "") for name in ("link", "page", "page_url")]
    addresses = [item.source_url, *found, *ADDRESS.findall(item.body[:6000])]
    places = [index.pages.get(matching.page_of(address)) for address in addresses if address]
    named = index.codes.get(matching.bare(str(extra.get("unknown_sku") or "")))
    return list(dict.fromkeys(index.families[place].name for place in [*places, named] if place is not None))


def find_bought(runtime: Runtime, session: Session, index: Index, items: Sequence[Item]) -> dict[int, list[Bought]]:
    """What the creators of items ordered before they posted, by item; those nobody can be found for are left out."""
    if not items:
        return {}
    brand_id, posted = items[0].brand_id, {item.id: item.published_at for item in items}
    digests = find_digests(runtime, session, items)
    owners: dict[tuple[str, str], set[int]] = defaultdict(set)
    for item in items:
        for digest in digests.get(item.id, ()):
            owners["email", digest].add(item.id)
        for kind, names in (("order", ORDER_NAMES), ("customer", CUSTOMER_NAMES)):
            if value := first_of(item.extra, names):
                owners[kind, value].add(item.id)
    bought: dict[int, list[Bought]] = defaultdict(list)
    for order in find_orders(session, brand_id, owners.keys()):
        families = kept_families(session, index, order)
        keys = (("email", order.email_sha256), ("order", order.external_id), ("customer", order.customer_id))
        for item_id in {id for key in keys for id in owners.get(key, ())}:
            if order.placed_at <= posted[item_id] + evidence.AFTER_POSTING:
                bought[item_id] += [Bought(family, order.placed_at, len(families)) for family in families]
    return bought


def first_of(extra: Mapping[str, object], names: Sequence[str]) -> str:
    """The first of some facts that is there."""
    lowered = {str(name).lower(): value for name, value in extra.items() if isinstance(value, str | int)}
    return next((str(lowered[name]).strip().lstrip("#") for name in names if lowered.get(name)), "")


def find_digests(runtime: Runtime, session: Session, items: Sequence[Item]) -> dict[int, list[str]]:
    """Item → SHA-256 of the addresses that its creator gave, with this item or another, as order feeds carry them."""
    creators = {item.creator_id for item in items if item.creator_id is not None}
    query = select(Item.id, Item.creator_id, Submission.email_sealed).join(Submission, Submission.item_id == Item.id)
    mine = or_(among(Item.id, [item.id for item in items]), among(Item.creator_id, creators) if creators else false())
    rows = session.execute(query.where(Item.brand_id == items[0].brand_id, Submission.email_sealed != "", mine).limit(2_000))
    of_item: dict[int, list[str]] = defaultdict(list)
    of_creator: dict[int, list[str]] = defaultdict(list)
    for item_id, creator_id, sealed in rows:
        digest = digest_of(runtime, sealed)
        of_item[item_id].append(digest)
        if creator_id is not None:
            of_creator[creator_id].append(digest)
    return {
        item.id: list(dict.fromkeys(of_item[item.id] + of_creator[item.creator_id or 0]))
        for item in items
        if of_item[item.id] or of_creator[item.creator_id or 0]
    }


def digest_of(runtime: Runtime, sealed: str) -> str:
    """What an order feed says instead of a customer's address; empty where the seal is from another key."""
    try:
        address = signing.unseal(runtime.key("submission-email"), sealed)
    except signing.SealBroken:
        return ""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def find_orders(session: Session, brand_id: int, keys: Iterable[tuple[str, str]]) -> list[Order]:
    """The orders of these customers, the newest first."""
    values: dict[str, set[str]] = defaultdict(set)
    for kind, value in keys:
        if value:
            values[kind].add(value)
    columns = {"email": Order.email_sha256, "order": Order.external_id, "customer": Order.customer_id}
    asked: list[ColumnElement[bool]] = [among(columns[kind], some) for kind, some in values.items()]
    if not asked:
        return []
    query = select(Order).where(Order.brand_id == brand_id, or_(*asked), Order.status.not_in(sorted(orders_rules.CANCELLED)))
    return list(session.scalars(query.options(*orders_queries.whole()).order_by(Order.placed_at.desc()).limit(MOST_ORDERS)))


def kept_families(session: Session, index: Index, order: Order) -> list[str]:
    """The families of an order's lines, each once; what went back was not kept and is not shown."""
    returned = {line.id for line in orders_rules.net_lines(orders_queries.as_data(order)) if line.returned}
    places = [place_of(index, line) for line in order.lines if line.external_id not in returned]
    return list(dict.fromkeys(index.families[place].name for place in places if place is not None))


def place_of(index: Index, line: OrderLine) -> int | None:
    """The family of an order line: by its product, else by its SKU."""
    known = index.product_families.get(line.product_id or 0)
    return index.places.get(line.sku) if known is None else known
