"""When something is a sign, and how strong it is. Pure; every threshold says where it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy
from numpy.typing import NDArray

from ugc.kit.errors import NotFound


class NoSuchFlag(NotFound):
    """There is no such flag."""


@dataclass(frozen=True, slots=True)
class FlagKind:
    """A kind of sign: how it is called and what it means for who looks at it."""

    name: str
    label: str
    about: str
    rests_on_stars: bool = False
    """What rests on stars is shown to a person and is never an input of a decision (L-01)."""


def kinds(*listed: FlagKind) -> dict[str, FlagKind]:
    """By name, in the order in which they are shown."""
    return {kind.name: kind for kind in listed}


KINDS = kinds(
    FlagKind("generated", "Made by a model", "The file itself declares that a trained model made it, wholly or in part."),
    FlagKind("changed_since_signed", "Changed since it was signed", "Its Content Credentials no longer fit the file."),
    FlagKind("catalogue_picture", "Catalogue picture", "Its picture is one of your own product pictures, not a customer's."),
    FlagKind("reused_picture", "Picture of somebody else", "Another creator's item shows the same picture."),
    FlagKind("repeated_text", "Repeated text", "Another author wrote almost the same words."),
    FlagKind("burst", "Burst", "Far more reviews of one product came within a day than its pace explains."),
    FlagKind("no_order", "No order found", "Its author is known by e-mail, and no order of theirs holds this product."),
    FlagKind("one_sided", "One-sided author", "All that this author ever gave are the same stars, more often than chance explains.",
             rests_on_stars=True),
)  # fmt: skip
DECIDING = frozenset(name for name, kind in KINDS.items() if not kind.rests_on_stars)
"""What a decision about an item may look at."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A sign that was found on an item."""

    kind: str
    p: float
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


# Texts.


@dataclass(frozen=True, slots=True)
class Repeat:
    """Another author's text that says the same or nearly so."""

    item_id: int
    share: float
    """Of the runs of three words that either has, how many both have."""


def repeated_text(repeats: Sequence[Repeat]) -> Flag | None:
    """A flag where another author wrote the same or nearly so; what counts as alike the room of duplicates says."""
    if not repeats:
        return None
    alike = sorted(repeats, key=lambda one: (-one.share, one.item_id))
    how = "word for word" if alike[0].share >= 1 else f"{percent(alike[0].share)} alike"
    who = "another author" if len(alike) == 1 else f"{len(alike)} other authors"
    return Flag(
        "repeated_text",
        round(alike[0].share, 3),
        f"{who.capitalize()} wrote it too, {how}",
        {"items": [one.item_id for one in alike[:10]]},
    )


# Bursts.

WINDOW, BASE = timedelta(days=1), timedelta(days=90)
LEAST_BURST = 6
"""Fewer reviews in a day are no burst, whatever the pace before."""
BY_CHANCE = 1e-4
"""A shop with 1,000 products sees this by chance once in ten days."""


def burst(near: int, around: int, past: timedelta) -> Flag | None:
    """A flag where the product's reviews within half a day of one are too many for its pace over 90 days around: the chance of
    so many by a Poisson process of that pace, half a review a day at least. Of the 90 days after it only those that are `past`
    count, else a young review would halve every pace.
    """
    if near < LEAST_BURST:
        return None
    days = (BASE + min(BASE, max(past, timedelta()))) / WINDOW
    pace = max(0.5, (around - near) / days)
    chance = poisson_tail(near, pace)
    if chance > BY_CHANCE:
        return None
    reason = f"{near} reviews of one product within a day, where about {pace:.1f} are usual"
    return Flag("burst", round(1 - chance, 4), reason, {"count": near, "usual": round(pace, 2), "chance": chance})


def poisson_tail(count: int, mean: float) -> float:
    """P(X ≥ count) for X of a Poisson distribution."""
    term, below = math.exp(-mean), 0.0
    for k in range(count):
        below += term
        term *= mean / (k + 1)
    return max(0.0, 1 - below)


# Authors.

LEAST_GIVEN = 5
RARE = 0.01


def are_alike(given: Sequence[int]) -> bool:
    """Whether an author gave enough stars, and always the same."""
    return len(given) >= LEAST_GIVEN and len(set(given)) == 1


def one_sided(given: Sequence[int], shares: Mapping[int, float]) -> Flag | None:
    """A flag where all of an author's stars are the same and that is rarer than 1 in 100 among authors of so many, by the
    brand's own shares of stars. Five of five weigh like five of one: a shop of many 5s asks for more of them.
    """
    if not are_alike(given):
        return None
    chance = shares.get(given[0], 0.0) ** len(given)
    if chance >= RARE:
        return None
    reason = f"All {len(given)} of this author’s reviews give {given[0]} of 5 stars"
    return Flag("one_sided", round(1 - chance, 4), reason, {"count": len(given), "stars": given[0]})


def no_order(email_known: bool, has_orders: bool, bought: bool, is_verified: bool) -> Flag | None:
    """A flag where the author is known, the shop's orders are known, and none of theirs holds the product."""
    if not (email_known and has_orders) or bought or is_verified:
        return None
    return Flag("no_order", 0.5, "None of this author’s orders holds the product", {})


# Pictures.

SAME_PICTURE = 31
"""Bits of 256 that may differ, Meta's match distance for PDQ."""


def nearest(hash: bytes, hashes: NDArray[numpy.uint64]) -> tuple[int, int]:
    """Place and distance of the nearest of some hashes (rows of four words); place −1 where there is none."""
    if not len(hashes):
        return -1, 256
    distances = numpy.bitwise_count(hashes ^ numpy.frombuffer(hash, numpy.uint64)).sum(axis=1, dtype=numpy.int64)
    place = int(distances.argmin())
    return place, int(distances[place])


def catalogue_picture(distance: int, title: str, sku: str) -> Flag | None:
    """A flag for a picture that the catalogue has too."""
    if distance > SAME_PICTURE:
        return None
    return Flag(
        "catalogue_picture", round(1 - distance / 256, 3), f"The same picture as “{title}” has in the catalogue", {"sku": sku}
    )


def reused_picture(others: Sequence[int]) -> Flag | None:
    """A flag for a picture that other creators' items show too."""
    if not others:
        return None
    reason = f"{counted(len(others), 'item')} of other creators show{'s' if len(others) == 1 else ''} the same picture"
    return Flag("reused_picture", 0.9, reason, {"items": sorted(others)[:10]})


def declared(provenance: Mapping[str, Any]) -> list[Flag]:
    """The flags that a file's own declaration stands for (L-29)."""
    found = []
    evidence = {name: provenance[name] for name in ("signed_by", "made_with", "source_types", "part_types") if provenance.get(name)}
    if provenance.get("generated") in ("wholly", "partly"):
        part = "" if provenance["generated"] == "wholly" else "a part of "
        by = f" ({provenance['made_with']})" if provenance.get("made_with") else ""
        found.append(Flag("generated", 1.0, f"Its file declares that a trained model made {part}it{by}", evidence))
    if provenance.get("has_manifest") and not provenance.get("is_intact", True):
        found.append(Flag("changed_since_signed", 0.5, "The file was changed after its maker signed it", evidence))
    return found


def percent(share: float) -> str:
    """`87 %`."""
    return f"{round(100 * share)} %"


def counted(count: int, one: str) -> str:
    """`1 text`, `3 texts`."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"
