"""The score as arithmetic: no database."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import NOON
from ugc.library.models import Kind, RightsState
from ugc.scoring import actions, rules
from ugc.scoring.signals import review_text
from ugc.scoring.signals.base import Facts, Measured, shouting, words_of

MEASURES = {
    "sharpness": 1836.3,
    "brightness": 120.0,
    "contrast": 50.0,
    "colourfulness": 41.09,
    "clipped_dark": 0.0,
    "clipped_light": 0.0,
}
PHOTO = Facts(
    kind=Kind.PHOTO, now=NOON, body="My new straw hat at the beach on the first day of summer", width=1600, height=1200,
    measures=MEASURES, products=("Straw Hat",), hotspots=1, published_at=NOON - timedelta(days=3), rights_state=RightsState.OWNED,
)  # fmt: skip
REVIEW = Facts(
    kind=Kind.REVIEW, now=NOON, title="Fits well",
    body="The cut is true to size and the cotton is thick. I wash it every week and it kept its colour.",
    products=("Cotton Shirt",), published_at=NOON, rights_state=RightsState.OWNED, helpful=3,
)  # fmt: skip


def part(facts: Facts, signal: str) -> rules.Part:
    """One part of the facts' score."""
    return next(part for part in rules.score_of(facts).parts if part.signal == signal)


@pytest.mark.parametrize(
    ("signal", "change", "value", "reason"),
    [
        ("sharpness", {"sharpness": 1836.3}, 0.9144, "Sharp: 1,836 against 300 for a usable photo"),
        ("sharpness", {"sharpness": 938.4}, 0.7976, "Sharp: 938 against 300 for a usable photo"),
        ("sharpness", {"sharpness": 110.9}, 0.4367, "Soft: 111 against 300 for a usable photo"),
        ("sharpness", {"sharpness": 0.0}, 0.0, "Blurred: 0 against 300 for a usable photo"),
        ("exposure", {"brightness": 128.0}, 1.0, "Well lit: brightness 128 of 255"),
        ("exposure", {"brightness": 20.0}, 0.25, "Too dark: brightness 20 of 255"),
        ("exposure", {"brightness": 240.0}, 0.2, "Very bright: brightness 240 of 255"),
        ("exposure", {"clipped_light": 0.4}, 0.75, "Well lit: brightness 120 of 255, 40% lost in black or white"),
        ("contrast", {"contrast": 30.0}, 0.5, "Fair contrast: 30 against 60"),
        ("contrast", {"contrast": 90.0}, 1.0, "Clear contrast: 90 against 60"),
        ("colourfulness", {"colourfulness": 41.09}, 0.6964, "Moderately colourful: 41 against 59"),
        ("colourfulness", {"colourfulness": 85.5296}, 1.0, "Quite colourful: 86 against 59"),
        ("colourfulness", {"colourfulness": 0.0}, 0.0, "Hardly any colour: 0 against 59"),
    ],
)
def test_golden_values_of_pixel_signals(signal: str, change: dict[str, float], value: float, reason: str) -> None:
    """Inputs from peers.md §4."""
    found = part(replace(PHOTO, measures=MEASURES | change), signal)
    assert (found.value, found.reason) == (value, reason)


@pytest.mark.parametrize(
    ("facts", "signal", "value", "reason"),
    [
        (replace(PHOTO, width=320, height=240), "resolution", 0.0, "320 × 240 pixels against 2 megapixels"),
        (replace(PHOTO, width=4000, height=3000), "resolution", 1.0, "4,000 × 3,000 pixels against 2 megapixels"),
        (PHOTO, "caption", 1.0, "13 words"),
        (replace(PHOTO, body="New hat"), "caption", 0.1667, "2 words"),
        (replace(PHOTO, body="#a #b #c #d #e #f #g #h https://x.test"), "caption", 0.0, "0 words, 8 hashtags"),
        (replace(PHOTO, body=""), "caption", None, "No caption"),
        (PHOTO, "review_text", None, "Not a review"),
        (replace(REVIEW, body="", title=""), "review_text", 0.0, "Stars without a text"),
        (PHOTO, "engagement", None, "No reactions known"),
        (replace(PHOTO, likes=1_000), "engagement", 1.0, "1,000 likes"),
        (replace(PHOTO, likes=1, comments=2), "engagement", 0.301, "1 like, 2 comments"),
        (PHOTO, "product_relevance", 1.0, "1 product, with a hotspot, named in the text"),
        (replace(PHOTO, hotspots=0, body="Me"), "product_relevance", 0.6, "1 product"),
        (replace(PHOTO, products=()), "product_relevance", 0.0, "No product tagged"),
        (REVIEW, "product_relevance", 1.0, "1 product, named in the text"),
        (replace(PHOTO, published_at=NOON), "freshness", 1.0, "New today"),
        (replace(PHOTO, published_at=NOON - timedelta(days=180)), "freshness", 0.5, "5 months old"),
        (replace(PHOTO, published_at=NOON + timedelta(days=9)), "freshness", 1.0, "New today"),
        (PHOTO, "rights_readiness", 1.0, "Owned"),
        (replace(PHOTO, rights_until=NOON), "rights_readiness", 0.0, "Owned, ended"),
        (replace(PHOTO, rights_from=NOON + timedelta(days=1)), "rights_readiness", 0.5, "Owned, not yet started"),
        (replace(PHOTO, rights_state=RightsState.REVOKED), "rights_readiness", 0.0, "Withdrawn"),
    ],
)
def test_golden_values_of_the_other_signals(facts: Facts, signal: str, value: float | None, reason: str) -> None:
    found = part(facts, signal)
    assert (found.value, found.reason) == (value, reason)


def test_a_longer_more_varied_review_with_a_title_is_worth_more_and_shouting_less() -> None:
    values = [
        part(replace(REVIEW, title=title, body=body), "review_text").value or 0.0
        for title, body in [
            ("", "Nice nice nice nice nice"),
            ("", REVIEW.body),
            ("Fits well", REVIEW.body),
            ("Fits well", f"{REVIEW.body} It dries fast, does not need ironing, and my sister wants one too."),
        ]
    ]
    assert values == sorted(values)
    assert len(set(values)) == 4
    assert (part(replace(REVIEW, body=REVIEW.body.upper()), "review_text").value or 0.0) < values[2]


def test_words_leave_out_addresses_hashtags_and_handles() -> None:
    assert words_of("Loved it! https://a.test/b #ootd @shop don't 5'8 très bon") == ["Loved", "it", "don't", "très", "bon"]
    assert shouting(words_of("THIS IS THE BEST DRESS EVER MADE")) == 1.0
    assert shouting(words_of("OK USA")) == 0.0


measures = st.fixed_dictionaries({
    "sharpness": st.floats(0, 20_000), "brightness": st.floats(0, 255), "contrast": st.floats(0, 127.5),
    "colourfulness": st.floats(0, 300), "clipped_dark": st.floats(0, 0.5), "clipped_light": st.floats(0, 0.5),
})  # fmt: skip
any_facts = st.builds(
    Facts, kind=st.sampled_from(Kind), now=st.just(NOON), title=st.text(max_size=40), body=st.text(max_size=300),
    width=st.none() | st.integers(1, 9_000), height=st.integers(1, 9_000), measures=measures | st.just({}),
    likes=st.integers(0, 10**9), comments=st.integers(0, 10**6), helpful=st.integers(0, 10**6),
    products=st.none() | st.lists(st.text(max_size=20), max_size=3).map(tuple), hotspots=st.integers(0, 3),
    published_at=st.none() | st.just(NOON - timedelta(days=400)), rights_state=st.none() | st.sampled_from(RightsState),
)  # fmt: skip
any_weights = st.fixed_dictionaries({name: st.floats(0, 100) for name in rules.DEFAULT_WEIGHTS})


@given(any_facts, any_weights)
def test_parts_add_up_to_a_score_from_0_to_100_for_any_facts_and_weights(facts: Facts, weights: dict[str, float]) -> None:
    score = rules.score_of(facts, weights)
    assert sum(found.points for found in score.parts) == score.total
    assert 0 <= score.total <= 100
    assert all(found.reason for found in score.parts)
    for found in score.parts:
        assert found.value is None or 0 <= found.value <= 1
        assert found.value is not None or (found.points, found.most) == (0, 0)
        assert abs(found.points - found.most * (found.value or 0)) < 1.06
    assert score == rules.score_of(facts, weights)


@given(any_facts, st.floats(0.5, 2_000), st.sampled_from(["sharpness", "contrast"]))
def test_a_sharper_or_richer_picture_is_never_worth_less(facts: Facts, more: float, name: str) -> None:
    better = replace(facts, measures={**facts.measures, name: facts.measures[name] + more}) if facts.measures else facts
    assert rules.score_of(better).total >= rules.score_of(facts).total


def test_signals_that_do_not_apply_leave_their_weight_to_the_others() -> None:
    score = rules.score_of(REVIEW)
    applying = [found for found in score.parts if found.value is not None]
    assert {found.signal for found in applying} == {
        "review_text",
        "engagement",
        "product_relevance",
        "freshness",
        "rights_readiness",
    }
    assert round(sum(found.most for found in applying)) == 100


def test_a_brands_weights_move_the_score() -> None:
    only_sharp = dict.fromkeys(rules.DEFAULT_WEIGHTS, 0.0) | {"sharpness": 1.0}
    assert rules.score_of(PHOTO, only_sharp).total == 91
    assert rules.score_of(PHOTO, dict.fromkeys(rules.DEFAULT_WEIGHTS, 0.0)).total == 0


@pytest.mark.parametrize("bad", [{"stars": 1.0}, {"sharpness": -1.0}, {"sharpness": 101.0}, {"sharpness": float("nan")},
                                 dict.fromkeys(rules.DEFAULT_WEIGHTS, 0.0)])  # fmt: skip
def test_bad_weights_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(rules.BadWeight):
        rules.check_weights(bad)


@pytest.mark.parametrize(
    ("amounts", "points"),
    [([334, 333, 333], [34, 33, 33]), ([5, 5], [1, 0]), ([], []), ([0, 996], [0, 100]), ([12, 12, 12], [2, 1, 1])],
)
def test_points_are_apportioned_by_the_largest_remainders(amounts: list[int], points: list[int]) -> None:
    assert rules.apportion(amounts, 1000) == points


def test_stars_are_no_input() -> None:
    """L-01: nothing that scores can see a rating, nor what a text was found to feel."""
    assert not {"rating", "stars", "sentiment"} & set(Facts.__slots__)
    assert not {"rating", "sentiment"} & set(re.findall(r"\w+", inspect.getsource(rules)))
    assert "sentiment" not in inspect.getsource(actions)
    for signal in rules.SIGNALS:
        source: Any = inspect.getmodule(signal.measure)
        assert "rating" not in inspect.getsource(source), signal.name
        assert "sentiment" not in inspect.getsource(source), signal.name


def test_a_learnt_usefulness_takes_the_place_of_the_formula_and_names_its_words() -> None:
    facts = Facts(kind=Kind.REVIEW, now=NOON, body="Runs small at the waist", usefulness=0.72, useful_words=("waist", "small"))
    assert review_text.measure(facts) == Measured(0.72, "Likely more helpful than 72 % of your reviews: waist, small")
    assert review_text.measure(replace(facts, useful_words=())).reason == "Likely more helpful than 72 % of your reviews"
    assert review_text.measure(replace(facts, usefulness=None)).reason == "5 words"
    assert review_text.measure(replace(facts, kind=Kind.PHOTO)).value is None
    assert review_text.measure(replace(facts, body="")).value == 0
