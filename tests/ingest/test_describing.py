from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.test_samples import SAMPLES
from ugc.ingest.sources.reviews.describing import describe, preview
from ugc.ingest.sources.reviews.google_feed import NotAReviewFeed
from ugc.ingest.sources.reviews.opening import BadDateOrder, UnknownReviewFormat
from ugc.ingest.sources.reviews.table import NotReviews
from ugc.kit.errors import Invalid


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "r.csv"
    path.write_text("Opinion,rating,Reviewer Email,Mug ID,when,colour\nGood,5,a@x.test,7,03/04/2026,red\nBad,9,b@x.test,7,,\n")
    return path


def test_each_column_says_what_it_is_taken_for_and_how_sure_that_is(table: Path) -> None:
    seen = describe(table)
    assert (seen.format, seen.delimiter, seen.has_header) == ("csv", ",", True)
    assert [(each.name, each.meaning, each.confidence, each.fate) for each in seen.columns] == [
        ("Opinion", "", 0.0, "beside"),
        ("rating", "rating", 0.9, "field"),
        ("Reviewer Email", "", 0.0, "dropped"),
        ("Mug ID", "product", 0.6, "field"),
        ("when", "", 0.0, "beside"),
        ("colour", "", 0.0, "beside"),
    ]
    assert seen.rows[0][0] == "Good"


def test_a_mapping_is_taken_at_its_word(table: Path) -> None:
    mapping = {"body": "opinion", "date": "5", "product": "-"}
    seen = describe(table, mapping)
    assert {each.name: each.meaning for each in seen.columns} == {
        "Opinion": "body", "rating": "rating", "Reviewer Email": "", "Mug ID": "", "when": "date", "colour": "",
    }  # fmt: skip
    assert seen.dates.examples == (("03/04/2026", "2026-04-03", "2026-03-04"),)
    assert (seen.dates.ambiguous, seen.order) == (True, "")
    assert [(row.line, row.code) for row in preview(table, mapping)] == [(2, "ambiguous_date"), (3, "bad_rating")]
    first = preview(table, mapping, dates="mdy")[0].review
    assert first is not None
    assert first.item.data.published_at is not None
    assert (first.item.data.body, first.item.data.published_at.month, first.mentions) == ("Good", 3, ())


def test_an_apps_own_headers_leave_no_doubt() -> None:
    seen = describe(SAMPLES / "judgeme" / "template.csv")
    assert (seen.format, seen.label, seen.order) == ("judgeme", "Judge.me", "dmy")
    assert {each.confidence for each in seen.columns if each.meaning} == {1.0}
    assert {each.name for each in seen.columns if each.fate == "dropped"} == {"reviewer_email", "ip_address", "location"}


def test_a_file_against_its_apps_dates_must_be_asked_about() -> None:
    seen = describe(SAMPLES / "judgeme" / "month_first.csv")
    assert (seen.dates.either, seen.dates.month_first, seen.order) == (1, 1, "")


def test_a_feed_is_shown_under_its_fixed_meanings() -> None:
    seen = describe(SAMPLES / "google" / "v24.xml")
    assert (seen.format, len(seen.rows)) == ("google-xml", 3)
    assert preview(SAMPLES / "google" / "v24.xml", count=1)[0].review is not None


def test_options_that_nobody_knows_are_refused(table: Path) -> None:
    with pytest.raises(UnknownReviewFormat):
        describe(table, format="paper")
    with pytest.raises(BadDateOrder):
        preview(table, dates="ymd")
    with pytest.raises(Invalid, match="no column"):
        describe(table, {"body": "nowhere"})


def test_the_wrong_schema_is_refused_with_what_where_and_what_to_do(data: Path) -> None:
    with pytest.raises(NotAReviewFeed, match=r"<reviews> where <feed> is expected\. Export"):
        describe(data / "reviews/google_review_feed/nonconforming_feed.xml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<feed><version>1.0</version><reviews><review><review_id>1</review_id></review></reviews></feed>", "its version is '1.0'"),
        ("<feed><reviews><review><review_id>1</review_id></review></reviews></feed>", "names no <version>"),
        ("<feed><version>2.4</version><reviews></reviews></feed>", "holds no <review>"),
        ("<!DOCTYPE feed [<!ENTITY a 'b'>]><feed>&a;</feed>", "declares a document type"),
        ("<", "can't be read"),
    ],
)
def test_a_feed_of_another_schema_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """T-36."""
    path = tmp_path / "feed.xml"
    path.write_text(text)
    with pytest.raises(NotAReviewFeed, match=reason):
        describe(path)


def test_a_review_with_endless_parts_is_refused(tmp_path: Path) -> None:
    """T-39."""
    path = tmp_path / "feed.xml"
    path.write_text("<feed><version>2.4</version><review>" + "<a/>" * 20_000 + "</review></feed>")
    with pytest.raises(NotAReviewFeed, match="parts"):
        describe(path)


def test_a_named_format_needs_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("colour,size\nred,5x\n")
    with pytest.raises(NotReviews, match="colour, size"):
        describe(path, format="yotpo")
