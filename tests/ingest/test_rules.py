from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.ingest import rules
from ugc.ingest.rules import Columns, Refused
from ugc.library.models import State


def review(header: str, row: str) -> rules.ReviewRow:
    columns = rules.guess_columns(header.split(","))
    assert columns is not None
    return rules.read_review(row.split(","), columns)


def test_columns_about_the_person_are_not_kept() -> None:
    """L-11."""
    columns = rules.guess_columns(["body", "rating", "reviewer_email", "ip_address", "location", "age"])
    assert columns is not None
    assert list(columns.extras) == ["age"]
    assert list(columns.dropped) == ["reviewer email", "ip address", "location"]


def test_a_header_without_text_and_rating_is_no_table_of_reviews() -> None:
    assert rules.guess_columns(["colour", "size"]) is None


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


def test_verified_needs_an_explicit_yes() -> None:
    """L-07."""
    header = "body,rating,verified_purchase"
    assert review(header, "Nice,5,TRUE").item.data.verified is True
    for silent in ("", "no", "maybe", "0"):
        assert review(header, f"Nice,5,{silent}").item.data.verified is False
    assert review("body,rating", "Nice,5").item.data.verified is False


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("published", None),
        ("ok", None),
        ("", None),
        ("spam", State.SPAM),
        ("Hidden", State.INBOX),
        ("unpublished", State.INBOX),
        ("not-yet", State.INBOX),
    ],
)
def test_what_the_shop_had_hidden_stays_out_of_display(status: str, state: State | None) -> None:
    assert review("body,rating,status", f"Nice,5,{status}").state is state


@pytest.mark.parametrize(
    ("row", "code"),
    [(",", "empty_review"), ("Nice", "wrong_columns"), ("Nice,5,x", "wrong_columns"), ("x" * 10_001 + ",5", "text_too_long")],
)
def test_a_row_that_can_not_be_a_review_is_refused_with_its_reason(row: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        review("body,rating", row)
    assert refused.value.code == code


def test_a_rating_alone_and_a_text_alone_are_reviews() -> None:
    assert review("body,rating", ",4").item.data.rating == 4
    assert review("body,rating", "Nice,").item.data.rating is None


def test_the_same_review_has_the_same_identity_whatever_its_votes() -> None:
    header = "body,rating,author,helpful"
    one, voted, other = review(header, "Nice,5,Ada,0"), review(header, "Nice,5,Ada,9"), review(header, "Nice,5,Bob,0")
    assert one.item.data.external_id == voted.item.data.external_id != other.item.data.external_id


def test_an_id_of_its_own_is_kept_and_two_shops_numbering_do_not_clash() -> None:
    header = "review_id,body,rating,product_id"
    one, edited, other = review(header, "7,Nice,5,A"), review(header, "7,Nicer,4,A"), review(header, "7,Bad,1,B")
    assert one.item.data.external_id == edited.item.data.external_id
    assert one.item.data.external_id.startswith("7:")
    assert one.item.data.external_id != other.item.data.external_id


def test_what_a_row_says_beyond_our_columns_is_kept_beside_it() -> None:
    row = review(
        "review text,rating,age,recommended ind,product id,class name,department name,division name",
        "Nice,5,34,1,77,Blouses,Tops,General",
    )
    assert row.item.data.extra == {"age": "34", "recommended": True}
    assert row.product is not None
    assert (row.product.sku, row.product.title, row.product.type, row.product.line) == (
        "77",
        "Blouses 77",
        "Tops > Blouses",
        "General",
    )


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


def test_a_file_without_a_header_is_understood_by_what_it_holds() -> None:
    rows = [
        ["A2IBPI20UZIR0U", "1384719342", "Cass", "[0, 0]", "Not much to say, it does what it should.", "5", "good", "1393545600"],
        ["A14VAT5EAX3D9S", "1384719342", "Jake", "[13, 14]", "Does exactly as it should, affordable.", "4", "Jake", "1363392000"],
    ]  # fmt: skip
    columns = rules.guess_by_content(rows)
    assert columns is not None
    assert dict(columns.places) == {"rating": 5, "helpful": 3, "date": 7, "body": 4, "product": 1, "author": 2, "title": 6}
    read = rules.read_review(rows[1], columns)
    assert (read.item.data.helpful_count, read.item.data.rating, read.item.products[0].sku) == (13, 4, "1384719342")


def test_nothing_is_guessed_where_no_rating_stands_out() -> None:
    assert rules.guess_by_content([["a", "b"], ["c", "d"]]) is None
    assert rules.guess_by_content([]) is None


def test_a_mapping_overrides_the_guess_by_header_or_number() -> None:
    columns = rules.guess_columns(["Opinion", "Stars", "Text"], {"body": "opinion", "title": "3"})
    assert columns is not None
    assert dict(columns.places) == {"rating": 1, "body": 0, "title": 2}
    for wrong in ({"body": "nowhere"}, {"luck": "Stars"}, {"body": "9"}):
        with pytest.raises(Refused, match=r"no column|no field"):
            rules.guess_columns(["Opinion", "Stars"], wrong)


def test_a_shopify_id_is_cut_to_its_number() -> None:
    assert rules.product_id("gid://shopify/Product/555") == "555"


def test_the_identity_of_a_row_is_the_digest_of_all_that_lasts() -> None:
    columns = Columns({"body": 0, "helpful": 1}, 3)
    first = rules.identity(["a", "1", "x"], columns, {})
    assert first == rules.identity(["a ", "2", "x"], columns, {})
    assert first != rules.identity(["a", "1", "y"], columns, {})
