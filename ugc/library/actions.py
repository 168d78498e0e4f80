"""Writes of the library. What could change a gallery ends in `note_change`; the facts of other rooms come in by `set_…`.

Locks are always taken in one order, the brand's row first (`hold`), so that writers wait and never deadlock.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select, text, update
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand
from ugc.catalog.models import Product
from ugc.kit import jobs
from ugc.kit.db import among
from ugc.kit.errors import NotFound, Unprocessable
from ugc.library import languages, queries, rules
from ugc.library.models import Decision, Item, ItemMedia, ItemProduct, ItemTag, Kind, Reason, RightsState, SourcePolicy, State, Tag
from ugc.library.rules import Added, CreatorData, ItemData, NewItem, ProductTag
from ugc.media import actions as media_actions
from ugc.media.models import File, FileState
from ugc.runtime import Runtime

CHANGED_AT_ONCE = 500
"""Items a job of many: small enough for one short transaction."""
BARRING = (Reason.UNSAFE, Reason.LEGAL)
"""Copies of what is rejected for these are kept out (T-19); `library.item_barred` says that it began or ended."""


class UnknownProduct(Unprocessable):
    """A product is not in the catalogue."""


class UnknownFile(Unprocessable):
    """A file is not stored for this brand."""


def hold(session: Session, brand_id: int) -> None:
    """Lock the brand's row until the commit: changes of what its galleries show happen one after the other."""
    session.execute(select(Brand.id).where(Brand.id == brand_id).with_for_update(key_share=True))


def note_change(session: Session, brand_id: int, item_ids: Iterable[int]) -> None:
    """Say that what galleries show of these items may have changed: a new content version, snapshots to drop, jobs."""
    ids = sorted(set(item_ids))
    if ids:
        mark_changed(session, brand_id, ids)
        announce_items(session, brand_id, ids, "changed")


def mark_changed(session: Session, brand_id: int, item_ids: Sequence[int]) -> None:
    """Make snapshots under the old content version void, and remember the items for the moment after the commit."""
    accounts_actions.bump_content(session, brand_id)
    session.info.setdefault("changed_items", set()).update(item_ids)


def announce_items(session: Session, brand_id: int, item_ids: Sequence[int], verb: str) -> None:
    """Announce `library.item_…` for one item, `library.items_…` in portions for many."""
    if len(item_ids) == 1:
        jobs.announce(session, f"library.item_{verb}", brand_id=brand_id, item_id=item_ids[0])
        return
    portions = [list(item_ids[start : start + CHANGED_AT_ONCE]) for start in range(0, len(item_ids), CHANGED_AT_ONCE)]
    rows = ({"brand_id": brand_id, "item_ids": portion} for portion in portions)
    jobs.enqueue_many(session, f"library.items_{verb}", rows, queue="events")


# Adding.


def add_item(
    session: Session, brand_id: int, data: ItemData, *, files: Sequence[File] = (), products: Sequence[ProductTag] = (),
    tags: Iterable[str] = (), state: State = State.INBOX, actor: str, now: datetime, import_id: int | None = None,
    needs_product: bool = False,
) -> tuple[Item, bool]:  # fmt: skip
    """Add one item; (item, False) when its source and external id were there, then only missing tags and products are added."""
    row = NewItem(data, tuple(file.id for file in files), tuple(products), tuple(tags))
    added = add_items(
        session, brand_id, [row], state=state, actor=actor, now=now, import_id=import_id, needs_product=needs_product
    )[0]
    return queries.get_item(session, brand_id, added.item_id), added.added


def add_items(
    session: Session, brand_id: int, rows: Sequence[NewItem], *, state: State = State.INBOX, actor: str, now: datetime,
    import_id: int | None = None, needs_product: bool = False, rights: RightsState = RightsState.NONE,
) -> list[Added]:  # fmt: skip
    """Add a batch of items (some thousand at most) in a fixed number of statements; the outcomes are in the rows' order.

    `rights` is a fact of the rights room like those of `set_rights`: only `rights.actions.add_items` gives it.
    """
    if not rows:
        return []
    session.flush()
    if state is State.APPROVED:
        hold(session, brand_id)
    common = {"state": state, "rights_state": rights, "import_id": import_id, "needs_product": needs_product}
    prepared = prepare(session, brand_id, rows, common | {"now": now.isoformat()})
    ids, new_ids = insert_items(session, brand_id, prepared)
    items = [ids[fields["source"], fields["external_id"]] for fields in prepared]
    touched = attach(session, brand_id, list(zip(items, rows, strict=True)), import_id)
    repeated = repeats(items)
    # A new item's search words are those of its first row; a row that names it again may have brought more.
    stale = (touched - new_ids) | {items[place] for place in repeated}
    finish_adding(session, brand_id, sorted(new_ids), sorted(stale), state, actor, now)
    return [Added(id, id in new_ids and place not in repeated) for place, id in enumerate(items)]


def repeats(items: Sequence[int]) -> set[int]:
    """The places of items that came earlier in the same batch."""
    first: dict[int, int] = {}
    return {place for place, id in enumerate(items) if first.setdefault(id, place) != place}


def prepare(session: Session, brand_id: int, rows: Sequence[NewItem], common: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of each new item: cleaned, with its creator, language and search words."""
    titles = find_titles(session, brand_id, {tag.sku for row in rows for tag in row.products})
    creators = [rules.clean_creator(row.data.creator) for row in rows]
    creator_ids = keep_creators(session, brand_id, [creator for creator in creators if creator is not None])
    prepared = []
    for row, creator in zip(rows, creators, strict=True):
        fields = dict(row.cleaned or rules.clean_item(row.data)) | common
        fields["external_id"] = fields["external_id"] or secrets.token_hex(16)
        fields["creator_id"] = creator_ids[creator.network, creator.handle] if creator else None
        fields["published_at"] = row.data.published_at.isoformat() if row.data.published_at else common["now"]
        fields["language"] = language_of(row.data, fields)
        fields["search_language"] = languages.configuration(fields["language"])
        products = [(titles[tag.sku], tag.sku) for tag in row.products]
        fields["search_extra"] = rules.search_words(creator, rules.normal_tags(row.tags), products)
        prepared.append(fields)
    return prepared


def language_of(data: ItemData, fields: dict[str, Any]) -> str:
    """The language that the source gave, else the detected one."""
    return languages.normal(data.language) or languages.detect(f"{fields['title']} {fields['body']}")


def find_titles(session: Session, brand_id: int, skus: set[str]) -> dict[str, str]:
    """The titles of products; raises UnknownProduct."""
    query = select(Product.sku, Product.title).where(Product.brand_id == brand_id, among(Product.sku, skus))
    titles = dict(session.execute(query).all()) if skus else {}
    missing = sorted(skus - titles.keys())
    if missing:
        raise UnknownProduct(f"no product has the SKU {missing[0]!r}", skus=missing[:20])
    return titles


def keep_creators(session: Session, brand_id: int, creators: Sequence[CreatorData]) -> dict[tuple[str, str], int]:
    """The ids of creators by network and handle, added where they are new; rows sorted, so that two imports don't deadlock."""
    distinct = {(creator.network, creator.handle): creator for creator in creators}
    if not distinct:
        return {}
    rows = [vars_of(distinct[name]) for name in sorted(distinct)]
    statement = text("""
        with given as (
            select * from jsonb_to_recordset(cast(:rows as jsonb)) as r (network text, handle text, name text, url text)),
        added as (
            insert into creators (brand_id, network, handle, name, url)
            select :brand, network, handle, name, url from given
            on conflict (brand_id, network, handle) do nothing returning network, handle, id)
        select network, handle, id from added
        union all
        select c.network, c.handle, c.id from creators c join given g using (network, handle) where c.brand_id = :brand
    """)
    return read_pairs(session, statement, brand_id, rows, set(distinct))


def vars_of(creator: CreatorData) -> dict[str, str]:
    """The creator's columns."""
    return {"network": creator.network, "handle": creator.handle, "name": creator.name, "url": creator.url}


def read_pairs(
    session: Session, statement: Any, brand_id: int, rows: Sequence[dict[str, Any]], wanted: set[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Run an insert-or-find until every wanted pair has its id: a row that another transaction just added shows only next time."""
    found: dict[tuple[str, str], int] = {}
    while wanted - found.keys():
        found = {(first, second): id for first, second, id in session.execute(statement, {"brand": brand_id, "rows": dumped(rows)})}
    return found


def dumped(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as the JSON that one statement takes."""
    return json.dumps(rows, ensure_ascii=False)


ITEM_COLUMNS = {
    "kind": "text", "title": "text", "body": "text", "language": "text", "rating": "bigint", "verified": "boolean",
    "incentivised": "boolean", "helpful_count": "bigint", "like_count": "bigint", "comment_count": "bigint", "extra": "jsonb",
    "creator_id": "bigint", "source": "text", "source_url": "text", "external_id": "text", "import_id": "bigint",
    "published_at": "timestamptz", "state": "text", "rights_state": "text", "needs_product": "boolean",
    "search_language": "text", "search_extra": "text", "source_policy": "text", "embed_url": "text",
    "lease_until": "timestamptz",
}  # fmt: skip
INSERT_ITEMS = text(f"""
    insert into items (brand_id, state_at, {", ".join(ITEM_COLUMNS)})
    select :brand, case when r.state <> 'inbox' then r.now end, {", ".join(f"r.{name}" for name in ITEM_COLUMNS)}
    from jsonb_to_recordset(cast(:rows as jsonb)) as r ({", ".join(f"{name} {type}" for name, type in ITEM_COLUMNS.items())},
                                                       now timestamptz)
    on conflict (brand_id, source, external_id) do nothing returning source, external_id, id
""")  # noqa: S608  # the names are ours, the values are bound
FIND_ITEMS = text("""
    select i.source, i.external_id, i.id from items i
    join jsonb_to_recordset(cast(:rows as jsonb)) as r (source text, external_id text) using (source, external_id)
    where i.brand_id = :brand
""")


def insert_items(
    session: Session, brand_id: int, prepared: Sequence[dict[str, Any]]
) -> tuple[dict[tuple[str, str], int], set[int]]:
    """Insert what is new, in one statement; all ids by source and external id, and which of them are new."""
    new = session.execute(INSERT_ITEMS, {"brand": brand_id, "rows": dumped(prepared)})
    ids = {(source, external_id): id for source, external_id, id in new}
    new_ids = set(ids.values())
    rest = [
        {"source": fields["source"], "external_id": fields["external_id"]}
        for fields in prepared
        if (fields["source"], fields["external_id"]) not in ids
    ]
    if rest:
        found = session.execute(FIND_ITEMS, {"brand": brand_id, "rows": dumped(rest)})
        ids |= {(source, external_id): id for source, external_id, id in found}
    return ids, new_ids


def attach(session: Session, brand_id: int, rows: Sequence[tuple[int, NewItem]], import_id: int | None = None) -> set[int]:
    """Put files, tags and products on items where they are missing; the items that got something.

    What an import puts there bears its id, so that it can be taken off again.
    """
    files = [{"i": item, "f": file, "p": place} for item, row in rows for place, file in enumerate(row.file_ids)]
    tags = [{"i": item, "name": name} for item, row in rows for name in rules.normal_tags(row.tags)]
    products = [
        {"i": item, "sku": tag.sku, "p": place, "x": tag.x, "y": tag.y}
        for item, row in rows
        for place, tag in enumerate(rules.check_products(row.products))
    ]
    return (
        attach_files(session, brand_id, files, import_id)
        | attach_tags(session, brand_id, tags, import_id)
        | attach_products(session, brand_id, products, import_id)
    )


def attach_files(session: Session, brand_id: int, rows: Sequence[dict[str, Any]], import_id: int | None = None) -> set[int]:
    """Files on items; raises UnknownFile for another brand's."""
    if not rows:
        return set()
    statement = text("""
        insert into item_media (item_id, file_id, position, import_id, is_compared)
        select r.i, f.id, r.p, :import, false from jsonb_to_recordset(cast(:rows as jsonb)) as r (i bigint, f bigint, p bigint)
        join files f on f.id = r.f and f.brand_id = :brand
        on conflict (item_id, file_id) do nothing returning item_id
    """)
    known = set(session.scalars(select(File.id).where(File.brand_id == brand_id, among(File.id, {row["f"] for row in rows}))))
    if {row["f"] for row in rows} - known:
        raise UnknownFile()
    return set(session.scalars(statement, {"brand": brand_id, "rows": dumped(rows), "import": import_id}))


def attach_tags(session: Session, brand_id: int, rows: Sequence[dict[str, Any]], import_id: int | None = None) -> set[int]:
    """Tags on items, new words added to the brand's."""
    if not rows:
        return set()
    names = sorted({row["name"] for row in rows})
    session.execute(
        text("insert into tags (brand_id, name) select :brand, unnest(cast(:names as text[])) on conflict do nothing"),
        {"brand": brand_id, "names": names},
    )
    statement = text("""
        insert into item_tags (item_id, tag_id, import_id)
        select r.i, t.id, :import from jsonb_to_recordset(cast(:rows as jsonb)) as r (i bigint, name text)
        join tags t on t.brand_id = :brand and t.name = r.name
        on conflict (item_id, tag_id) do nothing returning item_id
    """)
    return set(session.scalars(statement, {"brand": brand_id, "rows": dumped(rows), "import": import_id}))


def attach_products(session: Session, brand_id: int, rows: Sequence[dict[str, Any]], import_id: int | None = None) -> set[int]:
    """Products on items; what is there keeps its place and hotspot."""
    if not rows:
        return set()
    statement = text("""
        insert into item_products (item_id, product_id, position, x, y, import_id)
        select r.i, p.id, r.p, r.x, r.y, :import
        from jsonb_to_recordset(cast(:rows as jsonb)) as r (i bigint, sku text, p bigint, x float8, y float8)
        join products p on p.brand_id = :brand and p.sku = r.sku
        on conflict (item_id, product_id) do nothing returning item_id
    """)
    return set(session.scalars(statement, {"brand": brand_id, "rows": dumped(rows), "import": import_id}))


def detach_import(session: Session, brand_id: int, import_id: int, *, most: int = 1_000) -> int:
    """Take off some of what an import put on items that were there before it; on how many items it had something."""
    touched: set[int] = set()
    for table in (ItemMedia, ItemTag, ItemProduct):
        own = select(Item.id).where(Item.brand_id == brand_id, Item.id == table.item_id)
        some = select(table.item_id).where(table.import_id == import_id, own.exists()).limit(most)
        gone = delete(table).where(table.import_id == import_id, table.item_id.in_(some)).returning(table.item_id)
        touched |= set(session.scalars(gone, execution_options={"synchronize_session": False}))
    if touched:
        refresh_search(session, sorted(touched))
        forget(session, touched)
        note_change(session, brand_id, sorted(touched))
    return len(touched)


def finish_adding(
    session: Session, brand_id: int, new: list[int], stale: list[int], state: State, actor: str, now: datetime
) -> None:
    """History of items that did not start in the inbox, events, and fresh search words of items that were there before."""
    if new and state is not State.INBOX:
        write_decisions(session, brand_id, [(id, State.INBOX, None, "") for id in new], state, None, "", actor, now)
    complete = sorted(set(new) - find_unfinished(session, new))
    if complete:
        announce_items(session, brand_id, complete, "added")
    if new and state is State.APPROVED:
        mark_changed(session, brand_id, new)
    if stale:
        refresh_search(session, stale)
        forget(session, stale)
        note_change(session, brand_id, stale)
        want_compared(session, brand_id, stale)


def want_compared(session: Session, brand_id: int, item_ids: Sequence[int]) -> None:
    """Have finished files that came to items from before compared (T-19); `media.file_ready` speaks for the others."""
    query = select(ItemMedia.item_id).join(File, File.id == ItemMedia.file_id)
    new = query.where(among(ItemMedia.item_id, item_ids), ~ItemMedia.is_compared, File.state == FileState.READY)
    if ids := sorted(set(session.scalars(new))):
        jobs.enqueue(session, "duplicates.find_for_items", brand_id=brand_id, item_ids=ids)


def find_unfinished(session: Session, item_ids: Sequence[int]) -> set[int]:
    """Items with a picture that is still being made: `media.file_ready` speaks for them."""
    query = select(ItemMedia.item_id).join(File, File.id == ItemMedia.file_id)
    return set(session.scalars(query.where(among(ItemMedia.item_id, item_ids), File.state == FileState.PENDING)))


def refresh_search(session: Session, item_ids: Sequence[int]) -> None:
    """Renew the words from elsewhere that find these items; the twin of `rules.search_words` (a test compares them)."""
    session.flush()
    session.execute(
        text("""
            update items i set search_extra = words.all_words
            from (
                select x.id, concat_ws(E'\\n', c.name, c.handle,
                    (select string_agg(t.name, E'\\n' order by it.id)
                     from item_tags it join tags t on t.id = it.tag_id where it.item_id = x.id),
                    (select string_agg(p.title || E'\\n' || p.sku, E'\\n' order by ip.position)
                     from item_products ip join products p on p.id = ip.product_id where ip.item_id = x.id)) as all_words
                from items x left join creators c on c.id = x.creator_id where x.id = any(:ids)) words
            where i.id = words.id and i.search_extra is distinct from words.all_words
        """),
        {"ids": list(item_ids)},
    )


def forget(session: Session, item_ids: Iterable[int]) -> None:
    """Let loaded items read their rows anew, after a statement that wrote past them."""
    wanted = set(item_ids)
    for row in session.identity_map.values():
        if isinstance(row, Item) and row.id in wanted:
            session.expire(row)


# Moderation.


def approve(session: Session, brand_id: int, item_ids: Iterable[int], *, actor: str, now: datetime) -> str:
    """Approve items; the batch id for undo."""
    return decide(session, brand_id, item_ids, State.APPROVED, None, "", actor, now)


def reject(
    session: Session, brand_id: int, item_ids: Iterable[int], reason: Reason, note: str = "", *, actor: str, now: datetime
) -> str:
    """Reject items for a reason of the closed, rating-blind list (L-01); the batch id for undo."""
    return decide(session, brand_id, item_ids, State.REJECTED, Reason(reason), note, actor, now)


def move(session: Session, brand_id: int, item_ids: Iterable[int], state: State, *, actor: str, now: datetime) -> str:
    """Move items to a state without a reason (back to the inbox, spam, trash); the batch id for undo."""
    if state is State.REJECTED:
        raise Unprocessable("a rejection needs a reason")
    return decide(session, brand_id, item_ids, state, None, "", actor, now)


def decide(
    session: Session, brand_id: int, item_ids: Iterable[int], state: State, reason: Reason | None, note: str, actor: str,
    now: datetime, batch: str = "",
) -> str:  # fmt: skip
    """Bring items into a state; raises NotFound if one of them is not the brand's, items already there stay as they are.

    `batch` lets decisions of several kinds be undone as one.
    """
    ids = sorted(set(item_ids))
    note = rules.clean_text(note, rules.MAX_TEXT)
    before = lock_items(session, brand_id, ids)
    moved = [row for row in before if row[1:] != (state, reason, note)]
    batch = write_decisions(session, brand_id, moved, state, reason, note, actor, now, batch)
    moved_ids = [row[0] for row in moved]
    session.execute(
        update(Item).where(among(Item.id, moved_ids)).values(state=state, state_reason=reason, state_note=note, state_at=now)
    )
    note_change(session, brand_id, [id for id, old, _, _ in moved if (old is State.APPROVED) is not (state is State.APPROVED)])
    announce_barred(session, brand_id, [id for id, _, old, _ in moved if reason in BARRING or old in BARRING])
    return batch


def announce_barred(session: Session, brand_id: int, item_ids: Sequence[int]) -> None:
    """Say that copies of these items are to be kept out from now on, or are no longer."""
    if item_ids:
        announce_items(session, brand_id, item_ids, "barred")


Standing = tuple[int, State, Reason | None, str]
"""Id, state, reason and note of an item."""


def lock_items(session: Session, brand_id: int, ids: Sequence[int]) -> list[Standing]:
    """Lock items in the order of their ids; raises NotFound if one of them is not the brand's."""
    session.flush()
    hold(session, brand_id)
    query = select(Item.id, Item.state, Item.state_reason, Item.state_note).where(Item.brand_id == brand_id, among(Item.id, ids))
    rows = [tuple(row) for row in session.execute(query.order_by(Item.id).with_for_update())]
    if len(rows) != len(ids):
        raise NotFound("there is no such item", missing=sorted(set(ids) - {row[0] for row in rows})[:20])
    return rows  # type: ignore[return-value]


def write_decisions(
    session: Session, brand_id: int, before: Sequence[Standing], state: State, reason: Reason | None, note: str, actor: str,
    now: datetime, batch: str = "",
) -> str:  # fmt: skip
    """Write what was decided on each item; the id of the batch."""
    batch = batch or secrets.token_urlsafe(12)
    rows = [
        {"item": id, "from_state": old.value, "from_reason": old_reason, "from_note": old_note}
        for id, old, old_reason, old_note in before
    ]
    if rows:
        common = {"brand": brand_id, "batch": batch, "at": now, "actor": actor, "state": state, "reason": reason, "note": note}
        session.execute(INSERT_DECISIONS, common | {"rows": dumped(rows)})
    return batch


INSERT_DECISIONS = text("""
    insert into decisions (brand_id, item_id, batch, at, actor, from_state, to_state, reason, note, from_reason, from_note)
    select :brand, r.item, :batch, :at, :actor, r.from_state, :state, :reason, :note, r.from_reason, r.from_note
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (item bigint, from_state text, from_reason text, from_note text)
""")


def undo(session: Session, brand_id: int, batch: str, *, actor: str, now: datetime) -> int:
    """Take a batch back; how many items went back. An item decided on again since then stays as it is."""
    hold(session, brand_id)
    mine = select(Decision).where(Decision.brand_id == brand_id, Decision.batch == batch)
    decisions = {row.item_id: row for row in session.scalars(mine.where(Decision.undone_at.is_(None)))}
    if not decisions and session.scalar(mine.limit(1)) is None:
        raise NotFound("there is no such decision")
    newest = select(Decision.item_id, Decision.id).where(Decision.item_id.in_(decisions), Decision.undone_at.is_(None))
    last = dict(session.execute(newest.order_by(Decision.id)).all())
    going_back = [row for item_id, row in decisions.items() if last[item_id] == row.id]
    for decision in going_back:
        decision.undone_at = now
        restore(session, decision, now)
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="library.undo", subject_type="batch", subject_id=None, now=now,
        batch=batch, items=len(going_back),
    )  # fmt: skip
    jobs.announce(session, "library.batch_undone", brand_id=brand_id, batch=batch, actor=actor)
    announce_barred(session, brand_id, [row.item_id for row in going_back if {row.reason, row.from_reason} & {*BARRING}])
    note_change(session, brand_id, [row.item_id for row in going_back if State.APPROVED in (row.from_state, row.to_state)])
    return len(going_back)


def restore(session: Session, decision: Decision, now: datetime) -> None:
    """Put an item back to where it stood before a decision."""
    session.execute(
        update(Item)
        .where(Item.id == decision.item_id)
        .values(state=decision.from_state, state_reason=decision.from_reason, state_note=decision.from_note, state_at=now)
    )


# Tags, products, text, window.


def set_tags(session: Session, item: Item, names: Iterable[str], *, actor: str, now: datetime) -> None:
    """Give an item exactly these tags."""
    wanted = rules.normal_tags(names)
    hold(session, item.brand_id)
    kept = select(Tag.id).where(Tag.brand_id == item.brand_id, Tag.name.in_(wanted))
    session.execute(delete(ItemTag).where(ItemTag.item_id == item.id, ItemTag.tag_id.not_in(kept)))
    attach_tags(session, item.brand_id, [{"i": item.id, "name": name} for name in wanted])
    after_edit(session, item.brand_id, [item.id], "library.set_tags", actor, now, tags=wanted)


def add_tags(session: Session, brand_id: int, item_ids: Iterable[int], names: Iterable[str], *, actor: str, now: datetime) -> int:
    """Add tags to many items; how many items got one that they did not have."""
    wanted, ids = rules.normal_tags(names), sorted(set(item_ids))
    lock_items(session, brand_id, ids)
    got = sorted(attach_tags(session, brand_id, [{"i": id, "name": name} for id in ids for name in wanted]))
    after_edit(session, brand_id, got, "library.add_tags", actor, now, tags=wanted)
    return len(got)


def remove_tags(
    session: Session, brand_id: int, item_ids: Iterable[int], names: Iterable[str], *, actor: str, now: datetime
) -> int:
    """Take tags off many items; how many items lost one."""
    wanted, ids = rules.normal_tags(names), sorted(set(item_ids))
    lock_items(session, brand_id, ids)
    gone = select(Tag.id).where(Tag.brand_id == brand_id, Tag.name.in_(wanted))
    taken = delete(ItemTag).where(ItemTag.item_id.in_(ids), ItemTag.tag_id.in_(gone)).returning(ItemTag.item_id)
    lost = sorted(set(session.scalars(taken)))
    after_edit(session, brand_id, lost, "library.remove_tags", actor, now, tags=wanted)
    return len(lost)


def set_products(session: Session, item: Item, tags: Sequence[ProductTag], *, actor: str, now: datetime) -> None:
    """Give an item exactly these products with their hotspots; raises UnknownProduct or BadHotspot."""
    wanted = rules.check_products(tags)
    hold(session, item.brand_id)
    find_titles(session, item.brand_id, {tag.sku for tag in wanted})
    session.execute(delete(ItemProduct).where(ItemProduct.item_id == item.id))
    rows = [{"i": item.id, "sku": tag.sku, "p": place, "x": tag.x, "y": tag.y} for place, tag in enumerate(wanted)]
    attach_products(session, item.brand_id, rows)
    skus = [tag.sku for tag in wanted]
    after_edit(session, item.brand_id, [item.id], "library.set_products", actor, now, products=skus)


def add_products(
    session: Session, brand_id: int, item_ids: Iterable[int], skus: Iterable[str], *, actor: str, now: datetime
) -> int:
    """Tag many items with products; how many items got one that they did not have."""
    wanted, ids = list(dict.fromkeys(skus)), sorted(set(item_ids))
    lock_items(session, brand_id, ids)
    find_titles(session, brand_id, set(wanted))
    rows = [{"i": id, "sku": sku, "p": 100 + place, "x": None, "y": None} for id in ids for place, sku in enumerate(wanted)]
    got = sorted(attach_products(session, brand_id, rows))
    after_edit(session, brand_id, got, "library.add_products", actor, now, products=wanted)
    return len(got)


def after_edit(
    session: Session, brand_id: int, item_ids: Sequence[int], action: str, actor: str, now: datetime, **detail: Any
) -> None:
    """Search words, audit and change of edited items."""
    refresh_search(session, item_ids)
    for id in item_ids:
        accounts_actions.audit(
            session, brand_id=brand_id, actor=actor, action=action, subject_type="item", subject_id=id, now=now, **detail
        )
    session.flush()
    forget(session, item_ids)
    note_change(session, brand_id, item_ids)


def set_window(
    session: Session, item: Item, publish_at: datetime | None, expires_at: datetime | None, *, actor: str, now: datetime
) -> None:
    """Say from when until when an item may be shown; raises BadWindow."""
    rules.check_window(publish_at, expires_at)
    hold(session, item.brand_id)
    item.publish_at, item.expires_at = publish_at, expires_at
    window = {"publish_at": publish_at and publish_at.isoformat(), "expires_at": expires_at and expires_at.isoformat()}
    after_edit(session, item.brand_id, [item.id], "library.set_window", actor, now, **window)


def change_item(session: Session, item: Item, data: ItemData, *, actor: str, now: datetime) -> None:
    """Correct an item's own words and facts; its rating is the customer's and never changes (L-01)."""
    hold(session, item.brand_id)
    fields = rules.clean_item(replace(data, rating=item.rating))
    item.title, item.body, item.source_url = fields["title"], fields["body"], fields["source_url"]
    item.language = language_of(data, fields)
    item.search_language = languages.configuration(item.language)
    after_edit(session, item.brand_id, [item.id], "library.change_item", actor, now)
    if item.kind is Kind.REVIEW:
        jobs.enqueue(session, "duplicates.find_for_item", brand_id=item.brand_id, item_id=item.id)


def set_origin(session: Session, item: Item, creator: CreatorData | None, published_at: datetime | None) -> None:
    """Say who made an item and when, where that was found out later than the item."""
    hold(session, item.brand_id)
    clean = rules.clean_creator(creator)
    if clean:
        item.creator_id = keep_creators(session, item.brand_id, [clean])[clean.network, clean.handle]
    item.published_at = published_at or item.published_at
    session.flush()
    forget(session, [item.id])
    note_change(session, item.brand_id, [item.id])


def set_alt(session: Session, item: Item, file_id: int, alt: str, *, actor: str, now: datetime) -> None:
    """Describe one of an item's pictures for those who can't see it; raises NotFound."""
    hold(session, item.brand_id)
    medium = next((medium for medium in item.media if medium.file_id == file_id), None)
    if medium is None:
        raise NotFound("the item has no such picture")
    medium.alt = rules.clean_text(alt, rules.MAX_NAME)
    after_edit(session, item.brand_id, [item.id], "library.set_alt", actor, now, file_id=file_id)


# Files that come later, and what the place where it was posted says.


def attach_file(session: Session, item: Item, file: File, *, position: int, alt: str = "", now: datetime) -> bool:
    """Put a file that was fetched later on an item, in its place; False when the item had it."""
    hold(session, item.brand_id)
    got = attach_files(session, item.brand_id, [{"i": item.id, "f": file.id, "p": position}])
    if not got:
        return False
    if alt:
        placed = update(ItemMedia).where(ItemMedia.item_id == item.id, ItemMedia.file_id == file.id)
        session.execute(placed.values(alt=rules.clean_text(alt, rules.MAX_NAME)))
    forget(session, [item.id])
    note_change(session, item.brand_id, [item.id])
    want_compared(session, item.brand_id, [item.id])
    return True


def set_waiting(session: Session, item: Item, count: int) -> None:
    """Say how many of an item's files are still to be fetched; the inbox shows it once there are none."""
    if item.waiting_media != count:
        item.waiting_media = count
        session.flush()
        note_change(session, item.brand_id, [item.id])


def set_policy(
    session: Session, item: Item, policy: SourcePolicy, *, embed_url: str = "", lease_until: datetime | None = None
) -> None:
    """Say what may be kept of an item, and until when unless the network confirms it again (L-20 to L-25)."""
    item.source_policy, item.lease_until = policy, lease_until
    item.embed_url = rules.clean_url(embed_url) or item.embed_url
    session.flush()
    note_change(session, item.brand_id, [item.id])


def set_counts(session: Session, brand_id: int, counts: Mapping[int, tuple[int, int]]) -> None:
    """Copy the likes and comments that networks count; no gallery shows them, but they are part of the score."""
    rows = [
        {"i": id, "likes": rules.clean_count(likes), "comments": rules.clean_count(comments)}
        for id, (likes, comments) in counts.items()
    ]
    changed = session.scalars(
        text("""
            update items i set like_count = r.likes, comment_count = r.comments
            from jsonb_to_recordset(cast(:rows as jsonb)) as r (i bigint, likes bigint, comments bigint)
            where i.id = r.i and i.brand_id = :brand returning i.id
        """),
        {"brand": brand_id, "rows": dumped(rows)},
    ).all()
    forget(session, changed)
    if changed:
        jobs.enqueue(session, "scoring.score_items", brand_id=brand_id, item_ids=sorted(changed))


def renew_leases(session: Session, brand_id: int, item_ids: Sequence[int], until: datetime) -> None:
    """The network confirmed these items: what is kept under its terms may be kept until then."""
    leased = update(Item).where(Item.brand_id == brand_id, among(Item.id, item_ids), Item.source_policy == SourcePolicy.API_CACHED)
    session.execute(leased.values(lease_until=until), execution_options={"synchronize_session": False})
    forget(session, item_ids)


def note_gone(session: Session, item: Item, at: datetime | None) -> None:
    """Say since when an item is deleted or closed where it was posted; None when it is there again."""
    if item.gone_at is None or at is None:
        item.gone_at = at
        session.flush()
        note_change(session, item.brand_id, [item.id])


# Facts of other rooms.


def set_rights(session: Session, item: Item, state: RightsState, starts_at: datetime | None, expires_at: datetime | None) -> None:
    """Copy where the permission stands; only the rights room calls it, in the transaction of the ledger entry."""
    item.rights_state, item.rights_from, item.rights_until = state, starts_at, expires_at
    session.flush()
    note_change(session, item.brand_id, [item.id])


def set_rights_many(
    session: Session, brand_id: int, item_ids: Sequence[int], state: RightsState, starts_at: datetime | None,
    expires_at: datetime | None,
) -> None:  # fmt: skip
    """`set_rights` for many items at once."""
    values = {"rights_state": state, "rights_from": starts_at, "rights_until": expires_at}
    session.execute(update(Item).where(Item.brand_id == brand_id, among(Item.id, item_ids)).values(**values))
    note_change(session, brand_id, item_ids)


def set_compared(session: Session, brand_id: int, media_ids: Sequence[int]) -> None:
    """Let the public see these files of items; only the duplicates room calls it, in the transaction of what it found."""
    hold(session, brand_id)
    changed = session.execute(
        text("""
            update item_media m set is_compared = true from items i
            where m.id = any(:ids) and not m.is_compared and i.id = m.item_id and i.brand_id = :brand
            returning i.id, i.state = 'approved'
        """),
        {"brand": brand_id, "ids": list(media_ids)},
    ).all()
    forget(session, [id for id, _ in changed])
    if shown := sorted({id for id, is_approved in changed if is_approved}):
        mark_changed(session, brand_id, shown)
        jobs.enqueue(session, "galleries.drop_items", queue="events", brand_id=brand_id, item_ids=shown)


def set_score(session: Session, item: Item, score: int) -> None:
    """Copy an item's score; only the scoring room calls it."""
    if item.score != score:
        set_scores(session, item.brand_id, {item.id: score})


def set_scores(session: Session, brand_id: int, scores: Mapping[int, int | None]) -> None:
    """Copy the scores of many items; the order of galleries may change, the items themselves did not."""
    changed = copy_scores(session, brand_id, scores)
    if changed:
        mark_changed(session, brand_id, changed)
        # Not in the galleries' own queue: a withdrawal must not wait behind a brand whose items are all scored anew.
        jobs.enqueue(session, "galleries.drop_items", queue="events", brand_id=brand_id, item_ids=changed)


def copy_scores(session: Session, brand_id: int, scores: Mapping[int, int | None]) -> list[int]:
    """Copy the scores of many items and let their galleries be, which the caller does for all at once; the items that changed."""
    hold(session, brand_id)
    changed = session.scalars(
        text("""
            update items i set score = s.score
            from unnest(cast(:ids as bigint[]), cast(:scores as bigint[])) as s (id, score)
            where i.id = s.id and i.brand_id = :brand and i.score is distinct from s.score returning i.id
        """),
        {"brand": brand_id, "ids": list(scores), "scores": list(scores.values())},
    ).all()
    forget(session, changed)
    return sorted(changed)


def set_performances(session: Session, brand_id: int, performances: Mapping[int, float | None]) -> None:
    """Copy what items were measured to do; galleries in that order show them anew, the items themselves did not change."""
    hold(session, brand_id)
    changed = session.scalars(
        text("""
            update items i set performance = s.performance
            from unnest(cast(:ids as bigint[]), cast(:performances as float8[])) as s (id, performance)
            where i.id = s.id and i.brand_id = :brand and i.performance is distinct from s.performance returning i.id
        """),
        {"brand": brand_id, "ids": list(performances), "performances": list(performances.values())},
    ).all()
    forget(session, changed)
    if changed:
        accounts_actions.bump_content(session, brand_id)
        jobs.enqueue(
            session, "galleries.drop_ordered", queue="events", once=f"galleries.drop_ordered:{brand_id}", brand_id=brand_id
        )  # fmt: skip


def set_approvals(
    session: Session, brand_id: int, approvals: Mapping[int, float | None], teaches: Mapping[int, float] | None = None
) -> None:
    """Copy how likely items are approved and what a decision would teach; only the triage room calls it. No gallery looks at it."""
    taught = [(teaches or {}).get(id) for id in approvals]
    changed = session.scalars(
        text("""
            update items i set approval_p = a.p, teaches = a.teaches
            from unnest(cast(:ids as bigint[]), cast(:ps as float8[]), cast(:taught as float8[])) as a (id, p, teaches)
            where i.id = a.id and i.brand_id = :brand
              and (i.approval_p is distinct from a.p or i.teaches is distinct from a.teaches) returning i.id
        """),
        {"brand": brand_id, "ids": list(approvals), "ps": list(approvals.values()), "taught": taught},
    ).all()
    forget(session, changed)


def set_flags(session: Session, brand_id: int, flags: Mapping[int, Sequence[str]]) -> list[int]:
    """Copy the kinds of signs on items; those that changed. Only the authenticity room calls it, and no gallery looks at them."""
    rows = [{"id": id, "flags": list(kinds)} for id, kinds in flags.items()]
    changed = session.scalars(
        text("""
            update items i set flags = f.flags from jsonb_to_recordset(cast(:rows as jsonb)) as f (id bigint, flags jsonb)
            where i.id = f.id and i.brand_id = :brand and i.flags <> f.flags returning i.id
        """),
        {"brand": brand_id, "rows": json.dumps(rows)},
    ).all()
    forget(session, changed)
    return sorted(changed)


# Removing.


def remove_items(
    runtime: Runtime, session: Session, brand_id: int, item_ids: Iterable[int], *, actor: str, now: datetime
) -> int:  # fmt: skip
    """Delete items for good, with the files that no other item has; how many there were. The rights ledger keeps its chains."""
    session.flush()
    hold(session, brand_id)
    found = select(Item.id, Item.source).where(Item.brand_id == brand_id, among(Item.id, set(item_ids))).order_by(Item.id)
    sources = dict(session.execute(found.with_for_update()).all())
    if not sources:
        return 0
    ids = list(sources)
    file_ids = set(session.scalars(select(ItemMedia.file_id).where(among(ItemMedia.item_id, ids))))
    session.execute(delete(Item).where(Item.brand_id == brand_id, among(Item.id, ids)))
    remove_unused(runtime, session, brand_id, file_ids)
    mark_changed(session, brand_id, ids)
    portions = [ids[start : start + CHANGED_AT_ONCE] for start in range(0, len(ids), CHANGED_AT_ONCE)]
    jobs.enqueue_many(session, "galleries.drop_items", ({"brand_id": brand_id, "item_ids": portion} for portion in portions))
    for id, source in sources.items():
        accounts_actions.audit(
            session,
            brand_id=brand_id,
            actor=actor,
            action="item.removed",
            subject_type="item",
            subject_id=id,
            now=now,
            source=source,
        )
    return len(ids)


def drop_files(runtime: Runtime, session: Session, item: Item, file_ids: Iterable[int]) -> None:
    """Take files off an item that may not be kept any more, and remove those that no other item has."""
    hold(session, item.brand_id)
    taken = delete(ItemMedia).where(ItemMedia.item_id == item.id, among(ItemMedia.file_id, set(file_ids)))
    gone = set(session.scalars(taken.returning(ItemMedia.file_id), execution_options={"synchronize_session": False}))
    forget(session, [item.id])
    remove_unused(runtime, session, item.brand_id, gone)
    note_change(session, item.brand_id, [item.id])


def remove_unused(runtime: Runtime, session: Session, brand_id: int, file_ids: set[int]) -> None:
    """Remove those of the files that no item has; one that somebody is just giving to another item is theirs."""
    used = exists().where(ItemMedia.file_id == File.id)
    locked = select(File).where(File.brand_id == brand_id, among(File.id, file_ids)).with_for_update(skip_locked=True)
    held = [file.id for file in session.scalars(locked)]
    for file in session.scalars(select(File).where(among(File.id, held), ~used)).all():
        media_actions.remove(runtime, session, file)
