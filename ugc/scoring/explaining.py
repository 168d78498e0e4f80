"""A score as people read it: its parts by group, what was left out, and what would lift it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ugc.scoring import presets, rules
from ugc.scoring.rules import Finding, Part


@dataclass(frozen=True, slots=True)
class Group:
    """The parts of one group that apply, the weightiest first."""

    label: str
    points: int
    most: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Lift:
    """Something that somebody can do, and the points that it brings."""

    signal: str
    words: str
    points: int


@dataclass(frozen=True, slots=True)
class Explained:
    """A score with what is behind it."""

    total: int
    widest: float
    """The most that any one part could bring: the length of a full bar."""
    groups: tuple[Group, ...]
    left_out: tuple[Part, ...]
    lifts: tuple[Lift, ...]
    costliest: Part | None
    """Where most is lost that nobody can bring back."""


# A signal that people can do something about: what they can do while its value is below a bound, and where that brings it.
DEEDS: dict[str, tuple[tuple[float, float, str], ...]] = {
    "product_relevance": ((0.6, 0.6, "Tag the product that it shows"), (0.8, 0.8, "Place its product on the picture")),
    "rights_readiness": ((0.4, 1.0, "Ask for permission and get it"), (1.0, 1.0, "See the permission through")),
}
WORTH = 5.0
"""Points that a part must lose before it is called costly."""


def explain(parts: Sequence[Part]) -> Explained:
    """What is behind the parts of a score."""
    applying = [part for part in parts if part.value is not None]
    groups = tuple(made for label in presets.GROUPS if (made := group_of(label, applying)).parts)
    lost = [part for part in applying if part.signal not in DEEDS and part.most - part.points >= WORTH]
    return Explained(
        total=sum(part.points for part in parts), widest=max((part.most for part in applying), default=1.0) or 1.0, groups=groups,
        left_out=tuple(part for part in parts if part.value is None and part.weight), lifts=lifts_of(parts),
        costliest=max(lost, key=lambda part: part.most - part.points, default=None),
    )  # fmt: skip


def group_of(label: str, parts: Sequence[Part]) -> Group:
    """The parts of a group."""
    mine = [part for part in parts if presets.ELSEWHERE.get(part.signal, presets.PICTURE) == label and part.weight]
    mine.sort(key=lambda part: -part.most)
    return Group(label, sum(part.points for part in mine), round(sum(part.most for part in mine), 1), tuple(mine))


def lifts_of(parts: Sequence[Part]) -> tuple[Lift, ...]:
    """What people can do, with the points that the whole score would gain by it, most first."""
    findings = [Finding(part.signal, part.value, part.reason) for part in parts]
    weights = {part.signal: part.weight for part in parts}
    before = rules.weigh(findings, weights).total
    made = []
    for place, found in enumerate(findings):
        deed = next((one for one in DEEDS.get(found.signal, ()) if found.value is not None and found.value < one[0]), None)
        if deed:
            better = [*findings[:place], replace(found, value=deed[1]), *findings[place + 1 :]]
            made.append(Lift(found.signal, deed[2], rules.weigh(better, weights).total - before))
    return tuple(sorted((one for one in made if one.points > 0), key=lambda one: -one.points))
