from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.catalog import rules
from ugc.catalog.models import Availability
from ugc.catalog.rules import Refused

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "currency", "amount", "code"),
    [
        ("12.34 EUR", "", "12.34", "EUR"),
        ("EUR 12,34", "", "12.34", "EUR"),
        ("1.234,56 EUR", "", "1234.56", "EUR"),
        ("1,234.56 USD", "", "1234.56", "USD"),
        ("1.234.567 EUR", "", "1234567.00", "EUR"),
        ("₹ 1,23,45,678", "", "12345678.00", "INR"),
        ("9,00,1", "EUR", None, "bad_price"),
        ("1.2.3 EUR", "", None, "bad_price"),
        ("1 234,50 €", "", "1234.50", "EUR"),
        ("1\u202f234,50\u00a0€", "", "1234.50", "EUR"),
        ("CHF 1'234.50", "", "1234.50", "CHF"),
        ("£3.12", "", "3.12", "GBP"),
        ("R$ 199,00", "", "199.00", "BRL"),
        ("US $3.12", "", "3.12", "USD"),
        ("199.00 BRL", "", "199.00", "BRL"),
        ("19", "EUR", "19.00", "EUR"),
        ("0.999", "KWD", None, "bad_price"),
        ("12.3", "eur", "12.30", "EUR"),
        ("1.234 EUR", "", None, "ambiguous_price"),
        ("12,345 EUR", "", None, "ambiguous_price"),
        ("12.3456 EUR", "", None, "bad_price"),
        ("-5.00 EUR", "", None, "bad_price"),
        ("5.00", "", None, "no_currency"),
        ("nur 5,00 €", "", "5.00", "EUR"),
        ("5.00 inc VAT", "GBP", "5.00", "GBP"),
        ("$ 5.00 CAD", "", "5.00", "CAD"),
        ("5.00 XYZ", "", None, "no_currency"),
        ("5.00", "EURO", None, "no_currency"),
        ("from 5.00 to 9.00 EUR", "", None, "bad_price"),
        ("free", "EUR", None, "bad_price"),
        ("9" * 20 + " EUR", "", None, "bad_price"),
        ("NaN EUR", "", None, "bad_price"),
        ("1e5 EUR", "", None, "bad_price"),
    ],
)
def test_a_price_is_read_as_written_or_refused(text: str, currency: str, amount: str | None, code: str) -> None:
    if amount is None:
        with pytest.raises(Refused) as refused:
            rules.read_price(text, currency)
        assert refused.value.code == code
    else:
        assert rules.read_price(text, currency) == (Decimal(amount), code)


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from([".", ","]))
def test_any_price_with_two_decimals_survives_either_mark(amount: Decimal, mark: str) -> None:
    thousands = "," if mark == "." else "."
    written = f"{amount:,.2f}".replace(",", "\0").replace(".", mark).replace("\0", thousands)
    assert rules.read_price(f"{written} EUR") == (amount, "EUR")


@given(st.text(max_size=60))
def test_no_text_makes_the_price_reader_fall_over(text: str) -> None:
    try:
        amount, currency = rules.read_price(text)
    except Refused:
        return
    assert amount >= 0
    assert len(currency) == 3


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("in stock", Availability.IN_STOCK),
        ("In_Stock", Availability.IN_STOCK),
        ("in-stock", Availability.IN_STOCK),
        ("http://schema.org/InStock", Availability.IN_STOCK),
        ("https://schema.org/OutOfStock", Availability.OUT_OF_STOCK),
        ("sold out", Availability.OUT_OF_STOCK),
        ("preorder", Availability.PREORDER),
        ("pre-order", Availability.PREORDER),
        ("available for order", Availability.BACKORDER),
        ("", None),
    ],
)
def test_stock_is_understood_in_its_usual_spellings(text: str, read: Availability | None) -> None:
    assert rules.read_availability(text) == read


def test_an_unknown_stock_word_is_refused() -> None:
    with pytest.raises(Refused, match="not a known availability"):
        rules.read_availability("maybe")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//x.test", "ftp://x.test", "https://", "http://x.test/a b", "http://[", "https://x.test/\\"]
)
def test_what_is_no_web_address_never_becomes_a_link(url: str) -> None:
    """T-40."""
    with pytest.raises(Refused):
        rules.read_url(url)


@pytest.mark.parametrize(
    ("window", "price"),
    [
        ("", "15.00"),
        ("2026-11-01T00:00+0100/2026-12-01T00:00+0100", "15.00"),
        ("2024-04-30T18:15:09-0800/2024-06-29T18:15:09-0800", "20.00"),
        ("2027-01-01T00:00Z/2027-02-01T00:00Z", "20.00"),
        ("soon", "20.00"),
        ("2026-11-01/2026-12-01", "20.00"),
    ],
)
def test_a_sale_price_holds_inside_its_window(window: str, price: str) -> None:
    attributes = {"price": "20.00 EUR", "sale_price": "15.00 EUR", "sale_price_effective_date": window}
    assert rules.price_now(attributes, NOON) == (Decimal(price), "EUR")


ROW = {"id": "A-1", "gtin": "4006381333931", "mpn": "M9", "title": "Dress", "brand": "Ada", "item_group_id": "F"}


@pytest.mark.parametrize(("identifier", "sku"), [("id", "A-1"), ("gtin", "4006381333931"), ("mpn", "M9"), ("title", "Dress")])
def test_the_brand_chooses_which_column_is_the_sku(identifier: str, sku: str) -> None:
    assert rules.product_of(ROW, identifier, NOON).sku == sku


def test_a_row_without_the_chosen_identifier_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        rules.product_of(ROW | {"gtin": ""}, "gtin", NOON)
    assert refused.value.code == "no_identifier"


def test_family_line_and_type_come_from_their_columns() -> None:
    product = rules.product_of(ROW | {"google_product_category": "Apparel"}, "id", NOON)
    assert (product.family, product.line, product.type) == ("F", "Ada", "Apparel")
    product = rules.product_of(
        ROW | {"product_type": "Women > Dresses", "line": "Summer", "google_product_category": "1"}, "id", NOON
    )
    assert (product.line, product.type) == ("Summer", "Women > Dresses")


@pytest.mark.parametrize("none", ["0", "-", "N/A", "none", ""])
def test_a_shops_way_of_saying_no_family_makes_no_family(none: str) -> None:
    assert rules.product_of(ROW | {"item_group_id": none}, "id", NOON).family == ""


def test_control_characters_and_length_are_bounded() -> None:
    product = rules.product_of(ROW | {"title": "A\x00B\n" + "x" * 9_999, "description": "y" * 99_999}, "id", NOON)
    assert product.title.startswith("A B x")
    assert (len(product.title), len(product.description)) == (500, 10_000)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["id", "title", "link", "image_link", "g:price"], {"id": 0, "title": 1, "link": 2, "image_link": 3, "price": 4}),
        (["SKU", "Product Name", "Vendor", "Variant Price"], {"sku": 0, "title": 1, "brand": 2, "price": 3}),
        (["EAN", "Item Group ID"], {"gtin": 0, "item_group_id": 1}),
        (["colour", "size"], {}),
    ],
)
def test_columns_are_known_by_their_usual_headers(header: list[str], found: dict[str, int]) -> None:
    assert rules.guess_columns(header) == found
