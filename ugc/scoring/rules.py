"""The score: a weighted mean of the signals that apply, with parts that add up to it. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ugc.kit.errors import Unprocessable
from ugc.library.models import Kind
from ugc.scoring.signals import (
    caption,
    cleanness,
    colourfulness,
    composition,
    contrast,
    engagement,
    exposure,
    freshness,
    performance,
    photo_likeness,
    product_relevance,
    resolution,
    review_text,
    rights_readiness,
    sharpness,
    technical,
)
from ugc.scoring.signals.base import Facts, Signal

SIGNALS: tuple[Signal, ...] = (
    technical.SIGNAL, photo_likeness.SIGNAL, sharpness.SIGNAL, exposure.SIGNAL, contrast.SIGNAL, cleanness.SIGNAL,
    colourfulness.SIGNAL, composition.SIGNAL, resolution.SIGNAL, caption.SIGNAL, review_text.SIGNAL, engagement.SIGNAL,
    product_relevance.SIGNAL, freshness.SIGNAL, rights_readiness.SIGNAL, performance.SIGNAL,
)  # fmt: skip
DEFAULT_WEIGHTS = {signal.name: signal.default_weight for signal in SIGNALS}
LABELS = {signal.name: signal.label for signal in SIGNALS}
SIGNALS_VERSION = 1
"""Raised when a signal comes to say something else of the same facts: what was measured before is measured anew."""
MAX_WEIGHT = 100.0
UNITS, HUNDREDTHS = 10_000, 100
"""Into how many parts a value and a weight of 1 are divided where they are kept."""


class BadWeight(Unprocessable):
    """A weight is a number from 0 to 100, for a signal that exists; not all of them may be 0."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one signal said of an item; None = it does not apply."""

    signal: str
    value: float | None
    reason: str


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
        """The parts as they are shown."""
        return [asdict(part) for part in self.parts]


def score_of(facts: Facts, weights: Mapping[str, float] = DEFAULT_WEIGHTS, signals: Sequence[Signal] = SIGNALS) -> Score:
    """The score of what is known: the weights of signals that don't apply fall to the others."""
    return weigh(measure(facts, signals), weights)


def measure(facts: Facts, signals: Sequence[Signal] = SIGNALS) -> tuple[Finding, ...]:
    """What each signal says, as it is stored."""
    found = ((signal.name, signal.measure(facts)) for signal in signals)
    return tuple(Finding(name, rounded(one.value), one.reason) for name, one in found)


def weigh(findings: Sequence[Finding], weights: Mapping[str, float]) -> Score:
    """The score of what the signals said. In whole numbers throughout, so that a score of stored values is the same to the point
    wherever it is made (see weighing.py).
    """
    counts = [hundredths(weights.get(found.signal, DEFAULT_WEIGHTS.get(found.signal, 0.0))) for found in findings]
    values = [units(found.value) for found in findings]
    whole = sum(count for count, value in zip(counts, values, strict=True) if value >= 0)
    points = apportion([count * max(value, 0) for count, value in zip(counts, values, strict=True)], whole * UNITS)
    parts = tuple(
        Part(
            found.signal, LABELS.get(found.signal, found.signal), found.value, count / HUNDREDTHS, point,
            round(100 * count / whole, 1) if whole and value >= 0 else 0.0, found.reason,
        )
        for found, count, value, point in zip(findings, counts, values, points, strict=True)
    )  # fmt: skip
    return Score(sum(points), parts)


def rounded(value: float | None) -> float | None:
    """A value as it is stored."""
    return None if value is None else round(value, 4)


def units(value: float | None) -> int:
    """A value in ten-thousandths; −1 for a signal that does not apply."""
    return -1 if value is None else round(value * UNITS)


def hundredths(weight: float) -> int:
    """A weight in hundredths, the finest that is kept."""
    return round(weight * HUNDREDTHS)


def kept(weight: float) -> float:
    """A weight as it is kept."""
    return round(weight, 2)


def apportion(amounts: Sequence[int], whole: int) -> list[int]:
    """Whole points out of 100 for amounts out of a whole, which add up to their rounded sum: the largest remainders are rounded up
    (Hamilton's method), the earlier of two that are equal.
    """
    if not whole:
        return [0] * len(amounts)
    points = [100 * amount // whole for amount in amounts]
    missing = (200 * sum(amounts) + whole) // (2 * whole) - sum(points)
    by_remainder = sorted(range(len(amounts)), key=lambda place: (-(100 * amounts[place] % whole), place))
    for place in by_remainder[:missing]:
        points[place] += 1
    return points


def fingerprint(signals: Sequence[Signal] = SIGNALS) -> int:
    """What tells values of these signals, in this order and of this version, from values of others."""
    return number_of([SIGNALS_VERSION, *(signal.name for signal in signals)])


def key_of(weights: Mapping[str, float]) -> int:
    """What tells these weights from others."""
    return number_of([[name, hundredths(weight)] for name, weight in sorted(weights.items())])


def number_of(facts: Any) -> int:
    """64 bits that stand for the facts, as PostgreSQL's bigint holds them; never 0, which stands for none."""
    digest = hashlib.blake2b(json.dumps(facts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True) or 1


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
