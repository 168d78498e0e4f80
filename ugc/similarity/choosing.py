"""Which encoder a brand's pictures and texts are read by at present."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from ugc.modelling import queries as modelling_queries
from ugc.similarity.encoders import own
from ugc.similarity.encoders.base import Encoder
from ugc.similarity.models import PICTURE

Way = Callable[[Session, int, str], Encoder | None]

WAYS: list[Way] = []
"""Encoders that somebody set up, by session, brand and space; the first that is there is used, else our own features."""


def present(session: Session, brand_id: int, space: str) -> Encoder:
    """The encoder whose vectors are compared now."""
    for way in WAYS:
        found = way(session, brand_id, space)
        if found is not None:
            return found
    return own_encoder(session, brand_id, space)


def own_encoder(session: Session, brand_id: int, space: str) -> Encoder:
    """Our own features, texts in the brand's space where one was fitted and can be read."""
    if space == PICTURE:
        return own.OwnEncoder(own.picture_version())
    fitted = modelling_queries.load(session, brand_id, own.TEXT_SPACE, format=own.TEXT_FORMAT)
    version = modelling_queries.version_of(session, brand_id, own.TEXT_SPACE) if fitted else 0
    return own.OwnEncoder(own.text_version(version), fitted)


def key_of(encoder: Encoder) -> str:
    """What vectors of an encoder go by: `own:1.1`."""
    return f"{encoder.name}:{encoder.version}"
