"""What is behind a score, in the words and order in which people read it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from tests.scoring.test_rules import PHOTO, REVIEW, any_facts, any_weights
from ugc.library.models import RightsState
from ugc.scoring import rules
from ugc.scoring.explaining import explain
from ugc.scoring.signals.base import Facts


@given(any_facts, any_weights)
def test_the_groups_add_up_to_the_score_and_no_lift_promises_more_than_is_left(facts: Facts, weights: dict[str, float]) -> None:
    score = rules.score_of(facts, weights)
    found = explain(score.parts)
    assert sum(group.points for group in found.groups) == found.total == score.total
    assert all(0 < lift.points <= 100 - score.total for lift in found.lifts)


def test_what_somebody_can_do_is_named_with_the_points_that_it_really_brings() -> None:
    before = replace(PHOTO, products=(), hotspots=0, rights_state=RightsState.NONE, body="A quiet morning by the sea, at last")
    found = explain(rules.score_of(before).parts)
    assert {lift.words for lift in found.lifts} == {"Tag the product that it shows", "Ask for permission and get it"}
    gain = next(lift.points for lift in found.lifts if lift.signal == "rights_readiness")
    after = replace(before, rights_state=RightsState.GRANTED)
    assert rules.score_of(after).total == rules.score_of(before).total + gain
    assert [lift.points for lift in found.lifts] == sorted((lift.points for lift in found.lifts), reverse=True)


def test_a_full_score_of_what_people_can_do_asks_for_nothing_more() -> None:
    assert explain(rules.score_of(PHOTO).parts).lifts == ()


def test_what_does_not_apply_is_listed_apart_with_its_reason() -> None:
    left = {part.signal: part.reason for part in explain(rules.score_of(REVIEW).parts).left_out}
    assert left["sharpness"] == "No picture"
    assert left["performance"] == "Not shown yet"


def test_the_costliest_part_is_one_that_nobody_can_bring_back() -> None:
    blurred = replace(PHOTO, measures={**PHOTO.measures, "sharpness": 5.0}, products=())
    found = explain(rules.score_of(blurred).parts)
    assert found.costliest is not None
    assert found.costliest.signal != "product_relevance"
    assert explain(()).costliest is None
