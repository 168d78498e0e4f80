"""Language, sentiment, usefulness and topics of single texts, without a database; and texts that say nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.modelling import artefacts
from ugc.texts import features, feeling, linear, reading, rules, topics_training, training, usefulness
from ugc.texts.base import NOTHING, PLAIN, UNKNOWN, Context, Finding, Reading, Text
from ugc.texts.readers import language, sentiment, topics_found
from ugc.texts.readers import usefulness as usefulness_reader


def one(body: str, **facts: str) -> Reading:
    """The reading of one text."""
    return reading.read([Text(body=body, **facts)])[0]


@pytest.mark.parametrize(
    ("body", "label"),
    [
        ("I love this dress, it is wonderful", "positive"),
        ("Terrible quality, it broke at once", "negative"),
        ("not good at all", "negative"),
        ("Das Kleid ist wunderschön und sehr bequem", "positive"),
        ("Leider enttäuscht, der Stoff ist schrecklich", "negative"),
        ("Très déçue, qualité horrible", "negative"),
        ("Me encanta, es precioso y muy cómodo", "positive"),
        ("Adorei, ficou lindo e muito confortável", "positive"),
        ("Pessimo, sono molto delusa", "negative"),
        ("😍😍😍", "positive"),
        ("👎", "negative"),
    ],
)
def test_what_ships_hears_praise_and_complaint_in_six_languages_and_in_signs(body: str, label: str) -> None:
    assert one(body).sentiment.label == label


def test_the_words_that_made_it_are_named_with_their_negator() -> None:
    assert one("The fabric is soft and I love it").sentiment.words[0] == "love"
    assert any(word.startswith("not good") for word in one("This is not good, it is a pity").sentiment.words)


def test_a_review_is_taken_for_praise_sooner_than_a_post_and_complaints_stay_complaints() -> None:
    lukewarm = "It arrived on Tuesday, the box was brown"
    review, post = (reading.read([Text(body=lukewarm, kind=kind)])[0].sentiment for kind in ("review", "post"))
    assert post.label == "neutral"
    assert (review.label, review.p) != (post.label, post.p)
    assert review.label == "positive" or review.p < post.p
    assert one("Terrible quality, it broke at once").sentiment.label == "negative"


@pytest.mark.parametrize("body", ["", " ", "!!!", "https://shop.test/a", "12345", "@someone"])
def test_a_text_without_a_word_has_no_sentiment(body: str) -> None:
    assert one(body).sentiment == NOTHING


def test_a_language_that_nothing_was_taught_is_unknown_until_a_brand_teaches_it() -> None:
    thai = "สินค้ามาถึงแล้ว สีตรงตามรูป ขนาดพอดีกับที่สั่งไว้"
    found = one(thai)
    assert found.language.label == "th"
    assert found.sentiment.label == UNKNOWN


@pytest.mark.parametrize(
    "body", ["x" * 50_000, "great " * 10_000, "\ud800 lone surrogate", "\x00\x01", "🙂" * 500, "ﷺ" * 300, "a\u0301" * 9_000]
)
def test_odd_texts_are_read_like_any_other(body: str) -> None:
    found = one(body)
    assert 0 <= found.sentiment.p <= 1
    assert 0 <= found.usefulness.p <= 1


@given(st.lists(st.text(max_size=80), max_size=5))
def test_every_text_has_its_own_reading_whatever_stands_beside_it(bodies: list[str]) -> None:
    together = reading.read([Text(body=body) for body in bodies])
    for body, found in zip(bodies, together, strict=True):
        alone = one(body)
        assert (alone.sentiment.label, alone.language.label) == (found.sentiment.label, found.language.label)
        assert alone.sentiment.p == pytest.approx(found.sentiment.p, abs=2e-4)


def test_many_texts_are_read_in_portions_of_bounded_size() -> None:
    texts = [Text(body="word " * 2_000)] * 60 + [Text(body="short")] * 600
    sizes = [(len(portion), sum(min(len(text.body), 8_000) for text in portion)) for portion in reading.portions(texts)]
    assert sum(count for count, _ in sizes) == 660
    assert max(count for count, _ in sizes) <= reading.AT_ONCE
    assert max(letters for _, letters in sizes) <= reading.LETTERS_AT_ONCE


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("The trousers are too long for me", "en"), ("Die Hose ist mir leider zu lang", "de"),
        ("Le pantalon est trop long pour moi", "fr"), ("RT @user: this is lovely http://t.test/x #ootd", "en"),
        ("ok", UNKNOWN), ("", UNKNOWN), ("😍😍", UNKNOWN), ("#1 @user http://t.test", UNKNOWN),
    ],
)  # fmt: skip
def test_the_language_is_said_where_it_can_be_known(body: str, code: str) -> None:
    assert one(body).language.label == code


def test_what_the_source_said_counts_where_the_text_is_too_short() -> None:
    assert language.language_of(Text(body="ok", language="sv")) == Finding("sv", 1.0)


def test_language_is_right_on_real_posts(data: Path) -> None:
    from training import sentiment as recipe

    early, _ = recipe.read_posts(data / "text" / "tweets_sentiment")
    posts = [post for post in early[::40] if len(post.text) >= 20]
    found = language.read([Text(body=post.text) for post in posts], PLAIN)
    assert sum(each.label == post.language for each, post in zip(found, posts, strict=True)) / len(posts) >= 0.95


@pytest.mark.parametrize(
    ("word", "code", "strength"),
    [("LOVE", "en", 3), ("soooo", "en", 0), ("niiiice", "en", 2), ("enttäuscht", "de", -2), ("enttauscht", "de", -2),
     ("déçue", "fr", -2), ("dress", "en", 0), ("❤", "xx", 3), ("fecha", "es", 0)],
)  # fmt: skip
def test_our_lists_know_words_by_their_beginning_without_accents(word: str, code: str, strength: int) -> None:
    assert feeling.strength_of(word.lower(), code) == strength


def test_a_negator_turns_the_next_words_until_the_clause_ends() -> None:
    words = features.words_of(["not a good idea, nice colour"])
    assert dict(zip(words.normal, words.turned, strict=True)) == {
        "not": False, "a": True, "good": True, "idea": True, ",": False, "nice": False, "colour": False,
    }  # fmt: skip


def test_each_number_of_a_text_knows_its_word() -> None:
    found = features.hashed(("red dress", "blue"))
    assert found.words.written == ["red", "dress", "blue"]
    assert {int(found.words.of[origin]) for origin in found.origins[found.texts == 1]} == {1}
    assert (found.values > 0).all()


def test_usefulness_is_of_reviews_and_grows_with_what_they_say() -> None:
    short, long = (
        "Nice",
        "I am 170 cm and took a medium; the waist is loose but the length is right. Washed it twice and it kept its shape.",
    )
    assert one(long).usefulness.p > one(short).usefulness.p
    assert one(long, kind="photo").usefulness == NOTHING
    assert usefulness.formula([], has_title=True) == 0
    assert usefulness.formula(["GOOD"] * 30, has_title=False) < usefulness.formula(["good"] * 30, has_title=False)


def test_values_become_the_share_of_reviews_below_them() -> None:
    quantiles = numpy.asarray([0.0, 0.0, 0.0, 1.0, 2.0])
    assert usefulness_reader.shares_of(numpy.asarray([-1.0, 0.0, 1.5, 9.0]), quantiles).round(2).tolist() == [0.0, 0.25, 0.88, 1.0]


def test_without_topics_of_the_brands_own_none_is_found() -> None:
    assert topics_found.read([Text(body="the zipper broke")], PLAIN) == [()]
    assert topics_training.find(["one two"] * 50) is None


@pytest.mark.parametrize(
    ("stars", "need"),
    [([], rules.Need(0, 100, "starred reviews")), ([5] * 200, rules.Need(0, 15, "reviews with other stars")),
     ([5] * 190 + [1] * 10, rules.Need(10, 15, "reviews with other stars")), ([5] * 180 + [1] * 20, None)],
)  # fmt: skip
def test_sentiment_needs_two_kinds_of_stars(stars: list[int], need: rules.Need | None) -> None:
    assert rules.sentiment_need(stars) == need


def test_a_candidate_must_beat_everything_there_is() -> None:
    others = {"shipped": {"f": 0.5}, "incumbent": {"f": 0.8}}
    assert rules.is_better("f", {"f": 0.9}, others)[0]
    assert not rules.is_better("f", {"f": 0.8}, others)[0]
    assert "the model in use (0.800)" in rules.is_better("f", {"f": 0.7}, others)[1]


def test_a_model_tells_two_classes_of_made_words_apart_and_survives_being_packed() -> None:
    texts = tuple(f"{'zork' if number % 2 else 'blarg'} {number}" for number in range(80))
    labels = ["yes" if number % 2 else "no" for number in range(80)]
    rows = training.rows_of(texts, lambda found, place: numpy.zeros((found.words.count, 1), dtype=numpy.float32))
    packed = linear.packed("sentiment", 1, training.fit(rows, labels), {})
    model = linear.unpack(artefacts.unpack(artefacts.pack(packed), kind="sentiment", format=1))
    found = features.hashed(("blarg zork zork", "blarg"))
    p = linear.softmax(model.scores(found, numpy.zeros((2, 1), dtype=numpy.float32)))
    assert model.labels == ("no", "yes")
    assert p.argmax(axis=1).tolist() == [1, 0]
    pulls = model.pull(found, p.argmax(axis=1))
    assert linear.words_behind(found.words, pulls, 0, 3) == ("zork",)


def test_a_damaged_model_that_ships_is_refused() -> None:
    data = bytearray(Path(sentiment.__file__).parents[1].joinpath("shipped", "sentiment.npz").read_bytes())
    data[1_000] ^= 1
    with pytest.raises(artefacts.DamagedModel):
        artefacts.unpack(bytes(data), kind="sentiment", format=1)
    with pytest.raises(artefacts.OtherFormat):
        artefacts.unpack(artefacts.pack(sentiment.shipped()), kind="sentiment", format=2)


def test_what_ships_holds_no_word_of_anybody() -> None:
    shipped = sentiment.shipped()
    assert set(shipped.facts) == {"labels", "bits", "languages", "rows", "held_out"}
    assert {array.dtype.kind for array in shipped.arrays.values()} == {"i", "f"}


def test_reading_imports_no_heavy_library() -> None:
    program = "import sys; from ugc.texts import jobs, reading; print({'sklearn', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_readings_survive_being_stored() -> None:
    found = one("I love it, it fits perfectly")
    assert reading.from_json(reading.as_json(found)) == found
    assert reading.from_json({}) == Reading()


def test_a_brands_context_without_models_reads_like_none() -> None:
    assert sentiment.read([Text(body="lovely")], Context()) == sentiment.read([Text(body="lovely")], PLAIN)
