"""Full recall: the index finds exactly what looking at every hash finds."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.duplicates.index import BYTES, RADIUS, TAIL, Hit, Index, distance

random = numpy.random.default_rng(1)


def some(count: int) -> list[bytes]:
    return [row.tobytes() for row in random.integers(0, 256, (count, BYTES), dtype=numpy.uint8)]


def flipped(hash: bytes, places: list[int]) -> bytes:
    bits = int.from_bytes(hash)
    for place in places:
        bits ^= 1 << place
    return bits.to_bytes(BYTES)


def index_of(hashes: list[bytes], *, sort: bool = True) -> Index:
    made = Index()
    made.add(range(len(hashes)), hashes)
    if sort:
        made.sort()
    return made


CROWD = some(3_000)
SORTED = index_of(CROWD)


@given(st.integers(0, len(CROWD) - 1), st.lists(st.integers(0, 255), unique=True, max_size=RADIUS))
def test_a_copy_at_any_distance_up_to_the_radius_is_found(place: int, places: list[int]) -> None:
    assert Hit(place, len(places)) in SORTED.find(flipped(CROWD[place], places))


@pytest.mark.parametrize("apart", range(RADIUS + 1))
def test_bits_spread_over_the_bands_as_evenly_as_can_be_do_not_hide_a_copy(apart: int) -> None:
    """The worst case of the pigeonhole: two flips in every band but one."""
    spread = [band * 16 + step for step in (3, 9) for band in range(16)][:apart]
    assert Hit(7, apart) in SORTED.find(flipped(CROWD[7], spread))


def test_one_bit_more_than_the_radius_is_not_a_copy() -> None:
    assert SORTED.find(flipped(CROWD[7], list(range(RADIUS + 1)))) == []


@pytest.mark.parametrize("radius", [0, 10, RADIUS])
def test_it_finds_exactly_what_looking_at_every_hash_finds(radius: int) -> None:
    """Hashes in heaps around a few, so that each query has neighbours on both sides of the radius."""
    counts = [(heap, int(count)) for heap in range(20) for count in random.integers(0, 45, 60)]
    hashes = [flipped(CROWD[heap], random.choice(256, count, replace=False).tolist()) for heap, count in counts]
    index = index_of(hashes)
    for query in hashes[::7]:
        found = {(hit.id, hit.distance) for hit in index.find(query, radius)}
        assert found == {(place, near) for place, each in enumerate(hashes) if (near := distance(query, each)) <= radius}


@given(st.lists(st.binary(min_size=BYTES, max_size=BYTES), max_size=8), st.binary(min_size=BYTES, max_size=BYTES), st.booleans())
def test_odd_hashes_are_found_as_well(hashes: list[bytes], query: bytes, sort: bool) -> None:
    found = {(hit.id, hit.distance) for hit in index_of(hashes, sort=sort).find(query)}
    assert found == {(place, near) for place, each in enumerate(hashes) if (near := distance(query, each)) <= RADIUS}


def test_newcomers_are_found_before_and_after_they_are_sorted_in() -> None:
    index = Index()
    index.add(range(100), CROWD[:100])
    assert index.sorted == 0
    assert index.find(CROWD[42])[0] == Hit(42, 0)
    more = some(TAIL)
    index.add(range(100, 100 + TAIL), more)
    assert index.sorted == 100 + TAIL
    index.add([900_000], [CROWD[200]])
    assert [index.find(each)[0].id for each in (CROWD[42], more[-1], CROWD[200])] == [42, 99 + TAIL, 900_000]


def test_the_nearest_comes_first() -> None:
    index = index_of([flipped(CROWD[0], list(range(count))) for count in (9, 0, 4)])
    assert [hit.distance for hit in index.find(CROWD[0])] == [0, 4, 9]


def test_a_radius_that_the_bands_cannot_promise_is_refused() -> None:
    with pytest.raises(ValueError, match="31"):
        SORTED.find(CROWD[0], RADIUS + 1)


def test_a_newcomer_does_not_copy_what_is_there() -> None:
    index = index_of(CROWD)
    before = index.hashes.base
    for place in range(700):
        index.add([10_000 + place], [CROWD[place]])
    assert index.hashes.base is before
    assert [hit.id for hit in index.find(CROWD[699])] == [699, 10_699]
    assert index.size >= 3_700 * (BYTES + 8)
