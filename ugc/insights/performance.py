"""What sells: clicks of items against others in the same places, corrected for how far down people look. Pure (decision 0166).

People examine the first place of a gallery more than the tenth, so a click rate by itself says mostly where an item stood. Here a
click happens when the place is examined and the item then chosen (the position-based model); what a place gets by itself comes from
the brand's own clicks, held to a default curve while there are few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]

LAST_PLACE = 50
"""All places from here on are one."""
CURVE = 0.5
"""How fast people stop looking where nothing is known yet: the k-th place is examined 1/√k as often as the first."""
PLACE_CLICKS = 20.0
"""A place's own clicks count as much as the default curve once the default would have brought this many."""
ITEM_CLICKS = 5.0
"""While places are estimated, an item is held to the mean by as many clicks."""
SLOPE_SPREAD = 0.2
"""Ten points of score are thought to change the clicks by a fifth, one way or the other, before anything was measured."""
STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
ORDERS = 5.0
"""Orders speak as loud as clicks once this many were to be expected."""
SURE = 1.959964
"""Standard deviations on either side that hold 95 %."""
ROUNDS = 40
LEAST_IMPRESSIONS, LEAST_CLICKS = 200, 10
"""Below these a brand's visitors have said nothing yet."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How often items were shown and clicked in places: four columns of the same length."""

    items: NDArray[np.int64]
    """Row of the item in the tables of results."""
    places: NDArray[np.int64]
    """1 = the first."""
    impressions: Numbers
    clicks: Numbers


@dataclass(frozen=True, slots=True)
class Fit:
    """What a brand's visitors make of places and scores."""

    examined: Numbers
    """Per place, against the first."""
    rate: float
    """Clicks per impression of an average item in the first place."""
    slope: float
    level: float
    """The logarithm of how often an item of an average score is clicked against others."""
    strength: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Per item: what it did, what was to be expected, and what to think of it."""

    impressions: Numbers
    clicks: Numbers
    expected: Numbers
    orders: Numbers
    orders_expected: Numbers
    prior: Numbers
    lift: Numbers
    low: Numbers
    high: Numbers
    value: Numbers


def added(keys: NDArray[np.int64], numbers: Numbers, count: int) -> Numbers:
    """The numbers of each key, added up."""
    return np.bincount(keys, numbers, count).astype(np.float64)


def default_curve(places: int = LAST_PLACE) -> Numbers:
    """How often each place is examined against the first, as long as nothing was measured."""
    return np.arange(1, places + 1, dtype=np.float64) ** -CURVE


def effective(impressions: ArrayLike, examined: ArrayLike) -> float:
    """Impressions in several places as as many in the first."""
    return float(np.dot(impressions, examined))


def coec(impressions: ArrayLike, clicks: float, rates: ArrayLike) -> float:
    """Clicks over expected clicks, for impressions in places with these mean click rates; 0 where none were expected."""
    expected = float(np.dot(impressions, rates))
    return clicks / expected if expected else 0.0


def weighted_rate(impressions: ArrayLike, clicks: ArrayLike, examined: ArrayLike) -> float:
    """Click rate with each click counted by how seldom its place is examined (inverse propensity): unbiased, of high variance."""
    shown = float(np.sum(np.asarray(impressions, dtype=np.float64)))
    return float(np.sum(np.asarray(clicks) / np.asarray(examined))) / shown if shown else 0.0


def posterior_mean(a: float, b: float, clicks: float, impressions: float) -> float:
    """Mean of Beta(a, b) after so many clicks of so many impressions."""
    return (a + clicks) / (a + b + impressions)


def beta_quantile(a: Numbers, b: Numbers, deviations: float) -> Numbers:
    """Where Beta(a, b) has as much below as the normal distribution below `deviations` (Abramowitz and Stegun 26.5.22)."""
    one_a, one_b = 1 / (2 * a - 1), 1 / (2 * b - 1)
    harmonic = 2 / (one_a + one_b)
    spread = (deviations**2 - 3) / 6
    w = -deviations * np.sqrt(harmonic + spread) / harmonic - (one_b - one_a) * (spread + 5 / 6 - 2 / (3 * harmonic))
    return np.asarray(a / (a + b * np.exp(2 * w)))


def fit(shown: Shown, scores: Numbers) -> Fit | None:
    """What the visitors make of places and of scores (one per item, without what was measured); None before there is enough."""
    if shown.impressions.sum() < LEAST_IMPRESSIONS or shown.clicks.sum() < LEAST_CLICKS:
        return None
    examined, rate = fit_places(shown, len(scores))
    seen, clicks = sums(shown, examined, len(scores))
    level, slope, strength = 0.0, 0.0, 8.0
    for _ in range(3):
        level, slope = fit_scores(seen * rate, clicks, scores, strength)
        strength = fit_strength(seen * rate * np.exp(level + slope * centred(scores)), clicks)
    return Fit(examined, rate, slope, level, strength)


def fit_places(shown: Shown, count: int) -> tuple[Numbers, float]:
    """How often each place is examined, and the mean rate in the first. Items and places are estimated in turn, each held to what
    was thought of it before: a place with few clicks keeps the default, an item with few says nothing about its place.
    """
    default = default_curve()
    examined, at = default.copy(), np.minimum(shown.places, LAST_PLACE) - 1
    clicks_at = added(at, shown.clicks, LAST_PLACE)
    clicks_of = added(shown.items, shown.clicks, count)
    rate = 0.0
    for _ in range(ROUNDS):
        seen_of = added(shown.items, shown.impressions * examined[at], count)
        rate = clicks_of.sum() / seen_of.sum()
        rates = (ITEM_CLICKS + clicks_of) / (ITEM_CLICKS / rate + seen_of)
        expected_at = added(at, shown.impressions * rates[shown.items], LAST_PLACE)
        examined = (PLACE_CLICKS * default + clicks_at) / (PLACE_CLICKS + expected_at)
        examined = examined / examined[0]
    seen_of = added(shown.items, shown.impressions * examined[at], count)
    return examined, float(clicks_of.sum() / seen_of.sum())


def sums(shown: Shown, examined: Numbers, count: int) -> tuple[Numbers, Numbers]:
    """Per item: impressions as if all were in the first place, never fewer than its clicks; and clicks."""
    at = np.minimum(shown.places, LAST_PLACE) - 1
    clicks = added(shown.items, shown.clicks, count)
    return np.maximum(added(shown.items, shown.impressions * examined[at], count), clicks), clicks


def centred(scores: Numbers) -> Numbers:
    """Scores as tens of points above or below fifty."""
    return (scores - 50) / 10


def fit_scores(expected: Numbers, clicks: Numbers, scores: Numbers, strength: float) -> tuple[float, float]:
    """Level and slope of the logarithm of clicks over expected clicks, by the score: Poisson regression, items weighed by how
    much their clicks can say beside their own taste, the slope held to none.
    """
    tens, level, slope = centred(scores), 0.0, 0.0
    for _ in range(12):
        mean = expected * np.exp(level + slope * tens)
        weight = 1 / (1 + mean / strength)
        off, size = weight * (clicks - mean), weight * mean
        gradient = np.array([off.sum(), (off * tens).sum() - slope / SLOPE_SPREAD**2])
        inside = (size * tens).sum()
        curvature = np.array([[size.sum() + 1e-9, inside], [inside, (size * tens**2).sum() + 1 / SLOPE_SPREAD**2]])
        step = np.clip(np.linalg.solve(curvature, gradient), -1, 1)
        level, slope = float(level + step[0]), float(np.clip(slope + step[1], -1, 1))
    return level, slope


def fit_strength(expected: Numbers, clicks: Numbers) -> float:
    """How far items of one score differ: the strength under which the clicks are likeliest (Gamma and Poisson), 8 if in doubt."""
    told = expected > 0
    mean, found = expected[told], clicks[told]

    def likelihood(strength: float) -> float:
        gained = np.array([math.lgamma(each + strength) for each in found]) - math.lgamma(strength)
        share = strength / (strength + mean)
        doubt = 0.5 * (math.log(strength / 8) / math.log(4)) ** 2
        return float(np.sum(gained + strength * np.log(share) + found * np.log1p(-share))) - doubt

    return max(STRENGTHS, key=likelihood)


def measure(shown: Shown, scores: Numbers, orders: Numbers, fitted: Fit) -> Measured:
    """What to think of each item: a Beta posterior over the click rate, its prior mean from the score, against the mean rate;
    orders then move it further.
    """
    seen, clicks = sums(shown, fitted.examined, len(scores))
    expected = seen * fitted.rate
    prior = np.exp(np.clip(fitted.level + fitted.slope * centred(scores), -1.5, 1.5))
    rate = np.minimum(fitted.rate * prior, 0.9)
    a = np.full(len(scores), fitted.strength) + clicks
    b = np.maximum(fitted.strength / rate - fitted.strength, 1.0) + seen - clicks
    lift = a / (a + b) / fitted.rate
    bought = seen * (orders.sum() / seen.sum())
    return Measured(
        impressions=added(shown.items, shown.impressions, len(scores)), clicks=clicks, expected=expected, orders=orders,
        orders_expected=bought, prior=prior, lift=lift,
        low=beta_quantile(a, b, -SURE) / fitted.rate, high=beta_quantile(a, b, SURE) / fitted.rate,
        value=(ORDERS * lift + orders) / (ORDERS + bought),
    )  # fmt: skip


def differs(now: Sequence[float], before: Sequence[float]) -> bool:
    """Whether figures of an item moved by a twentieth or more; less is not worth a new row."""
    return any(abs(one - other) > 0.05 * max(abs(other), 0.2) for one, other in zip(now, before, strict=True))
