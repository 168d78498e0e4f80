"""Pure facts about suggestions: what an offer is, and what becomes of those that stand when new ones come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ugc.kit.errors import Unprocessable
from ugc.suggestions.models import Standing

MOST_OFFERED = 9
"""Of products and of tags each: as many as there are keys."""
MOST_REASONS = 4
LONGEST_REASON = 200
DECIDED = frozenset({Standing.ACCEPTED, Standing.REFUSED, Standing.APPLIED})
PRECISIONS = (0.9, 0.95, 0.98, 0.99)
"""What a brand may ask of suggestions that are applied without a person."""


class BadPrecision(Unprocessable):
    """The precision must be one of 0.9, 0.95, 0.98 and 0.99, or none to apply nothing."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that an item probably shows, with its probability and why. `name` tells offers of one kind apart."""

    name: str
    p: float
    reasons: tuple[str, ...] = ()
    product_id: int | None = None
    file_id: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What to do with the rows of one item and kind: offers to write (new or again), names that are no longer offered."""

    written: tuple[Offer, ...]
    superseded: tuple[str, ...]


def settle(standing: Mapping[str, Standing], offers: Iterable[Offer]) -> Settled:
    """New offers beside what stands, by name: what was decided stays decided, what is not offered again is superseded."""
    best: dict[str, Offer] = {}
    for offer in offers:
        if offer.name not in best or offer.p > best[offer.name].p:
            best[offer.name] = offer
    written = tuple(offer for name, offer in best.items() if standing.get(name) not in DECIDED)
    gone = tuple(name for name, state in standing.items() if state is Standing.OPEN and name not in best)
    return Settled(written, gone)


def plain_reasons(reasons: Sequence[str]) -> list[str]:
    """The strongest reasons, cut to what a line holds."""
    shown = [" ".join(reason.split()) for reason in reasons[:MOST_REASONS]]
    return [reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1] + "…" for reason in shown]


def check_precision(value: float | None) -> None:
    """Raise BadPrecision for a number that is not offered."""
    if value is not None and value not in PRECISIONS:
        raise BadPrecision()
