"""Imports taken back as a whole: their items, what they put on others, products and orders, newest first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.catalog import actions as catalog_actions
from ugc.catalog.rules import ProductChange
from ugc.ingest import drafting, importing, queries
from ugc.ingest.models import Import, ImportChange, ImportState
from ugc.kit import clock, jobs
from ugc.kit.errors import Conflict
from ugc.library import actions as library_actions
from ugc.library.models import Item, State
from ugc.orders import actions as orders_actions
from ugc.orders.reading import read_order
from ugc.orders.rules import OrderData
from ugc.runtime import Runtime

# Items and changes in one transaction: the way back stops nobody else for long, and goes on where it was killed.
BATCH = 200
KEEP_CHANGES = timedelta(days=90)
"""How long the way back of catalogues and orders is kept."""
ENDED = frozenset({ImportState.FINISHED, ImportState.STOPPED, ImportState.FAILED})


class CantUndo(Conflict):
    """Only an import that has ended, and that really stored something, can be undone."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What undoing an import would take away."""

    items: int
    approved: int
    others: int
    """Products and orders that it added or changed."""


def weigh(session: Session, run: Import) -> Weight:
    """Count what hangs on an import, for the question before it is undone."""
    mine = Item.brand_id == run.brand_id, Item.import_id == run.id
    items, approved = session.execute(
        select(func.count(), func.count().filter(Item.state == State.APPROVED)).where(*mine)
    ).one()  # fmt: skip
    others = select(func.count()).select_from(ImportChange).where(ImportChange.import_id == run.id)
    return Weight(items, approved, session.scalar(others) or 0)


def ask_undo(session: Session, brand_id: int, import_id: int, *, actor: str, now: datetime) -> Import:
    """Begin to undo an import; the worker does it. Raises CantUndo; asked again while it is being undone, it changes nothing."""
    run = queries.get_import(session, brand_id, import_id, lock=True)
    if run.state is ImportState.UNDOING:
        return run
    if not can_undo(session, run):
        raise CantUndo()
    weight = weigh(session, run)
    run.state, run.done, run.total, run.error = ImportState.UNDOING, 0, weight.items + weight.others, ""
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="import.undone", subject_type="import", subject_id=run.id, now=now,
        items=weight.items, approved=weight.approved, others=weight.others,
    )  # fmt: skip
    jobs.enqueue(
        session, "ingest.undo_import", once=f"undo:{run.id}", lock=f"import:{run.id}", brand_id=brand_id, import_id=run.id
    )  # fmt: skip
    return run


def can_undo(session: Session, run: Import) -> bool:
    """Whether an import has ended, or died, and was no mere trial."""
    return not run.dry_run and (run.state in ENDED or importing.is_left(session, run))


def undo_import(runtime: Runtime, brand_id: int, import_id: int) -> None:
    """Take everything back, batch by batch; a killed one goes on with what is left. One that still ends is ImportBusy."""
    with importing.alone(runtime.engine, import_id):
        with runtime.transaction() as session:
            run = queries.get_import(session, brand_id, import_id)
            if run.state is not ImportState.UNDOING:
                return
        for step in (remove_items, take_back_changes, detach):
            while step_once(runtime, brand_id, import_id, step):
                pass
        with runtime.transaction() as session:
            run = queries.get_import(session, brand_id, import_id, lock=True)
            run.state, run.undone_at = ImportState.UNDONE, clock.now()
            drafting.let_go(session, run)


Step = Callable[[Runtime, Session, Import], int]


def step_once(runtime: Runtime, brand_id: int, import_id: int, step: Step) -> int:
    """One batch in a transaction of its own; how much it was."""
    with runtime.transaction() as session:
        run = queries.get_import(session, brand_id, import_id, lock=True)
        number = step(runtime, session, run)
        run.done = min(run.done + number, run.total)
    return number


def remove_items(runtime: Runtime, session: Session, run: Import) -> int:
    """Remove some of the import's items with the files that nobody else uses."""
    mine = select(Item.id).where(Item.brand_id == run.brand_id, Item.import_id == run.id).order_by(Item.id).limit(BATCH)
    ids = list(session.scalars(mine))
    if ids:
        library_actions.remove_items(runtime, session, run.brand_id, ids, actor=f"import:{run.id}", now=clock.now())
    return len(ids)


def take_back_changes(runtime: Runtime, session: Session, run: Import) -> int:
    """Put back what stood before, of products and orders; the newest change first."""
    mine = select(ImportChange).where(ImportChange.import_id == run.id).order_by(ImportChange.id.desc()).limit(BATCH)
    changes = list(session.scalars(mine))
    now = clock.now()
    products = [ProductChange(each.subject, each.before, each.after) for each in changes if each.kind == "product"]
    catalog_actions.take_back(session, run.brand_id, products, now=now)
    for each in changes:
        if each.kind == "order":
            after, before = read_kept(each.after), read_kept(each.before) if each.before is not None else None
            orders_actions.take_back(session, run.brand_id, each.after["source"], after, before, now=now)
    session.execute(delete(ImportChange).where(ImportChange.id.in_([each.id for each in changes])))
    return len(changes)


def detach(runtime: Runtime, session: Session, run: Import) -> int:
    """Take off some of what the import put on items that were there before it."""
    return library_actions.detach_import(session, run.brand_id, run.id, most=BATCH)


def read_kept(fields: Mapping[str, Any]) -> OrderData:
    """A version of an order as it was kept beside its import."""
    return read_order(json.dumps(fields).encode())


def forget_changes(session: Session, *, now: datetime) -> int:
    """Let go of ways back that are too old to be wanted."""
    old = select(Import.id).where(Import.finished_at < now - KEEP_CHANGES)
    gone = delete(ImportChange).where(ImportChange.import_id.in_(old)).returning(ImportChange.id)
    return len(session.scalars(gone).all())
