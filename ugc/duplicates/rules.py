"""When two items are alike, who stands for them, and what a merge may do: pure."""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

import numpy

from ugc.duplicates.index import BYTES
from ugc.kit.errors import Conflict, Unprocessable
from ugc.library.models import RightsState
from ugc.library.rules import SHOWABLE_RIGHTS

LEAST_QUALITY = 50
"""PDQ's own limit: below it there is too little in a picture to compare."""
MOST_MEMBERS = 30
"""A group is looked at by a person; what is found beyond it comes as the next one."""
NEVER_ALIKE = -1
"""The distance of a pair that nobody found alike, told apart because they stood in one group."""


class GroupDecided(Conflict):
    """Somebody has decided on these already."""


class NotInGroup(Unprocessable):
    """The one to keep must be one of the group."""


class MoreInIt(Conflict):
    """One of the others shows pictures that the one to keep does not; keep that one instead, or keep them apart."""


class RightWouldBeLost(Conflict):
    """One of the others may be shown and the one to keep may not, and the permission came from somebody else; keep that one."""


# Pictures.

TURNS = (
    "", "mirrored", "mirrored, upside down", "upside down", "mirrored, on its side", "on its side", "on its side",
    "mirrored, on its side",
)  # fmt: skip
"""The eight ways in which a picture can lie, in the order of `fingerprint.turned_hashes`."""
# Its n-th bit from the end says whether wave (n // 16, n % 16) is strong; a mirror turns the sign of every other wave.
PLACES = numpy.arange(256).reshape(16, 16)
ODD = numpy.arange(16) % 2 == 0


def turned_copies(hash: bytes, turned: bytes | None) -> list[bytes]:
    """The hash and those of its seven mirrored and turned copies: as they were made with the file, else nearly so by its bits."""
    if turned:
        return [hash, *(turned[place : place + BYTES] for place in range(0, len(turned), BYTES))]
    bits = numpy.unpackbits(numpy.frombuffer(hash, numpy.uint8))[::-1].astype(bool).reshape(16, 16)
    flat = [bits ^ (ODD[:, None] * down ^ ODD[None, :] * across) for down in (0, 1) for across in (0, 1)]
    return [numpy.packbits(each.ravel()[::-1]).tobytes() for each in [*flat, *(each.T for each in flat)]]


# Texts.

LEAST_WORDS = 8
"""Shorter texts are the same by chance: "Love this dress, fits perfectly"."""
SHINGLE = 3
ALIKE = 0.8
"""Of all shingles that two texts have, the share that both have."""
KEYS, ROWS = 10, 3
"""A pair at 0.8 shares at least one key in 999 of 1,000 cases, one at 0.3 in one of four; the texts then decide."""
FACTORS = numpy.random.default_rng(20_261_122).integers(1 << 62, 1 << 63, KEYS * ROWS, dtype=numpy.uint64) | numpy.uint64(1)
"""Odd, so that each makes another order of all shingles; changing them makes every stored key worthless."""


def words_of(*texts: str) -> list[str]:
    """A text's words alone: NFKC, without case, accents' spelling, signs, emoji and spaces."""
    plain = unicodedata.normalize("NFKC", " ".join(texts)).casefold()
    return "".join(sign if unicodedata.category(sign)[0] in "LNM" else " " for sign in plain).split()


def digest_of(words: Sequence[str]) -> bytes | None:
    """What stands for the words; None for fewer than tell a copy from chance."""
    return hashlib.blake2b(" ".join(words).encode(), digest_size=16).digest() if len(words) >= LEAST_WORDS else None


def shingles_of(words: Sequence[str]) -> frozenset[str]:
    """Every three words that follow each other."""
    return frozenset(" ".join(words[place : place + SHINGLE]) for place in range(len(words) - SHINGLE + 1))


def keys_of(brand_id: int, words: Sequence[str]) -> list[int]:
    """MinHash of the shingles in ten keys of three; texts of one brand that are alike share at least one."""
    if len(words) < LEAST_WORDS:
        return []
    hashes = numpy.array([zlib.crc32(each.encode()) for each in shingles_of(words)], numpy.uint64)
    mixed = hashes[:, None] * FACTORS  # modulo 2^64
    least = ((mixed ^ (mixed >> numpy.uint64(29))) * FACTORS).min(axis=0).reshape(KEYS, ROWS)
    return [
        int.from_bytes(hashlib.blake2b(f"{brand_id}:{place}:".encode() + row.tobytes(), digest_size=8).digest(), signed=True)
        for place, row in enumerate(least)
    ]


def likeness_of(left: frozenset[str], right: frozenset[str]) -> float:
    """The share of shingles that both have (Jaccard)."""
    return len(left & right) / (len(left | right) or 1)


# Groups.


@dataclass(frozen=True, slots=True)
class Edge:
    """Two items that are alike and on which nobody has decided."""

    low_id: int
    high_id: int
    distance: int

    def other(self, item_id: int) -> int:
        """The item at its other end."""
        return self.high_id if item_id == self.low_id else self.low_id


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an item without a group belongs: into one that stands, or into a new one with others that have none."""

    group_id: int | None
    centre_id: int
    members: tuple[int, ...]
    """Who comes in."""


def place_of(
    item_id: int, edges: Collection[Edge], groups: Mapping[int, Collection[int]], apart: Collection[tuple[int, int]]
) -> Placed | None:
    """Where an item belongs; None when it must wait until its neighbours are decided on.

    `edges`: all among the item, its neighbours and their groups. A group has a centre with which everybody in it is alike, so
    that a chain of neighbours never draws together what is not alike; and nobody meets in it whom a person told apart.
    """
    known = {(edge.low_id, edge.high_id) for edge in edges}
    home = {member: group_id for group_id, members in groups.items() for member in members}
    near = sorted((edge for edge in edges if item_id in (edge.low_id, edge.high_id)), key=lambda edge: (edge.distance, edge.low_id))
    chosen: list[int] = []
    for other in (edge.other(item_id) for edge in near):
        members = groups.get(home.get(other, 0), ())
        if members and len(members) < MOST_MEMBERS and not tells_apart(item_id, members, apart):
            if centre := centre_of({item_id, *members}, known):
                return Placed(home[other], centre, (item_id,))
        elif not members and len(chosen) + 1 < MOST_MEMBERS and not tells_apart(other, chosen, apart):
            chosen.append(other)
    if not chosen:
        return None
    centre = centre_of({item_id, *chosen}, known)
    assert centre is not None, "each of them is alike with the item"
    return Placed(None, centre, (item_id, *chosen))


def centre_of(members: Collection[int], known: Collection[tuple[int, int]]) -> int | None:
    """The oldest item that is alike with all the others."""
    return next((one for one in sorted(members) if all(ordered(one, each) in known for each in members if each != one)), None)


def tells_apart(item_id: int, members: Iterable[int], apart: Collection[tuple[int, int]]) -> bool:
    """Whether a person told the item apart from one of the members."""
    return any(ordered(item_id, member) in apart for member in members)


def ordered(left: int, right: int) -> tuple[int, int]:
    """A pair as it is stored."""
    return min(left, right), max(left, right)


def pairs_among(item_ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Every two of some items, as they are stored."""
    return combinations(sorted(set(item_ids)), 2)


# Merging.


@dataclass(frozen=True, slots=True)
class Copy:
    """What a merge weighs of an item."""

    item_id: int
    score: int | None
    creator_id: int | None
    right: RightsState
    right_until: datetime | None
    created: datetime


def order_of(copies: Iterable[Copy]) -> list[Copy]:
    """The best first: by score, then the one that came first."""
    return sorted(copies, key=lambda copy: (-(copy.score if copy.score is not None else -1), copy.created, copy.item_id))


def right_from(best: Copy, others: Iterable[Copy], now: datetime) -> Copy | None:
    """Whose permission the kept item takes over: none where it has its own, else the longest of the same person's.

    A permission is a person's word about their own work. It is never carried over to what somebody else sent, however alike:
    raises RightWouldBeLost where that is all there is (decision 0098).
    """
    if holds(best, now):
        return None
    held = [copy for copy in others if holds(copy, now)]
    refused = best.right in (RightsState.REVOKED, RightsState.DECLINED)
    same = [copy for copy in held if best.creator_id is not None and copy.creator_id == best.creator_id and not refused]
    if held and not same:
        raise RightWouldBeLost(item=held[0].item_id)
    return max(same, key=lambda copy: (copy.right_until is None, copy.right_until or now, -copy.item_id), default=None)


def holds(copy: Copy, now: datetime) -> bool:
    """Whether a permission stands that has not ended."""
    return copy.right in SHOWABLE_RIGHTS and (copy.right_until is None or copy.right_until > now)
