"""What decisions may rest on: never stars or sentiment, never what follows from a decision; and it can be said in words."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace

import numpy
import pytest

from ugc.texts.base import Finding, Reading
from ugc.triage import features, queries
from ugc.triage.features import Facts, Signalled, row_of, words_for

REVIEW = Facts(
    kind="review", source="import", title="Nice", body="Fits well, warm and soft.",
    parts={"review_text": Signalled("Review text", 0.6, "5 words"), "engagement": Signalled("Engagement", 0.9, "9 helpful")},
    reading=Reading(
        sentiment=Finding("positive", 0.98), usefulness=Finding("useful", 0.4), topics=(Finding("quality", 0.9),),
    ),
    words=numpy.ones(4, dtype=numpy.float32),
)  # fmt: skip

SHARP = Facts(kind="photo", parts={"sharpness": Signalled("Sharpness", 0.9, "Sharp: 900")})


def test_sentiment_changes_nothing_of_any_item() -> None:
    """L-01."""
    for kind in ("review", "photo", "post"):
        facts = replace(REVIEW, kind=kind)
        assert facts.reading is not None
        angry = replace(facts, reading=replace(facts.reading, sentiment=Finding("negative", 0.99)))
        assert row_of(angry) == row_of(facts) or str(row_of(angry)) == str(row_of(facts))


def test_there_is_no_place_for_stars() -> None:
    """L-01: neither the facts have them nor does the query that fills the facts read them."""
    assert not {"rating", "stars", "verified"} & {field.name for field in fields(Facts)}
    assert "rating" not in inspect.getsource(features)
    assert "rating" not in inspect.getsource(queries.map_facts) + inspect.getsource(queries.find_columns)


def test_of_a_review_no_words_topics_or_helpful_votes_are_looked_at() -> None:
    """L-01: each of them follows the stars."""
    row = row_of(REVIEW)
    assert set(row.blocks) == set()
    assert not [name for name in row.scalars if name.startswith(("topic/", "hashtags", "length", "named", "part/engagement"))]
    assert "part/review_text:value" in row.scalars


def test_of_a_post_they_are() -> None:
    row = row_of(replace(REVIEW, kind="post"))
    assert set(row.blocks) == {"words"}
    assert {"topic/quality:p", "part/engagement:value", "length:words"} <= set(row.scalars)


@pytest.mark.parametrize("name", ["freshness", "rights_readiness", "product_relevance", "performance"])
def test_what_follows_from_a_decision_does_not_foretell_it(name: str) -> None:
    facts = Facts(kind="photo", parts={name: Signalled("Any", 0.9, "Any")})
    assert not [key for key in row_of(facts).scalars if name in key]


def test_a_creator_counts_the_more_the_more_is_known() -> None:
    shares = [row_of(Facts(kind="photo", approved=count)).scalars["creator:share"] for count in (0, 1, 5, 50)]
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert row_of(Facts(kind="photo", rejected=5)).scalars["creator:share"] == -shares[2]


@pytest.mark.parametrize(
    ("group", "facts", "words"),
    [
        ("part/sharpness", SHARP, "Sharpness: sharp: 900"),
        ("part/gone", Facts(kind="photo"), "gone"),
        ("creator", Facts(kind="photo", approved=9, rejected=1), "9 of 10 items of this creator approved"),
        ("creator", Facts(kind="photo"), "Creator not known yet"),
        ("hashtags", Facts(kind="photo", body="so #nice #warm"), "2 hashtags"),
        ("length", Facts(kind="photo", body="one"), "1 word of caption"),
        ("named", Facts(kind="photo", names_product=True), "Names a product of yours"),
        ("spam", Facts(kind="photo"), "Spam: 0% likely"),
        ("topic/quality", REVIEW, "About quality"),
        ("picture", REVIEW, "Looks like what you approve"),
        ("unheard of", REVIEW, "unheard of"),
    ],
)  # fmt: skip
def test_reasons_are_told_in_words(group: str, facts: Facts, words: str) -> None:
    assert words_for(group, facts, True) == words


@pytest.mark.parametrize("body", ["", "🎉🎉🎉", "x " * 25_000, "日本語の説明", "\u202eabc"])
def test_odd_texts_have_defined_numbers(body: str) -> None:
    row = row_of(Facts(kind="photo", body=body))
    assert all(numpy.isfinite(value) for value in row.scalars.values())


def test_a_product_is_named_by_two_of_its_words_or_by_all_of_a_short_name() -> None:
    titles: dict[str, set[tuple[str, ...]]] = {word: {("hat", "straw", "wide")} for word in ("hat", "straw", "wide")}
    titles["beanie"] = {("beanie",)}
    assert queries.names_product("My Straw hat!", titles)
    assert queries.names_product("Beanie weather", titles)
    assert not queries.names_product("a wide road", titles)
    assert not queries.names_product("", {})
