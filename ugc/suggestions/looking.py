"""Looks for what speaks for products and tags on items: orders, product pages, what looks alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ugc.kit.db import among
from ugc.library.models import Item, ItemProduct, ItemTag, Tag
from ugc.orders import queries as orders_queries
from ugc.orders import rules as orders_rules
from ugc.orders.models import Order, OrderLine
from ugc.runtime import Runtime
from ugc.similarity import queries as similarity_queries
from ugc.similarity.encoders.base import Vector
from ugc.submissions import senders
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
MOST_ORDERS = 2_000
"""Newest orders of the creators of all items that are looked at together."""
MOST_SENT = 2_000
"""Newest items that these creators sent, whose addresses are compared."""
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
    for order in find_orders(session, brand_id, owners.keys(), min(posted.values()), max(posted.values())):
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
    brand_id, creators = items[0].brand_id, {item.creator_id for item in items if item.creator_id is not None}
    others = select(Item.id, Item.creator_id).where(Item.brand_id == brand_id, among(Item.creator_id, creators))
    sent = others.where(select(Submission.id).where(Submission.item_id == Item.id).exists()).order_by(Item.id.desc())
    creator_of = dict(session.execute(sent.limit(MOST_SENT)).all()) if creators else {}
    found = senders.map_digests(runtime, session, brand_id, {*creator_of, *(item.id for item in items)})
    given: dict[int, list[str]] = defaultdict(list)
    for item_id, creator_id in creator_of.items():
        given[creator_id or 0] += found.get(item_id, ())
    listed = {item.id: dict.fromkeys([*found.get(item.id, ()), *given.get(item.creator_id or 0, ())]) for item in items}
    return {item_id: list(digests) for item_id, digests in listed.items() if digests}


def find_orders(
    session: Session, brand_id: int, keys: Iterable[tuple[str, str]], first: datetime, last: datetime
) -> list[Order]:  # fmt: skip
    """The orders of these customers that say something about posts between two times, the newest first."""
    values: dict[str, set[str]] = defaultdict(set)
    for kind, value in keys:
        if value:
            values[kind].add(value)
    columns = {"email": Order.email_sha256, "order": Order.external_id, "customer": Order.customer_id}
    asked: list[ColumnElement[bool]] = [among(columns[kind], some) for kind, some in values.items()]
    if not asked:
        return []
    query = select(Order).where(Order.brand_id == brand_id, or_(*asked), Order.status.not_in(sorted(orders_rules.CANCELLED)))
    query = query.where(Order.placed_at.between(first - evidence.BOUGHT_WITHIN, last + evidence.AFTER_POSTING))
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
