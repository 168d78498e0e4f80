"""Posts that are gone, leases that end, and what a right changes about both (L-20 to L-25)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Executable, func, select, text
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import picture
from tests.fakes import FakeFetcher
from tests.make import NOON
from tests.processes import until
from tests.social.network import FakeNetwork, connect, fake_network, post
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
from ugc.social import actions, checking, jobs, pulling, queries, rules
from ugc.social.models import Post, Source, SourceState
from ugc.social.networks.base import Throttled, TokenRefused

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


def test_a_right_that_was_granted_when_the_lease_ends_keeps_the_item_though_no_job_ran_yet(
    runtime: Runtime, session: Session, source: Source
) -> None:
    item, *_ = items(session)
    rights_actions.record(runtime, session, item, RightsState.GRANTED, text="yes!", actor="person:1", now=NOON)
    session.commit()
    assert checking.end_leases(runtime, now=NOON + 31 * DAY) == 2
    assert [left.id for left in items(session)] == [item.id]


def test_a_lease_that_is_renewed_while_the_brand_is_waited_for_does_not_end(live: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is deleted is looked for once the brand is held, so that a pull or a grant that comes first counts."""
    with fake_network(monkeypatch) as fake, ThreadPoolExecutor(1) as threads:
        fake.paged([post(1)])
        with live.transaction() as session:
            source = connect(live, session, make.brand(session), "cached")
        pulling.pull_source(live, source.brand_id, source.id, now=NOON)
        late = NOON + 31 * DAY
        with live.transaction() as session:
            library_actions.hold(session, source.brand_id)
            ending = threads.submit(checking.end_leases, live, now=late)
            waiting = text("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
            until(lambda: count_in(live, waiting) == 1)
            [item_id] = session.scalars(select(Item.id))
            library_actions.renew_leases(session, source.brand_id, [item_id], late + DAY)
        assert ending.result() == 0
        assert count_in(live, select(func.count()).select_from(Item)) == 1


def count_in(runtime: Runtime, query: Executable) -> int:
    with runtime.transaction() as session:
        return int(session.scalar(query) or 0)


def test_a_check_that_the_network_throttles_is_not_repeated_before_its_time(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    def wait(names: object) -> dict[str, bool]:
        raise Throttled(timedelta(hours=20))

    fake.upstream = wait
    check(runtime, session, source, 2 * DAY)
    session.expire_all()
    assert (source.error_code, source.next_pull_at) == ("throttled", NOON + 2 * DAY + timedelta(hours=20))
    fake.upstream, asked = lambda names: dict.fromkeys(names, False), len(fake.asked)
    assert check(runtime, session, source, 2 * DAY + timedelta(hours=19)) == 0
    assert len(fake.asked) == asked
    assert check(runtime, session, source, 2 * DAY + timedelta(hours=21)) == 3


def test_a_fault_of_a_check_is_told_without_its_words(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    """T-38: the words of an unforeseen error may quote a token."""

    def break_down(names: object) -> dict[str, bool]:
        raise KeyError("tok_SECRET_x")

    fake.upstream = break_down
    assert check(runtime, session, source, 2 * DAY) == 0
    session.expire_all()
    assert (source.state, source.error_code) == (SourceState.ACTIVE, "")
    assert "SECRET" not in caplog.text


def test_a_check_stays_within_the_day_s_quota(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rules.NETWORKS, "fake", replace(rules.NETWORKS["fake"], daily_quota=5))
    source.quota_day, source.quota_used = rules.quota_day(NOON + 2 * DAY), 5
    fake.upstream, asked = lambda names: dict.fromkeys(names, False), len(fake.asked)
    assert check(runtime, session, source, 2 * DAY) == 0
    assert len(fake.asked) == asked


# Policies.


def test_nothing_that_an_embedded_post_says_is_kept_until_its_creator_says_yes(
    runtime: Runtime, session: Session, fake: FakeNetwork
) -> None:
    """L-20: where it is and whose, nothing else; with the permission its words come, without it they go."""
    fake.paged([post(1, title="Linen", extra={"place": "Berlin"})])
    source = pulled(runtime, session, "embed")

    def said() -> tuple[object, ...]:
        [item] = items(session)
        return item.title, item.body, item.like_count, item.extra

    nothing: tuple[object, ...] = ("", "", 0, {})
    assert said() == nothing
    assert (items(session)[0].source_url, items(session)[0].creator.handle) == ("https://fake.test/p/1", "ada1")  # type: ignore[union-attr]
    pulling.pull_source(runtime, source.brand_id, source.id, now=NOON + DAY)
    assert said() == nothing, "the same post again"
    [item] = items(session)
    rights_actions.record(runtime, session, item, RightsState.GRANTED, text="yes!", actor="person:1", now=NOON)
    session.commit()
    jobs.settle_policy(runtime, brand_id=source.brand_id, item_id=item.id)
    pulling.pull_source(runtime, source.brand_id, source.id, now=NOON + DAY)
    assert said()[:3] == ("Linen", "Post 1 #linen", 1)
    [item] = items(session)
    rights_actions.withdraw(runtime, session, item, actor="person:1", now=NOON)
    session.commit()
    jobs.settle_policy(runtime, brand_id=source.brand_id, item_id=item.id)
    assert said() == nothing


def test_a_post_that_could_only_be_embedded_is_kept_once_a_source_with_better_terms_brings_it(
    runtime: Runtime, session: Session, fake: FakeNetwork
) -> None:
    """Found by a hashtag first, then it tags the account: one item, under the terms of the second source, which asks about it."""
    fake.paged([post(1)])
    source = pulled(runtime, session, "embed")
    other = connect(runtime, session, session.get_one(Brand, source.brand_id), "cached")
    session.commit()
    pulling.pull_source(runtime, other.brand_id, other.id, now=NOON)
    [item] = items(session)
    assert (item.source_policy, item.lease_until, item.body) == ("api_cached", NOON + 30 * DAY, "Post 1 #linen")
    assert session.scalars(select(WantedFile.state)).all() == [WantedState.WAITING]
    [known] = session.scalars(select(Post))
    assert (known.policy, known.source_id, known.sources) == ("api_cached", other.id, [source.id, other.id])
    pulling.pull_source(runtime, source.brand_id, source.id, now=NOON)
    assert items(session)[0].source_policy == "api_cached", "the weaker terms do not come back"


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


def test_posts_that_only_their_own_account_can_see_are_not_asked_about_with_another_s_access(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked with it, the network would call them gone. Who brought them too has shown that it sees them."""
    monkeypatch.setitem(rules.NETWORKS, "fake", replace(rules.NETWORKS["fake"], knows_own_only=True))
    brand = session.get_one(Brand, source.brand_id)
    connect(runtime, session, brand, name="A stranger to them")
    again = connect(runtime, session, brand, name="Brought one too")
    fake.paged([post(2)])
    session.commit()
    pulling.pull_source(runtime, again.brand_id, again.id, now=NOON)
    actions.remove_source(session, queries.get_source(session, source.brand_id, source.id), actor="person:1", now=NOON)
    session.commit()
    asked = {name: id for name, id in session.execute(select(Post.external_id, Post.source_id))}  # noqa: C416
    assert asked == {"p1": None, "p2": again.id, "p3": None}
