"""Words and phrases are found in texts as people write them, in the sentence where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.social import hearing
from ugc.social.hearing import BadTerms, Heard


@pytest.mark.parametrize(
    ("text", "terms", "term"),
    [
        ("I love my Halm sun hat!", ["sun hat"], "sun hat"),
        ("ILOVE #SunHat and #sun-hat", ["sun hat"], "sun hat"),
        ("Mein Lieblingscafé.", ["cafe"], None),
        ("Das Café am Eck.", ["cafe"], "cafe"),
        ("Die STRASSE", ["straße"], "straße"),
        ("sunhats everywhere", ["sunhat"], None),
        ("sunhats everywhere", ["sunhat*"], "sunhat*"),
        ("hat sun", ["sun hat"], None),
        ("sun, hat", ["sun hat"], "sun hat"),
        ("这个草帽很好看", ["草帽"], "草帽"),
        ("@halm.shop answered", ["halm shop"], "halm shop"),
        ("it’s Halm's", ["halm's"], "halm's"),
        ("", ["hat"], None),
        ("🙂🙂", ["hat"], None),
    ],
)
def test_a_term_is_found_as_whole_words(text: str, terms: list[str], term: str | None) -> None:
    heard = hearing.hear(text, terms)
    assert (heard.term if heard else None) == term


def test_an_excluded_word_makes_it_about_something_else() -> None:
    assert hearing.hear("Halm hats, we are hiring", ["halm"], ["hiring"]) is None


def test_the_sentence_around_the_match_is_kept() -> None:
    text = "First things first. My new Halm hat is here! More\nlater."
    assert hearing.hear(text, ["halm"]) == Heard("halm", "My new Halm hat is here!", None)
    long = "word " * 200 + "halm hat " + "word " * 200
    heard = hearing.hear(long, ["halm hat"])
    assert heard is not None
    assert "halm hat" in heard.sentence
    assert len(heard.sentence) <= hearing.MAX_SENTENCE + 4


def test_the_product_with_the_longest_name_is_meant() -> None:
    products = hearing.titles_of(
        [(1, "H-1001", "Straw hat"), (2, "H-2", "Straw hat Lucia"), (3, "T", "Top"), (4, "B1", "Beach bag"), (5, "B2", "Beach bag")]
    )
    assert hearing.hear("My straw hat Lucia from Halm", ["halm"], products=products) == Heard(
        "halm", "My straw hat Lucia from Halm", 2
    )
    for text, product in (("halm H-1001 top", 1), ("halm top", None), ("halm beach bag", None)):
        heard = hearing.hear(text, ["halm"], products=products)
        assert heard is not None
        assert heard.product_id == product, text


@pytest.mark.parametrize("terms", [[], ["  "], ["!!!"], ["x" * 81], [f"term {number}" for number in range(21)]])
def test_terms_that_find_nothing_or_too_much_are_refused(terms: list[str]) -> None:
    with pytest.raises(BadTerms):
        hearing.clean_terms(terms)


@given(st.text(max_size=300), st.text(min_size=1, max_size=20))
def test_whatever_is_written_the_sentence_comes_from_the_text(text: str, term: str) -> None:
    heard = hearing.hear(text, [term])
    if heard:
        assert heard.sentence.strip("… ") in " ".join(text.split())


@pytest.mark.parametrize(
    ("url", "site"),
    [("https://www.example.com/a", "example.com"), ("http://[::1", ""), ("", ""), ("https://blog.x.test:81/", "blog.x.test")],
)
def test_a_site_is_the_host(url: str, site: str) -> None:
    assert hearing.site_of(url) == site


@pytest.mark.parametrize("text", ["I love Acme's bags", "Acme’s new bag", "j'adore l'Acme", "the dogs of the Acmes' den"])
def test_a_name_is_heard_as_somebodys_too(text: str) -> None:
    heard = hearing.hear(text, ["Acme", "Acmes"])
    assert heard is not None
    assert heard.sentence == text
