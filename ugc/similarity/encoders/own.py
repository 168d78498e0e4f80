"""Our own features: pictures by their descriptor, turned and shortened by a fitted projection; texts by hashed words in a space
that is fitted to the brand's texts, or in a random one before. No downloads, no network (decisions 0155, 0157).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from ugc.media.child import descriptor
from ugc.modelling.artefacts import Artefact, read_shipped
from ugc.similarity import wording
from ugc.similarity.encoders import base
from ugc.similarity.encoders.base import Description, Hints, Picture, Vector, unit

PICTURE_SPACE, PICTURE_FORMAT = "picture_space", 1
TEXT_SPACE, TEXT_FORMAT = "text_space", 1


@dataclass(frozen=True, slots=True)
class OwnEncoder:
    """Vectors of pictures and texts by the brand's text space, where it has one."""

    version: str
    text_space: Artefact | None = None
    name: str = "own"
    can: frozenset[str] = frozenset({base.PICTURES, base.TEXTS})

    def pictures(self, files: Sequence[Picture]) -> list[Vector | None]:
        """A vector of each picture that has a descriptor of the present version."""
        read = [descriptor.read(file.descriptor or b"") for file in files]
        rows = [each for each in read if each is not None]
        if not rows:
            return [None] * len(files)
        space = picture_space()
        made = iter((numpy.stack(rows) - space.arrays["mean"]) @ space.arrays["projection"].astype(numpy.float32))
        return [None if each is None else unit(next(made)) for each in read]

    def texts(self, texts: Sequence[str]) -> list[Vector | None]:
        """A vector of each text with words in it."""
        return [wording.project(wording.weigh(text), self.text_space) for text in texts]

    def describe(self, picture: Picture, hints: Hints) -> Description | None:
        """Numbers name nothing."""
        return None


def picture_space() -> Artefact:
    """The projection that comes with the program."""
    return read_shipped("ugc.similarity", PICTURE_SPACE, kind=PICTURE_SPACE, format=PICTURE_FORMAT)


def picture_version() -> str:
    """Changes with the descriptor and with the projection."""
    return f"{descriptor.VERSION}.{picture_space().facts['version']}"


def text_version(model_version: int) -> str:
    """Changes with the hashing and with the brand's model; 0 = the random space."""
    return f"{TEXT_FORMAT}.{model_version}"
