"""How evidence becomes a probability, and how decisions pull the weights."""

from __future__ import annotations

from datetime import timedelta

import numpy
import pytest

from tests.make import NOON
from ugc.modelling import artefacts
from ugc.suggestions import evidence, learning, ranking
from ugc.suggestions.evidence import Bought, Evidence, Near
from ugc.suggestions.learning import Pair
from ugc.suggestions.matching import Match

TITLE = Match("a", 1, covered=1.0, weight=0.5, run=1.0, hashtag=0.0, rivals=0, code=False, said=("straw", "hat"))
COMMON = Match("a", 1, covered=0.4, weight=0.2, run=0.3, hashtag=0.0, rivals=100, code=False, said=("dress",))
CODE = Match("a", 1, covered=0.2, weight=0.2, run=0.1, hashtag=0.0, rivals=0, code=True, said=("HAT", "1"))


@pytest.mark.parametrize(
    ("found", "least", "most"),
    [
        (Evidence("a"), 0.0, 0.02),
        (Evidence("a", TITLE), 0.65, 0.85),
        (Evidence("a", CODE), 0.8, 0.95),
        (Evidence("a", COMMON), 0.0, 0.01),
        (Evidence("a", page=True), 0.85, 0.97),
        (Evidence("a", bought=(Bought("a", NOON - timedelta(days=7), 1),)), 0.45, 0.65),
        (Evidence("a", bought=(Bought("a", NOON - timedelta(days=7), 5),)), 0.02, 0.15),
        (Evidence("a", neighbours=(Near(1, 0.5), Near(2, 0.5), Near(3, 0.5))), 0.08, 0.25),
    ],
)
def test_our_own_weights_say_what_they_promise(found: Evidence, least: float, most: float) -> None:
    [p] = ranking.probabilities(ranking.default_weights(), [evidence.features(found, NOON)])
    assert least <= p <= most


@pytest.mark.parametrize(
    ("days", "expected"), [(0, 1.0), (60, 0.5), (400, 0.0), (-1, 1.0), (-30, 0.0)]
)  # fmt: skip
def test_a_purchase_counts_less_with_time_and_not_at_all_after_the_post(days: int, expected: float) -> None:
    assert evidence.recency(NOON - timedelta(days=days), NOON) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Evidence("a", TITLE), "caption says “straw hat”"),
        (Evidence("a", COMMON), "caption says “dress”; so do 100 other products"),
        (Evidence("a", bought=(Bought("a", NOON - timedelta(days=12), 2),)), "bought it 12 days before, one of 2 products"),
        (Evidence("a", neighbours=(Near(1, 0.5),) * 3), "looks like 3 photos with Straw hat"),
        (Evidence("a", page=True), "came from this product’s page, or links to it"),
    ],
)
def test_each_kind_of_evidence_has_words(found: Evidence, said: str) -> None:
    assert evidence.reasons(found, NOON, "Straw hat")[0] == said


def test_closeness_is_the_way_from_the_usual_to_the_same() -> None:
    assert evidence.closeness([0.9, 0.85, 0.8]) == pytest.approx([0.5, 0.25, 0.0])
    assert evidence.closeness([]) == []
    assert evidence.closeness([1.0, 1.0]) == [1.0, 1.0] or max(evidence.closeness([1.0, 1.0])) <= 1.0


def pairs(count: int, *, by_neighbours: bool) -> list[Pair]:
    """A brand whose captions lie; only what looks alike is right where told so."""
    made = []
    for item in range(count):
        title, alike = Evidence("a", TITLE), Evidence("b", neighbours=(Near(1, 0.9), Near(2, 0.9)))
        for found, right in ((title, not by_neighbours), (alike, by_neighbours)):
            made.append(Pair(item, found.family, evidence.features(found, NOON), right))
    return made


def test_few_decisions_change_little_and_many_decide() -> None:
    alike = evidence.features(Evidence("b", neighbours=(Near(1, 0.9), Near(2, 0.9))), NOON)
    [before] = ranking.probabilities(ranking.default_weights(), [alike])
    few, many = (pairs(count, by_neighbours=True) for count in (2, 200))
    after = [
        float(ranking.probabilities(ranking.fit([pair.row for pair in some], [pair.right for pair in some]), [alike])[0])
        for some in (few, many)
    ]
    assert before < after[0] < 0.6
    assert after[1] > 0.9


def test_new_weights_are_better_only_where_the_newest_items_say_so() -> None:
    told = pairs(60, by_neighbours=True)
    assert learning.fit_weights(told, ranking.default_weights()).better
    learnt = ranking.fit([pair.row for pair in told], [pair.right for pair in told])
    assert not learning.fit_weights(told, learnt).better


def test_one_class_only_and_nothing_at_all_have_weights() -> None:
    row = evidence.features(Evidence("a", TITLE), NOON)
    assert numpy.isfinite(ranking.fit([row] * 50, [True] * 50).values).all()
    assert ranking.fit([], []).values == pytest.approx(ranking.default_weights().values)
    assert learning.have_enough(pairs(60, by_neighbours=True)) == learning.LEAST_PAIRS
    assert learning.have_enough([pair for pair in pairs(60, by_neighbours=True) if pair.right]) == 0


def test_weights_survive_being_kept_and_those_of_other_features_are_not_used() -> None:
    kept = ranking.write_weights(ranking.default_weights(), {"0.9": 0.8})
    again = artefacts.unpack(artefacts.pack(kept), kind=ranking.KIND, format=ranking.FORMAT)
    assert ranking.read_weights(again, 4).version == 4
    other = artefacts.Artefact(ranking.KIND, ranking.FORMAT, {"weights": numpy.ones(3)}, {"features": ["covered", "run"]})
    assert ranking.read_weights(other, 4).version == 0
