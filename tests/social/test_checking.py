"""Posts that are gone, leases that end, and what a right changes about both (L-20 to L-25)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import picture
from tests.fakes import FakeFetcher
from tests.make import NOON
from tests.social.network import FakeNetwork, connect, post
from ugc.accounts.models import AuditEntry, Brand
from ugc.galleries.models import Gallery
from ugc.ingest import wanting
from ugc.ingest.models import WantedFile, WantedState
from ugc.kit.errors import Outside
from ugc.kit.http.fetching import Answer
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, ItemMedia, RightsState, SourcePolicy
from ugc.media.models import File
from ugc.rights import actions as rights_actions
from ugc.runtime import Runtime
from ugc.social import actions, checking, jobs, pulling, rules
from ugc.social.models import Post, Source, SourceState
from ugc.social.networks.base import TokenRefused

DAY = timedelta(days=1)


def pulled(runtime: Runtime, session: Session, mode: str = "cached") -> Source:
    source = connect(runtime, session, make.brand(session), mode)
    session.commit()
    pulling.pull_source(runtime, source.brand_id, source.id, now=NOON)
    session.expire_all()
    return source


@pytest.fixture
def source(runtime: Runtime, session: Session, fake: FakeNetwork) -> Source:
    fake.paged([post(1), post(2), post(3)])
    return pulled(runtime, session)


def items(session: Session) -> list[Item]:
    session.expire_all()
    return list(session.scalars(select(Item).order_by(Item.id)))


def publish(runtime: Runtime, session: Session, item: Item) -> None:
    """Approve the item as one that the brand holds a right to, without the job that follows."""
    library_actions.approve(session, item.brand_id, [item.id], actor="person:1", now=NOON)
    library_actions.set_rights(session, item, RightsState.OWNED, None, None)
    session.commit()


def check(runtime: Runtime, session: Session, source: Source, at: timedelta) -> int:
    session.commit()
    return checking.check_source(runtime, source.brand_id, source.id, now=NOON + at)


def test_a_post_deleted_upstream_leaves_the_galleries_at_once_and_is_shown(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    first, *_ = items(session)
    publish(runtime, session, first)
    session.add(Gallery(brand_id=source.brand_id, slug="home", name="Home", rule={}))
    public = library_queries.ItemFilter(public=("yes",))
    before = NOON + DAY
    assert library_queries.count_items(session, source.brand_id, public, now=before) == 1
    fake.upstream = lambda names: {"p1": False, "p2": True}
    assert check(runtime, session, source, DAY + timedelta(hours=1)) == 1
    assert [item.gone_at is not None for item in items(session)] == [True, False, False]
    assert library_queries.count_items(session, source.brand_id, public, now=NOON + 2 * DAY) == 0
    gone = library_queries.ItemFilter(gone=("yes",))
    assert library_queries.count_items(session, source.brand_id, gone, now=NOON) == 1


def test_a_post_that_is_there_again_is_no_longer_gone(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    fake.upstream = lambda names: dict.fromkeys(names, False)
    assert check(runtime, session, source, 2 * DAY) == 3
    fake.upstream = lambda names: dict.fromkeys(names, True)
    assert check(runtime, session, source, 4 * DAY) == 0
    assert {item.gone_at for item in items(session)} == {None}


def test_what_the_network_confirms_may_be_kept_again_for_as_long(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    """L-25: refreshed long before its thirty days are over."""
    fake.upstream = lambda names: {"p1": True}
    check(runtime, session, source, 25 * DAY)
    assert [item.lease_until for item in items(session)] == [NOON + 55 * DAY, NOON + 30 * DAY, NOON + 30 * DAY]


def test_what_was_shown_lately_is_not_asked_about(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    fake.asked.clear()
    assert check(runtime, session, source, DAY / 2) == 0
    assert fake.asked == []


def test_what_is_not_confirmed_is_deleted_when_its_lease_ends_with_an_audit_row(
    runtime: Runtime, session: Session, source: Source
) -> None:
    """L-25: deleted at thirty days, in one transaction with its audit row; a right of its creator's keeps it."""
    first, second, third = items(session)
    lent, kept = [first.id, third.id], second.id
    library_actions.set_policy(session, second, SourcePolicy.RIGHTS_GRANTED)
    library_actions.approve(session, source.brand_id, [third.id], actor="person:1", now=NOON)
    session.commit()
    assert checking.end_leases(runtime, now=NOON + 30 * DAY - timedelta(seconds=1)) == 0
    assert checking.end_leases(runtime, now=NOON + 30 * DAY) == 2
    assert [item.id for item in items(session)] == [kept]
    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "social.end_leases"))
    assert (entry.brand_id, entry.detail["ids"]) == (source.brand_id, lent)
    assert session.scalar(select(func.count()).select_from(Post)) == 1


def test_a_check_stops_where_the_network_does(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    def refuse(names: object) -> dict[str, bool]:
        raise TokenRefused

    def fail(names: object) -> dict[str, bool]:
        raise Outside("down")

    states = []
    for answer in (fail, refuse):
        fake.upstream = answer
        assert check(runtime, session, source, 2 * DAY) == 0
        session.expire_all()
        states.append(source.state)
    assert states == [SourceState.ACTIVE, SourceState.NEEDS_CONNECT]


# Policies.


def test_no_byte_of_an_embedded_post_is_fetched_before_its_creator_says_yes(
    runtime: Runtime, session: Session, fake: FakeNetwork
) -> None:
    """L-20, L-21: an embed is no licence."""
    fake.paged([post(1, embed_url="https://fake.test/embed/1")])
    source = pulled(runtime, session, "embed")
    [item] = items(session)
    assert (item.source_policy, item.embed_url, item.waiting_media) == ("embed_only", "https://fake.test/embed/1", 0)
    assert session.scalar(select(func.count()).select_from(WantedFile)) == 0
    rights_actions.record(runtime, session, item, RightsState.GRANTED, text="yes!", given_by="ada", actor="person:1", now=NOON)
    session.commit()
    jobs.settle_policy(runtime, brand_id=source.brand_id, item_id=item.id)
    [item] = items(session)
    assert (item.source_policy, item.lease_until, item.waiting_media) == (SourcePolicy.RIGHTS_GRANTED, None, 1)
    assert session.scalars(select(WantedFile.state)).all() == [WantedState.WAITING]


def test_the_copy_of_an_embedded_post_is_gone_with_the_permission(runtime: Runtime, session: Session, fake: FakeNetwork) -> None:
    fake.paged([post(1)])
    source = pulled(runtime, session, "embed")
    [item] = items(session)
    own = make.file(session, session.get_one(Brand, source.brand_id))
    make.added(session, ItemMedia(item_id=item.id, file_id=own.id, position=9))
    rights_actions.record(runtime, session, item, RightsState.GRANTED, text="yes!", actor="person:1", now=NOON)
    session.commit()
    jobs.settle_policy(runtime, brand_id=source.brand_id, item_id=item.id)
    assert isinstance(runtime.fetcher, FakeFetcher)
    runtime.fetcher.answers["https://cdn.fake.test/1.jpg"] = Answer(200, "u", {}, picture("teal"))
    [wanted] = session.scalars(select(WantedFile.id))
    wanting.fetch(runtime, source.brand_id, wanted, now=NOON)
    [item] = items(session)
    assert len(item.media) == 2
    rights_actions.withdraw(runtime, session, item, actor="person:1", now=NOON)
    session.commit()
    jobs.settle_policy(runtime, brand_id=source.brand_id, item_id=item.id)
    [item] = items(session)
    assert (item.source_policy, [medium.file_id for medium in item.media]) == ("embed_only", [own.id])
    assert session.scalars(select(File.id)).all() == [own.id]


def test_a_withdrawn_right_puts_the_network_s_terms_back(runtime: Runtime, session: Session, source: Source) -> None:
    item, *_ = items(session)
    rights_actions.record(runtime, session, item, RightsState.GRANTED, text="yes!", actor="person:1", now=NOON)
    session.commit()
    jobs.settle_policy(runtime, brand_id=source.brand_id, item_id=item.id)
    item, *_ = items(session)
    assert item.lease_until is None
    rights_actions.withdraw(runtime, session, item, actor="person:1", now=NOON)
    session.commit()
    jobs.settle_policy(runtime, brand_id=source.brand_id, item_id=item.id)
    item, *_ = items(session)
    assert item.source_policy is SourcePolicy.API_CACHED
    assert item.lease_until is not None


@pytest.mark.parametrize(
    ("current", "terms", "rights", "expected"),
    [
        ("embed_only", "embed_only", "granted", "rights_granted"),
        ("api_cached", "api_cached", "owned", "rights_granted"),
        ("api_cached", "api_cached", "requested", "api_cached"),
        ("rights_granted", "api_cached", "revoked", "api_cached"),
        ("rights_granted", "embed_only", "declined", "embed_only"),
        ("own", "own", "granted", "own"),
        ("rights_granted", "api_cached", "granted", "rights_granted"),
    ],
)
def test_a_creator_s_licence_stands_above_the_network_s_terms(current: str, terms: str, rights: str, expected: str) -> None:
    settled = rules.settled_policy(SourcePolicy(current), SourcePolicy(terms), RightsState(rights))
    assert settled is SourcePolicy(expected)


def test_items_of_a_removed_source_are_asked_about_by_another_of_its_network(
    runtime: Runtime, session: Session, source: Source
) -> None:
    brand = source.brand_id
    other = actions.add_source(
        session, brand, "fake", "cached", "Other", {"tag": "coat"}, token="tok", key=runtime.key("tokens"), actor="system", now=NOON
    )
    actions.remove_source(session, source, actor="person:1", now=NOON)
    session.commit()
    assert set(session.scalars(select(Post.source_id))) == {other.id}
    actions.remove_source(session, other, actor="person:1", now=NOON)
    session.commit()
    assert set(session.scalars(select(Post.source_id))) == {None}
    assert len(items(session)) == 3
