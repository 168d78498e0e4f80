from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ugc.ingest.rules import Refused
from ugc.ingest.sources.reviews.base import Record, ReviewRow
from ugc.ingest.sources.reviews.columns import guess_by_content, guess_columns
from ugc.ingest.sources.reviews.known import ANY
from ugc.ingest.sources.reviews.reading import read_review
from ugc.library.models import State


def review(header: str, row: str) -> ReviewRow:
    """A row below a header, as any table."""
    columns = guess_columns(header.split(","))
    assert columns is not None
    cells = row.split(",")
    given = {meaning: cells[place] for meaning, place in columns.places.items()}
    beside = {name: cells[place] for name, place in columns.extras.items()}
    return read_review(Record(2, given, beside, tuple(cells[place] for place in columns.lasting)), ANY)


def test_columns_about_the_person_are_not_kept() -> None:
    """L-11."""
    columns = guess_columns(["body", "rating", "reviewer_email", "ip_address", "location", "age"])
    assert columns is not None
    assert list(columns.extras) == ["age"]
    assert list(columns.dropped) == ["reviewer email", "ip address", "location"]


@pytest.mark.parametrize(
    "header",
    [
        "reviewerEmail", "emailAddress", "Kunden-E-Mail", "ipAddress", "IP", "userId", "reviewerID", "order_id", "orderNumber",
        "Transaction ID", "lastName", "Postcode", "phoneNumber", "birthday", "Delivery Address",
    ],
)  # fmt: skip
def test_a_column_about_the_person_is_known_in_any_spelling(header: str) -> None:
    """L-11."""
    columns = guess_columns(["body", "rating", header])
    assert columns is not None
    assert (list(columns.extras), len(columns.dropped)) == ([], 1)


def test_an_email_address_is_kept_neither_as_a_name_nor_beside_the_review() -> None:
    """L-11."""
    read = review("body,rating,author,contact,size", "Nice,5,ada@example.test,write to ada@example.test,M @ 38")
    assert (read.item.data.creator, read.item.data.extra) == (None, {"size": "M @ 38"})


@pytest.mark.parametrize(
    ("said", "public"), [("", True), ("TRUE", True), ("published", True), ("FALSE", False), ("private", False)]
)
def test_an_answer_is_public_only_where_nothing_speaks_against_it(said: str, public: bool) -> None:
    read = review("body,rating,reply,reply_is_public", f"Nice,5,Thanks,{said}")
    assert read.item.data.extra["reply"]["public"] is public


def test_a_review_of_the_future_is_refused() -> None:
    columns = guess_columns(["body", "date"])
    assert columns is not None
    now = datetime(2026, 3, 1, 23, tzinfo=UTC)
    for date, fits in (("2026-03-02", True), ("2026-03-03", False), ("2062-01-01", False)):
        record = Record(2, {"body": "Nice", "date": date})
        if fits:
            assert read_review(record, ANY, now=now).item.data.published_at is not None
        else:
            with pytest.raises(Refused, match="future"):
                read_review(record, ANY, now=now)


def test_a_header_without_text_and_rating_is_no_table_of_reviews() -> None:
    assert guess_columns(["colour", "size"]) is None


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
    [(",", "empty_review"), ("x" * 10_001 + ",5", "text_too_long"), ("Nice,6", "bad_rating")],
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
    product = row.mentions[0].data
    assert product is not None
    assert (product.sku, product.title, product.type, product.line) == (
        "77",
        "Blouses 77",
        "Tops > Blouses",
        "General",
    )


def test_a_file_without_a_header_is_understood_by_what_it_holds() -> None:
    rows = [
        ["A2IBPI20UZIR0U", "1384719342", "Cass", "[0, 0]", "Not much to say, it does what it should.", "5", "good", "1393545600"],
        ["A14VAT5EAX3D9S", "1384719342", "Jake", "[13, 14]", "Does exactly as it should, affordable.", "4", "Jake", "1363392000"],
    ]  # fmt: skip
    columns = guess_by_content(rows)
    assert columns is not None
    assert dict(columns.places) == {"rating": 5, "helpful": 3, "date": 7, "body": 4, "product": 1, "author": 2, "title": 6}


def test_nothing_is_guessed_where_no_rating_stands_out() -> None:
    assert guess_by_content([["a", "b"], ["c", "d"]]) is None
    assert guess_by_content([]) is None


def test_a_mapping_overrides_the_guess_by_header_or_number() -> None:
    columns = guess_columns(["Opinion", "Stars", "Text"], {"body": "opinion", "title": "3"})
    assert columns is not None
    assert dict(columns.places) == {"rating": 1, "body": 0, "title": 2}
    for wrong in ({"body": "nowhere"}, {"luck": "Stars"}, {"body": "9"}):
        with pytest.raises(Refused, match=r"no column|no field"):
            guess_columns(["Opinion", "Stars"], wrong)
