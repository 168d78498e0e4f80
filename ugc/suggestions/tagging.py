"""What the brand's own tag model sees of an item and says about it: numbers in, a probability a tag out. Pure numpy.

One linear model a tag, its score turned into a probability by a logistic curve, over how near the picture is to some that were
learnt from, its colours, and the words of the caption, hashed into a fixed number of columns (decision 0151).
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy
from numpy.typing import NDArray

from ugc.library import colours
from ugc.modelling.artefacts import Artefact
from ugc.similarity.encoders.base import Vector
from ugc.suggestions.calibrating import sigmoid
from ugc.suggestions.words import HASHTAG, key_of, split_hashtag, words_of

KIND, FORMAT = "tags", 1
TEXT_WIDTH = 1_024
COLOUR_WIDTH = len(colours.NAMES)
COLOUR_FALL = 0.6
"""Each further colour of a picture covers less of it."""
KINDS = ("photo", "video", "audio", "review", "post")
Table = NDArray[numpy.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """An item as the model sees it."""

    text: str = ""
    vector: Vector | None = None
    colours: tuple[str, ...] = ()
    kind: str = "photo"


@dataclass(frozen=True, slots=True)
class Said:
    """How likely a tag is, and the words of the caption that spoke most for it."""

    name: str
    p: float
    words: tuple[str, ...] = ()


def keys_of(text: str) -> list[str]:
    """The words of a caption and its pairs of neighbours, as they are counted."""
    plain = [word.key for word in words_of(HASHTAG.sub(" ", text))]
    tags = [key for tag in HASHTAG.findall(text[:6_000])[:60] for key in {key_of(tag), *split_hashtag(tag, ())}]
    return [*plain, *(f"{first} {second}" for first, second in pairwise(plain)), *tags]


def column_of(key: str) -> int:
    """The column that a word is counted in."""
    return zlib.crc32(key.encode()) % TEXT_WIDTH


def text_row(text: str) -> Table:
    """How often each column's words are said, damped, at length 1; all zero for an empty text."""
    row = numpy.zeros(TEXT_WIDTH, dtype=numpy.float32)
    for column, count in Counter(column_of(key) for key in keys_of(text)).items():
        row[column] = 1 + numpy.log(count)
    length = float(numpy.linalg.norm(row))
    return row / numpy.float32(length) if length else row


def colour_row(hexes: Sequence[str]) -> Table:
    """How much of the picture each named colour covers, roughly: the commonest first in the list."""
    row = numpy.zeros(COLOUR_WIDTH, dtype=numpy.float32)
    for place, each in enumerate(hexes[:6]):
        row[colours.NAMES.index(colours.name_of(each))] += COLOUR_FALL**place
    whole = float(row.sum())
    return row / numpy.float32(whole) if whole else row


def kind_row(kind: str) -> Table:
    """Which kind of item it is."""
    return numpy.array([float(kind == each) for each in KINDS], dtype=numpy.float32)


@dataclass(frozen=True, slots=True)
class Sight:
    """How vectors become columns: around their mean at a usual length, as nearness (Gaussian) to some that were learnt from."""

    mean: Table
    scale: float
    landmarks: Table
    """Vectors that were learnt from, a row each, around the mean and at the usual length."""
    usual: Table
    """The mean nearness to each landmark; a missing picture is at it."""

    @property
    def width(self) -> int:
        """Length of the vectors."""
        return len(self.mean)

    def moved(self, vectors: Table) -> Table:
        """Vectors around the mean at the usual length."""
        return (vectors - self.mean) * numpy.float32(self.scale)

    def nearness(self, vectors: Table) -> Table:
        """A row a vector, a column a landmark: 1 for the same picture, .37 at the usual distance of two, less the mean."""
        return near(self.moved(vectors), self.landmarks) - self.usual


NARROW = 0.5
"""How fast nearness falls; chosen by cross-validation on photos of clothes, like the ridge (docs/suggestions.md)."""
BLIND = numpy.zeros(0, dtype=numpy.float32)


def near(rows: Table, others: Table) -> Table:
    """exp(−|x − y|² / 2) of each pair."""
    squares = (rows**2).sum(axis=1)[:, None] - 2 * rows @ others.T + (others**2).sum(axis=1)[None]
    return numpy.asarray(numpy.exp(-NARROW * numpy.maximum(squares, 0)), dtype=numpy.float32)


def blind() -> Sight:
    """Of those who learnt from no picture at all."""
    return Sight(BLIND, 1.0, numpy.zeros((0, 0), dtype=numpy.float32), BLIND)


def prepared(rows: Sequence[Seen], sight: Sight) -> Table:
    """All that is seen as one table: nearness, colours, kind, words."""
    table = numpy.zeros((len(rows), len(sight.landmarks) + OTHER_COLUMNS), dtype=numpy.float32)
    there = [place for place, row in enumerate(rows) if sight.width and row.vector is not None and len(row.vector) == sight.width]
    if there:
        vectors = numpy.stack([numpy.asarray(rows[place].vector, dtype=numpy.float32) for place in there])
        table[there, : len(sight.landmarks)] = sight.nearness(vectors)
    for place, row in enumerate(rows):
        table[place, len(sight.landmarks) :] = numpy.concatenate([colour_row(row.colours), kind_row(row.kind), text_row(row.text)])
    return table


OTHER_COLUMNS = COLOUR_WIDTH + len(KINDS) + TEXT_WIDTH


@dataclass(frozen=True, slots=True)
class Tagger:
    """A brand's own tag model. `width` and `encoder` say for which vectors: those of another encoder mean other things."""

    tags: tuple[str, ...]
    weights: Table
    """A row a tag over the columns of `table_of`."""
    bias: Table
    slope: Table
    offset: Table
    """From a score to log-odds, a tag each: fitted on scores of items that were held out."""
    sight: Sight
    thresholds: Mapping[str, Mapping[str, float]]
    """Tag → precision → the probability from which on held-out decisions met it, at the lower bound of confidence."""
    encoder: str = ""
    version: int = 0
    through: int = 0
    """The newest item that it learnt from."""


def probabilities(tagger: Tagger, rows: Sequence[Seen]) -> NDArray[numpy.float64]:
    """A row an item, a column a tag."""
    scores = prepared(rows, tagger.sight) @ tagger.weights.T + tagger.bias
    return sigmoid(scores * tagger.slope + tagger.offset)


def say(tagger: Tagger, rows: Sequence[Seen], least: float) -> list[list[Said]]:
    """Each item's tags from `least` on, the likeliest first, with the words that spoke for them."""
    made = []
    for row, chances in zip(rows, probabilities(tagger, rows), strict=True):
        order = [place for place in numpy.argsort(-chances, kind="stable") if chances[place] >= least]
        made.append([Said(tagger.tags[place], float(chances[place]), telling(tagger, int(place), row.text)) for place in order])
    return made


def telling(tagger: Tagger, place: int, text: str, *, most: int = 2) -> tuple[str, ...]:
    """The words of the text that spoke most for a tag, where they say a good part of it."""
    own = tagger.weights[place, -TEXT_WIDTH:]
    strong = max(TELLING / max(float(tagger.slope[place]), 1e-6), float(own.max()) * 0.3)
    said = {word.shown: float(own[column_of(word.key)]) for word in words_of(text.replace("#", " ")) if len(word.key) > 2}
    return tuple(sorted((word for word, weight in said.items() if weight >= strong), key=lambda word: -said[word])[:most])


TELLING = 0.5
"""Log-odds that a word must bring to be named as a reason."""


def write_tagger(tagger: Tagger) -> Artefact:
    """The model as it is kept; half precision is more than its figures hold."""
    arrays: dict[str, NDArray[Any]] = {
        "weights": tagger.weights.astype(numpy.float16), "bias": tagger.bias, "slope": tagger.slope, "offset": tagger.offset,
        "mean": tagger.sight.mean, "landmarks": tagger.sight.landmarks.astype(numpy.float16), "usual": tagger.sight.usual,
    }  # fmt: skip
    facts = {
        "tags": list(tagger.tags), "scale": tagger.sight.scale, "encoder": tagger.encoder, "through": tagger.through,
        "thresholds": {name: dict(found) for name, found in tagger.thresholds.items()},
    }  # fmt: skip
    return Artefact(KIND, FORMAT, arrays, facts)


def read_tagger(artefact: Artefact | None, version: int, encoder: str) -> Tagger | None:
    """A kept model; None without one, or where pictures are seen by another encoder since: it is trained anew."""
    if artefact is None or artefact.facts.get("encoder") != encoder:
        return None
    arrays, facts = artefact.arrays, artefact.facts
    weights = numpy.asarray(arrays["weights"], dtype=numpy.float32)
    landmarks = numpy.asarray(arrays["landmarks"], dtype=numpy.float32)
    if weights.shape[1] != len(landmarks) + OTHER_COLUMNS:
        return None
    sight = Sight(numpy.asarray(arrays["mean"]), float(facts["scale"]), landmarks, numpy.asarray(arrays["usual"]))
    return Tagger(
        tags=tuple(facts["tags"]), weights=weights, bias=numpy.asarray(arrays["bias"]), slope=numpy.asarray(arrays["slope"]),
        offset=numpy.asarray(arrays["offset"]), sight=sight, thresholds=dict(facts["thresholds"]), encoder=encoder, version=version,
        through=int(facts.get("through", 0)),
    )  # fmt: skip
