"""What sells, as arithmetic: goldens of peers §6, and simulated shoppers whose taste is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ugc.insights import performance
from ugc.insights.performance import Numbers, Shown

RATES, EXAMINED = [0.10, 0.05, 0.02], [1.0, 0.5, 0.2]


@pytest.mark.parametrize(
    ("impressions", "clicks", "rate", "coec", "weighted"),
    [
        ([100, 0, 0], [10, 0, 0], 0.10, 1.0, 0.10),
        ([0, 0, 100], [0, 0, 4], 0.04, 2.0, 0.20),
        ([50, 100, 200], [5, 4, 6], 0.042857, 1.071429, 0.122857),
        ([0, 40, 0], [0, 0, 0], 0.0, 0.0, 0.0),
    ],
    ids=["A", "B", "C", "D"],
)
def test_position_bias_goldens(impressions: list[int], clicks: list[int], rate: float, coec: float, weighted: float) -> None:
    """peers §6: clicks over expected clicks, and the rate weighted by inverse propensity."""
    assert sum(clicks) / sum(impressions) == pytest.approx(rate, abs=1e-6)
    assert performance.coec(impressions, sum(clicks), RATES) == pytest.approx(coec, abs=1e-6)
    assert performance.weighted_rate(impressions, clicks, EXAMINED) == pytest.approx(weighted, abs=1e-6)


def test_clicks_per_effective_impression_golden() -> None:
    assert 15 / performance.effective([50, 100, 200], EXAMINED) == pytest.approx(0.107143, abs=1e-6)


@pytest.mark.parametrize(("clicks", "impressions", "mean"), [(0, 0, 0.02), (0, 40, 0.014286), (1, 10, 0.027273), (10, 100, 0.06)])
def test_beta_posterior_goldens(clicks: int, impressions: int, mean: float) -> None:
    """peers §6: Beta(2, 98)."""
    assert performance.posterior_mean(2, 98, clicks, impressions) == pytest.approx(mean, abs=1e-6)


def test_b_outranks_a_although_a_was_clicked_more_often() -> None:
    """peers §6: 4 clicks of 100 in the third place are more than 10 of 100 in the first."""
    shown = Shown(np.array([0, 1]), np.array([1, 3]), np.array([100.0, 100.0]), np.array([10.0, 4.0]))
    fitted = performance.Fit(np.array([*EXAMINED, *[0.1] * 47]), 0.10, 0.0, 0.0, 8.0)
    found = performance.measure(shown, np.array([50.0, 50.0]), np.zeros(2), fitted)
    assert found.lift[1] > found.lift[0]
    assert found.value[1] > found.value[0]


@pytest.mark.parametrize("a", [3.0, 6.0, 12.0, 80.0])
@pytest.mark.parametrize("b", [98.0, 900.0])
def test_intervals_are_those_of_the_beta_distribution(a: float, b: float) -> None:
    for deviations in (-performance.SURE, performance.SURE):
        found = float(performance.beta_quantile(np.array([a]), np.array([b]), deviations)[0])
        exact = float(stats.beta.ppf(stats.norm.cdf(deviations), a, b))
        assert found == pytest.approx(exact, rel=0.04)


def simulate(seed: int, *, curve: Numbers, loads: int, taste: Numbers, favours: Numbers) -> Shown:
    """Loads of a gallery with as many places as the curve: any items show, who stands before whom mostly follows `favours`, and
    clicks follow the taste.
    """
    chance = np.random.default_rng(seed)
    places = len(curve)
    impressions, clicks = np.zeros((len(taste), places)), np.zeros((len(taste), places))
    for _ in range(loads):
        some = chance.choice(len(taste), places, replace=False)
        order = some[np.argsort(-(favours[some] + 0.3 * chance.gumbel(size=places)))]
        pressed = chance.random(places) < curve * taste[order]
        impressions[order, np.arange(places)] += 1
        clicks[order[pressed], np.nonzero(pressed)[0]] += 1
    items, where = np.nonzero(impressions)
    return Shown(items, where + 1, impressions[items, where], clicks[items, where])


def rates(shown: Shown, count: int) -> Numbers:
    """What a naive report says: clicks per impression."""
    return np.bincount(shown.items, shown.clicks, count) / np.maximum(np.bincount(shown.items, shown.impressions, count), 1)


def tau(one: Numbers, other: Numbers) -> float:
    """Kendall's tau."""
    return float(stats.kendalltau(one, other).statistic)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_corrected_for_place_the_best_rank_first_where_a_naive_rate_is_misled(seed: int) -> None:
    """peers §6: 20 items, click rates U(.01, .10), three places examined 1, .6 and .4, 20,000 loads; tau ≥ .8, naive does worse."""
    chance = np.random.default_rng(100 + seed)
    taste = chance.uniform(0.01, 0.10, 20)
    # Somebody's favourites stand in front, whatever they are worth.
    shown = simulate(seed, curve=np.array([1.0, 0.6, 0.4]), loads=20_000, taste=taste, favours=chance.normal(0, 1, 20))
    scores = np.full(20, 50.0)
    fitted = performance.fit(shown, scores)
    assert fitted is not None
    found = performance.measure(shown, scores, np.zeros(20), fitted)
    corrected, naive = tau(found.lift, taste), tau(rates(shown, 20), taste)
    assert corrected >= 0.8
    assert naive < corrected
    assert fitted.examined[:3] == pytest.approx([1.0, 0.6, 0.4], abs=0.08)
    truth = taste / (np.dot(taste, found.expected) / found.expected.sum())
    assert np.mean((found.low <= truth) & (truth <= found.high)) >= 0.8


def test_a_brand_with_little_to_go_by_keeps_the_default_curve_and_the_score_speaks() -> None:
    chance = np.random.default_rng(5)
    taste, scores = np.full(12, 0.05), np.linspace(20, 90, 12)
    shown = simulate(5, curve=np.array([1.0, 0.7]), loads=200, taste=taste, favours=chance.normal(0, 1, 12))
    fitted = performance.fit(shown, scores)
    assert fitted is not None
    assert fitted.examined[1:10] == pytest.approx(performance.default_curve()[1:10], abs=0.15)
    few = Shown(shown.items[:2], shown.places[:2], np.array([5.0, 5.0]), np.array([1.0, 0.0]))
    assert performance.fit(few, scores) is None


def test_a_score_that_tells_what_sells_becomes_the_prior_of_what_was_never_shown() -> None:
    chance = np.random.default_rng(6)
    scores = np.append(chance.uniform(20, 90, 200), [20.0, 90.0])
    taste = 0.04 * np.exp(0.2 * (scores - 50) / 10)
    curve = np.array([1.0, 0.8, 0.6, 0.5, 0.4])
    shown = simulate(6, curve=curve, loads=12_000, taste=taste[:200], favours=chance.normal(0, 1, 200))
    fitted = performance.fit(shown, scores)
    assert fitted is not None
    assert fitted.slope == pytest.approx(0.2, abs=0.05)
    found = performance.measure(shown, scores, np.zeros(202), fitted)
    assert found.impressions[-1] == 0
    assert found.lift[-1] == pytest.approx(found.prior[-1], rel=0.05)
    assert found.lift[-1] > 1.5 > found.lift[-2] > 0


def test_orders_move_what_clicks_say_by_how_many_there_could_have_been() -> None:
    shown = Shown(np.array([0, 1]), np.array([1, 1]), np.array([4000.0, 4000.0]), np.array([200.0, 200.0]))
    fitted = performance.Fit(performance.default_curve(), 0.05, 0.0, 0.0, 8.0)
    found = performance.measure(shown, np.array([50.0, 50.0]), np.array([30.0, 2.0]), fitted)
    assert found.lift[0] == pytest.approx(found.lift[1])
    assert found.orders_expected == pytest.approx([16.0, 16.0])
    assert found.value[0] > 1.4 > 0.5 > found.value[1] - 0.02


def test_more_clicks_than_effective_impressions_are_no_error() -> None:
    shown = Shown(np.array([0]), np.array([50]), np.array([300.0]), np.array([300.0]))
    fitted = performance.fit(shown, np.array([50.0]))
    assert fitted is not None
    found = performance.measure(shown, np.array([50.0]), np.zeros(1), fitted)
    assert np.isfinite([found.lift[0], found.low[0], found.high[0]]).all()
