"""Groups of near-duplicates among loose files: no database, no decisions, every file with a copy in at least one group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ugc.duplicates import rules
from ugc.duplicates.index import RADIUS, Index


@dataclass(frozen=True, slots=True)
class Print:
    """What is known of a file."""

    name: str
    kind: str
    sha256: str
    hash: bytes
    quality: int
    turned: bytes
    score: int


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a group: how far it is from the best, and how it lies."""

    print: Print
    distance: int
    turn: str


Near = dict[int, tuple[int, int]]
"""Distance and turn by place."""


def groups_of(prints: Sequence[Print], radius: int = RADIUS) -> list[list[Member]]:
    """Groups with the best file first: everybody in one is within the radius of it, or is the same bytes."""
    near = find_near(prints, radius)
    order = sorted(range(len(prints)), key=lambda place: (-prints[place].score, place))
    taken: set[int] = set()
    groups = []
    for place in order:
        others = [other for other in near[place] if other not in taken]
        if place in taken or not near[place]:
            continue
        # All that are like it are in better groups: it is shown with the nearest of them.
        others = others or [min(near[place], key=lambda other: near[place][other])]
        members = sorted({place, *others}, key=order.index)
        taken.update(members)
        groups.append([member_of(prints, near[place], place, each) for each in members])
    return groups


def member_of(prints: Sequence[Print], near: Near, centre: int, place: int) -> Member:
    """A member as it lies towards the file that its group was made around."""
    distance, turn = near.get(place, (0, 0)) if place != centre else (0, 0)
    return Member(prints[place], distance, rules.TURNS[turn])


def find_near(prints: Sequence[Print], radius: int) -> list[Near]:
    """For each file all that are like it."""
    near: list[Near] = [{} for _ in prints]
    for same in by(prints, "sha256"):
        for one in same:
            near[one] |= {other: (0, 0) for other in same if other != one}
    for kind in by([each if each.quality >= rules.LEAST_QUALITY else None for each in prints], "kind"):
        index = Index()
        index.add(kind, [prints[place].hash for place in kind])
        for place in kind:
            for turn, way in enumerate(rules.turned_copies(prints[place].hash, prints[place].turned)):
                for hit in index.find(way, radius):
                    note(near, place, hit.id, (hit.distance, turn))
    return near


def note(near: list[Near], one: int, other: int, how: tuple[int, int]) -> None:
    """Keep the nearest way in which two files are alike, for both of them."""
    if one != other:
        near[one][other] = near[other][one] = min(near[one].get(other, how), near[other].get(one, how), how)


def by(prints: Sequence[Print | None], name: str) -> list[list[int]]:
    """The places of prints by one of their facts."""
    found: dict[str, list[int]] = {}
    for place, each in enumerate(prints):
        if each is not None:
            found.setdefault(getattr(each, name), []).append(place)
    return list(found.values())
