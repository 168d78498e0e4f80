"""Reads of vectors: what lies near. Only vectors of the brand's present encoder are ever compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy
from pgvector import HalfVector
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ColumnElement, Float, Select, Text, and_, cast, exists, func, literal, literal_column, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload, undefer

from ugc.catalog.models import Product
from ugc.kit.db import among
from ugc.library import rules as library_rules
from ugc.library.models import Item, ItemMedia, SourcePolicy
from ugc.media.models import File, FileKind, FileState
from ugc.similarity import choosing
from ugc.similarity.encoders.base import Vector
from ugc.similarity.models import PICTURE, WIDTHS, ItemVector, PictureState, ProductPicture, ProductVector, shelf_of

SEARCHED = 200
"""Neighbours that a graph looks at before it answers (decision 0156)."""
MAX_NEAR = 500
FEW = 10_000
"""Items of a filter up to which all of them are compared: a graph would be walked past too many others to find so few (0156)."""
HEAD = 4
"""Bytes before the numbers in the database's own format: their count, and two that are unused."""


def map_vectors(session: Session, brand_id: int, item_ids: Iterable[int], space: str) -> dict[int, Vector]:
    """The items' vectors by the brand's present encoder; items without one are left out."""
    query = select(ItemVector.item_id, func.halfvec_send(ItemVector.vector)).where(
        ItemVector.brand_id == brand_id, ItemVector.space == space, ItemVector.encoder == present_key(session, brand_id, space),
        among(ItemVector.item_id, item_ids), ItemVector.vector.is_not(None),
    )  # fmt: skip
    return {item_id: read_vector(stored) for item_id, stored in session.execute(query)}


def present_key(session: Session, brand_id: int, space: str) -> str:
    """What the vectors go by that are compared now."""
    return choosing.key_of(choosing.present(session, brand_id, space))


def find_near(
    session: Session, brand_id: int, vector: Vector, space: str, *, limit: int, without: Iterable[int] = ()
) -> list[tuple[int, float]]:
    """Items of the brand nearest to a vector, with the cosine of the angle between, the nearest first."""
    left_out = list(without)
    query = near_query(session, brand_id, vector, space)
    if left_out:
        query = query.where(ItemVector.item_id.not_in(left_out))
    return [(item_id, similarity_of(distance)) for item_id, distance in session.execute(query.limit(min(limit, MAX_NEAR)))]


def near_query(session: Session, brand_id: int, vector: Vector, space: str) -> Select[int, float]:
    """Item ids and distances, the nearest first; conditions on items may be added."""
    look_closely(session)
    width = width_of(len(vector))
    # As text, not as parameters: the planner must see which shelf's graph is meant.
    on_shelf: ColumnElement[bool] = literal_column(f"item_vectors.shelf = '{shelf_of(space, width)}'")
    distance = distance_to(literal_column(f"(item_vectors.vector::halfvec({width}))", HALFVEC(width)), vector, width)
    query = select(ItemVector.item_id, distance.label("distance")).where(
        on_shelf, ItemVector.brand_id == brand_id, ItemVector.space == space,
        ItemVector.encoder == present_key(session, brand_id, space), ItemVector.vector.is_not(None),
    )  # fmt: skip
    return query.order_by(distance)


def find_near_among(
    session: Session, brand_id: int, vector: Vector, space: str, items: Select[int], *, limit: int, few: int = FEW
) -> list[tuple[int, float]]:
    """The nearest of the items that a query names: all of few are compared, of many the graph finds the nearest."""
    ids = session.scalars(items.limit(few + 1)).all()
    near = near_query(session, brand_id, vector, space)
    if len(ids) <= few:
        # A sum, since no graph is in the order of sums.
        near = near.where(among(ItemVector.item_id, ids)).order_by(None).order_by(near.selected_columns.distance + 0)
    else:
        near = near.where(ItemVector.item_id.in_(items))
    return [(item_id, similarity_of(distance)) for item_id, distance in session.execute(near.limit(limit))]


def look_closely(session: Session) -> None:
    """Until the end of the transaction, graphs are walked on until enough rows of the brand are found."""
    session.execute(
        select(func.set_config("hnsw.ef_search", str(SEARCHED), True), func.set_config("hnsw.iterative_scan", "strict_order", True))
    )


def distance_to(column: ColumnElement[Any] | InstrumentedAttribute[Any], vector: Vector, width: int) -> ColumnElement[float]:
    """The negative inner product, as the graphs are ordered by."""
    return column.op("<#>", return_type=Float())(cast(literal(write_vector(vector)), HALFVEC(width)))


def find_near_products(session: Session, brand_id: int, vector: Vector, *, limit: int) -> list[tuple[int, float]]:
    """Products whose catalogue picture is nearest to a picture's vector, with the cosine, the nearest first."""
    distance = distance_to(ProductVector.vector, vector, width_of(len(vector)))
    query = select(ProductVector.product_id, distance).where(
        ProductVector.brand_id == brand_id, ProductVector.encoder == present_key(session, brand_id, PICTURE),
        ProductVector.vector.is_not(None),
    )  # fmt: skip
    return [(id, similarity_of(found)) for id, found in session.execute(query.order_by(distance).limit(min(limit, MAX_NEAR)))]


def map_product_vectors(session: Session, brand_id: int, product_ids: Iterable[int]) -> dict[int, Vector]:
    """The vectors of products' catalogue pictures by the present encoder; products without one are left out."""
    query = select(ProductVector.product_id, func.halfvec_send(ProductVector.vector)).where(
        ProductVector.brand_id == brand_id, ProductVector.encoder == present_key(session, brand_id, PICTURE),
        among(ProductVector.product_id, product_ids), ProductVector.vector.is_not(None),
    )  # fmt: skip
    return {product_id: read_vector(stored) for product_id, stored in session.execute(query)}


def stack(vectors: Sequence[Vector]) -> numpy.ndarray[Any, numpy.dtype[numpy.float32]]:
    """Vectors as the rows of a matrix."""
    return numpy.stack(vectors) if vectors else numpy.zeros((0, 0), dtype=numpy.float32)


def similarity_of(distance: float) -> float:
    """The cosine; rounding to half precision may lead a little past 1."""
    return max(-1.0, min(1.0, -float(distance)))


def width_of(length: int) -> int:
    """The shelf for vectors of a length."""
    return next(width for width in WIDTHS if width >= length)


def write_vector(vector: Vector) -> str:
    """As the database reads it, filled up to its shelf's width."""
    filled = numpy.zeros(width_of(len(vector)), dtype=numpy.float16)
    filled[: len(vector)] = vector
    return HalfVector(filled).to_text()


def read_vector(stored: bytes) -> Vector:
    """The numbers in the database's own format."""
    return numpy.frombuffer(stored, dtype=">f2", offset=HEAD).astype(numpy.float32)


def find_items(session: Session, brand_id: int, item_ids: Iterable[int]) -> list[Item]:
    """Those of the items that the brand has."""
    return list(session.scalars(select(Item).where(Item.brand_id == brand_id, among(Item.id, item_ids))))


def map_first_pictures(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, File]:
    """Item id → its first finished file, with descriptor and renditions."""
    first = (
        select(ItemMedia.item_id, ItemMedia.file_id)
        .join(File, File.id == ItemMedia.file_id)
        .where(File.brand_id == brand_id, File.state == FileState.READY, File.kind != FileKind.AUDIO)
        .where(among(ItemMedia.item_id, item_ids))
        .ext(distinct_on(ItemMedia.item_id))
        .order_by(ItemMedia.item_id, ItemMedia.position, ItemMedia.id)
        .subquery()
    )
    query = select(first.c.item_id, File).join(File, File.id == first.c.file_id)
    return dict(session.execute(query.options(undefer(File.descriptor), selectinload(File.renditions))).all())


def map_encoded(session: Session, brand_id: int, item_ids: Iterable[int], space: str, encoder: str) -> dict[int, str]:
    """Item id → what its vector by an encoder was made of."""
    query = select(ItemVector.item_id, ItemVector.made_of).where(
        ItemVector.brand_id == brand_id,
        ItemVector.space == space,
        ItemVector.encoder == encoder,
        among(ItemVector.item_id, item_ids),
    )
    return dict(session.execute(query).all())


def find_missing_pictures(session: Session, brand_id: int, *, limit: int) -> list[tuple[Product, ProductPicture]]:
    """Products whose picture did not come, with what came of it, the latest tried first."""
    query = select(Product, ProductPicture).join(ProductPicture, ProductPicture.product_id == Product.id)
    query = query.where(ProductPicture.brand_id == brand_id, Product.removed_at.is_(None))
    query = query.where(ProductPicture.state.in_([PictureState.FAILED, PictureState.REFUSED]))
    return list(session.execute(query.order_by(ProductPicture.fetched_at.desc().nulls_last(), Product.id).limit(limit)).all())


def count_pictures(session: Session, brand_id: int) -> dict[PictureState, int]:
    """How many of the catalogue's pictures came to what; those of products that were taken out are not asked for."""
    query = select(ProductPicture.state, func.count()).join(Product, Product.id == ProductPicture.product_id)
    query = query.where(ProductPicture.brand_id == brand_id, Product.removed_at.is_(None))
    return dict(session.execute(query.group_by(ProductPicture.state)).all())


def find_without(session: Session, brand_id: int, space: str, encoder: str, *, now: datetime, limit: int) -> list[int]:
    """Items with something to encode that the encoder has not seen, the newest first: they are looked at first."""
    seen = exists().where(ItemVector.item_id == Item.id, ItemVector.space == space, ItemVector.encoder == encoder)
    leased = and_(Item.gone_at.is_(None), or_(Item.lease_until.is_(None), Item.lease_until > now))
    kept = or_(Item.source_policy.in_(sorted(library_rules.OWN_COPY)), leased)
    query = select(Item.id).where(Item.brand_id == brand_id, Item.source_policy != SourcePolicy.EMBED_ONLY, kept, ~seen)
    if space == PICTURE:
        shown = select(ItemMedia.id).join(File, File.id == ItemMedia.file_id).where(ItemMedia.item_id == Item.id)
        query = query.where(shown.where(File.state == FileState.READY, File.kind != FileKind.AUDIO).exists())
    else:
        query = query.where(or_(Item.title != "", Item.body != ""))
    return list(session.scalars(query.order_by(Item.id.desc()).limit(limit)))


def find_item_ids(session: Session, brand_id: int, *, after: int, limit: int) -> list[int]:
    """The brand's items by id."""
    return list(session.scalars(select(Item.id).where(Item.brand_id == brand_id, Item.id > after).order_by(Item.id).limit(limit)))


def find_unencoded_products(session: Session, brand_id: int, encoder: str, *, limit: int) -> dict[int, File]:
    """Product id → its finished catalogue picture, of those that the encoder has not seen."""
    made_of = cast(ProductPicture.file_id, Text)
    seen = exists().where(
        ProductVector.product_id == ProductPicture.product_id, ProductVector.encoder == encoder, ProductVector.made_of == made_of
    )
    query = (
        select(ProductPicture.product_id, File)
        .join(File, File.id == ProductPicture.file_id)
        .where(ProductPicture.brand_id == brand_id, File.state == FileState.READY, ~seen)
        .options(undefer(File.descriptor), selectinload(File.renditions))
    )
    return dict(session.execute(query.order_by(ProductPicture.product_id).limit(limit)).all())


def has_catalogue_pictures(session: Session, brand_id: int, file_ids: Collection[int]) -> bool:
    """Whether one of these files is a product's picture."""
    query = select(exists().where(ProductPicture.brand_id == brand_id, among(ProductPicture.file_id, file_ids)))
    return bool(session.scalar(query))
