"""Drafts of alternative texts: what they say, how long they are, and what they never say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.suggestions import alt_text
from ugc.suggestions.alt_text import Sight

DRESS, HAT = "Linen Dress", "Straw hat"


@pytest.mark.parametrize(
    ("sight", "said"),
    [
        (Sight((DRESS,)), "Linen Dress."),
        (Sight((DRESS,), ("beach",), ("red", "beige")), "Linen Dress. Beach. Mostly red and beige."),
        (Sight((DRESS, HAT), ("beach", "summer day")), "Linen Dress and Straw hat. Beach, summer day."),
        (Sight((DRESS, HAT, "Sandals"), colours=("blue", "white", "grey")), "Linen Dress and Straw hat. Mostly blue and white."),
        (Sight((), ("beach", "sunset"), ("orange",)), "Beach, sunset. Mostly orange."),
        (Sight((), (), ("orange", "red")), ""),
        (Sight(), ""),
        (Sight((DRESS,), kind="video"), "Video: Linen Dress."),
        (Sight((DRESS,), place=2, of=3), "Linen Dress. Picture 2 of 3."),
        (Sight((DRESS,), ("dress",)), "Linen Dress."),
        (Sight((DRESS, DRESS)), "Linen Dress."),
        (Sight(("LINEN DRESS",)), "Linen dress."),
        (Sight(("Linen  Dress – XL",)), "Linen Dress."),
        (Sight(("Linen dress / red / 38",)), "Linen dress."),
        (Sight(("Kleid aus Leinen",), language="de"), ""),
    ],
)
def test_a_draft_says_what_is_known_in_whole_sentences(sight: Sight, said: str) -> None:
    assert alt_text.draft(sight) == said


def test_of_a_caption_only_the_brands_own_words_are_taken() -> None:
    """It may name people and says what somebody felt; what the brand itself calls things is safe."""
    caption = "Anna and my daughter LOVE it at the lake!! #Beachday #picnic best summer ever, call 0170 1234567"
    sight = Sight((DRESS,), caption=caption, vocabulary=("summer", "picnic", "beach", "lake", "daughter", "at"))
    assert alt_text.draft(sight) == "Linen Dress. Lake, picnic, summer."


@pytest.mark.parametrize("tag", ["woman", "Men", "girls", "young person", "asian people", "kids", "senior", "bride", "toddler"])
def test_a_tag_that_says_who_somebody_is_is_left_out(tag: str) -> None:
    assert alt_text.draft(Sight((DRESS,), (tag, "beach"))) == "Linen Dress. Beach."
    assert alt_text.draft(Sight((), (tag,))) == ""


def test_a_product_may_be_called_what_its_shop_calls_it() -> None:
    assert alt_text.draft(Sight(("Women’s linen dress",), ("beach",))) == "Women’s linen dress. Beach."


def test_what_is_too_long_loses_colours_first_then_tags_then_products() -> None:
    tags = ("a rather long tag about a beach", "another one about a garden", "a third one of some length")
    sight = Sight(("A linen dress with buttons all the way down",), tags, ("red", "blue"))
    said = alt_text.draft(sight)
    assert said.startswith("A linen dress with buttons all the way down. A rather long tag about a beach, another one")
    assert said.endswith("a third one of some length.")
    long = Sight(("A dress " * 20, "A hat " * 20), tags, ("red",))
    assert len(alt_text.draft(long)) <= alt_text.MOST
    assert "…" in alt_text.draft(long)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=90)


@given(st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=3), WORDS, st.integers(1, 20))
def test_no_draft_is_longer_than_it_may_be(
    products: list[str], tags: list[str], colours: list[str], caption: str, place: int
) -> None:
    sight = Sight(tuple(products), tuple(tags), tuple(colours), caption, tuple(tags), place=place, of=20)
    assert len(alt_text.draft(sight)) <= alt_text.MOST
    assert len(alt_text.check(" ".join([*products, *tags]), products)) <= alt_text.MOST


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("A woman in a red dress", "A person in a red dress"),
        ("A young Asian woman in a red dress on a beach", "A person in a red dress on a beach"),
        ("An elderly man and his dog", "A person and their dog"),
        ("Two women with straw hats", "Two people with straw hats"),
        ("Two girls, a boy and his mother", "Two people, a person and their person"),
        ("Three little kids on a swing", "Three little people on a swing"),
        ("An image of a straw hat on a chair", "A straw hat on a chair"),
        ("a straw hat", "A straw hat"),
        ("A black and white dress on a hanger", "A black and white dress on a hanger"),
        ("A black person with a hat", "A person with a hat"),
        ("A manual on a desk in a human hand", "A manual on a desk in a human hand"),
        ("She holds a cup", ""),
        ("A person of 25 years old", ""),
        ("A 25-year-old person with a hat", ""),
        ("A dark-skinned person", "A person"),
        ("", ""),
    ],
)
def test_a_models_sentence_says_nothing_of_a_person_but_that_there_is_one(written: str, said: str) -> None:
    assert alt_text.check(written) == said


def test_a_models_sentence_may_use_the_products_own_words() -> None:
    assert alt_text.check("A person in men’s boots", ("Men’s boots",)) == "A person in men’s boots"
    assert alt_text.check("A baby blanket on a chair", ("Baby blanket",)) == "A baby blanket on a chair"
    assert alt_text.check("A baby on a chair") == "A person on a chair"


def test_a_models_long_sentence_is_cut_between_words() -> None:
    said = alt_text.check("A straw hat with a wide rim lies on a wooden chair beside a window " * 4)
    assert len(said) <= alt_text.MOST
    assert said.endswith("…")
    assert re.search(r"\w…$", said)
