"""What may be stored of an item: no database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import NOON
from ugc.library import languages, rules
from ugc.library.models import Kind
from ugc.library.rules import CreatorData, ItemData, ProductTag


@pytest.mark.parametrize(
    ("given_name", "tag"),
    [
        ("Beach", "beach"),
        ("#OOTD", "ootd"),
        ("  Summer \t 2026 ", "summer 2026"),
        ("ＦＵＬＬ", "full"),
        ("Straße", "strasse"),
        ("🌞", "🌞"),
        ("a\x00b", "ab"),
    ],
)
def test_tags_are_normal(given_name: str, tag: str) -> None:
    assert rules.normal_tag(given_name) == tag == rules.normal_tag(tag)


@pytest.mark.parametrize("bad", ["", " ", "#", "---", "x" * 61, "\x00", "\u200b"])
def test_a_tag_says_something(bad: str) -> None:
    with pytest.raises(rules.BadTag):
        rules.normal_tag(bad)


@given(st.text(st.characters(codec=None), max_size=200))
def test_any_text_can_be_stored(text: str) -> None:
    clean = rules.clean_text(text)
    clean.encode()
    assert "\x00" not in clean
    assert rules.clean_text(clean) == clean


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.test/x?y=1#z", True), ("HTTP://a.test", True), (" https://a.test ", True), ("javascript:alert(1)", False),
        ("data:text/html,x", False), ("//a.test/x", False), ("/x", False), ("https://", False), ("https://a b", False),
        ("java\tscript:alert(1)", False), ("https://a.test/" + "x" * 2_000, False), ("http://[", False), ("", False),
    ],
)  # fmt: skip
def test_only_web_addresses_become_links(url: str, kept: bool) -> None:
    """T-40."""
    assert rules.clean_url(url) == (url.strip() if kept else "")


def test_an_item_is_cleaned_before_it_is_stored() -> None:
    fields = rules.clean_item(
        ItemData(
            Kind.REVIEW, body=" a\x00b\x1b[31m ", title="t" * 900, rating=5, like_count=-4, comment_count=10**30,
            source="Instagram ",
            extra={"a\x00": ["\ud800x", float("nan"), {"n": 1}]}, source_url="javascript:x",
        )
    )  # fmt: skip
    assert fields["body"] == "ab[31m"
    assert len(fields["title"]) == rules.MAX_NAME
    assert (fields["like_count"], fields["comment_count"]) == (0, 2**53)
    assert fields["extra"] == {"a": ["x", None, {"n": 1}]}
    assert (fields["source"], fields["source_url"]) == ("instagram", "")


@pytest.mark.parametrize(
    "bad",
    [
        ItemData(Kind.REVIEW, rating=0),
        ItemData(Kind.REVIEW, rating=6),
        ItemData(Kind.PHOTO, published_at=NOON.replace(tzinfo=None)),
    ],
)
def test_a_value_that_can_t_be_true_is_refused(bad: ItemData) -> None:
    with pytest.raises(rules.BadItem):
        rules.clean_item(bad)


@pytest.mark.parametrize("bad", [ProductTag("A", 0.5, None), ProductTag("A", None, 0.5), ProductTag("A", -0.01, 0.5),
                                 ProductTag("A", 0.5, 1.01),
                                 ProductTag("A", float("nan"), 0.5)])  # fmt: skip
def test_a_hotspot_lies_in_the_picture(bad: ProductTag) -> None:
    with pytest.raises(rules.BadHotspot):
        rules.check_products([bad])


def test_the_last_tag_of_a_product_wins() -> None:
    tags = [ProductTag("A", 0, 1), ProductTag("B"), ProductTag("A", 0.5, 0.5)]
    assert rules.check_products(tags) == [ProductTag("A", 0.5, 0.5), ProductTag("B")]


@pytest.mark.parametrize(
    ("creator", "kept"),
    [
        (None, None), (CreatorData(""), None), (CreatorData(" ", "@"), None),
        (CreatorData("Ada L."), CreatorData("Ada L.", "ada l.")), (CreatorData("", "@Ada"), CreatorData("ada", "ada")),
        (CreatorData("Ada", "ADA", "javascript:x", "Instagram"), CreatorData("Ada", "ada", "", "instagram")),
    ],
)  # fmt: skip
def test_creators_are_told_apart_by_handle(creator: CreatorData | None, kept: CreatorData | None) -> None:
    assert rules.clean_creator(creator) == kept


def test_a_window_ends_after_it_starts() -> None:
    rules.check_window(None, NOON)
    rules.check_window(NOON, None)
    with pytest.raises(rules.BadWindow):
        rules.check_window(NOON, NOON)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("This shirt is very flattering to all due to the adjustable front tie", "en"),
        ("Das ist ein sehr schönes Kleid, ich liebe es", "de"),
        ("Très belle robe, je la recommande vivement", "fr"),
        ("この服はとても可愛いです。とても気に入りました。", "ja"),
        ("Nice!", ""), ("10/10 👍👍👍", ""), ("", ""), ("asdf jkl qwer zxcv poiu ytre", ""),
    ],
)  # fmt: skip
def test_a_language_is_told_or_left_open(text: str, language: str) -> None:
    assert languages.detect(text) == language


@pytest.mark.parametrize(("code", "normal"), [("en-GB", "en"), ("DE_at", "de"), ("", ""), ("english", ""), ("e1", ""), ("zxx", "")])
def test_language_codes_are_brought_to_two_letters(code: str, normal: str) -> None:
    assert languages.normal(code) == normal
