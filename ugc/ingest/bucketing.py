"""Takes what lies new in a brand's buckets: once each, refused files remembered with their reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.ingest import rules
from ugc.ingest.sources import bucket
from ugc.ingest.sources.bucket import Found
from ugc.kit import jobs, logs
from ugc.kit.db import among
from ugc.kit.errors import NotFound, TooLarge, Unprocessable
from ugc.kit.storage.base import NoSuchFile, Storage
from ugc.kit.storage.places import Place, read_place
from ugc.library import actions as library_actions
from ugc.library.models import Item, Kind
from ugc.library.rules import ItemData
from ugc.media import actions as media_actions
from ugc.runtime import Runtime, make_storage

SOURCE = "bucket"
ACTOR = "system"
# Where it is noted that an object was refused, so that it is not read again every five minutes.
REFUSED = "marks/refused"

log = logs.get("ugc.ingest")


def places_of(runtime: Runtime, brand: Brand) -> Iterator[Place]:
    """The buckets that the operator named for a brand, without the one where files are stored."""
    settings = runtime.settings
    stored = None if settings.storage == "local" else read_place(settings.storage)
    for slug, place in settings.s3_sources:
        if slug == brand.slug and not (stored and stored.overlaps(place)):
            yield place


def poll_all(runtime: Runtime) -> None:
    """Have every brand's buckets looked at."""
    with runtime.transaction() as session:
        for slug in sorted({slug for slug, _ in runtime.settings.s3_sources}):
            try:
                look_soon(session, accounts_queries.get_brand(session, slug).id)
            except NotFound:
                log.warning("bucket_without_brand", brand=slug)


def look_soon(session: Session, brand_id: int) -> None:
    """Have a brand's buckets looked at once, however often that is asked for."""
    jobs.enqueue(session, "ingest.poll_bucket", once=f"bucket:{brand_id}", brand_id=brand_id)


def poll(runtime: Runtime, brand_id: int, *, now: datetime) -> int:
    """Have what is new in a brand's buckets taken; how many objects that are."""
    with runtime.sessions() as session:
        brand = accounts_queries.get_brand_by_id(session, brand_id)
    count = 0
    for place in places_of(runtime, brand):
        fresh = find_new(runtime, make_storage(runtime.settings, place.address), brand_id, place, now=now)
        with runtime.transaction() as session:
            for found in fresh:
                take_soon(session, brand_id, place, found)
        count += len(fresh)
    return count


def take_soon(session: Session, brand_id: int, place: Place, found: Found) -> None:
    """One object, one job."""
    jobs.enqueue(
        session, "ingest.take_object", once=f"object:{brand_id}:{found.external_id}", brand_id=brand_id, place=place.address,
        key=found.key, external_id=found.external_id,
    )  # fmt: skip


def find_new(runtime: Runtime, storage: Storage, brand_id: int, place: Place, *, now: datetime) -> list[Found]:
    """Objects that are neither items nor refused."""
    refused = {key.rsplit("/", 1)[1] for key in runtime.storage.keys(f"{REFUSED}/{brand_id}/")}

    def known(ids: Sequence[str]) -> set[str]:
        with runtime.sessions() as session:
            query = select(Item.external_id).where(Item.brand_id == brand_id, Item.source == SOURCE, among(Item.external_id, ids))
            return refused.intersection(ids).union(session.scalars(query))

    most = max(runtime.settings.max_upload_mb, runtime.settings.max_video_mb) * 1024**2
    return bucket.find_new(storage.entries(""), place.address, known, now=now, most_bytes=most)


def mark(brand_id: int, id: str) -> str:
    """Where a refusal is noted."""
    return f"{REFUSED}/{brand_id}/{id}"


def take(runtime: Runtime, brand_id: int, address: str, key: str, id: str, *, now: datetime) -> None:
    """Make an item of one object. Only a place that the operator names for the brand now is read."""
    with runtime.sessions() as session:
        brand = accounts_queries.get_brand_by_id(session, brand_id)
    if address not in {place.address for place in places_of(runtime, brand)}:
        return
    try:
        with make_storage(runtime.settings, address).open(key) as stream:
            received = media_actions.receive(runtime, stream, key.rsplit("/", 1)[-1])
    except (Unprocessable, TooLarge) as refusal:
        runtime.storage.put(mark(brand_id, id), f"{refusal.code}: {refusal.detail}\n{address}/{key}".encode())
        log.warning("object_refused", brand=brand.slug, key=key, code=refusal.code)
        return
    except NoSuchFile:
        return  # removed since it was listed
    with received, runtime.transaction() as session:
        file, _ = media_actions.keep(runtime, session, brand_id, received)
        data = ItemData(rules.kind_of(Kind.PHOTO, [received.found.kind]), source=SOURCE, external_id=id)
        library_actions.add_item(session, brand_id, data, files=[file], actor=ACTOR, now=now)
