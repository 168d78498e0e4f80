"""Look at items, keep what was found, and what a person makes of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.authenticity import queries, rules
from ugc.authenticity.models import FlagState, ItemFlag
from ugc.authenticity.queries import Alike, Shelf
from ugc.authenticity.rules import Flag
from ugc.duplicates.models import Likeness
from ugc.kit import jobs
from ugc.library import actions as library_actions
from ugc.library.models import Item, Kind
from ugc.media.models import File
from ugc.runtime import Runtime
from ugc.submissions import senders


def look_at(
    runtime: Runtime, session: Session, brand_id: int, item_ids: Collection[int], *, now: datetime
) -> dict[int, list[Flag]]:
    """Find the flags of items and keep them; what was found, by item. Looking twice changes nothing."""
    items = queries.find_items(session, brand_id, item_ids)
    found: dict[int, list[Flag]] = {item.id: [] for item in items}
    for part in (
        of_pictures(session, brand_id, items),
        of_texts(session, brand_id, items),
        of_reviews(runtime, session, brand_id, items, now),
    ):
        for item_id, flags in part.items():
            found[item_id] += flags
    keep(session, brand_id, found, now=now)
    return found


def of_pictures(session: Session, brand_id: int, items: Sequence[Item]) -> dict[int, list[Flag]]:
    """What the items' files say and show."""
    files = queries.map_files(session, brand_id, [item.id for item in items])
    shelf = queries.find_shelf(session, brand_id) if files else None
    return {item_id: [*declared_by(some), *(in_catalogue(some, shelf) if shelf else ())] for item_id, some in files.items() if some}


def declared_by(files: Iterable[File]) -> list[Flag]:
    """The declarations of an item's files, each kind once."""
    by_kind = {flag.kind: flag for file in files for flag in rules.declared(file.provenance)}
    return list(by_kind.values())


def in_catalogue(files: Iterable[File], shelf: Shelf) -> list[Flag]:
    """A flag where one of an item's pictures is a product's."""
    for file in files:
        if file.perceptual_hash and len(file.perceptual_hash) == 32:
            place, distance = rules.nearest(file.perceptual_hash, shelf.hashes)
            if place >= 0 and (flag := rules.catalogue_picture(distance, shelf.products[place][1], shelf.products[place][0])):
                return [flag]
    return []


def of_texts(session: Session, brand_id: int, items: Sequence[Item]) -> dict[int, list[Flag]]:
    """What is alike with other creators' items, texts and pictures."""
    alike = queries.find_alike(session, brand_id, [item.id for item in items])
    return {item.id: flags for item in items if (flags := alike_flags(alike, item.id))}


def alike_flags(alike: Sequence[Alike], item_id: int) -> list[Flag]:
    """The flags of one item's likenesses."""
    pictures = [one.other_id for one in alike if one.item_id == item_id and one.likeness is Likeness.PICTURE]
    return present(rules.repeated_text(queries.repeats_of(alike, item_id)), rules.reused_picture(pictures))


def of_reviews(runtime: Runtime, session: Session, brand_id: int, items: Sequence[Item], now: datetime) -> dict[int, list[Flag]]:
    """What reviews' dates, authors and orders say."""
    reviews = [item for item in items if item.kind is Kind.REVIEW]
    if not reviews:
        return {}
    products = queries.map_reviewed(session, [item.id for item in reviews])
    bursts = of_dates(session, brand_id, reviews, products, now)
    one_sided = of_stars(session, brand_id, reviews)
    missing = of_orders(runtime, session, brand_id, reviews, products)
    return {item.id: present(bursts.get(item.id), one_sided.get(item.creator_id or 0), missing.get(item.id)) for item in reviews}


def of_dates(
    session: Session, brand_id: int, reviews: Sequence[Item], products: Mapping[int, Sequence[int]], now: datetime
) -> dict[int, Flag]:
    """The reviews one of whose products was reviewed too often around then."""
    dates = {item.id: item.published_at for item in reviews if item.id in products}
    paces = queries.map_paces(session, brand_id, dates, {product for some in products.values() for product in some})
    raised = {id: present(*(rules.burst(one.near, one.around, now - dates[id]) for one in some)) for id, some in paces.items()}
    return {id: flags[0] for id, flags in raised.items() if flags}


def of_stars(session: Session, brand_id: int, reviews: Sequence[Item]) -> dict[int, Flag]:
    """The authors who only ever gave the same stars; how the brand's stars are spread is counted only where there is one."""
    given = queries.map_given(session, brand_id, {item.creator_id for item in reviews if item.creator_id is not None})
    alike = {id: stars for id, stars in given.items() if rules.are_alike(stars)}
    shares = queries.get_shares(session, brand_id) if alike else {}
    return {id: flag for id, stars in alike.items() if (flag := rules.one_sided(stars, shares))}


def of_orders(
    runtime: Runtime, session: Session, brand_id: int, reviews: Sequence[Item], products: Mapping[int, Sequence[int]]
) -> dict[int, Flag]:
    """The reviews of authors who are known and never ordered the product."""
    digests = senders.map_digests(runtime, session, brand_id, [item.id for item in reviews])
    if not digests or not queries.has_orders(session, brand_id):
        return {}
    bought = queries.find_bought(session, brand_id, {one for some in digests.values() for one in some})
    found = {
        item.id: rules.no_order(
            bool(digests.get(item.id)) and bool(products.get(item.id)), True,
            any((one, product) in bought for one in digests.get(item.id, []) for product in products.get(item.id, [])),
            item.verified,
        )
        for item in reviews
    }  # fmt: skip
    return {id: flag for id, flag in found.items() if flag}


def present(*flags: Flag | None) -> list[Flag]:
    """Those that were raised."""
    return [flag for flag in flags if flag is not None]


def keep(session: Session, brand_id: int, found: Mapping[int, Sequence[Flag]], *, now: datetime) -> None:
    """Write what was found: open flags that no longer hold go, and what a person decided stays as it was decided."""
    rows = [
        {"item_id": id, "kind": flag.kind, "p": flag.p, "reason": flag.reason, "evidence": dict(flag.evidence)}
        for id, flags in sorted(found.items())
        for flag in flags
    ]
    session.execute(
        text("""
            delete from item_flags f where f.brand_id = :brand and f.item_id = any(:ids) and f.state = 'open' and not exists (
                select 1 from jsonb_to_recordset(cast(:rows as jsonb)) as r (item_id bigint, kind text)
                where r.item_id = f.item_id and r.kind = f.kind)
        """),
        {"brand": brand_id, "ids": list(found), "rows": json.dumps(rows)},
    )
    session.execute(
        text("""
            insert into item_flags (brand_id, item_id, kind, p, reason, evidence, found_at)
            select :brand, r.item_id, r.kind, r.p, r.reason, r.evidence, :now
            from jsonb_to_recordset(cast(:rows as jsonb)) as r (item_id bigint, kind text, p float8, reason text, evidence jsonb)
            on conflict (item_id, kind) do update set p = excluded.p, reason = excluded.reason, evidence = excluded.evidence
            where item_flags.state = 'open'
        """),
        {"brand": brand_id, "now": now, "rows": json.dumps(rows)},
    )
    copy_to_items(session, brand_id, list(found))


def copy_to_items(session: Session, brand_id: int, item_ids: Collection[int]) -> None:
    """Write the kinds of open and confirmed flags onto the items, which search reads; who predicts decisions is told."""
    flags = queries.map_flags(session, brand_id, item_ids)
    kinds = {id: sorted(flag.kind for flag in flags.get(id, [])) for id in item_ids}
    if changed := library_actions.set_flags(session, brand_id, kinds):
        jobs.announce(session, "authenticity.flags_changed", brand_id=brand_id, item_ids=changed)


def decide(session: Session, brand_id: int, flag_id: int, state: FlagState, *, actor: str, now: datetime) -> ItemFlag:
    """Say what is to be made of a flag; the item's own state stays as it is. Raises NoSuchFlag."""
    flag = queries.get_flag(session, brand_id, flag_id, lock=True)
    if flag.state is not state:
        flag.state, flag.decided_at, flag.actor = state, None if state is FlagState.OPEN else now, actor
        session.flush()
        copy_to_items(session, brand_id, [flag.item_id])
        accounts_actions.audit(
            session, brand_id=brand_id, actor=actor, action=f"flag.{state}", subject_type="item", subject_id=flag.item_id, now=now,
            kind=flag.kind,
        )  # fmt: skip
    return flag
