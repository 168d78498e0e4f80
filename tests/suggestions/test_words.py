"""Words as they are compared: folded, hashtags and compounds split."""

from __future__ import annotations

import pytest

from ugc.suggestions import words
from ugc.suggestions.words import key_of, read_text, split_hashtag

KNOWN = {key_of(word) for word in ("linen", "dress", "Leinen", "Kleid", "straw", "hat", "summer")}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dresses", "dress"), ("HATS", "hat"), ("berries", "berry"), ("boxes", "box"), ("shoes", "shoe"), ("Hüte", "Huete"),
        ("Hüte", "Hute"), ("café", "cafe"), ("Straße", "strasse"), ("Ærø", "Aro"), ("ＨＡＴ", "hat"),
    ],
)  # fmt: skip
def test_spellings_of_one_word_compare_equal(one: str, other: str) -> None:
    [first], [second] = words.words_of(one), words.words_of(other)
    assert first.key == second.key


@pytest.mark.parametrize(("one", "other"), [("dress", "dressy"), ("glass", "glas"), ("blue", "blu"), ("hut", "hat")])
def test_other_words_stay_other_words(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


@pytest.mark.parametrize(
    "tag", ["linendress", "LinenDress", "linen_dress", "LINENDRESS", "ootdlinendress", "linendresses"]
)  # fmt: skip
def test_a_hashtag_is_split_into_the_words_that_the_catalogue_knows(tag: str) -> None:
    assert [key for key in split_hashtag(tag, KNOWN) if key in KNOWN] == ["linen", "dress"]


def test_a_hashtag_of_unknown_words_stays_one_word() -> None:
    assert split_hashtag("ootd", KNOWN) == ["ootd"]


def test_a_compound_is_split_where_both_parts_are_known() -> None:
    assert [word.key for word in read_text("Mein Leinenkleid", KNOWN)][1:] == ["leinen", "kleid"]


@pytest.mark.parametrize("text", ["", " \n", "🎉🎉🎉", "!!! ???", "#", "＃＃", "\u200d\ufe0f"])
def test_a_text_of_no_words_has_none(text: str) -> None:
    assert read_text(text, KNOWN) == []


def test_a_caption_of_50_kb_is_read_at_its_beginning() -> None:
    found = read_text("linen dress " + "lorem ipsum " * 5_000, KNOWN)
    assert [word.key for word in found[:2]] == ["linen", "dress"]
    assert len(found) <= words.MAX_WORDS


def test_a_hashtag_without_end_takes_no_time() -> None:
    """T-33: one word of thousands of letters must not take the worker's time."""
    assert len(read_text("#" + "linendress" * 5_000, KNOWN)) <= 2 * words.LONGEST_TAG


def test_scripts_without_spaces_are_compared_by_pairs_of_letters() -> None:
    assert [word.key for word in read_text("麦わら帽子", frozenset())] == ["麦わ", "わら", "ら帽", "帽子"]
