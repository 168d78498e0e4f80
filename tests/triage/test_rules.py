"""Bounds promise what held-out decisions bear, no more; agreement that drops is noticed; the rest are tables."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from ugc.library.models import Reason
from ugc.triage import learning, rules
from ugc.triage.models import Decides
from ugc.triage.rules import BadBounds, Wanted


def decisions(right: int, wrong: int, unsure: int = 0) -> tuple[rules.Numbers, rules.Numbers]:
    """Sure predictions that were right or wrong, and some that were unsure; the wrong ones are the least sure of the sure."""
    p = [0.99] * right + [0.95] * wrong + [0.6, 0.4] * (unsure // 2)
    y = [1] * right + [0] * wrong + [1, 0] * (unsure // 2)
    return numpy.asarray(p), numpy.asarray(y, dtype=float)


@pytest.mark.parametrize(
    ("agreement", "least"), [(0.8, 14), (0.9, 29), (0.95, 59), (0.98, 149), (0.99, 299), (0.999, 2995)]
)  # fmt: skip
def test_an_agreement_needs_so_many_decisions_without_an_error(agreement: float, least: int) -> None:
    assert rules.least_count(agreement) == least
    assert rules.choose_bounds(*decisions(least, 0), agreement).decided == least
    assert rules.choose_bounds(*decisions(least - 1, 0), agreement).decided == 0


def test_few_decisions_give_no_bounds_but_the_number_that_is_missing() -> None:
    bounds = rules.choose_bounds(*decisions(30, 0, unsure=30), 0.98)
    assert (bounds.approve_at, bounds.reject_at, bounds.coverage) == (None, None, 0.0)
    assert bounds.missing >= 149 - 60


def test_the_lower_limit_counts_not_the_share_itself() -> None:
    p, y = decisions(149, 3)
    assert 149 / 152 > 0.98
    assert rules.lower_bound(149, 152) < 0.98
    assert rules.choose_bounds(p, y, 0.98).decided < 152


def test_bounds_on_both_sides_hold_exactly_what_was_counted() -> None:
    p = numpy.concatenate([numpy.linspace(0.9, 0.99, 100), numpy.linspace(0.01, 0.1, 100), numpy.full(60, 0.55)])
    y = numpy.concatenate([numpy.ones(100), numpy.zeros(100), numpy.resize([0, 1], 60)])
    bounds = rules.choose_bounds(p, y, 0.98)
    said = [bounds.decision(float(one)) for one in p]
    assert bounds.decided == sum(one is not None for one in said)
    assert bounds.decision(0.99) is True
    assert bounds.decision(0.01) is False
    assert bounds.decision(0.55) is None
    assert bounds.low >= 0.98


def test_wrong_predictions_everywhere_give_no_bounds_however_many_there_are() -> None:
    chance = numpy.random.default_rng(1)
    y = (chance.random(3_000) < 0.5).astype(float)
    p = numpy.where(chance.random(3_000) < 0.03, 1 - y, y) * 0.98 + 0.01
    assert rules.choose_bounds(p, y, 0.98).decided == 0


def test_bounds_rarely_promise_too_much() -> None:
    """Of coordinators who agree with sure predictions in hardly less than was asked, at most one in ten gets bounds, the risk that
    the page states: also where many steps may be tried.
    """
    chance = numpy.random.default_rng(7)
    fooled = 0
    for _ in range(300):
        p = chance.uniform(0.9, 1.0, 2_000)
        y = (chance.random(2_000) < 0.979).astype(float)
        fooled += rules.choose_bounds(p, y, 0.98).decided > 0
    assert fooled / 300 <= 0.10


def test_what_a_calibrated_model_promises_holds() -> None:
    """Agreement in truth, known here, is below what was asked for fewer than one brand in ten."""
    broken = promised = 0
    for seed in range(100):
        chance = numpy.random.default_rng(seed)
        p = learning.squashed(chance.normal(0, 6, 600))
        bounds = rules.choose_bounds(p, (chance.random(600) < p).astype(float), 0.98)
        later = learning.squashed(chance.normal(0, 6, 5_000))
        said = numpy.asarray([bounds.decision(one) is not None for one in later.tolist()])
        promised += bool(said.any())
        broken += bool(said.any()) and float(numpy.maximum(later, 1 - later)[said].mean()) < 0.98
    assert promised > 60
    assert broken < 10


@given(some.lists(some.tuples(some.floats(0, 1), some.booleans()), max_size=300), some.sampled_from([0.8, 0.9, 0.98]))
def test_whatever_was_decided_the_lower_limit_holds(pairs: list[tuple[float, bool]], agreement: float) -> None:
    p, y = numpy.asarray([one for one, _ in pairs]), numpy.asarray([float(one) for _, one in pairs])
    bounds = rules.choose_bounds(p, y, agreement)
    assert bounds.decided == 0 or bounds.low >= agreement - 1e-6
    assert 0 <= bounds.coverage <= 1


def test_reviews_are_never_among_what_may_be_rejected() -> None:
    """L-01."""
    p, kinds = numpy.asarray([0.9, 0.1, 0.9, 0.1]), numpy.asarray(["review", "review", "photo", "photo"])
    both = Wanted(decides=Decides.BOTH, kinds=("review", "photo"))
    assert rules.may_decide(p, kinds, both).tolist() == [True, False, True, True]
    assert rules.may_decide(p, kinds, replace(both, decides=Decides.APPROVE)).tolist() == [True, False, True, False]


def test_precision_counts_only_what_the_machine_may_take() -> None:
    """L-01: a review that would be rejected is not among the rejections."""
    p, y = numpy.asarray([0.99, 0.01, 0.01]), numpy.asarray([1.0, 0.0, 1.0])
    may = rules.may_decide(p, numpy.asarray(["photo", "photo", "review"]), Wanted(decides=Decides.BOTH))
    bounds = rules.Bounds(0.9, 0.1, 3, 2, 2, 0.9)
    approve, reject = rules.sides(p, y, may, bounds)
    assert (approve.decided, approve.precision, approve.recall) == (1, 1.0, 0.5)
    assert (reject.decided, reject.precision, reject.recall) == (1, 1.0, 1.0)


@pytest.mark.parametrize(
    ("wrong", "count", "dropped"), [(0, 0, False), (0, 50, False), (1, 10, False), (1, 2, True),
     (3, 20, True), (6, 300, False), (12, 300, True)]
)  # fmt: skip
def test_agreement_has_dropped_when_so_many_errors_are_hardly_chance(wrong: int, count: int, dropped: bool) -> None:
    assert rules.has_dropped(wrong, count, 0.98) is dropped


def test_one_item_in_twenty_is_a_check_and_always_the_same_one() -> None:
    checked = [item_id for item_id in range(20_000) if rules.is_checked(item_id)]
    assert 800 < len(checked) < 1_200
    assert all(rules.is_checked(item_id) for item_id in checked)


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, []),
        ({"spam": 0.7}, ["reads like spam"]),
        ({"offence": 0.5}, ["may offend"]),
        ({"personal": 1}, ["names personal data"]),
        ({"flags": 2}, ["is flagged"]),
        ({"is_twin": True}, ["looks or reads like another item"]),
    ],
)
def test_findings_bar_automatic_decisions(facts: dict[str, float], found: list[str]) -> None:
    clean = {"spam": 0.0, "offence": 0.0, "personal": 0, "flags": 0, "is_twin": False}
    assert rules.barriers(**(clean | facts)) == found  # type: ignore[arg-type]


def test_a_rejection_gives_one_of_two_reasons_that_accuse_nobody() -> None:
    assert rules.reason_of({"part/sharpness": -2.0, "picture": -1.0}) is Reason.LOW_QUALITY
    assert rules.reason_of({"part/sharpness": -0.5, "picture": -1.0}) is Reason.OFF_TOPIC
    assert rules.reason_of({"topic/delivery": -1.0}) is Reason.OFF_TOPIC
    assert rules.reason_of({}) is Reason.LOW_QUALITY


def test_the_uncertain_teach_most_and_one_of_a_kind_more_than_its_second() -> None:
    worth = rules.teaching([0.5, 0.99, 0.52, 0.5, 0.7], [["creator/1"], [], ["creator/1"], ["creator/2"], []])
    assert worth[0] == worth[3] == 1.0
    assert worth[2] < worth[0]
    assert sorted(worth)[0] == worth[1]


def test_perfect_predictions_are_calibrated_and_certain_wrong_ones_are_not() -> None:
    y = numpy.resize([0.0, 1.0], 100)
    assert rules.calibration_error(y, y) == 0.0
    assert rules.calibration_error(1 - y, y) == 1.0
    assert rules.log_loss(numpy.full(100, 0.5), y) == pytest.approx(math.log(2))


def test_the_curve_of_fair_predictions_lies_in_its_intervals() -> None:
    chance = numpy.random.default_rng(3)
    p = chance.random(2_000)
    curve = rules.reliability(p, (chance.random(2_000) < p).astype(float))
    assert len(curve) == 8
    assert sum(one.low <= one.said <= one.high for one in curve) >= 7


def test_wilson_against_published_values() -> None:
    """Newcombe (1998), table I: 81 of 263 and 0 of 20."""
    assert rules.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert rules.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert rules.wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("ones", "zeros", "needed"), [(0, 0, 60), (37, 0, 60), (60, 0, 68), (59, 1, 67), (52, 8, 60), (500, 2, 508)]
)  # fmt: skip
def test_learning_needs_both_outcomes(ones: int, zeros: int, needed: int) -> None:
    have, least = rules.have_enough([True] * ones + [False] * zeros)
    assert (have, least) == (ones + zeros, needed)


@pytest.mark.parametrize(
    "wrong", [{"agreement": 0.5}, {"agreement": 1.0}, {"agreement": math.nan}, {"kinds": ()}, {"kinds": ("stars",)}, {"per_day": 0}]
)
def test_bounds_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadBounds):
        rules.check_wanted(replace(Wanted(), **wrong))  # type: ignore[arg-type]
