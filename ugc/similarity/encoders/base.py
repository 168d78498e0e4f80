"""What every encoder gives and takes. Vectors are of one length per encoder and space, and L2-normalised: a dot product is the
cosine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy
from numpy.typing import NDArray

Vector = NDArray[numpy.float32]

PICTURES, TEXTS, SEARCH, DESCRIBE = "pictures", "texts", "search", "describe"
"""What an encoder can do. `search`: its texts and pictures lie in one space, so that words find pictures."""


def nothing() -> bytes:
    """No rendition."""
    return b""


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored picture: its descriptor where it has one, and a way to a WebP rendition's bytes, never the original."""

    brand_id: int
    file_id: int
    descriptor: bytes | None = None
    load: Callable[[], bytes] = nothing
    """Empty where no rendition is there."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of a picture besides its pixels."""

    caption: str = ""
    products: tuple[str, ...] = ()
    """Titles of the products on it."""
    tags: tuple[str, ...] = ()
    """Those that it has."""
    choices: tuple[str, ...] = ()
    """Tags of the brand's that it could have."""
    colours: tuple[str, ...] = ()
    """Names of its colours, the commonest first."""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """Tags with their probabilities, the likeliest first, and a draft of an alternative text; empty where there is none."""

    tags: tuple[tuple[str, float], ...] = ()
    alt: str = ""


class Encoder(Protocol):
    """One way to make vectors or descriptions; it does what its `can` says and gives None for what it can't read."""

    @property
    def name(self) -> str:
        """What it goes by, e.g. `own`."""

    @property
    def version(self) -> str:
        """Vectors of different versions are never compared."""

    @property
    def can(self) -> frozenset[str]:
        """What it can do, of the names above."""

    def pictures(self, files: Sequence[Picture]) -> list[Vector | None]:
        """A vector a picture."""

    def texts(self, texts: Sequence[str]) -> list[Vector | None]:
        """A vector a text; None where there is nothing in it to compare."""

    def describe(self, picture: Picture, hints: Hints) -> Description | None:
        """What is on the picture."""


def unit(vector: NDArray[numpy.floating]) -> Vector | None:
    """The vector at length 1; None where it has no length or holds what is no number."""
    plain = numpy.asarray(vector, dtype=numpy.float32)
    length = float(numpy.linalg.norm(plain))
    return plain / numpy.float32(length) if 1e-9 < length < float("inf") else None
