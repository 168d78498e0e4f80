"""The catalogue's pictures: wanted by their address, fetched once, politely, each with what came of it (T-30 to T-39)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from ugc.kit import jobs
from ugc.kit.errors import Outside, TooLarge, UgcError, Unprocessable
from ugc.library import actions as library_actions
from ugc.media import actions as media_actions
from ugc.media.actions import Received
from ugc.runtime import Runtime
from ugc.similarity.models import PictureState, ProductPicture

MAX_BYTES = 20 * 1024**2
SECONDS = 15
"""In all, for one download (T-34)."""
MAX_ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=10)
"""After a failure; four times as long after each further one: 10 min, 40 min, 2 h 40 min, 10 h 40 min."""
LATER = -5
"""Pictures wait for what people wait for."""
GONE = frozenset({401, 403, 404, 410, 451})
BUSY = frozenset({408, 425, 429})


class NoPictureThere(Outside):
    """The address answers, but not with a picture."""


def want(session: Session, brand_id: int, *, product_id: int | None = None) -> int:
    """Note every picture that the catalogue names and nobody asked for yet, or under another address; how many."""
    found = session.execute(
        text("""
            insert into product_pictures (product_id, brand_id, url)
            select p.id, p.brand_id, p.image_url from products p left join product_pictures f on f.product_id = p.id
            where p.brand_id = :brand and (cast(:product as bigint) is null or p.id = :product) and p.removed_at is null
              and p.image_url ~* '^https?://'
              and (f.product_id is null or f.url <> p.image_url or (f.state = 'kept' and f.file_id is null))
            order by p.id
            on conflict (product_id) do update set url = excluded.url, state = 'waiting', attempts = 0, code = '', error = '',
                next_try = null
            returning product_id
        """),
        {"brand": brand_id, "product": product_id},
    )
    return len(found.all())


def find_due(session: Session, brand_id: int, *, now: datetime, limit: int) -> list[int]:
    """Products whose picture is to be fetched now."""
    query = select(ProductPicture.product_id).where(ProductPicture.brand_id == brand_id)
    query = query.where(ProductPicture.state.in_([PictureState.WAITING, PictureState.FAILED]))
    query = query.where(ProductPicture.attempts < MAX_ATTEMPTS)
    due = query.where((ProductPicture.next_try.is_(None)) | (ProductPicture.next_try <= now))
    return list(session.scalars(due.order_by(ProductPicture.attempts, ProductPicture.product_id).limit(limit)))


def fetch(runtime: Runtime, brand_id: int, product_id: int, *, now: datetime) -> None:
    """Fetch one picture and keep it; whatever it came to is written down, nothing is raised for what is outside."""
    url = begin(runtime, brand_id, product_id, now=now)
    if not url:
        return
    try:
        store(runtime, brand_id, product_id, url, now=now)
    except (Unprocessable, TooLarge) as refusal:
        settle(runtime, brand_id, product_id, url, PictureState.REFUSED, refusal, now=now)
    except Outside as failure:
        state = PictureState.REFUSED if failure.permanent else PictureState.FAILED
        settle(runtime, brand_id, product_id, url, state, failure, now=now)


def begin(runtime: Runtime, brand_id: int, product_id: int, *, now: datetime) -> str:
    """The address with this attempt counted; empty where nothing is to be fetched. A process that dies has used an attempt."""
    with runtime.transaction() as session:
        row = lock(session, brand_id, product_id)
        if row is None or row.state not in {PictureState.WAITING, PictureState.FAILED} or row.attempts >= MAX_ATTEMPTS:
            return ""
        row.attempts += 1
        row.next_try = now + FIRST_PAUSE * 4 ** (row.attempts - 1)
        return row.url


def lock(session: Session, brand_id: int, product_id: int) -> ProductPicture | None:
    """The row of a product's picture, held until the commit."""
    query = select(ProductPicture).where(ProductPicture.brand_id == brand_id, ProductPicture.product_id == product_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def store(runtime: Runtime, brand_id: int, product_id: int, url: str, *, now: datetime) -> None:
    """Download, decode in the limited child, then file and row in one transaction."""
    path = runtime.storage.temporary()
    try:
        answer = runtime.fetcher.download(url, path, max_bytes=MAX_BYTES, seconds=SECONDS)
        check_status(answer.status)
        received = media_actions.receive(runtime, path, PurePosixPath(unquote(urlsplit(url).path)).name[:200] or "picture")
    finally:
        path.unlink(missing_ok=True)
    with received, runtime.transaction() as session:
        keep(runtime, session, brand_id, product_id, url, received, now=now)


def keep(
    runtime: Runtime, session: Session, brand_id: int, product_id: int, url: str, received: Received, *, now: datetime
) -> None:
    """Keep what was received from an address as the product's picture, in the place of a former one."""
    if received.found.kind != "picture":
        raise NoPictureThere(permanent=True)
    row = lock(session, brand_id, product_id)
    if row is None or row.url != url:
        return  # the catalogue names another picture by now
    before = row.file_id
    file, _ = media_actions.keep(runtime, session, brand_id, received)
    row.state, row.file_id, row.code, row.error, row.next_try, row.fetched_at = PictureState.KEPT, file.id, "", "", None, now
    session.flush()
    if before is not None and before != file.id:
        drop_file(runtime, session, brand_id, before)


def check_status(status: int) -> None:
    """Raise what an answer other than 200 means."""
    if status in BUSY or status >= 500:
        raise Outside(f"the address answered {status}")
    if status != 200:
        raise NoPictureThere(f"the address answered {status}", permanent=status in GONE or status < 500)


def settle(
    runtime: Runtime, brand_id: int, product_id: int, url: str, state: PictureState, error: UgcError, *, now: datetime
) -> None:
    """Write down why there is no picture."""
    with runtime.transaction() as session:
        row = lock(session, brand_id, product_id)
        if row is not None and row.url == url:
            row.state, row.code, row.error, row.fetched_at = state, error.code, error.detail[:500], now


def drop_file(runtime: Runtime, session: Session, brand_id: int, file_id: int) -> None:
    """Delete a former picture that no item and no other product shows."""
    if not session.scalar(select(exists().where(ProductPicture.file_id == file_id))):
        library_actions.remove_unused(runtime, session, brand_id, {file_id})


def try_again(session: Session, brand_id: int) -> int:
    """Have every picture that did not come fetched once more; how many."""
    found = session.execute(
        text("""
            update product_pictures set state = 'waiting', attempts = 0, next_try = null
            where brand_id = :brand and state in ('failed', 'refused') returning product_id
        """),
        {"brand": brand_id},
    )
    count = len(found.all())
    if count:
        ask(session, brand_id)
    return count


def ask(session: Session, brand_id: int, after: timedelta | None = None) -> None:
    """One job a brand fetches at a time."""
    key = f"similarity.fetch_pictures:{brand_id}"
    jobs.enqueue(session, "similarity.fetch_pictures", once=key, lock=key, after=after, priority=LATER, brand_id=brand_id)
