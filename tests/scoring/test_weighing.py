"""Scores of stored values in numpy, beside the score of the facts themselves."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.test_rules import any_facts, any_weights
from ugc.scoring import rules, weighing
from ugc.scoring.signals.base import Facts


def stored(facts: list[Facts]) -> weighing.Values:
    """The facts' values as they come back from the database."""
    ids = struct.pack(f">{len(facts)}q", *range(len(facts)))
    scores = struct.pack(f">{len(facts)}h", *(0 for _ in facts))
    return weighing.unpack(ids, scores, b"".join(weighing.pack(rules.measure(one)) for one in facts))


@given(st.lists(any_facts, min_size=1, max_size=6), any_weights)
def test_a_score_from_stored_values_is_the_score_of_the_facts(facts: list[Facts], weights: dict[str, float]) -> None:
    """To the point, for any facts and weights: the parts that are shown add up to the score that was written without them."""
    fast = weighing.weigh(stored(facts).table, weights)
    slow = [rules.score_of(one, weights) for one in facts]
    assert fast.tolist() == [score.total for score in slow]
    assert fast.tolist() == [sum(part.points for part in score.parts) for score in slow]


@given(st.lists(st.integers(-1, 10_000), min_size=len(rules.SIGNALS), max_size=len(rules.SIGNALS)), any_weights)
def test_any_row_of_values_weighs_the_same_both_ways(row: list[int], weights: dict[str, float]) -> None:
    findings = [
        rules.Finding(signal.name, None if value < 0 else value / rules.UNITS, "")
        for signal, value in zip(rules.SIGNALS, row, strict=True)
    ]
    assert weighing.pack(findings) == np.array(row, dtype="<i2").tobytes()
    assert weighing.weigh(np.array([row], dtype=np.int16), weights).tolist() == [rules.weigh(findings, weights).total]


def test_no_rows_have_no_scores() -> None:
    assert weighing.weigh(weighing.unpack(b"", b"", b"").table, rules.DEFAULT_WEIGHTS).tolist() == []


def test_weights_a_hundredth_apart_have_keys_of_their_own_and_the_same_weights_one() -> None:
    finer = rules.DEFAULT_WEIGHTS | {"sharpness": rules.DEFAULT_WEIGHTS["sharpness"] + 0.01}
    assert rules.key_of(finer) != rules.key_of(rules.DEFAULT_WEIGHTS) == rules.key_of(dict(reversed(rules.DEFAULT_WEIGHTS.items())))
    assert rules.fingerprint() != rules.fingerprint(rules.SIGNALS[1:])
