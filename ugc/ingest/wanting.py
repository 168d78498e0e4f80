"""Files that items wait for: wanted by their address, fetched at once, each with its outcome (C8, L-22).

The item comes into the inbox when the last of its files is there or known not to come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.ingest.models import WantedFile, WantedState
from ugc.kit import jobs
from ugc.kit.db import among
from ugc.kit.errors import NotFound, Outside, TooLarge, UgcError, Unprocessable
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library import rules as library_rules
from ugc.library.models import Item
from ugc.media import actions as media_actions
from ugc.runtime import Runtime

MAX_WANTED = 50
"""Files of one item: a carousel has 20 at most anywhere."""
PICTURE_SECONDS = 15
FILM_SECONDS = 120
"""In all, for one download (T-34): a video of 200 MB takes 15 s only on a quick line, and a worker's slot is no web thread."""
MAX_ATTEMPTS = 5
"""As often as the queue tries a job; the last one writes down that it failed."""
TRIED_FOR = timedelta(days=2)
"""What failed is tried again for so long; networks' addresses have expired by then."""
TRIED_AGAIN = 500
DEAD_AFTER = timedelta(hours=1)
"""An item waits no longer for a file whose job was killed at its last attempt."""
AT_ONCE = 2_000
"""Addresses in one statement, which takes 65,535 values at most."""


class FileGone(Outside):
    """The file is not at this address any more."""


class FileRefused(Outside):
    """The address answers, but not with a file."""


@dataclass(frozen=True, slots=True)
class WantedUrl:
    """A file by its address. `key`: what stays the same when the network signs the address anew; empty = the address."""

    url: str
    position: int = 0
    alt: str = ""
    kind: str = "picture"
    key: str = ""


def want_files(session: Session, brand_id: int, item_id: int, urls: Sequence[WantedUrl], *, now: datetime) -> int:
    """Have an item's files fetched; how many are new. An address that failed before and comes again is tried again."""
    return want_many(session, brand_id, [(item_id, urls)], now=now)


def want_many(session: Session, brand_id: int, rows: Iterable[tuple[int, Sequence[WantedUrl]]], *, now: datetime) -> int:
    """`want_files` for many items of a brand, some thousand addresses a statement."""
    wanted = list({(item_id, name): row for item_id, urls in rows for name, row in rows_of(brand_id, item_id, urls)}.values())
    if not wanted:
        return 0
    session.flush()
    library_actions.hold(session, brand_id)
    portions = (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE))
    return sum(want_portion(session, brand_id, portion) for portion in portions)


def want_portion(session: Session, brand_id: int, rows: list[dict[str, object]]) -> int:
    """Add rows, or have those tried again that failed under another address; how many are to be fetched."""
    added = insert(WantedFile).values(rows)
    again = added.on_conflict_do_update(
        index_elements=["item_id", "key"],
        set_={"url": added.excluded.url, "state": WantedState.WAITING, "attempts": 0, "code": "", "error": "", "resolved_at": None},
        where=WantedFile.state.in_([WantedState.FAILED, WantedState.GONE]) & (WantedFile.url != added.excluded.url),
    ).returning(WantedFile.id, WantedFile.item_id)
    fresh = session.execute(again).all()
    jobs.enqueue_many(session, "ingest.fetch_wanted", ({"brand_id": brand_id, "wanted_id": id} for id, _ in fresh))
    count_waiting(session, brand_id, sorted({item_id for _, item_id in fresh}))
    return len(fresh)


def rows_of(brand_id: int, item_id: int, urls: Sequence[WantedUrl]) -> Iterable[tuple[str, dict[str, object]]]:
    """The rows of an item's addresses, those left out that are none."""
    for wanted in urls[:MAX_WANTED]:
        url = library_rules.clean_url(wanted.url)
        if url:
            key = digest(wanted.key or url)
            alt = library_rules.clean_text(wanted.alt, library_rules.MAX_NAME)
            row = {"brand_id": brand_id, "item_id": item_id, "key": key, "url": url, "position": wanted.position}
            yield key, row | {"alt": alt, "kind": wanted.kind}


def digest(text: str) -> str:
    """32 hex digits for an address, which may be longer than an index takes."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def count_waiting(session: Session, brand_id: int, item_ids: Sequence[int]) -> None:
    """Write how many files each of the items still waits for; the brand is held."""
    waiting = select(func.count()).where(WantedFile.item_id == Item.id, WantedFile.state == WantedState.WAITING).scalar_subquery()
    changed = update(Item).where(Item.brand_id == brand_id, among(Item.id, item_ids), Item.waiting_media != waiting)
    ids = session.scalars(changed.values(waiting_media=waiting).returning(Item.id), execution_options=NO_SYNC).all()
    library_actions.forget(session, ids)


NO_SYNC = {"synchronize_session": False}


def fetch(runtime: Runtime, brand_id: int, wanted_id: int, *, now: datetime) -> None:
    """Fetch one wanted file and put it on its item; what it came to is written down, and raised where another try may help."""
    wanted = begin(runtime, brand_id, wanted_id)
    if wanted is None:
        return
    try:
        store(runtime, wanted, now=now)
    except (Unprocessable, TooLarge) as refusal:
        settle(runtime, wanted, WantedState.REFUSED, refusal, now=now)
    except FileGone as gone:
        settle(runtime, wanted, WantedState.GONE, gone, now=now)
    except NotFound:
        return  # the item was deleted meanwhile, and its wanted files with it
    except Outside as failure:
        if failure.permanent:
            settle(runtime, wanted, WantedState.REFUSED, failure, now=now)
        elif wanted.attempts >= MAX_ATTEMPTS:
            settle(runtime, wanted, WantedState.FAILED, failure, now=now)
        else:
            raise


def begin(runtime: Runtime, brand_id: int, wanted_id: int) -> WantedFile | None:
    """The wanted file with this attempt counted; None where it is settled or gone."""
    with runtime.transaction() as session:
        wanted = get_wanted(session, brand_id, wanted_id)
        if wanted is None or wanted.state != WantedState.WAITING:
            return None
        wanted.attempts += 1
        return wanted


def get_wanted(session: Session, brand_id: int, wanted_id: int) -> WantedFile | None:
    """The brand's wanted file, locked."""
    query = select(WantedFile).where(WantedFile.brand_id == brand_id, WantedFile.id == wanted_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def store(runtime: Runtime, wanted: WantedFile, *, now: datetime) -> None:
    """Download, decode in the limited child, then file and item in one transaction."""
    path = runtime.storage.temporary()
    try:
        seconds = PICTURE_SECONDS if wanted.kind == "picture" else FILM_SECONDS
        most = runtime.settings.largest_mb * 1024**2
        answer = runtime.fetcher.download(wanted.url, path, max_bytes=most, seconds=seconds)
        check_status(answer.status)
        received = media_actions.receive(runtime, path, name_of(wanted.url))
    finally:
        path.unlink(missing_ok=True)
    with received, runtime.transaction() as session:
        library_actions.hold(session, wanted.brand_id)
        item = library_queries.get_item(session, wanted.brand_id, wanted.item_id)
        if not is_waiting(session, wanted):
            return  # given up meanwhile: the network's terms do not let us keep it any more
        file, _ = media_actions.keep(runtime, session, wanted.brand_id, received)
        library_actions.attach_file(session, item, file, position=wanted.position, alt=wanted.alt, now=now)
        resolve(session, wanted, WantedState.KEPT, now=now, file_id=file.id)


def is_waiting(session: Session, wanted: WantedFile) -> bool:
    """Whether the file is still to come."""
    row = get_wanted(session, wanted.brand_id, wanted.id)
    return row is not None and row.state == WantedState.WAITING


def check_status(status: int) -> None:
    """Raise what an answer other than 200 means for a file."""
    if status in {401, 403, 404, 410, 451}:
        raise FileGone(f"the address answered {status}", permanent=True)
    if status in {408, 425, 429} or status >= 500:
        raise Outside(f"the address answered {status}")
    if status != 200:
        raise FileRefused(f"the address answered {status}", permanent=True)


def name_of(url: str) -> str:
    """The last part of the address, which only ever is shown."""
    return PurePosixPath(unquote(urlsplit(url).path)).name[:200] or "file"


def settle(runtime: Runtime, wanted: WantedFile, state: WantedState, error: UgcError, *, now: datetime) -> None:
    """Write down that the file does not come, and why."""
    with runtime.transaction() as session:
        library_actions.hold(session, wanted.brand_id)
        resolve(session, wanted, state, now=now, code=error.code, error=error.detail[:500])


def resolve(
    session: Session, wanted: WantedFile, state: WantedState, *, now: datetime, code: str = "", error: str = "",
    file_id: int | None = None,
) -> None:  # fmt: skip
    """One file less to wait for; the last one lets its item into the inbox."""
    row = get_wanted(session, wanted.brand_id, wanted.id)
    if row is None or row.state != WantedState.WAITING:
        return
    row.state, row.code, row.error, row.file_id, row.resolved_at = state, code, error, file_id, now
    session.flush()
    count_waiting(session, row.brand_id, [row.item_id])


def try_again(session: Session, *, now: datetime) -> int:
    """Have files fetched again that failed lately; how many."""
    recent = select(WantedFile.id).where(WantedFile.state == WantedState.FAILED, WantedFile.created > now - TRIED_FOR)
    chosen = recent.order_by(WantedFile.resolved_at).limit(TRIED_AGAIN).with_for_update(skip_locked=True)
    tried = update(WantedFile).where(WantedFile.id.in_(chosen)).values(state=WantedState.WAITING, attempts=MAX_ATTEMPTS - 2)
    rows = session.execute(tried.returning(WantedFile.id, WantedFile.brand_id), execution_options=NO_SYNC).all()
    jobs.enqueue_many(session, "ingest.fetch_wanted", ({"brand_id": brand, "wanted_id": id} for id, brand in rows))
    return len(rows)


def settle_dead(session: Session, *, now: datetime) -> int:
    """Files whose job died with its last attempt, so that nobody wrote down that it failed: their items go on without them."""
    late = WantedFile.created < now - DEAD_AFTER
    dead = (WantedFile.state == WantedState.WAITING) & (WantedFile.attempts >= MAX_ATTEMPTS) & late
    values = {
        "state": WantedState.FAILED,
        "code": "interrupted",
        "error": "The work on this file was interrupted.",
        "resolved_at": now,
    }
    settled = 0
    for brand_id in session.scalars(select(WantedFile.brand_id).where(dead).distinct().order_by(WantedFile.brand_id)).all():
        library_actions.hold(session, brand_id)
        failed = update(WantedFile).where(WantedFile.brand_id == brand_id, dead).values(values).returning(WantedFile.item_id)
        items = session.scalars(failed, execution_options=NO_SYNC).all()
        count_waiting(session, brand_id, sorted(set(items)))
        settled += len(items)
    return settled


def give_up(runtime: Runtime, session: Session, item: Item) -> None:
    """Drop an item's fetched files and stop fetching: the network's terms do not let us keep them any more."""
    gone = delete(WantedFile).where(WantedFile.brand_id == item.brand_id, WantedFile.item_id == item.id)
    fetched = session.scalars(gone.returning(WantedFile.file_id), execution_options=NO_SYNC).all()
    library_actions.drop_files(runtime, session, item, [id for id in fetched if id is not None])
    library_actions.set_waiting(session, item, 0)


def find_missing(session: Session, brand_id: int, item_id: int) -> list[WantedFile]:
    """An item's files that are not here, in their order: still to be fetched, or not to be had."""
    query = select(WantedFile).where(WantedFile.brand_id == brand_id, WantedFile.item_id == item_id)
    return list(session.scalars(query.where(WantedFile.state != WantedState.KEPT).order_by(WantedFile.position, WantedFile.id)))
