"""When something is a sign: tables without a database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from ugc.authenticity import rules
from ugc.authenticity.rules import DECIDING, KINDS, Repeat


@given(st.integers(0, 60), st.floats(0.01, 50))
def test_the_tail_of_poisson_is_scipys(count: int, mean: float) -> None:
    assert rules.poisson_tail(count, mean) == pytest.approx(poisson.sf(count - 1, mean), abs=1e-9)


@pytest.mark.parametrize(
    ("near", "others", "days", "raised"),
    [
        (1, 0, 90, False), (5, 0, 90, False), (6, 0, 90, True), (8, 300, 90, False), (10, 300, 90, True), (20, 5_000, 90, False),
        (90, 5_000, 90, True), (40, 3_600, 0, False), (40, 3_600, 90, True), (6, 0, -5, True),
    ],
)  # fmt: skip
def test_a_burst_is_what_the_pace_of_the_days_so_far_does_not_explain(near: int, others: int, days: int, raised: bool) -> None:
    assert (rules.burst(near, near + others, timedelta(days=days)) is not None) is raised


def test_a_burst_says_how_many_and_how_many_are_usual() -> None:
    flag = rules.burst(12, 12, timedelta())
    assert flag is not None
    assert flag.reason == "12 reviews of one product within a day, where about 0.5 are usual"
    assert flag.p > 0.999


MANY_FIVES = {1: 0.05, 2: 0.05, 3: 0.1, 4: 0.1, 5: 0.7}


@pytest.mark.parametrize(
    ("given_stars", "raised"),
    [
        ([], False),
        ([5] * 4, False),
        ([5] * 12, False),
        ([5] * 13, True),
        ([1] * 5, True),
        ([1, 1, 1, 1, 2], False),
        ([1] * 4, False),
    ],
)
def test_an_author_is_one_sided_where_chance_does_not_explain_it(given_stars: list[int], raised: bool) -> None:
    assert (rules.one_sided(given_stars, MANY_FIVES) is not None) is raised


def test_fives_and_ones_weigh_the_same_where_both_are_as_common() -> None:
    even = dict.fromkeys(range(1, 6), 0.2)
    found = [rules.one_sided([stars] * 6, even) for stars in range(1, 6)]
    assert len({flag.p for flag in found if flag}) == 1
    assert None not in found


def test_what_rests_on_stars_is_never_an_input_of_a_decision() -> None:
    """L-01: the only sign made of stars is left out of what decisions look at."""
    assert set(KINDS) - DECIDING == {"one_sided"}


@pytest.mark.parametrize(
    ("known", "orders", "bought", "verified", "raised"),
    [
        (True, True, False, False, True), (False, True, False, False, False), (True, False, False, False, False),
        (True, True, True, False, False), (True, True, False, True, False),
    ],
)  # fmt: skip
def test_an_order_is_missed_only_where_it_could_be_known(
    known: bool, orders: bool, bought: bool, verified: bool, raised: bool
) -> None:
    assert (rules.no_order(known, orders, bought, verified) is not None) is raised


def test_a_repeated_text_names_the_nearest_first() -> None:
    flag = rules.repeated_text([Repeat(7, 0.8), Repeat(3, 1.0)])
    assert flag is not None
    assert (flag.reason, flag.evidence) == ("2 other authors wrote it too, word for word", {"items": [3, 7]})
    near = rules.repeated_text([Repeat(7, 0.83)])
    assert near is not None
    assert near.reason == "Another author wrote it too, 83 % alike"
    assert rules.repeated_text([]) is None


def test_the_nearest_hash_is_found_by_its_bits() -> None:
    hashes = numpy.zeros((3, 4), numpy.uint64)
    hashes[1, 2] = 0b1011
    assert rules.nearest(bytes(32), hashes[1:2]) == (0, 3)
    assert rules.nearest(bytes(31) + b"\xff", hashes) == (0, 8)
    assert rules.nearest(bytes(32), hashes[:0]) == (-1, 256)


@pytest.mark.parametrize(("distance", "raised"), [(0, True), (31, True), (32, False), (256, False)])
def test_a_catalogue_picture_is_one_within_the_match_distance(distance: int, raised: bool) -> None:
    assert (rules.catalogue_picture(distance, "Linen dress", "D-1") is not None) is raised


@pytest.mark.parametrize(
    ("provenance", "kinds"),
    [
        ({}, []),
        ({"generated": "no", "has_manifest": True, "is_intact": True}, []),
        ({"generated": "wholly", "made_with": "A model"}, ["generated"]),
        ({"generated": "partly", "has_manifest": True, "is_intact": False}, ["generated", "changed_since_signed"]),
    ],
)
def test_a_file_is_taken_at_its_own_word(provenance: dict[str, Any], kinds: list[str]) -> None:
    assert [flag.kind for flag in rules.declared(provenance)] == kinds
