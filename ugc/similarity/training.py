"""Fits a space to a brand's texts: which words mean about the same there. Imported by a job only: scikit-learn is heavy."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ugc.library.models import Item
from ugc.modelling import actions as modelling_actions
from ugc.modelling import queries as modelling_queries
from ugc.modelling.artefacts import Artefact
from ugc.runtime import Runtime
from ugc.similarity import wording
from ugc.similarity.encoders import own
from ugc.similarity.encoders.base import Vector

NEEDED = 300
"""Texts; fewer say nothing of words that mean the same which their letters don't."""
MOST = 20_000
"""The newest; their words are what the next ones will use."""
LEAST_WORDS = 8
HELD_OUT = 500
"""Texts, at most a fifth: enough to tell 3 points of recall apart."""
SEED = 0


def train_text_space(runtime: Runtime, brand_id: int, *, now: datetime) -> None:
    """Fit, compare with what is in use on texts that neither saw, and keep."""
    with runtime.transaction() as session:
        texts = find_texts(session, brand_id)
        in_use = modelling_queries.load(session, brand_id, own.TEXT_SPACE, format=own.TEXT_FORMAT)
        if len(texts) < NEEDED:
            modelling_actions.note_need(session, brand_id, own.TEXT_SPACE, have=len(texts), needed=NEEDED, of="texts", now=now)
            return
    learnt, held = split(texts)
    candidate = fit(learnt)
    reached, before = find_halves(held, candidate), find_halves(held, in_use)
    better = reached >= before
    verb = "finds" if better else "finds only"
    why = f"Of {len(held):,} texts cut in two it {verb} {reached:.1%} of the other halves among the first ten, {before:.1%} before."
    with runtime.transaction() as session:
        modelling_actions.consider(
            session, brand_id, candidate, rows=len(learnt), data={"texts": len(texts), "held_out": len(held), "newest": MOST},
            metrics={"halves_found": round(reached, 4)}, incumbent={"halves_found": round(before, 4)}, better=better, why=why,
            actor="system", now=now,
        )  # fmt: skip


def find_texts(session: Session, brand_id: int) -> list[str]:
    """The newest texts with enough words, each once."""
    given = func.concat(Item.title, "\n", Item.body)
    query = select(given).where(Item.brand_id == brand_id, func.length(given) > 4 * LEAST_WORDS)
    texts = dict.fromkeys(session.scalars(query.order_by(Item.id.desc()).limit(MOST)))
    return [each for each in texts if len(wording.words_of(each)) >= LEAST_WORDS]


def split(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is learnt from and what is held out, drawn at random but always alike."""
    drawn = list(texts)
    random.Random(SEED).shuffle(drawn)  # noqa: S311  # no secret
    held = min(HELD_OUT, len(drawn) // 5)
    return drawn[held:], drawn[:held]


def fit(texts: Sequence[str]) -> Artefact:
    """Inverse document frequencies, and the directions in which the weighted texts differ most (TruncatedSVD)."""
    weighed = [wording.weigh(each) for each in texts]
    documents = numpy.zeros(wording.SLOTS)
    for words in weighed:
        documents[list(words)] += 1
    idf = numpy.log((1 + len(texts)) / (1 + documents)) + 1
    idf[documents == 0] = 0  # a slot that was never seen has no direction
    rows = normalised(weighed, idf)
    width = min(wording.WIDTH, rows.shape[0] - 1)
    made = TruncatedSVD(width, algorithm="randomized", n_iter=4, random_state=SEED).fit(rows)
    # Directions at the square root of their strength: the first few, which every text shares, don't drown the others.
    projection = made.components_.T / numpy.sqrt(numpy.maximum(made.singular_values_, 1e-6))
    return packed(projection, idf, len(texts))


def normalised(weighed: Sequence[wording.Words], idf: NDArray[Any]) -> Any:
    """Texts as rows of length 1."""
    starts = numpy.cumsum([0, *(len(words) for words in weighed)])
    slots = numpy.fromiter((slot for words in weighed for slot in words), dtype=numpy.int64, count=int(starts[-1]))
    weights = numpy.fromiter((weight for words in weighed for weight in words.values()), dtype=numpy.float64, count=len(slots))
    weights *= idf[slots]
    lengths = numpy.sqrt(numpy.add.reduceat(weights**2, starts[:-1])) if len(weights) else numpy.ones(len(weighed))
    weights /= numpy.repeat(numpy.maximum(lengths, 1e-9), numpy.diff(starts))
    return csr_matrix((weights, slots, starts), shape=(len(weighed), wording.SLOTS))


def packed(projection: NDArray[Any], idf: NDArray[Any], rows: int) -> Artefact:
    """A byte a number: two megabytes before packing."""
    filled = numpy.zeros((wording.SLOTS, wording.WIDTH))
    filled[:, : projection.shape[1]] = projection
    scale = numpy.maximum(numpy.abs(filled).max(axis=0), 1e-9) / 127
    arrays = {
        "projection": numpy.round(filled / scale).astype(numpy.int8),
        "scale": scale.astype(numpy.float32),
        "idf": idf.astype(numpy.float16),
    }
    return Artefact(own.TEXT_SPACE, own.TEXT_FORMAT, arrays, {"rows": rows})


def find_halves(texts: Sequence[str], space: Artefact | None) -> float:
    """The share of texts whose even words find the odd ones of the same text among the ten nearest."""
    first, second = [], []
    for each in texts:
        words = wording.words_of(each)
        first.append(place(" ".join(words[::2]), space))
        second.append(place(" ".join(words[1::2]), space))
    near = numpy.stack(second) @ numpy.stack(first).T
    better = (near > near.diagonal()[:, None]).sum(axis=1)
    return float((better < 10).mean())


def place(given: str, space: Artefact | None) -> Vector:
    """A text's vector, zeros without words."""
    found = wording.project(wording.weigh(given), space)
    return numpy.zeros(wording.WIDTH, dtype=numpy.float32) if found is None else found
