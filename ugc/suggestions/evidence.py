"""What speaks for a product on an item: figures for the model, and words for people. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy
from numpy.typing import NDArray

from ugc.suggestions.matching import Index, Match

FEATURES = (
    "covered", "run", "weight", "hashtag", "rivals", "code", "page", "bought", "among", "catalogue_picture", "neighbours",
)  # fmt: skip
"""In this order in the model; all from 0 to 1, `rivals` below 0 for each that is as good."""
BOUGHT_WITHIN = timedelta(days=365)
"""Orders from longer ago say nothing about a post."""
SETTLES = timedelta(days=60)
"""After this time a purchase counts half: what is shown was mostly bought lately."""
AFTER_POSTING = timedelta(days=2)
"""An order placed later than this after the post is not what the post shows; clocks and time zones differ by less."""
ENOUGH_NEIGHBOURS = 3.0
"""Alike items with a product from which on more of them say no more."""


@dataclass(frozen=True, slots=True)
class Bought:
    """A product that the item's creator ordered, and how many families the orders held."""

    family: str
    at: datetime
    among: int


@dataclass(frozen=True, slots=True)
class Near:
    """An item or a catalogue picture that looks alike: `closeness` is 0 for an average one and 1 for the same picture."""

    key: int
    closeness: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for one family on one item."""

    family: str
    match: Match | None = None
    page: bool = False
    """It came from the product's page, or links there."""
    bought: tuple[Bought, ...] = ()
    catalogue: float = 0.0
    """How near the nearest of its catalogue pictures is."""
    neighbours: tuple[Near, ...] = ()
    """Items with this product that look alike."""


def gather(
    index: Index, matches: Sequence[Match], pages: Iterable[str], bought: Iterable[Bought], catalogue: Mapping[str, float],
    neighbours: Mapping[str, Sequence[Near]],
) -> list[Evidence]:  # fmt: skip
    """One record a family that anything speaks for; families that the catalogue no longer has are left out."""
    found: dict[str, Evidence] = {each.family: Evidence(each.family, match=each) for each in matches}

    def of(family: str) -> Evidence:
        return found.get(family) or Evidence(family)

    for family in pages:
        found[family] = replace(of(family), page=True)
    for each in bought:
        known = of(each.family)
        found[each.family] = replace(known, bought=(*known.bought, each))
    for family, closeness in catalogue.items():
        found[family] = replace(of(family), catalogue=closeness)
    for family, items in neighbours.items():
        found[family] = replace(of(family), neighbours=tuple(items))
    return [each for each in found.values() if each.family in index.places]


def closeness(similarities: Sequence[float]) -> list[float]:
    """Cosines, the highest first, as shares of the way from the farthest of them to 1.

    Encoders differ in what they call alike: .9 is next to nothing for one and the same picture for another. Beside what is
    usual among the nearest, the figure means the same for all of them.
    """
    if len(similarities) < 2:
        return [max(0.0, min(1.0, each)) for each in similarities]
    usual = min(similarities[-1], 1 - 1e-6)
    return [max(0.0, min(1.0, (each - usual) / (1 - usual))) for each in similarities]


def features(evidence: Evidence, posted: datetime) -> NDArray[numpy.float64]:
    """The figures of one record, in the order of FEATURES."""
    match, recent = evidence.match, max((recency(each.at, posted) for each in evidence.bought), default=0.0)
    among = min((each.among for each in evidence.bought), default=0)
    votes = sum(each.closeness for each in evidence.neighbours)
    return numpy.array([
        match.covered if match else 0.0,
        match.run if match else 0.0,
        match.weight if match else 0.0,
        match.hashtag if match else 0.0,
        -math.log10(1 + match.rivals) if match else 0.0,
        float(match is not None and match.code),
        float(evidence.page),
        recent,
        recent / among if among else 0.0,
        evidence.catalogue,
        min(1.0, votes / ENOUGH_NEIGHBOURS),
    ])  # fmt: skip


def recency(at: datetime, posted: datetime) -> float:
    """1 for what was bought just before the post, half of it after 60 days, 0 after a year or when it was bought later."""
    age = posted - at
    if age < -AFTER_POSTING or age > BOUGHT_WITHIN:
        return 0.0
    return float(0.5 ** (max(age, timedelta(0)) / SETTLES))


def reasons(evidence: Evidence, posted: datetime, title: str) -> tuple[str, ...]:
    """Why, in plain words, the strongest first."""
    said = []
    match = evidence.match
    if evidence.page:
        said.append("came from this product’s page, or links to it")
    if match and match.code:
        said.append("names its number")
    if match and match.said and match.weight > 0:
        said.append(words_reason(match))
    said += [bought_reason(max(evidence.bought, key=lambda each: each.at), posted)] if evidence.bought else []
    if evidence.neighbours:
        count = len(evidence.neighbours)
        said.append(f"looks like {count} {'photo' if count == 1 else 'photos'} with {title}")
    if evidence.catalogue > 0:
        said.append("looks like its picture in the catalogue")
    return tuple(said)


def words_reason(match: Match) -> str:
    """What the caption says, and that others fit as well."""
    words = " ".join(match.said[:5])
    others = f"; so do {match.rivals:,} other products" if match.rivals > 1 else "; so does another product" if match.rivals else ""
    return f"{'hashtag' if match.hashtag > 0.5 else 'caption'} says “{words}”{others}"


def bought_reason(bought: Bought, posted: datetime) -> str:
    """When the creator bought it."""
    days = (posted - bought.at).days
    others = f", one of {bought.among} products" if bought.among > 1 else ""
    when = "on the day of the post" if days < 1 else f"{days} day{'s' if days != 1 else ''} before"
    return f"bought it {when}{others}"
