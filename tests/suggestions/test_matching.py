"""Which products a caption names."""

from __future__ import annotations

import pytest

from ugc.suggestions import matching
from ugc.suggestions.matching import Listed, build, match

TITLES = {
    1: ("HAT-1", "Straw Hat", ""), 2: ("DRESS-S", "Linen Dress Sand S", "LINEN"), 3: ("DRESS-M", "Linen Dress Sand M", "LINEN"),
    4: ("DRESS-R", "Linen Dress Red M", "LINEN"), 5: ("BAG-77", "Canvas Tote Bag", ""), 6: ("SCARF-9", "Silk Scarf", ""),
    7: ("DRESS-2", "Summer Dress", ""), 8: ("HAT-22", "Felt Hat", ""), 9: ("SHIRT-5", "Oxford Shirt", ""),
    10: ("JEAN-8", "Wide Jeans", ""), 11: ("KLEID-3", "Leinenkleid Ostsee", ""), 12: ("BOOT-4", "Chelsea Boots", ""),
    13: ("SOCK-1", "Wool Socks", ""), 14: ("BELT-6", "Leather Belt", ""), 15: ("COAT-2", "Rain Coat", ""),
}  # fmt: skip
INDEX = build(
    Listed(id, sku, title, family=family, url=f"https://shop.test/p/{sku}") for id, (sku, title, family) in TITLES.items()
)


@pytest.mark.parametrize(
    ("caption", "family"),
    [
        ("My new straw hat!", "HAT-1"), ("#strawhat on the beach", "HAT-1"), ("love my linen dresses", "LINEN"),
        ("#LinenDress", "LINEN"), ("the canvas tote is great", "BAG-77"), ("my strwa hat", "HAT-1"), ("SHIRT5 arrived", "SHIRT-5"),
        ("scarf-9", "SCARF-9"), ("Mein LEINENKLEID vom Ostsee-Urlaub", "KLEID-3"), ("these chelsea bots", "BOOT-4"),
        ("shirt", "SHIRT-5"),
    ],
)  # fmt: skip
def test_the_first_match_is_the_product_that_a_caption_names(caption: str, family: str) -> None:
    assert match(INDEX, caption)[0].family == family


@pytest.mark.parametrize("caption", ["", "🎉", "what a lovely day", "12", "#ootd"])
def test_a_caption_that_names_nothing_matches_nothing(caption: str) -> None:
    assert match(INDEX, caption) == []


def test_seven_sizes_are_one_match() -> None:
    found = match(INDEX, "linen dress")
    assert [each.family for each in found].count("LINEN") == 1
    assert found[0].covered == 1.0


def test_the_variant_that_the_caption_names_is_meant_else_the_main_one() -> None:
    assert match(INDEX, "the linen dress in red")[0].product_id == 4
    assert match(INDEX, "the linen dress")[0].product_id == 2


def test_a_word_that_several_families_share_has_rivals() -> None:
    assert {each.family: each.rivals for each in match(INDEX, "a dress")} == {"LINEN": 1, "DRESS-2": 1}


def test_a_number_that_two_products_have_names_neither() -> None:
    index = build([Listed(1, "A", "Straw hat", codes=("4006381333931",)), Listed(2, "B", "Silk scarf", codes=("4006381333931",))])
    assert match(index, "4006381333931") == []


def test_an_empty_catalogue_matches_nothing() -> None:
    assert match(build([]), "linen dress") == []


def test_a_variant_out_of_stock_does_not_stand_for_its_family() -> None:
    index = build([Listed(1, "A", "Hat", "F", for_sale=False), Listed(2, "B", "Hat", "F"), Listed(3, "C", "Scarf")])
    assert match(index, "hat")[0].product_id == 2


@pytest.mark.parametrize(
    ("one", "other", "close"),
    [
        ("straw", "strwa", True), ("straw", "stra", True), ("straw", "straww", True), ("straw", "strow", True),
        ("straw", "straw", False), ("straw", "stroh", False), ("straw", "straight", False),
    ],
)  # fmt: skip
def test_one_wrong_letter_is_close(one: str, other: str, close: bool) -> None:
    assert matching.is_close(one, other) is close
    assert matching.is_close(other, one) is close


@pytest.mark.parametrize(
    ("url", "page"),
    [("https://www.shop.test/p/HAT-1/?utm=1#x", "shop.test/p/HAT-1"), ("https://shop.test/", ""), ("", ""), ("http://[bad", "")],
)
def test_a_page_is_told_by_host_and_path(url: str, page: str) -> None:
    assert matching.page_of(url) == page
