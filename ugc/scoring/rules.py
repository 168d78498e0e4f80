"""The score: a weighted mean of the signals that apply, with parts that add up to it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ugc.kit.errors import Unprocessable
from ugc.library.models import Item, Kind
from ugc.media.models import FileState
from ugc.scoring.signals import (
    caption,
    colourfulness,
    contrast,
    engagement,
    exposure,
    freshness,
    product_relevance,
    resolution,
    review_text,
    rights_readiness,
    sharpness,
)
from ugc.scoring.signals.base import Facts, Signal

SIGNALS: tuple[Signal, ...] = (
    sharpness.SIGNAL, exposure.SIGNAL, contrast.SIGNAL, colourfulness.SIGNAL, resolution.SIGNAL, caption.SIGNAL,
    review_text.SIGNAL, engagement.SIGNAL, product_relevance.SIGNAL, freshness.SIGNAL, rights_readiness.SIGNAL,
)  # fmt: skip
DEFAULT_WEIGHTS = {signal.name: signal.default_weight for signal in SIGNALS}
MAX_WEIGHT = 100.0


class BadWeight(Unprocessable):
    """A weight is a number from 0 to 100, for a signal that exists; not all of them may be 0."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one signal added: `points` of `most`. A signal that does not apply has no value and takes no part."""

    signal: str
    label: str
    value: float | None
    weight: float
    points: int
    most: float
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """0–100 and the parts that add up to it."""

    total: int
    parts: tuple[Part, ...]

    def as_json(self) -> list[dict[str, Any]]:
        """The parts as they are stored and shown."""
        return [asdict(part) for part in self.parts]


def score_of(facts: Facts, weights: Mapping[str, float] = DEFAULT_WEIGHTS, signals: Sequence[Signal] = SIGNALS) -> Score:
    """The score of what is known: the weights of signals that don't apply fall to the others."""
    measured = [(signal, signal.measure(facts), weights.get(signal.name, signal.default_weight)) for signal in signals]
    whole = sum(weight for _, found, weight in measured if found.value is not None)
    shares = [100 * weight / whole if whole and found.value is not None else 0.0 for _, found, weight in measured]
    exact = [share * (found.value or 0.0) for share, (_, found, _) in zip(shares, measured, strict=True)]
    points = apportion(exact)
    parts = tuple(
        Part(signal.name, signal.label, rounded(found.value), weight, point, round(share, 1), found.reason)
        for (signal, found, weight), point, share in zip(measured, points, shares, strict=True)
    )
    return Score(sum(points), parts)


def rounded(value: float | None) -> float | None:
    """A value as it is stored."""
    return None if value is None else round(value, 4)


def apportion(exact: Sequence[float]) -> list[int]:
    """Whole points that add up to the rounded sum: the largest remainders are rounded up (Hamilton's method)."""
    points = [math.floor(part) for part in exact]
    missing = math.floor(sum(exact) + 0.5) - sum(points)
    by_remainder = sorted(range(len(exact)), key=lambda place: (points[place] - exact[place], place))
    for place in by_remainder[:missing]:
        points[place] += 1
    return points


def facts_of(item: Item, now: datetime) -> Facts:
    """What the score of a loaded item rests on; its first finished picture stands for its pictures."""
    file = next((medium.file for medium in item.media if medium.file.state is FileState.READY), None)
    return Facts(
        kind=item.kind, now=now, title=item.title, body=item.body,
        width=file.width if file else None, height=file.height if file else None, measures=file.measures if file else {},
        likes=item.like_count, comments=item.comment_count, helpful=item.helpful_count,
        products=tuple(tag.product.title for tag in item.products), hotspots=sum(tag.x is not None for tag in item.products),
        published_at=item.published_at,
        rights_state=item.rights_state, rights_from=item.rights_from, rights_until=item.rights_until,
    )  # fmt: skip


def picture_facts(measures: Mapping[str, float], width: int, height: int, now: datetime) -> Facts:
    """The facts of a picture by itself: only the signals of pixels apply."""
    return Facts(kind=Kind.PHOTO, now=now, width=width, height=height, measures=measures)


def check_weights(weights: Mapping[str, float]) -> None:
    """Raise BadWeight for a signal that does not exist or a weight out of bounds."""
    for name, weight in weights.items():
        if name not in DEFAULT_WEIGHTS or not (math.isfinite(weight) and 0 <= weight <= MAX_WEIGHT):
            raise BadWeight(signal=name)
    if not any(({**DEFAULT_WEIGHTS, **weights}).values()):
        raise BadWeight()
