"""Takes single items in, as programs send them through the API."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.accounts.rules import Principal
from ugc.ingest import queries, rules
from ugc.ingest.importing import IMPORT_RIGHTS, BadImportOption
from ugc.ingest.models import IdempotencyKey
from ugc.kit.errors import Conflict, Invalid, Unprocessable
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, Kind, RightsState
from ugc.library.rules import ItemData, ProductTag
from ugc.media import actions as media_actions
from ugc.media import captions as media_captions
from ugc.media.captions import Cue
from ugc.media.models import File, FileKind
from ugc.rights import actions as rights_actions
from ugc.rights.rules import EvidenceMissing
from ugc.runtime import Runtime

MAX_FILES = 10
MAX_KEY = 200


class KeyReused(Conflict):
    """This Idempotency-Key was used for another request; send a new one."""


class BadKey(Invalid):
    """An Idempotency-Key has 1 to 200 printable characters."""


class TooManyFiles(Unprocessable):
    """An item has at most 10 files."""


class NoContent(Unprocessable):
    """An item needs a file, a text, a title or a rating."""


class FileMissing(Unprocessable):
    """A photo needs a file; send it as a `file` part of multipart/form-data."""


class CaptionsAlone(Unprocessable):
    """Captions belong to a video or recording; send it as a `file` part beside them."""


@dataclass(frozen=True, slots=True)
class Submission:
    """An item as a program sends it."""

    data: ItemData
    products: tuple[ProductTag, ...] = ()
    tags: tuple[str, ...] = ()
    rights: RightsState = RightsState.NONE
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a request."""

    stream: BinaryIO
    name: str


@dataclass(frozen=True, slots=True)
class Captions:
    """A `captions` part of a request: WebVTT or SRT."""

    stream: BinaryIO
    language: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The item that a request made (`added`) or that was there under its external id."""

    item: Item
    added: bool


def accept_item(
    runtime: Runtime, session: Session, principal: Principal, sent: Submission, uploads: Sequence[Upload], *,
    captions: Sequence[Captions] = (), idempotency_key: str = "", now: datetime,
) -> Accepted:  # fmt: skip
    """Store one item with its files. A key answers the same request with the same item (F-03).

    The files are decoded in the limited child before any row exists, and lie in the storage before the rows do.
    """
    check_submission(sent, uploads)
    read = [
        (beside.language, media_captions.read_captions(beside.stream.read(media_captions.MAX_BYTES + 1))) for beside in captions
    ]
    if len(idempotency_key) > MAX_KEY or not idempotency_key.isprintable():
        raise BadKey()
    with ExitStack() as stack:
        received = [stack.enter_context(media_actions.receive(runtime, upload.stream, upload.name)) for upload in uploads]
        request = request_digest(sent, [one.sha256 for one in received])
        if idempotency_key and (answered := find_answered(session, principal.brand_id, idempotency_key, request)):
            return answered
        files = [media_actions.keep(runtime, session, principal.brand_id, one)[0] for one in received]
        data = replace(sent.data, kind=rules.kind_of(sent.data.kind, [one.found.kind for one in received]))
        item, added = library_actions.add_item(
            session, principal.brand_id, data, files=files, products=sent.products, tags=sent.tags,
            actor=principal.actor, now=now,
        )  # fmt: skip
        if idempotency_key:
            remember(session, principal.brand_id, idempotency_key, request, item, added)
        if added:
            finish_item(runtime, session, principal, item, sent, now)
            add_captions(runtime, session, files, read)
        session.flush()
    return Accepted(item, added)


def add_captions(runtime: Runtime, session: Session, files: Sequence[File], read: Sequence[tuple[str, list[Cue]]]) -> None:
    """Put captions to the first file that plays; without one they have no place."""
    playing = next((file for file in files if file.kind is not FileKind.PICTURE), None)
    if playing is None and read:
        raise CaptionsAlone()
    for language, cues in read:
        assert playing is not None
        media_actions.add_captions(runtime, session, playing, cues, language)


def remember(session: Session, brand_id: int, key: str, request: str, item: Item, added: bool) -> None:
    """Keep what this key was answered with."""
    session.add(IdempotencyKey(brand_id=brand_id, key=key, request_sha256=request, item_id=item.id, added=added))


def check_submission(sent: Submission, uploads: Sequence[Upload]) -> None:
    """Raise what is wrong before a byte of a file is looked at."""
    data = sent.data
    if len(uploads) > MAX_FILES:
        raise TooManyFiles()
    if data.kind is Kind.PHOTO and not uploads:
        raise FileMissing()
    if not uploads and not data.body.strip() and not data.title.strip() and data.rating is None:
        raise NoContent()
    if sent.rights not in IMPORT_RIGHTS:
        raise BadImportOption()
    if sent.rights is RightsState.GRANTED and not sent.evidence.strip():
        raise EvidenceMissing()


def find_answered(session: Session, brand_id: int, key: str, request: str) -> Accepted | None:
    """What this key was answered with; waits for a twin request that is still being answered. Raises KeyReused."""
    number = int.from_bytes(hashlib.sha256(f"{brand_id}:{key}".encode()).digest()[:8], "big", signed=True)
    session.execute(select(func.pg_advisory_xact_lock(number)))
    found = queries.find_key(session, brand_id, key)
    if found is None:
        return None
    if found.request_sha256 != request:
        raise KeyReused()
    if session.get(Item, found.item_id) is None:
        raise KeyReused("the item that this Idempotency-Key made was deleted since; send a new key")
    return Accepted(library_queries.get_item(session, brand_id, found.item_id), found.added)


def request_digest(sent: Submission, files: Sequence[str]) -> str:
    """What tells two requests apart: every field and the bytes of every file."""
    return hashlib.sha256(json.dumps([asdict(sent), list(files)], sort_keys=True, default=str).encode()).hexdigest()


def finish_item(runtime: Runtime, session: Session, principal: Principal, item: Item, sent: Submission, now: datetime) -> None:
    """The rights and the audit entry of a new item, in the transaction of its row."""
    if sent.rights is not RightsState.NONE:
        evidence = sent.evidence or f"sent through the API as the brand's own by {principal.actor}"
        rights_actions.record(runtime, session, item, sent.rights, text=evidence, actor=principal.actor, now=now)
    accounts_actions.audit(
        session, brand_id=principal.brand_id, actor=principal.actor, action="item.added", subject_type="item",
        subject_id=item.id, now=now, source=item.source,
    )  # fmt: skip
