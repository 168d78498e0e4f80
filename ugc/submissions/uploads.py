"""Files that arrive in pieces: begun, continued, ended, swept. The row is believed, the disk holds at least what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.kit import signing
from ugc.kit.db import among
from ugc.kit.errors import Conflict, TooLarge
from ugc.kit.limiting import Limiter
from ugc.kit.parts import Parts, append
from ugc.media import queries as media_queries
from ugc.media import rules as media_rules
from ugc.runtime import Runtime
from ugc.submissions import queries, rules
from ugc.submissions.models import PartialUpload

CHUNK = 1 << 18
# A piece of more bytes would have to be sent again whole when the connection breaks before its end.
MAX_PIECE = 8 * 1024**2
MEGABYTE = 1024**2


class WrongOffset(Conflict):
    """The piece does not begin where the last one ended; ask how much came and continue there."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A new upload: the id for its address and when its time is over."""

    token: str
    expires_at: datetime


def parts(runtime: Runtime) -> Parts:
    """The folder of unfinished files; on this machine's disk, also where finished ones lie in a bucket."""
    return Parts(runtime.settings.data_dir / "uploads")


def most_bytes(runtime: Runtime, type: str) -> int:
    """How large a file of this type may be."""
    settings = runtime.settings
    return (settings.max_upload_mb if type.startswith("image/") else settings.largest_mb) * MEGABYTE


def begin(
    runtime: Runtime, limiter: Limiter, slug: str, length: int, name: str, type: str, *, address: str, now: datetime
) -> Begun:
    """Room for a file of this length; raises TooLarge, TooMany, QuotaExceeded or StorageFull (T-12, T-13)."""
    if length < 1:
        raise rules.BadUpload("the file is empty")
    if length > most_bytes(runtime, type):
        raise TooLarge(f"this file is larger than the {most_bytes(runtime, type) // MEGABYTE} MB that are accepted")
    line = rules.line_of(address)
    for limit in rules.FILES_OF_ADDRESS:
        limiter.take(limit, "file", slug, line)
    for limit in rules.MEGABYTES_OF_ADDRESS:
        limiter.take(limit, "megabytes", slug, line, cost=-(-length // MEGABYTE))
    with runtime.transaction() as session:
        page = queries.get_page(session, accounts_queries.get_brand(session, slug))
        if not page.is_open:
            raise rules.Closed()
        return add(runtime, session, page.brand_id, length, name, now)


def add(runtime: Runtime, session: Session, brand_id: int, length: int, name: str, now: datetime) -> Begun:
    """The row and its empty file."""
    check_quota(runtime, session, brand_id, length, now)
    begun = Begun(signing.make_token(), now + rules.UPLOAD_LIFE)
    fingerprint = signing.fingerprint(begun.token)
    parts(runtime).make(fingerprint, length)
    row = PartialUpload(
        brand_id=brand_id, fingerprint=fingerprint, name=media_rules.clean_name(name), length=length, expires_at=begun.expires_at,
        received=0, created=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return begun


def check_quota(runtime: Runtime, session: Session, brand_id: int, length: int, now: datetime) -> None:
    """Raise QuotaExceeded where too much is arriving, or where this and all that the brand has stored pass its quota (T-13)."""
    waiting = queries.count_waiting_bytes(session, brand_id, now=now) + length
    if waiting > rules.MAX_WAITING_BYTES:
        raise rules.QuotaExceeded(retry_after=3600)
    quota = runtime.settings.quota_gb * 1024**3
    if quota and media_queries.count_bytes(session, brand_id) + waiting > quota:
        raise rules.QuotaExceeded(retry_after=86_400)


def find(runtime: Runtime, slug: str, token: str, *, now: datetime) -> PartialUpload:
    """How far an upload has come; raises NoSuchUpload."""
    with runtime.transaction() as session:
        brand = accounts_queries.get_brand(session, slug)
        return queries.get_upload(session, brand.id, token, now=now)


def add_piece(
    runtime: Runtime, slug: str, token: str, offset: int, read: Callable[[int], bytes], length: int, *, now: datetime
) -> PartialUpload:
    """Append a piece; the row says how much is there once it lies on the disk. Raises WrongOffset, TooLarge, PartBusy.

    No transaction is open while the piece comes. A piece that breaks off counts as far as it came.
    """
    upload = find(runtime, slug, token, now=now)
    with parts(runtime).hold(upload.fingerprint) as file:
        upload = find(runtime, slug, token, now=now)  # as it is now that nobody else writes
        if offset != upload.received:
            raise WrongOffset(received=upload.received)
        if offset + length > upload.length:
            raise TooLarge("this is more than was announced")
        came = append(file, offset, read, length)
        with runtime.transaction() as session:
            moved = (
                update(PartialUpload)
                .where(PartialUpload.id == upload.id, PartialUpload.received == offset)
                .values(received=offset + came)
                .returning(PartialUpload.id)
            )
            if session.scalar(moved) is None:
                raise queries.NoSuchUpload()
    upload.received = offset + came
    return upload


def end(runtime: Runtime, slug: str, token: str, *, now: datetime) -> None:
    """Throw an upload away; raises NoSuchUpload."""
    upload = find(runtime, slug, token, now=now)
    drop(runtime, upload.brand_id, [token])


def store_whole(runtime: Runtime, brand_id: int, stream: BinaryIO, name: str, *, now: datetime) -> tuple[str, str]:
    """A file that came in one request as a finished upload: its id and SHA-256; both empty for a form's empty file field."""
    length = stream.seek(0, 2)
    stream.seek(0)
    if not length:
        return "", ""
    digest = hashlib.sha256()

    def read(size: int) -> bytes:
        chunk = stream.read(size)
        digest.update(chunk)
        return chunk

    with runtime.transaction() as session:
        begun = add(runtime, session, brand_id, length, name, now)
        fingerprint = signing.fingerprint(begun.token)
        with parts(runtime).hold(fingerprint) as file:
            append(file, 0, read, length)
        session.execute(update(PartialUpload).where(PartialUpload.fingerprint == fingerprint).values(received=length))
    return begun.token, digest.hexdigest()


def drop(runtime: Runtime, brand_id: int, tokens: Iterable[str]) -> None:
    """Throw uploads away, rows and bytes; ids that name nothing are passed over."""
    with runtime.transaction() as session:
        names = forget(session, brand_id, tokens)
    remove(runtime, names)


def forget(session: Session, brand_id: int, tokens: Iterable[str]) -> list[str]:
    """Delete the rows; the names of their files."""
    names = [signing.fingerprint(token) for token in tokens]
    gone = delete(PartialUpload).where(PartialUpload.brand_id == brand_id, among(PartialUpload.fingerprint, names))
    return list(session.scalars(gone.returning(PartialUpload.fingerprint)))


def remove(runtime: Runtime, names: Iterable[str]) -> None:
    """Delete files whose rows are gone; what a kill leaves here the sweep finds by its age."""
    for name in names:
        parts(runtime).delete(name)


def sweep(runtime: Runtime, *, now: datetime) -> int:
    """Remove uploads whose time is over, and files that lost their row; how many rows."""
    with runtime.transaction() as session:
        gone = delete(PartialUpload).where(PartialUpload.expires_at <= now).returning(PartialUpload.fingerprint)
        names = list(session.scalars(gone))
    remove(runtime, names)
    parts(runtime).sweep(now - 2 * rules.UPLOAD_LIFE)
    return len(names)
