from __future__ import annotations

from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.ingest import rules
from ugc.ingest.rules import Refused


@pytest.mark.parametrize(("text", "rating"), [("5", 5), ("4.0", 4), ("4,0", 4), ("3/5", 3), ("★★★★☆", 4), ("", None)])
def test_a_rating_is_read_as_written(text: str, rating: int | None) -> None:
    assert rules.read_rating(text) == rating


@pytest.mark.parametrize("text", ["4.5", "0", "6", "five", "☆☆☆☆☆", "5 stars", "-1", "1e0", "5/10", "★★★★★★"])
def test_a_rating_is_never_invented_nor_rounded(text: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.read_rating(text)
    assert refused.value.code == "bad_rating"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02 03:04:05 UTC", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04:05 +0200", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2026-01-02 UTC", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026/01/02 03:04", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2024-01-23T00:00:00.000Z", datetime(2024, 1, 23, tzinfo=UTC)),
        ("1393545600", datetime(2014, 2, 28, tzinfo=UTC)),
        ("1393545600000", datetime(2014, 2, 28, tzinfo=UTC)),
        ("31/12/2025", datetime(2025, 12, 31, tzinfo=UTC)),
        ("12/31/2025", datetime(2025, 12, 31, tzinfo=UTC)),
        ("3/3/2025", datetime(2025, 3, 3, tzinfo=UTC)),
        ("01.02.2025", datetime(2025, 2, 1, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 03:04:05 GMT", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("January 5, 2025", datetime(2025, 1, 5, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_date_is_read_in_its_usual_forms(text: str, moment: datetime | None) -> None:
    assert rules.read_date(text) == moment


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("03/04/2025", "ambiguous_date"),
        ("3-4-2025", "ambiguous_date"),
        ("32/01/2025", "bad_date"),
        ("2025-02-30", "bad_date"),
        ("yesterday", "bad_date"),
        ("0001-01-01", "bad_date"),
        ("9999-12-31", "bad_date"),
        ("0000000001", "bad_date"),
        ("0001-01-01T00:00:00+23:59", "bad_date"),
        ("9999-12-31T23:59:59-23:59", "bad_date"),
        ("2026-01-02 or so", "bad_date"),
        ("2026-01-02" + " " * 100_000 + "Z", "bad_date"),
        ("2025-13-01T00:00:00", "bad_date"),
        ("9" * 13, "bad_date"),
    ],
)
def test_a_doubtful_date_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.read_date(text)
    assert refused.value.code == code


@given(st.text(max_size=40))
def test_no_text_makes_the_readers_fall_over(text: str) -> None:
    for read in (
        rules.read_date,
        rules.read_urls,
        rules.read_rating,
        rules.read_count,
        rules.read_flag,
        rules.plain,
        rules.product_id,
        rules.network_of,
    ):
        try:
            read(text)
        except Refused:
            continue


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>Nice</p><p>Really</p>", "Nice\nReally"),
        ("a <3 b", "a <3 b"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("Tom &amp; Ada", "Tom & Ada"),
        ("Good.READ MORE", "Good."),
        ("READ MORE books", "READ MORE books"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_markup_goes_and_the_customers_words_stay(text: str, plain: str) -> None:
    """What is no formatting stays text: it is escaped where it is shown (T-40)."""
    assert rules.plain(text) == plain


def test_a_shopify_id_is_cut_to_its_number() -> None:
    assert rules.product_id("gid://shopify/Product/555") == "555"


@pytest.mark.parametrize(
    ("text", "urls", "others"),
    [
        ("https://a.test/1.jpg,https://a.test/2.jpg", ["https://a.test/1.jpg", "https://a.test/2.jpg"], 0),
        ("https://a.test/w_1,h_1/1.jpg;https://a.test/2.jpg", ["https://a.test/w_1,h_1/1.jpg", "https://a.test/2.jpg"], 0),
        ('["https://a.test/1.jpg", "https://a.test/1.jpg"]', ["https://a.test/1.jpg"], 0),
        ("javascript:alert(1), file:///etc/passwd //a.test/1.jpg", [], 3),
        ("", [], 0),
    ],
)
def test_addresses_in_a_cell_are_http_or_nothing(text: str, urls: list[str], others: int) -> None:
    """T-40."""
    assert rules.read_urls(text) == (urls, others)


def test_a_hostile_text_takes_no_longer_than_a_long_one() -> None:
    """T-97."""
    began = process_time()
    assert rules.plain("Fine" + " " * 100_000 + "READ MORE") == "Fine"
    assert rules.plain(" " * 100_000 + "x" + " " * 100_000) == "x"
    assert process_time() - began < 0.5
