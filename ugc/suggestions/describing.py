"""Drafts of alternative texts for the pictures of items, offered as suggestions: a person takes them, nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from ugc.catalog import queries as catalog_queries
from ugc.kit.errors import Conflict
from ugc.library import actions as library_actions
from ugc.library import colours
from ugc.library import queries as library_queries
from ugc.library.models import Item, ItemMedia, State
from ugc.media.models import File, FileState
from ugc.similarity import vision
from ugc.suggestions import actions, alt_text, queries
from ugc.suggestions.alt_text import Sight
from ugc.suggestions.models import Suggestion, What
from ugc.suggestions.rules import Offer

SEEN_P, KNOWN_P, LIKELY_P = 0.8, 0.7, 0.5
"""How good a draft is: by a model that saw the picture, from products that a person tagged, from what is only likely."""
LANGUAGE = "en"
"""Of a brand's public texts; there is no setting for another yet."""
SHOWN = (State.INBOX, State.APPROVED)


class AlreadyDescribed(Conflict):
    """Somebody described this picture meanwhile; look at the item."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is read once for the drafts of many items."""

    vocabulary: tuple[str, ...]
    said: Mapping[int, str]
    """What the endpoint of the settings said, by file."""
    likely: Mapping[int, str]
    """The title of the likeliest product of each item, where it is likely enough to be named."""


def draft_items(session: Session, brand_id: int, item_ids: Iterable[int], *, now: datetime) -> None:
    """Offer a draft for each picture without a description; what was offered for one that has it now ends."""
    items = library_queries.map_items(session, brand_id, item_ids)
    known = read_known(session, brand_id, items)
    offers = {item.id: draft_item(item, known) if item.state in SHOWN else [] for item in items.values()}
    actions.offer_many(session, brand_id, offers, What.ALT, now)


def read_known(session: Session, brand_id: int, items: Mapping[int, Item]) -> Known:
    """What drafts rest on beside the items themselves."""
    files = [medium.file_id for item in items.values() for medium in item.media]
    said = vision.map_descriptions(session, brand_id, files)
    return Known(
        vocabulary=vision.find_choices(session, brand_id),
        said={file_id: description.alt for file_id, description in said.items() if description.alt},
        likely=find_likely(session, brand_id, items),
    )


def find_likely(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, str]:
    """Titles of suggested products that are likely enough."""
    best = {id: found[0] for id, found in queries.map_open(session, brand_id, item_ids, What.PRODUCT).items()}
    named = {id: each.product_id for id, each in best.items() if each.p >= alt_text.LEAST_P and each.product_id}
    products = catalog_queries.map_by_ids(session, brand_id, set(named.values()))
    return {id: products[product_id].title for id, product_id in named.items() if product_id in products}


def draft_item(item: Item, known: Known) -> list[Offer]:
    """A draft for each of the item's pictures that nobody described; two of the same words are told apart by their places."""
    made = []
    for place, medium in enumerate(item.media, start=1):
        if not medium.alt and medium.file.state is FileState.READY:
            made += draft_file(item, medium, place, known)
    return made


def draft_file(item: Item, medium: ItemMedia, place: int, known: Known) -> list[Offer]:
    """The draft of a picture, with what it rests on: the endpoint's sentence where there is one, else our own."""
    sure = [tagged.product.title for tagged in item.products]
    seen = alt_text.check(known.said.get(medium.file_id, ""), sure)
    if seen:
        return [Offer(seen, SEEN_P, ("Written by the model that looked at the picture",), file_id=medium.file_id)]
    titles = sure or ([known.likely[item.id]] if item.id in known.likely else [])
    names = [colours.name_of(colour) for colour in medium.file.colours]
    sight = Sight(
        products=tuple(titles), tags=tuple(tagged.tag.name for tagged in item.tags), colours=tuple(dict.fromkeys(names)),
        caption=f"{item.title}\n{item.body}", vocabulary=known.vocabulary, kind=medium.file.kind.value, place=place,
        of=len(item.media), language=LANGUAGE,
    )  # fmt: skip
    text = alt_text.draft(sight)
    reason = "From the item’s products, tags and colours" if sure else "From what the item probably shows"
    return [Offer(text, KNOWN_P if sure else LIKELY_P, (reason,), file_id=medium.file_id)] if text else []


# Taking a draft.


def take(session: Session, brand_id: int, item_id: int, file_id: int, alt: str, *, actor: str, now: datetime) -> Suggestion | None:
    """Give a picture its description: the draft as it stands, which counts as accepted, or what somebody made of it.

    Raises AlreadyDescribed rather than overwrite what a person wrote.
    """
    item = library_queries.get_item(session, brand_id, item_id)
    medium = next((medium for medium in item.media if medium.file_id == file_id), None)
    if medium is not None and medium.alt:
        raise AlreadyDescribed()
    open_ones = queries.map_open(session, brand_id, [item_id], What.ALT).get(item_id, [])
    same = next((each for each in open_ones if each.file_id == file_id and each.name == alt.strip()), None)
    if same is not None:
        return actions.accept(session, brand_id, [same.id], actor, now)[0]
    library_actions.set_alt(session, item, file_id, alt, actor=actor, now=now)
    return None


# What is still to be described.


@dataclass(frozen=True, slots=True)
class Undescribed:
    """A published picture without a description, and its draft."""

    item: Item
    medium: ItemMedia
    draft: Suggestion | None


def undescribed(brand_id: int, now: datetime) -> ColumnElement[bool]:
    """What the public sees without a description."""
    return and_(Item.brand_id == brand_id, library_queries.publishable(now), ItemMedia.alt == "", ItemMedia.is_compared)


def undescribed_query(brand_id: int, now: datetime) -> Select[int, int]:
    """Item and file of each, the newest items first."""
    query = select(ItemMedia.item_id, ItemMedia.file_id).join(Item, Item.id == ItemMedia.item_id)
    query = query.join(File, File.id == ItemMedia.file_id).where(undescribed(brand_id, now), File.state == FileState.READY)
    return query.order_by(Item.id.desc(), ItemMedia.position, ItemMedia.id)


def count_undescribed(
    session: Session, brand_id: int, *, now: datetime, most: int | None = None, newest: int | None = None
) -> int:  # fmt: skip
    """How many published pictures have no description; with `most`, counting stops there, with `newest`, only so many approved
    items are looked at, which costs the same in a library of a million.
    """
    query = undescribed_query(brand_id, now).order_by(None)
    if newest is not None:
        approved = select(Item.id).where(Item.brand_id == brand_id, Item.state == State.APPROVED)
        recent = approved.order_by(Item.published_at.desc(), Item.id.desc()).limit(newest).cte("recent").prefix_with("MATERIALIZED")
        query = query.join(recent, recent.c.id == Item.id)
    counted = query.limit(most) if most is not None else query
    return session.scalar(select(func.count()).select_from(counted.subquery())) or 0


def find_undescribed(session: Session, brand_id: int, *, now: datetime, limit: int) -> list[Undescribed]:
    """The next of them with their drafts."""
    rows = session.execute(undescribed_query(brand_id, now).limit(limit)).all()
    ids = [item_id for item_id, _ in rows]
    items, drafts = library_queries.map_items(session, brand_id, ids), queries.map_open(session, brand_id, ids, What.ALT)
    found = []
    for item_id, file_id in rows:
        item = items[item_id]
        medium = next(medium for medium in item.media if medium.file_id == file_id)
        found.append(Undescribed(item, medium, draft_of(drafts.get(item_id, []), file_id)))
    return found


def draft_of(drafts: Sequence[Suggestion], file_id: int) -> Suggestion | None:
    """The draft of one picture."""
    return next((each for each in drafts if each.file_id == file_id), None)
