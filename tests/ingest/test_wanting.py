"""Files by address: fetched, refused, gone, tried again; the item waits for the last of them and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import picture
from tests.fakes import FakeFetcher
from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.ingest import wanting
from ugc.ingest.models import WantedFile, WantedState
from ugc.ingest.wanting import WantedUrl
from ugc.kit.errors import Outside
from ugc.kit.http.errors import BlockedAddress, BodyTooLarge, Unreachable
from ugc.kit.http.fetching import Answer
from ugc.library import queries as library_queries
from ugc.library.models import Item
from ugc.media.models import File
from ugc.runtime import Runtime

URL = "https://cdn.test/a/1.jpg"


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


@pytest.fixture
def item(session: Session, brand: Brand) -> Item:
    return make.item(session, brand)


def answers(runtime: Runtime, **given: object) -> None:
    assert isinstance(runtime.fetcher, FakeFetcher)
    runtime.fetcher.answers.update({f"https://cdn.test/{name}": value for name, value in given.items()})  # type: ignore[misc]


def ok(colour: str) -> Answer:
    return Answer(200, URL, {}, picture(colour))


def fetch(runtime: Runtime, session: Session, brand: Brand) -> list[WantedFile]:
    """Run each waiting fetch once, as the worker would."""
    session.commit()
    for id in session.scalars(select(WantedFile.id).where(WantedFile.state == WantedState.WAITING).order_by(WantedFile.id)).all():
        wanting.fetch(runtime, brand.id, id, now=NOON)
    session.expire_all()
    return list(session.scalars(select(WantedFile).order_by(WantedFile.id)))


def in_inbox(session: Session, brand: Brand) -> int:
    return library_queries.count_items(session, brand.id, library_queries.INBOX, now=NOON)


def test_an_item_comes_into_the_inbox_with_its_last_file(runtime: Runtime, session: Session, brand: Brand, item: Item) -> None:
    answers(runtime, one=ok("teal"), two=ok("red"))
    urls = [WantedUrl("https://cdn.test/two", 1, "Red"), WantedUrl("https://cdn.test/one", 0, "Teal")]
    assert wanting.want_files(session, brand.id, item.id, urls, now=NOON) == 2
    assert (item.waiting_media, in_inbox(session, brand)) == (2, 0)
    rows = fetch(runtime, session, brand)
    assert [row.state for row in rows] == [WantedState.KEPT, WantedState.KEPT]
    assert [(medium.position, medium.alt) for medium in item.media] == [(0, "Teal"), (1, "Red")]
    assert (item.waiting_media, in_inbox(session, brand)) == (0, 1)
    assert session.scalars(select(File.name).order_by(File.id)).all() == ["two", "one"]


def test_the_same_address_again_is_wanted_once(session: Session, brand: Brand, item: Item) -> None:
    assert wanting.want_files(session, brand.id, item.id, [WantedUrl(URL), WantedUrl(URL)], now=NOON) == 1
    assert wanting.want_files(session, brand.id, item.id, [WantedUrl(URL)], now=NOON) == 0


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "file:///etc/passwd", "https://", "/relative.jpg"])
def test_what_is_no_address_is_not_wanted(session: Session, brand: Brand, item: Item, address: str) -> None:
    assert wanting.want_files(session, brand.id, item.id, [WantedUrl(address)], now=NOON) == 0
    assert item.waiting_media == 0


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        (Answer(200, URL, {}, b"no picture"), WantedState.REFUSED, ""),
        (Answer(200, URL, {}, b""), WantedState.REFUSED, "empty_file"),
        (Answer(404, URL), WantedState.GONE, "file_gone"),
        (Answer(403, URL), WantedState.GONE, "file_gone"),
        (Answer(410, URL), WantedState.GONE, "file_gone"),
        (Answer(302, URL), WantedState.REFUSED, "file_refused"),
        (BlockedAddress(), WantedState.REFUSED, "blocked_address"),
        (BodyTooLarge(), WantedState.REFUSED, "body_too_large"),
    ],
)
def test_a_file_that_will_not_come_counts_as_settled_with_its_reason(
    runtime: Runtime, session: Session, brand: Brand, item: Item, answer: object, state: WantedState, code: str
) -> None:
    """T-30, T-34, L-22: refused or gone, the item is shown, and its page says why the picture is missing."""
    answers(runtime, x=answer)
    wanting.want_files(session, brand.id, item.id, [WantedUrl("https://cdn.test/x")], now=NOON)
    [row] = fetch(runtime, session, brand)
    assert row.state == state
    assert row.code == code or (not code and row.code)
    assert row.error
    assert (item.waiting_media, in_inbox(session, brand)) == (0, 1)


@pytest.mark.parametrize("answer", [Answer(500, URL), Answer(429, URL), Unreachable()])
def test_what_may_come_later_is_tried_again_and_then_given_up(
    runtime: Runtime, session: Session, brand: Brand, item: Item, answer: object
) -> None:
    answers(runtime, x=answer)
    wanting.want_files(session, brand.id, item.id, [WantedUrl("https://cdn.test/x")], now=NOON)
    for attempt in range(1, wanting.MAX_ATTEMPTS):
        with pytest.raises(Outside):
            fetch(runtime, session, brand)
        session.expire_all()
        assert [row.attempts for row in session.scalars(select(WantedFile))] == [attempt]
        assert item.waiting_media == 1
    [row] = fetch(runtime, session, brand)
    assert (row.state, item.waiting_media) == (WantedState.FAILED, 0)
    answers(runtime, x=ok("teal"))
    session.commit()
    with runtime.transaction() as again:
        assert wanting.try_again(again, now=row.created + timedelta(hours=1)) == 1
    [row] = fetch(runtime, session, brand)
    assert (row.state, len(item.media)) == (WantedState.KEPT, 1)


def test_nothing_is_tried_for_ever(runtime: Runtime, session: Session, brand: Brand, item: Item) -> None:
    wanting.want_files(session, brand.id, item.id, [WantedUrl(URL)], now=NOON)
    [row] = session.scalars(select(WantedFile))
    row.state, row.resolved_at = WantedState.FAILED, NOON
    session.flush()
    assert wanting.try_again(session, now=row.created + wanting.TRIED_FOR) == 0


def test_an_address_signed_anew_is_tried_where_the_old_one_failed(
    runtime: Runtime, session: Session, brand: Brand, item: Item
) -> None:
    """L-22: a signature that has run out is no reason to lose the picture."""
    answers(runtime, **{"1.jpg?sig=1": Answer(403, URL), "1.jpg?sig=2": ok("teal")})
    wanting.want_files(session, brand.id, item.id, [WantedUrl("https://cdn.test/1.jpg?sig=1", key="one")], now=NOON)
    [row] = fetch(runtime, session, brand)
    assert row.state == WantedState.GONE
    wanting.want_files(session, brand.id, item.id, [WantedUrl("https://cdn.test/1.jpg?sig=2", key="one")], now=NOON)
    assert item.waiting_media == 1
    [row] = fetch(runtime, session, brand)
    assert (row.state, item.waiting_media) == (WantedState.KEPT, 0)


def test_two_items_with_the_same_picture_share_the_file(runtime: Runtime, session: Session, brand: Brand, item: Item) -> None:
    other = make.item(session, brand)
    answers(runtime, x=ok("teal"), y=ok("teal"))
    rows = [(item.id, [WantedUrl("https://cdn.test/x")]), (other.id, [WantedUrl("https://cdn.test/y")])]
    assert wanting.want_many(session, brand.id, rows, now=NOON) == 2
    fetch(runtime, session, brand)
    assert [medium.file_id for medium in item.media] == [medium.file_id for medium in other.media]


def test_a_fetch_that_runs_twice_keeps_one_file(runtime: Runtime, session: Session, brand: Brand, item: Item) -> None:
    answers(runtime, x=ok("teal"))
    wanting.want_files(session, brand.id, item.id, [WantedUrl("https://cdn.test/x")], now=NOON)
    [row] = fetch(runtime, session, brand)
    wanting.fetch(runtime, brand.id, row.id, now=NOON)
    session.expire_all()
    assert len(item.media) == 1


def test_the_file_of_an_item_deleted_meanwhile_is_dropped(runtime: Runtime, session: Session, brand: Brand, item: Item) -> None:
    wanting.want_files(session, brand.id, item.id, [WantedUrl("https://cdn.test/x")], now=NOON)
    [id] = session.scalars(select(WantedFile.id)).all()

    def delete_first(_: object) -> Answer:
        session.delete(item)
        session.commit()
        return ok("teal")

    answers(runtime, x=delete_first)
    session.commit()
    wanting.fetch(runtime, brand.id, id, now=NOON)
    assert session.scalars(select(File)).all() == []


def test_another_brand_s_wanted_file_is_not_fetched(runtime: Runtime, session: Session, brand: Brand, item: Item) -> None:
    wanting.want_files(session, brand.id, item.id, [WantedUrl("https://cdn.test/x")], now=NOON)
    [id] = session.scalars(select(WantedFile.id)).all()
    session.commit()
    wanting.fetch(runtime, make.brand(session).id, id, now=NOON)
    assert isinstance(runtime.fetcher, FakeFetcher)
    assert runtime.fetcher.asked == []


def test_a_file_that_was_given_up_while_it_was_fetched_is_not_kept(
    runtime: Runtime, session: Session, brand: Brand, item: Item
) -> None:
    """L-20: the permission was withdrawn meanwhile."""

    def give_up(asked: object) -> Answer:
        with runtime.transaction() as other:
            wanting.give_up(runtime, other, library_queries.get_item(other, brand.id, item.id))
        return ok("teal")

    wanting.want_files(session, brand.id, item.id, [WantedUrl(URL)], now=NOON)
    answers(runtime, **{"a/1.jpg": give_up})
    assert fetch(runtime, session, brand) == []
    assert session.scalars(select(File.id)).all() == []
    assert item.waiting_media == 0


def test_an_item_does_not_wait_for_ever_for_a_file_whose_job_died(
    runtime: Runtime, session: Session, brand: Brand, item: Item
) -> None:
    wanting.want_files(session, brand.id, item.id, [WantedUrl(URL)], now=NOON)
    [wanted] = session.scalars(select(WantedFile))
    wanted.attempts, wanted.created = wanting.MAX_ATTEMPTS, NOON
    session.commit()
    assert (wanting.settle_dead(session, now=NOON), in_inbox(session, brand)) == (0, 0)
    assert wanting.settle_dead(session, now=NOON + 2 * wanting.DEAD_AFTER) == 1
    session.expire_all()
    assert (wanted.state, wanted.code, item.waiting_media, in_inbox(session, brand)) == ("failed", "interrupted", 0, 1)
    assert wanting.try_again(session, now=NOON + 2 * wanting.DEAD_AFTER) == 1
