"""What a text says, on the item page and in the inbox."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests import make
from ugc.library.models import Kind
from ugc.studio import readings
from ugc.texts import actions

BODY = "I love it, the fabric is wonderful and it fits perfectly. Mail me at ada@mail.test"


def test_a_review_shows_its_reading_and_that_sentiment_never_decides(session: Session) -> None:
    brand = make.brand(session)
    review = make.item(session, brand, kind=Kind.REVIEW, rating=5, body=BODY)
    photo = make.item(session, brand, body=BODY)
    empty = make.item(session, brand, body="")
    actions.read_items(session, brand.id, [review.id, photo.id, empty.id], now=make.NOON)
    shown = readings.panel(session, brand.id, [review, photo, empty])
    assert set(shown) == {review.id, photo.id}
    found = shown[review.id]
    assert found.sentiment
    assert (found.language, found.sentiment.label, found.is_review) == ("English", "positive", True)
    assert "love" in found.sentiment.words
    assert found.personal_data[0].label == "email"
    assert "ada@mail.test" not in str(found)
    assert shown[photo.id].usefulness is None
    assert not shown[photo.id].is_review


def test_an_item_that_was_not_read_yet_shows_nothing(session: Session) -> None:
    brand = make.brand(session)
    assert readings.panel(session, brand.id, [make.item(session, brand)]) == {}
