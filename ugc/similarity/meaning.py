"""Finding by meaning: words near pictures and texts, and a brand's own words as tags without a single example."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy
from pgvector import HalfVector
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.kit import jobs
from ugc.kit.db import among
from ugc.kit.errors import Invalid
from ugc.library import queries as library_queries
from ugc.library.models import Item
from ugc.library.queries import ItemFilter
from ugc.settings import Settings
from ugc.similarity import choosing, queries
from ugc.similarity.encoders import onnx
from ugc.similarity.encoders.base import SEARCH, Encoder, Vector, unit
from ugc.similarity.models import PICTURE, TEXT, NameVector

WORDS, MEANING = "words", "meaning"
WAYS = (WORDS, MEANING)
"""What `search` can be."""
MOST_FOUND = 200
"""Items that a search by meaning finds: farther ones have less and less to do with the words."""
LEVEL = 60
"""Of reciprocal rank fusion (Cormack and others, 2009): lists of different measures are merged by places, not by figures."""
SHORT = 4
"""Words up to which a query is put into a sentence, as captions in training were; longer ones are sentences already."""
PROMPTS = ("a photo of {}", "a picture of {}", "{}")
NEUTRAL = ("a photo", "a picture", "something")
NOTHING = ""
"""The name of what every picture is like."""
SCALE = 100.0
"""CLIP's own factor before its softmax: a cosine .03 above that of "a photo" is 95 %."""
MOST_NAMES = 500


def set_up(settings: Settings) -> None:
    """Use the encoders that the settings name from now on; raises BadModel where a folder lacks something."""
    by_space = {PICTURE: onnx.find_pictures(settings), TEXT: onnx.find_sentences(settings)}

    def way(session: Session, brand_id: int, space: str) -> Encoder | None:
        """The settings' encoder of a space."""
        return by_space.get(space)

    choosing.WAYS[:] = [way] if any(by_space.values()) else []


# Finding by meaning.


def resolve(session: Session, brand_id: int, filter: ItemFilter, search: str, *, now: datetime) -> ItemFilter:
    """The filter as it is to be searched: by `meaning` its words become the items nearest to them, else it stays as it is.

    Raises Invalid for another way to search, and where the items are to resemble one as well.
    """
    if search not in WAYS:
        raise Invalid(f"search must be {' or '.join(WAYS)}", name="search")
    if search == WORDS or not filter.q:
        return filter
    if filter.similar_to is not None:
        raise Invalid("search=meaning and similar_to are two orders; choose one", name="search")
    worth = find_by_meaning(session, brand_id, filter, now=now)
    return replace(filter, q="", near=tuple(worth.items()))


def find_by_meaning(session: Session, brand_id: int, filter: ItemFilter, *, now: datetime) -> dict[int, float]:
    """Items of the filter, those whose picture or text comes nearest to its words first, with what puts them in this order."""
    items = select(Item.id).where(*library_queries.conditions(replace(filter, q=""), brand_id, (), now))
    places = place_query(session, brand_id, filter.q)
    found = [queries.find_near_among(session, brand_id, vector, space, items, limit=MOST_FOUND) for space, vector in places]
    worth = merge([[id for id, _ in near] for near in found])
    return {id: worth[id] for id in sorted(worth, key=lambda id: (-worth[id], -id))[:MOST_FOUND]}


def place_query(session: Session, brand_id: int, q: str) -> list[tuple[str, Vector]]:
    """Where words lie among pictures, if the encoder of pictures reads words, and among texts."""
    places = []
    pictures, texts = choosing.present(session, brand_id, PICTURE), choosing.present(session, brand_id, TEXT)
    if SEARCH in pictures.can:
        places += [(PICTURE, vector) for vector in pictures.texts([in_sentence(q)]) if vector is not None]
    return places + [(TEXT, vector) for vector in texts.texts([q]) if vector is not None]


def in_sentence(q: str) -> str:
    """A query as a caption might say it."""
    return PROMPTS[0].format(q) if 0 < len(q.split()) <= SHORT else q


def merge(lists: Sequence[Sequence[int]]) -> dict[int, float]:
    """What each of the listed is worth by its places: first in two lists is 2 / LEVEL."""
    worth: dict[int, float] = {}
    for listed in lists:
        for place, id in enumerate(listed):
            worth[id] = worth.get(id, 0.0) + 1.0 / (LEVEL + place)
    return worth


# Tags without examples.


def zero_shot(session: Session, brand_id: int, item_ids: Iterable[int], names: Iterable[str]) -> dict[int, dict[str, float]]:
    """How likely each name says what an item's picture shows, by the encoder of pictures and words alone; evidence, no tag.

    Compares stored vectors only. A name that was not placed yet is left out and placed by a job. Nothing without such an encoder.
    """
    encoder = choosing.present(session, brand_id, PICTURE)
    if SEARCH not in encoder.can:
        return {}
    wanted = list(dict.fromkeys(names))[:MOST_NAMES]
    placed = map_names(session, brand_id, choosing.key_of(encoder), [*wanted, NOTHING])
    if not placed.keys() >= {*wanted, NOTHING}:
        jobs.enqueue(session, "similarity.place_names", once=f"similarity.place_names:{brand_id}", brand_id=brand_id, names=wanted)
    nothing, known = placed.get(NOTHING), [name for name in wanted if placed.get(name) is not None]
    if nothing is None or not known:
        return {}
    directions = numpy.stack([vector for name in known if (vector := placed[name]) is not None])
    found = {}
    for item_id, picture in queries.map_vectors(session, brand_id, item_ids, PICTURE).items():
        above = directions @ picture - float(nothing @ picture)
        found[item_id] = {name: probability(float(each)) for name, each in zip(known, above, strict=True)}
    return found


def probability(above: float) -> float:
    """Of a name whose cosine lies so far above that of a picture of anything: a softmax of the two."""
    return 1.0 / (1.0 + math.exp(-max(-0.5, min(0.5, above)) * SCALE))


def map_names(session: Session, brand_id: int, encoder: str, names: Sequence[str]) -> dict[str, Vector | None]:
    """Where names lie, those that were placed; None for one that the encoder can't read."""
    query = select(NameVector.name, NameVector.vector).where(
        NameVector.brand_id == brand_id, NameVector.encoder == encoder, among(NameVector.name, names)
    )
    rows = session.execute(query).all()
    return {name: None if numbers is None else numpy.array(numbers, dtype=numpy.float32) for name, numbers in rows}


def place_names(session: Session, brand_id: int, names: Sequence[str], *, now: datetime) -> None:
    """Find out where names lie among pictures and keep it."""
    encoder = choosing.present(session, brand_id, PICTURE)
    if SEARCH not in encoder.can:
        return
    key = choosing.key_of(encoder)
    wanted = list(dict.fromkeys([NOTHING, *names]))[: MOST_NAMES + 1]
    placed = map_names(session, brand_id, key, wanted)
    missing = [name for name in wanted if name not in placed]
    vectors = [place_name(encoder, name) for name in missing]
    rows = [
        {"brand_id": brand_id, "encoder": key, "name": name, "made_at": now, "vector": to_store(vector)}
        for name, vector in zip(missing, vectors, strict=True)
    ]
    if rows:
        session.execute(insert(NameVector).values(rows).on_conflict_do_nothing())
    session.execute(delete(NameVector).where(NameVector.brand_id == brand_id, NameVector.encoder != key))


def place_name(encoder: Encoder, name: str) -> Vector | None:
    """Where a name lies: between the sentences that could name it."""
    sentences = [prompt.format(name) for prompt in PROMPTS] if name else list(NEUTRAL)
    read = [vector for vector in encoder.texts(sentences) if vector is not None]
    return unit(numpy.mean(read, axis=0)) if read else None


def to_store(vector: Vector | None) -> HalfVector | None:
    """As the column takes it, filled up like the vectors that it is compared with."""
    return None if vector is None else HalfVector.from_text(queries.write_vector(vector))
