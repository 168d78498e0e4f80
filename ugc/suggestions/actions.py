"""Writes of suggestions: offered, accepted, refused, taken back. What is accepted is put on the item by the library."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence, Set
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.catalog import queries as catalog_queries
from ugc.kit import jobs
from ugc.kit.db import among
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item
from ugc.library.rules import ProductTag
from ugc.suggestions import rules
from ugc.suggestions.models import Standing, Suggestion, SuggestionSettings, What
from ugc.suggestions.queries import NoSuchSuggestion
from ugc.suggestions.rules import Offer

BY_HAND = "by hand"
"""Who accepted what was put on an item without looking at the suggestion."""


def offer(
    session: Session, brand_id: int, item_id: int, what: What | str, offers: Sequence[Offer], now: datetime, *,
    model_version: int = 0,
) -> None:  # fmt: skip
    """Say what an item probably shows; what a person refused stays refused, open ones that are not named again end."""
    offer_many(session, brand_id, {item_id: offers}, what, now, model_version=model_version)


def offer_many(
    session: Session, brand_id: int, offers: Mapping[int, Sequence[Offer]], what: What | str, now: datetime, *,
    model_version: int = 0,
) -> None:  # fmt: skip
    """`offer` for many items in a few statements, however many."""
    kind = What(what)
    session.flush()
    query = select(Suggestion.item_id, Suggestion.name, Suggestion.state).where(
        Suggestion.brand_id == brand_id, Suggestion.what == kind, among(Suggestion.item_id, set(offers))
    )
    standing: dict[int, dict[str, Standing]] = {}
    for item_id, name, state in session.execute(query.with_for_update()):
        standing.setdefault(item_id, {})[name] = state
    settled = {item_id: rules.settle(standing.get(item_id, {}), made) for item_id, made in sorted(offers.items())}
    rows = [row_of(item_id, each) for item_id, one in settled.items() for each in one.written]
    if rows:
        common = {"brand": brand_id, "what": kind.value, "version": model_version, "now": now}
        session.execute(WRITE, common | {"rows": library_actions.dumped(rows)})
    for item_id, one in settled.items():
        if one.superseded:
            ended = update(Suggestion).where(Suggestion.item_id == item_id, Suggestion.what == kind)
            session.execute(ended.where(Suggestion.name.in_(one.superseded)).values(state=Standing.SUPERSEDED))
    forget(session, offers)


def forget(session: Session, item_ids: Iterable[int]) -> None:
    """Let loaded suggestions of these items read their rows anew, after a statement that wrote past them."""
    wanted = set(item_ids)
    for row in session.identity_map.values():
        if isinstance(row, Suggestion) and row.item_id in wanted:
            session.expire(row)


def row_of(item_id: int, made: Offer) -> dict[str, object]:
    """An offer as one row of an insert of many."""
    return {
        "i": item_id, "name": made.name, "p": min(1.0, max(0.0, made.p)), "product": made.product_id, "file": made.file_id,
        "reasons": rules.plain_reasons(made.reasons),
    }  # fmt: skip


WRITE = text("""
    insert into suggestions (brand_id, item_id, what, name, product_id, file_id, p, reasons, model_version, created)
    select :brand, r.i, :what, r.name, r.product, r.file, r.p, r.reasons, :version, :now
    from jsonb_to_recordset(cast(:rows as jsonb))
        as r (i bigint, name text, product bigint, file bigint, p float8, reasons jsonb)
    join items on items.id = r.i and items.brand_id = :brand
    on conflict (item_id, what, name) do update
    set state = 'open', p = excluded.p, reasons = excluded.reasons, product_id = excluded.product_id,
        file_id = excluded.file_id, model_version = excluded.model_version
    where suggestions.state in ('open', 'superseded')
""")


def note_seen(session: Session, brand_id: int, digests: Mapping[int, str], now: datetime) -> None:
    """Remember what the suggestions of items rest on."""
    rows = [{"i": id, "digest": digest} for id, digest in sorted(digests.items())]
    statement = text("""
        insert into suggested_items (item_id, brand_id, digest, at)
        select r.i, :brand, r.digest, :now from jsonb_to_recordset(cast(:rows as jsonb)) as r (i bigint, digest text)
        on conflict (item_id) do update set digest = excluded.digest, at = excluded.at
    """)
    if rows:
        session.execute(statement, {"brand": brand_id, "now": now, "rows": library_actions.dumped(rows)})


def settle_carried(
    session: Session, brand_id: int, tags: Mapping[int, Set[str]], families: Mapping[int, Set[str]], known: Container[str],
    now: datetime,
) -> None:  # fmt: skip
    """What a person put on an item by hand counts as accepted, what they took off as refused: both teach the same.

    A family that the catalogue no longer has (`known`) says nothing.
    """
    query = select(Suggestion).where(Suggestion.brand_id == brand_id, among(Suggestion.item_id, set(tags)))
    query = query.where(Suggestion.state.in_([Standing.OPEN, Standing.ACCEPTED, Standing.APPLIED]), Suggestion.what != What.ALT)
    for suggestion in session.scalars(query.order_by(Suggestion.id).with_for_update()):
        carried = (tags if suggestion.what is What.TAG else families).get(suggestion.item_id, set())
        if suggestion.state is Standing.OPEN and suggestion.name in carried:
            decide(suggestion, Standing.ACCEPTED, BY_HAND, now)
        gone = suggestion.what is What.TAG or suggestion.name in known
        if suggestion.state is not Standing.OPEN and suggestion.name not in carried and gone:
            decide(suggestion, Standing.REFUSED, BY_HAND, now)
            suggestion.added = False
    session.flush()


def accept(session: Session, brand_id: int, ids: Iterable[int], actor: str, now: datetime) -> list[Suggestion]:
    """Put what was suggested on its items; the suggestions. Those that were accepted before stay so; raises NoSuchSuggestion."""
    chosen = take(session, brand_id, ids)
    for suggestion in chosen:
        if suggestion.state is not Standing.ACCEPTED:
            suggestion.added = put_on(session, suggestion, actor, now)
            decide(suggestion, Standing.ACCEPTED, actor, now)
    session.flush()
    return chosen


def refuse(session: Session, brand_id: int, ids: Iterable[int], actor: str, now: datetime) -> list[Suggestion]:
    """Say that suggestions are wrong; they are never offered again for these items. What the rule applied is taken off."""
    chosen = take(session, brand_id, ids)
    for suggestion in chosen:
        if suggestion.state is not Standing.REFUSED:
            take_off(session, suggestion, actor, now)
            decide(suggestion, Standing.REFUSED, actor, now)
    session.flush()
    return chosen


def reopen(session: Session, brand_id: int, ids: Iterable[int], actor: str, now: datetime) -> list[Suggestion]:
    """Take decisions back: what accepting put on an item is taken off, and the suggestion is open again."""
    chosen = take(session, brand_id, ids)
    for suggestion in chosen:
        take_off(session, suggestion, actor, now)
        decide(suggestion, Standing.OPEN, actor, now)
    session.flush()
    return chosen


def take(session: Session, brand_id: int, ids: Iterable[int]) -> list[Suggestion]:
    """Lock suggestions in the order of their ids, the brand's row first; raises NoSuchSuggestion for what is not the brand's."""
    wanted = sorted(set(ids))
    session.flush()
    library_actions.hold(session, brand_id)
    query = select(Suggestion).where(Suggestion.brand_id == brand_id, among(Suggestion.id, wanted)).order_by(Suggestion.id)
    found = list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    if len(found) != len(wanted):
        raise NoSuchSuggestion()
    return found


def decide(suggestion: Suggestion, state: Standing, actor: str, now: datetime) -> None:
    """Note where a suggestion stands now, and who said so."""
    suggestion.state, suggestion.actor, suggestion.decided_at = state, actor, now


def put_on(session: Session, suggestion: Suggestion, actor: str, now: datetime) -> bool:
    """Put what is suggested on its item; False where the item had it."""
    brand_id, item_id = suggestion.brand_id, suggestion.item_id
    if suggestion.what is What.TAG:
        return library_actions.add_tags(session, brand_id, [item_id], [suggestion.name], actor=actor, now=now) > 0
    if suggestion.what is What.PRODUCT:
        skus = [product.sku for product in catalog_queries.map_by_ids(session, brand_id, [suggestion.product_id or 0]).values()]
        return bool(skus) and library_actions.add_products(session, brand_id, [item_id], skus, actor=actor, now=now) > 0
    item = library_queries.get_item(session, brand_id, item_id)
    return describe(session, item, suggestion, actor, now)


def describe(session: Session, item: Item, suggestion: Suggestion, actor: str, now: datetime) -> bool:
    """Give a picture its alt text and keep the former one for undo; False where it has just this one."""
    medium = next((medium for medium in item.media if medium.file_id == suggestion.file_id), None)
    if medium is None or medium.alt == suggestion.name:
        return False
    suggestion.former = medium.alt
    library_actions.set_alt(session, item, medium.file_id, suggestion.name, actor=actor, now=now)
    return True


def take_off(session: Session, suggestion: Suggestion, actor: str, now: datetime) -> None:
    """Take off the item what accepting this suggestion put there; what was there before, or was changed since, stays."""
    if not suggestion.added:
        return
    suggestion.added = False
    brand_id, item_id = suggestion.brand_id, suggestion.item_id
    if suggestion.what is What.TAG:
        library_actions.remove_tags(session, brand_id, [item_id], [suggestion.name], actor=actor, now=now)
        return
    item = library_queries.get_item(session, brand_id, item_id)
    if suggestion.what is What.PRODUCT:
        left = [tagged for tagged in item.products if tagged.product_id != suggestion.product_id]
        if len(left) < len(item.products):
            tags = [ProductTag(tagged.product.sku, tagged.x, tagged.y) for tagged in left]
            library_actions.set_products(session, item, tags, actor=actor, now=now)
    elif any(medium.file_id == suggestion.file_id and medium.alt == suggestion.name for medium in item.media):
        library_actions.set_alt(session, item, suggestion.file_id or 0, suggestion.former, actor=actor, now=now)


def set_precisions(
    session: Session, brand_id: int, tags: float | None, products: float | None, *, actor: str, now: datetime
) -> None:  # fmt: skip
    """Say above which precision suggestions are applied without a person; none = not at all. Raises BadPrecision."""
    for value in (tags, products):
        rules.check_precision(value)
    row = {"brand_id": brand_id, "tags": tags, "products": products, "updated": now}
    statement = insert(SuggestionSettings).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["brand_id"], set_=row))
    session.expire_all()
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="suggestions.set_precisions", subject_type="brand", subject_id=brand_id,
        now=now, tags=tags, products=products,
    )  # fmt: skip
    if tags is not None or products is not None:
        jobs.enqueue(session, "suggestions.suggest_for_brand", once=f"suggestions.suggest_for_brand:{brand_id}", brand_id=brand_id)


def undo_batch(session: Session, brand_id: int, batch: str, *, actor: str, now: datetime) -> int:
    """Take back what was applied together and nobody confirmed since; on how many items. It stays open and is not applied again."""
    mine = select(Suggestion.id).where(Suggestion.brand_id == brand_id, Suggestion.batch == batch)
    ids = session.scalars(mine.where(Suggestion.state == Standing.APPLIED)).all()
    if not ids and session.scalar(mine.limit(1)) is None:
        raise NoSuchSuggestion("nothing was applied under this name")
    return len({suggestion.item_id for suggestion in reopen(session, brand_id, ids, actor, now)})
