"""Writes of vectors: what an encoder made of items and of catalogue pictures."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from ugc.kit import jobs
from ugc.kit.db import among
from ugc.kit.storage.base import NoSuchFile
from ugc.library import rules as library_rules
from ugc.library.models import Item
from ugc.media import rules as media_rules
from ugc.media.models import File, Role
from ugc.runtime import Runtime
from ugc.similarity import choosing, queries
from ugc.similarity.encoders.base import Encoder, Picture, Vector
from ugc.similarity.models import PICTURE, SPACES, TEXT, ItemVector, ProductPicture, ProductVector, shelf_of

ENOUGH_PIXELS = 320
"""Width of the rendition that an encoder of pixels is given: they look at 224 to 384."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be encoded in one space, by item or product, with what tells whether it changed since."""

    encoder: Encoder
    pictures: Mapping[int, Picture]
    texts: Mapping[int, str]
    made_of: Mapping[int, str]


def encode_items(runtime: Runtime, brand_id: int, item_ids: Sequence[int], *, now: datetime) -> list[int]:
    """Bring the items' vectors up to date; which changed. Nothing is locked while encoders work."""
    changed: set[int] = set()
    for space in SPACES:
        with runtime.transaction() as session:
            items = queries.find_items(session, brand_id, item_ids)
            kept = [item for item in items if library_rules.may_be_kept(item, now)]
            work = plan(runtime, session, brand_id, space, kept)
            empty = {item.id for item in items} - work.made_of.keys()
            known = queries.map_encoded(session, brand_id, work.made_of, space, choosing.key_of(work.encoder))
            forget(session, brand_id, space, empty)
        fresh = {id for id, made_of in work.made_of.items() if known.get(id) != made_of}
        vectors = encode(work, fresh)
        with runtime.transaction() as session:
            put_vectors(session, brand_id, space, work, vectors, now=now)
        changed |= fresh
    if changed:
        with runtime.transaction() as session:
            jobs.announce(session, "similarity.items_encoded", brand_id=brand_id, item_ids=sorted(changed))
    return sorted(changed)


def plan(runtime: Runtime, session: Session, brand_id: int, space: str, items: Sequence[Item]) -> Work:
    """What there is to encode of items in a space."""
    encoder = choosing.present(session, brand_id, space)
    if space == TEXT:
        texts = {item.id: f"{item.title}\n{item.body}".strip() for item in items if item.title or item.body}
        return Work(encoder, {}, texts, {id: digest(given) for id, given in texts.items()})
    files = queries.map_first_pictures(session, brand_id, [item.id for item in items])
    return picture_work(runtime, encoder, files)


def picture_work(runtime: Runtime, encoder: Encoder, files: Mapping[int, File]) -> Work:
    """What there is to encode of files."""
    made_of = {id: f"{file.id}:{zlib.crc32(file.descriptor or b''):x}" for id, file in files.items()}
    return Work(encoder, {id: picture_of(runtime, file) for id, file in files.items()}, {}, made_of)


def digest(given: str) -> str:
    """32 hex digits that change with a text."""
    return hashlib.blake2b(given.encode(), digest_size=16).hexdigest()


def picture_of(runtime: Runtime, file: File) -> Picture:
    """A stored file as an encoder takes it."""
    made = [each for each in file.renditions if each.role is Role.PICTURE and each.type == "image/webp"]
    best = min(made, key=lambda each: (each.width < ENOUGH_PIXELS, abs(each.width - ENOUGH_PIXELS)), default=None)
    key = media_rules.rendition_key(file.public_name, best.name) if best else ""

    def load() -> bytes:
        try:
            return runtime.storage.read(key) if key else b""
        except NoSuchFile:
            return b""

    return Picture(file.brand_id, file.id, file.descriptor, load)


def encode(work: Work, ids: set[int]) -> dict[int, Vector | None]:
    """The vectors of those of the work's items, in one batch."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    if work.texts:
        made = work.encoder.texts([work.texts[id] for id in wanted])
    else:
        made = work.encoder.pictures([work.pictures[id] for id in wanted])
    return dict(zip(wanted, made, strict=True))


def put_vectors(
    session: Session, brand_id: int, space: str, work: Work, vectors: Mapping[int, Vector | None], *, now: datetime
) -> None:
    """Write vectors in the place of those by an older encoder; items that are gone meanwhile are left out."""
    if not vectors:
        return
    rows = [
        {"id": id, "vector": None if vector is None else queries.write_vector(vector), "made_of": work.made_of[id],
         "shelf": "" if vector is None else shelf_of(space, queries.width_of(len(vector)))}
        for id, vector in vectors.items()
    ]  # fmt: skip
    given = {"brand": brand_id, "space": space, "encoder": choosing.key_of(work.encoder), "now": now, "rows": json.dumps(rows)}
    session.execute(
        text("""
            insert into item_vectors (item_id, space, encoder, brand_id, shelf, vector, made_of, made_at)
            select i.id, :space, :encoder, :brand, r.shelf, cast(r.vector as halfvec), r.made_of, :now
            from jsonb_to_recordset(cast(:rows as jsonb)) as r (id bigint, vector text, made_of text, shelf text)
            join items i on i.id = r.id and i.brand_id = :brand order by i.id for key share of i
            on conflict (item_id, space, encoder) do update set shelf = excluded.shelf, vector = excluded.vector,
                made_of = excluded.made_of, made_at = excluded.made_at
        """),
        given,
    )
    session.execute(
        delete(ItemVector).where(
            ItemVector.brand_id == brand_id, ItemVector.space == space, among(ItemVector.item_id, vectors),
            ItemVector.encoder != given["encoder"],
        )
    )  # fmt: skip


def forget(session: Session, brand_id: int, space: str, item_ids: set[int]) -> None:
    """Delete the vectors of items that have nothing to compare any more, or of which nothing may be kept."""
    if item_ids:
        gone = delete(ItemVector).where(ItemVector.brand_id == brand_id, ItemVector.space == space)
        session.execute(gone.where(among(ItemVector.item_id, item_ids)))


def forget_unkept(session: Session, *, now: datetime) -> int:
    """Delete vectors of items whose network's terms let us keep nothing any more (L-20 to L-25); how many items."""
    gone = session.execute(
        text("""
            delete from item_vectors v using items i
            where i.id = v.item_id and (i.source_policy = 'embed_only' or i.source_policy = 'api_cached'
                and (i.gone_at is not null or i.lease_until <= :now))
            returning v.item_id
        """),
        {"now": now},
    )
    return len(set(gone.scalars()))


def encode_products(runtime: Runtime, brand_id: int, *, limit: int, now: datetime) -> int:
    """Vectors of catalogue pictures that the present encoder has not seen; how many."""
    with runtime.transaction() as session:
        encoder = choosing.present(session, brand_id, PICTURE)
        files = queries.find_unencoded_products(session, brand_id, choosing.key_of(encoder), limit=limit)
        work = picture_work(runtime, encoder, files)
    vectors = encode(work, set(files))
    with runtime.transaction() as session:
        put_product_vectors(
            session, brand_id, choosing.key_of(encoder), {id: file.id for id, file in files.items()}, vectors, now=now
        )
    return len(vectors)


def put_product_vectors(
    session: Session, brand_id: int, encoder: str, files: Mapping[int, int], vectors: Mapping[int, Vector | None], *, now: datetime
) -> None:
    """Write vectors of products in the place of those by an older encoder."""
    rows = [
        {"id": id, "made_of": str(files[id]), "vector": None if vector is None else queries.write_vector(vector)}
        for id, vector in vectors.items()
    ]
    given = {"brand": brand_id, "encoder": encoder, "now": now, "rows": json.dumps(rows)}
    session.execute(
        text("""
            insert into product_vectors (product_id, encoder, brand_id, vector, made_of, made_at)
            select p.id, :encoder, :brand, cast(r.vector as halfvec), r.made_of, :now
            from jsonb_to_recordset(cast(:rows as jsonb)) as r (id bigint, vector text, made_of text)
            join products p on p.id = r.id and p.brand_id = :brand order by p.id for key share of p
            on conflict (product_id, encoder) do update set vector = excluded.vector, made_of = excluded.made_of,
                made_at = excluded.made_at
        """),
        given,
    )
    session.execute(
        text("""
            delete from product_vectors where brand_id = :brand and encoder <> :encoder
            and product_id in (select id from jsonb_to_recordset(cast(:rows as jsonb)) as r (id bigint))
        """),
        given,
    )


def forget_product_vectors(session: Session, brand_id: int, file_ids: Sequence[int]) -> None:
    """Delete the vectors of products whose picture was decoded anew: what the encoder could not read it may read now."""
    shown = select(ProductPicture.product_id).where(ProductPicture.brand_id == brand_id, among(ProductPicture.file_id, file_ids))
    gone = delete(ProductVector).where(ProductVector.brand_id == brand_id, ProductVector.product_id.in_(shown))
    session.execute(gone, execution_options={"synchronize_session": False})
