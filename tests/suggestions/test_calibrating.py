"""The curves from scores to probabilities, beside scikit-learn's own."""

from __future__ import annotations

import numpy
import pytest
from sklearn.linear_model import LogisticRegression

from ugc.suggestions import calibrating


def test_each_curve_is_that_of_a_logistic_regression_alone() -> None:
    numbers = numpy.random.default_rng(3)
    labels = numpy.stack([numbers.random(400) < share for share in (0.5, 0.1, 0.03)], axis=1).astype(float)
    scores = 0.6 * labels + 0.2 * numbers.normal(size=labels.shape)
    known = numbers.random(labels.shape) < 0.8
    slope, offset = calibrating.curves(scores, labels, known)
    for place in range(3):
        rows = known[:, place]
        # The same prior: the square of a tenth of the slope over twice C.
        fitted = LogisticRegression(C=10.0, tol=1e-8, max_iter=1_000).fit(10 * scores[rows, place : place + 1], labels[rows, place])
        assert slope[place] == pytest.approx(10 * fitted.coef_[0, 0], rel=0.01)
        assert offset[place] == pytest.approx(fitted.intercept_[0], rel=0.01, abs=0.02)


def test_scores_that_part_the_classes_wholly_have_a_finite_curve() -> None:
    labels = numpy.repeat([[0.0], [1.0]], 50, axis=0)
    slope, offset = calibrating.curves(labels.copy(), labels, numpy.ones((100, 1), dtype=bool))
    low, high = calibrating.sigmoid(numpy.array([offset[0], slope[0] + offset[0]]))
    assert low < 0.02 < 0.98 < high < 1


@pytest.mark.parametrize(("labels", "share"), [([1.0] * 8, 0.9), ([0.0] * 8, 0.1), ([1.0, 0.0] * 4, 0.5)])
def test_where_the_score_says_nothing_it_is_the_share(labels: list[float], share: float) -> None:
    """One class only, or a higher score that makes it less likely."""
    wanted = numpy.array(labels)[:, None]
    slope, offset = calibrating.curves(-wanted, wanted, numpy.ones((8, 1), dtype=bool))
    assert slope[0] == 0
    assert calibrating.sigmoid(offset)[0] == pytest.approx(share)
