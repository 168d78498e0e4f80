"""Pulls of a source: pages, caps, cursors, failures, throttling, quotas, and that nothing of it touches another source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from tests.social.network import FakeNetwork, connect, description, post
from ugc.ingest.models import WantedFile
from ugc.kit.errors import Outside
from ugc.kit.http.errors import BlockedAddress, TooSlow
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, State
from ugc.runtime import Runtime
from ugc.social import actions, jobs, pulling, queries, rules
from ugc.social.models import Post, PullOutcome, Source, SourcePull, SourceState
from ugc.social.networks.base import Ask, BadShape, Pulled, Skipped, SourceGone, Throttled, TokenRefused

HOUR = timedelta(hours=1)


def count(session: Session, source: Source) -> int:
    return session.scalar(select(func.count()).select_from(Item).where(Item.brand_id == source.brand_id)) or 0


def pull(runtime: Runtime, session: Session, source: Source, at: timedelta = timedelta()) -> SourcePull:
    session.commit()
    done = pulling.pull_source(runtime, source.brand_id, source.id, now=NOON + at)
    session.expire_all()
    assert done is not None
    return done


@pytest.fixture
def source(runtime: Runtime, session: Session, fake: FakeNetwork) -> Source:
    fake.paged([post(1), post(2)])
    return connect(runtime, session, make.brand(session), tags=["Summer"])


def test_posts_become_items_that_wait_for_their_files(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    done = pull(runtime, session, source)
    assert (done.outcome, done.new_count, done.pages) == (PullOutcome.DONE, 2, 1)
    items = session.scalars(select(Item).order_by(Item.id)).all()
    assert [(item.source, item.external_id, item.waiting_media, item.rights_state) for item in items] == [
        ("fake", "p1", 1, "none"), ("fake", "p2", 1, "none"),
    ]  # fmt: skip
    assert [tag.tag.name for tag in items[0].tags] == ["summer"]
    assert items[0].extra == {"hashtags": ["linen"]}
    assert items[0].lease_until == NOON + timedelta(days=30)
    assert library_queries.count_items(session, source.brand_id, library_queries.INBOX, now=NOON) == 0
    assert (source.state, source.last_success_at, source.new_count, source.cursor) == ("active", NOON, 2, {"page": 1})
    assert source.next_pull_at == NOON + HOUR


def test_the_same_posts_again_change_nothing(runtime: Runtime, session: Session, source: Source) -> None:
    pull(runtime, session, source)
    before = [(item.id, item.body) for item in session.scalars(select(Item))]
    done = pull(runtime, session, source, HOUR)
    assert (done.new_count, done.changed_count, done.same_count) == (0, 0, 2)
    assert [(item.id, item.body) for item in session.scalars(select(Item))] == before
    assert session.scalar(select(func.count()).select_from(WantedFile)) == 2
    assert {item.lease_until for item in session.scalars(select(Item))} == {NOON + HOUR + timedelta(days=30)}


def test_a_file_signed_anew_is_the_same_file(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    """L-22: networks' addresses change their signature and host with every answer."""
    pull(runtime, session, source)
    again = replace(post(1), media=(replace(post(1).media[0], url="https://cdn2.fake.test/1.jpg?sig=2"),))
    fake.paged([again])
    assert pull(runtime, session, source, HOUR).same_count == 1
    assert session.scalar(select(func.count()).select_from(WantedFile)) == 2


def test_a_post_changed_upstream_keeps_what_people_decided(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    pull(runtime, session, source)
    first, second = session.scalars(select(Item).order_by(Item.id)).all()
    library_actions.approve(session, source.brand_id, [first.id], actor="person:1", now=NOON)
    library_actions.set_tags(session, first, ["beach"], actor="person:1", now=NOON)
    corrected = replace(rules.item_of(post(2), actions.terms_of(source, NOON)), body="Corrected here")
    library_actions.change_item(session, second, corrected, actor="person:1", now=NOON)
    more = (*post(1).media, replace(post(1).media[0], url="https://cdn.fake.test/1b.jpg"))
    fake.paged([post(1, text="Edited there", like_count=99, media=more), post(2, text="Edited there too")])
    done = pull(runtime, session, source, HOUR)
    first, second = session.scalars(select(Item).order_by(Item.id)).all()
    assert done.changed_count >= 1
    assert (first.body, first.like_count, first.state) == ("Edited there", 99, State.APPROVED)
    assert [tag.tag.name for tag in first.tags] == ["beach"], "what a coordinator took off stays off"
    assert first.waiting_media == 2, "the new picture is wanted"
    assert second.body == "Corrected here"
    fake.paged([post(1, text="Edited there", like_count=99, media=more), post(2, text="Edited there too")])
    assert pull(runtime, session, source, 2 * HOUR).changed_count == 0


def test_one_post_from_two_sources_is_one_item(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    brand = source.brand_id
    other = actions.add_source(
        session, brand, "fake", "cached", "Again", {"tag": "coat"}, token="tok", tags=["coat"], key=runtime.key("tokens"),
        actor="system", now=NOON,
    )  # fmt: skip
    pull(runtime, session, source)
    fake.paged([post(1), post(2)])
    pull(runtime, session, other)
    assert count(session, source) == 2
    [first, _] = session.scalars(select(Item).order_by(Item.id)).all()
    assert [tag.tag.name for tag in first.tags] == ["summer", "coat"]
    assert session.scalars(select(Post.sources)).first() == [source.id, other.id]


def test_the_same_post_in_two_brands_is_two_items(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    stranger = connect(runtime, session, make.brand(session))
    pull(runtime, session, source)
    fake.paged([post(1), post(2)])
    pull(runtime, session, stranger)
    assert (count(session, source), count(session, stranger)) == (2, 2)


def test_a_carousel_is_one_item_with_its_files_in_order(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    media = tuple(replace(post(1).media[0], url=f"https://cdn.fake.test/img?id={n}") for n in range(10))
    fake.paged([post(7, media=media)])
    pull(runtime, session, source)
    wanted = session.scalars(select(WantedFile).order_by(WantedFile.position)).all()
    assert [(row.position, row.url[-1]) for row in wanted] == [(n, str(n)) for n in range(10)]
    assert count(session, source) == 1


# Pages and caps.


def test_pages_are_asked_until_there_are_no_more(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    fake.paged([post(1)], [post(2)], [post(3)])
    done = pull(runtime, session, source)
    assert (done.pages, done.new_count) == (3, 3)
    assert [dict(ask.cursor) for ask in fake.asked] == [{}, {"page": 1}, {"page": 2}]


def test_a_pull_stops_at_its_cap_and_goes_on_soon(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    """T-39: a source with a million items."""
    fake.paged(*[[post(100 * page + n) for n in range(100)] for page in range(8)])
    done = pull(runtime, session, source)
    assert done.new_count == 500
    assert "at most 500" in done.note
    assert source.next_pull_at == NOON + rules.CONTINUED_AFTER
    assert pull(runtime, session, source, HOUR).new_count == 300


def test_a_network_that_sends_a_million_posts_at_once_is_cut(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    """T-39."""
    fake.pages = [Pulled(tuple(post(n, media=()) for n in range(2_000)), cursor={"page": 1})]
    done = pull(runtime, session, source)
    assert (done.new_count, count(session, source)) == (500, 500)
    assert "sent more than 500 posts at once" in done.note
    assert source.next_pull_at == NOON + HOUR, "there is no more to ask for"


def test_a_text_of_fifty_megabytes_is_cut(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    """T-39: ≤ 10 kB a text field, in bytes, never within a character."""
    fake.paged([post(1, text="ü" * 25_000_000, title="t" * 50_000, extra={"note": "x" * 1_000_000})])
    pull(runtime, session, source)
    [item] = session.scalars(select(Item)).all()
    assert len(item.body.encode()) == 10_000
    assert len(item.title) == 300
    assert item.extra == {"hashtags": ["linen"]}
    fake.paged([post(1, text="ü" * 25_000_000, title="t" * 50_000, extra={"note": "x" * 1_000_000})])
    assert pull(runtime, session, source, HOUR).same_count == 1


def test_a_network_that_repeats_its_page_is_left(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    fake.pages = [Pulled((post(1),), cursor={"page": 1}, more=True)]
    done = pull(runtime, session, source)
    assert len(fake.asked) == 2
    assert "again and again" in done.note


def test_pages_without_posts_end_too(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    fake.pages = [Pulled(cursor={"page": page}, more=True) for page in range(1, 200)]
    assert pull(runtime, session, source).pages == rules.MAX_PAGES


# Failures.


def test_what_a_broken_page_had_before_it_stays_and_the_next_pull_resumes(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    fake.pages = [Pulled((post(1),), cursor={"page": 1}, more=True), TooSlow(), Pulled((post(2),), cursor={"page": 2})]
    done = pull(runtime, session, source)
    assert (done.outcome, done.new_count, done.error_code) == (PullOutcome.FAILED, 1, "too_slow")
    assert (source.failures, source.state, source.cursor) == (1, SourceState.ACTIVE, {"page": 1})
    assert pull(runtime, session, source, HOUR).new_count == 1
    assert dict(fake.asked[-1].cursor) == {"page": 1}
    assert (source.failures, source.error) == (0, "")


def test_a_source_is_degraded_after_five_failures_and_others_go_on(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    """T-39: circuit breaker per source."""
    other = connect(runtime, session, make.brand(session), name="Other")
    fake.pages = [Outside("The network is down.")]
    waits = []
    for hour in range(6):
        pull(runtime, session, source, hour * HOUR)
        assert source.next_pull_at is not None
        waits.append(source.next_pull_at - (NOON + hour * HOUR))
        assert source.state == (SourceState.DEGRADED if hour >= 4 else SourceState.ACTIVE)
    assert waits[0] < waits[1] < waits[2] < waits[3] < waits[4]
    assert timedelta(hours=4.8) <= waits[5] <= timedelta(hours=7.2)
    fake.paged([post(1)])
    assert pull(runtime, session, other).new_count == 1
    assert (other.state, other.failures) == (SourceState.ACTIVE, 0)
    fake.paged([post(2)])
    pull(runtime, session, source, 9 * HOUR)
    assert (source.state, source.failures, source.error) == (SourceState.ACTIVE, 0, "")


def test_a_network_that_throttles_is_obeyed(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    fake.pages = [Throttled(timedelta(minutes=37))]
    done = pull(runtime, session, source)
    assert (done.outcome, source.failures, source.state) == (PullOutcome.THROTTLED, 0, SourceState.ACTIVE)
    assert source.next_pull_at == NOON + timedelta(minutes=37)
    fake.pages = [Throttled(timedelta(days=400))]
    pull(runtime, session, source, HOUR)
    assert source.next_pull_at == NOON + HOUR + timedelta(days=1)


@pytest.mark.parametrize("error", [SourceGone(), BlockedAddress(), Outside(permanent=True)])
def test_what_another_try_will_not_mend_is_tried_rarely_at_once(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork, error: Exception
) -> None:
    fake.pages = [error]
    pull(runtime, session, source)
    assert source.state is SourceState.DEGRADED


def test_refused_access_waits_for_a_person(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    fake.pages = [TokenRefused()]
    pull(runtime, session, source)
    assert (source.state, source.next_pull_at, source.error_code) == (SourceState.NEEDS_CONNECT, None, "token_refused")
    assert pulling.pull_source(runtime, source.brand_id, source.id, now=NOON + HOUR) is None
    held = actions.unsealed(runtime.key("tokens"), source)
    actions.give_token(source, replace(held, token="fresh"), runtime.key("tokens"), now=NOON + HOUR)
    fake.paged([post(1)])
    assert pull(runtime, session, source, 2 * HOUR).new_count == 1
    assert fake.asked[-1].token == "fresh"


def test_a_changed_answer_is_counted_and_shown_with_its_field_and_the_pull_goes_on(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    skipped = (Skipped("p8", "media_url", "missing"), Skipped("p9", "timestamp", "is no date"))
    fake.pages = [Pulled((post(1),), skipped, {"page": 1}, more=True), Pulled((post(2),), cursor={"page": 2})]
    done = pull(runtime, session, source)
    assert (done.outcome, done.new_count, done.skipped_count, source.skipped_count) == (PullOutcome.DONE, 2, 2, 2)
    kept = {(row.external_id, row.field, row.times) for row in queries.find_skipped(session, source)}
    assert kept == {("p8", "media_url", 1), ("p9", "timestamp", 1)}
    fake.pages = [Pulled((), skipped, {"page": 3})]
    pull(runtime, session, source, HOUR)
    assert {row.times for row in queries.find_skipped(session, source)} == {2}


def test_only_the_newest_skipped_posts_are_kept(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    for round in range(3):
        gone = tuple(Skipped(f"{round}-{n}", "id", "missing") for n in range(80))
        fake.pages = [Pulled((), gone, {"page": round})]
        pull(runtime, session, source, round * HOUR)
    kept = queries.find_skipped(session, source, limit=1000)
    assert len(kept) == actions.SKIPPED_KEPT
    assert sum(row.external_id.startswith("2-") for row in kept) == 80


def test_an_answer_without_its_frame_is_a_failure_that_names_the_field(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    fake.pages = [BadShape("data")]
    assert "lacks data" in pull(runtime, session, source).error


def test_a_fault_of_a_connector_is_told_without_its_words(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    fake.pages = [KeyError("https://fake.test/?access_token=tok_SECRET_x")]
    done = pull(runtime, session, source)
    assert (done.error_code, "SECRET" in done.error) == ("connector_failed", False)


# Once at a time, quotas, schedule.


def test_a_source_is_pulled_once_at_a_time(runtime: Runtime, session: Session, source: Source) -> None:
    session.commit()
    with pulling.alone(runtime, source.id) as is_mine:
        assert is_mine
        assert pulling.pull_source(runtime, source.brand_id, source.id, now=NOON) is None
    assert pulling.pull_source(runtime, source.brand_id, source.id, now=NOON) is not None


def meanwhile(monkeypatch: pytest.MonkeyPatch, fake: FakeNetwork, what: Callable[[], object]) -> None:
    """Have something happen while the network is asked for the first page."""
    network, left = description(fake), [what]

    def pull_and(ask: Ask) -> Pulled:
        try:
            return fake.pull(ask)
        finally:
            if left:
                left.pop()()

    modes = tuple(replace(mode, pull=pull_and) for mode in network.modes)
    monkeypatch.setitem(rules.NETWORKS, "fake", replace(network, modes=modes))


def test_a_source_that_is_set_to_something_else_while_it_is_pulled_brings_nothing_of_the_old(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change() -> None:
        mine, key = queries.get_source(session, source.brand_id, source.id, lock=True), runtime.key("tokens")
        actions.change_source(session, mine, options={"tag": "silk"}, key=key, actor="person:1", now=NOON)
        session.commit()

    fake.paged([post(1)], [post(2)])
    meanwhile(monkeypatch, fake, change)
    done = pull(runtime, session, source)
    assert (done.new_count, count(session, source), "changed the source" in done.note) == (0, 0, True)
    assert (source.cursor, source.next_pull_at, source.last_success_at) == ({}, NOON, None)
    fake.paged([post(3)])
    assert pull(runtime, session, source, HOUR).new_count == 1
    assert (fake.asked[-1].options["tag"], dict(fake.asked[-1].cursor)) == ("silk", {})


def test_a_source_that_is_cut_off_while_it_is_pulled_brings_nothing_and_keeps_its_reason(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L-23: the account took its permission back."""

    def cut_off() -> None:
        actions.take_token(queries.get_source(session, source.brand_id, source.id, lock=True), "Taken back.", now=NOON)
        session.commit()

    meanwhile(monkeypatch, fake, cut_off)
    assert pull(runtime, session, source).new_count == 0
    assert (source.state, source.error, source.next_pull_at) == (SourceState.NEEDS_CONNECT, "Taken back.", None)


def test_a_refusal_of_the_old_access_does_not_cut_off_the_new_one(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reconnect() -> None:
        mine = queries.get_source(session, source.brand_id, source.id, lock=True)
        actions.give_token(mine, actions.Secrets("fresh"), runtime.key("tokens"), now=NOON)
        session.commit()

    fake.pages = [TokenRefused()]
    meanwhile(monkeypatch, fake, reconnect)
    assert pull(runtime, session, source).outcome is PullOutcome.FAILED
    assert (source.state, source.error, source.next_pull_at) == (SourceState.ACTIVE, "", NOON)


def test_a_source_removed_while_it_is_pulled_is_nobody_s(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove() -> None:
        actions.remove_source(
            session, queries.get_source(session, source.brand_id, source.id, lock=True), actor="person:1", now=NOON
        )
        session.commit()

    meanwhile(monkeypatch, fake, remove)
    session.commit()
    jobs.pull(runtime, brand_id=source.brand_id, source_id=source.id)
    assert session.scalar(select(func.count()).select_from(Item)) == 0


def test_a_pull_that_was_killed_does_not_run_for_ever(runtime: Runtime, session: Session, source: Source) -> None:
    session.commit()
    assert pulling.begin(runtime, source.brand_id, source.id, NOON) is not None
    pull(runtime, session, source, HOUR)
    killed, done = session.scalars(select(SourcePull).order_by(SourcePull.id)).all()
    assert (killed.outcome, killed.error_code, killed.finished_at) == (PullOutcome.FAILED, "interrupted", NOON + HOUR)
    assert (done.outcome, source.failures) == (PullOutcome.DONE, 0)


def test_a_source_paused_in_the_middle_takes_no_further_page(
    runtime: Runtime, session: Session, source: Source, fake: FakeNetwork
) -> None:
    fake.paged([post(1)], [post(2)])
    session.commit()
    first = fake.pull

    def pause_then(ask: object) -> Pulled:
        if len(fake.asked) == 1:
            actions.pause(session, queries.get_source(session, source.brand_id, source.id), actor="person:1", now=NOON)
            session.commit()
        return first(ask)  # type: ignore[arg-type]

    network = description(fake)
    rules.NETWORKS["fake"] = replace(network, modes=tuple(replace(mode, pull=pause_then) for mode in network.modes))
    done = pulling.pull_source(runtime, source.brand_id, source.id, now=NOON)
    assert done is not None
    assert (done.new_count, "changed the source" in done.note) == (1, True)
    session.expire_all()
    assert source.state is SourceState.PAUSED


def test_a_day_s_quota_is_not_overdrawn(runtime: Runtime, session: Session, source: Source, fake: FakeNetwork) -> None:
    rules.NETWORKS["fake"] = replace(description(fake), daily_quota=250)
    fake.pages = [Pulled((post(n),), cursor={"page": n}, more=True, cost=100) for n in range(1, 9)]
    done = pull(runtime, session, source)
    assert (done.new_count, done.error_code, done.outcome) == (2, "quota_used", PullOutcome.THROTTLED)
    assert source.quota_used <= 300
    assert source.next_pull_at == rules.next_quota(NOON)
    sibling = queries.quota_used(session, source.brand_id, "fake", NOON)
    assert sibling == source.quota_used
    assert pull(runtime, session, source, timedelta(days=1)).new_count == 2


def test_hashtags_count_for_a_week_from_their_first_search(runtime: Runtime, session: Session, source: Source) -> None:
    brand = source.brand_id
    assert all(actions.count_search(session, brand, "fake", f"tag{n}", now=NOON) for n in range(30))
    assert not actions.count_search(session, brand, "fake", "one-more", now=NOON)
    assert actions.count_search(session, brand, "fake", "#TAG3", now=NOON + timedelta(days=6)), "it counts already"
    assert queries.get_week(session, brand, "fake", NOON + HOUR) == queries.Week(30, 30, NOON + rules.WEEK)
    assert actions.count_search(session, brand, "fake", "one-more", now=NOON + rules.WEEK)
    stranger = make.brand(session)
    assert actions.count_search(session, stranger.id, "fake", "one-more", now=NOON)


def test_what_is_due_is_pulled_and_nothing_else(runtime: Runtime, session: Session, source: Source) -> None:
    paused = connect(runtime, session, make.brand(session))
    actions.pause(session, paused, actor="person:1", now=NOON)
    later = connect(runtime, session, make.brand(session))
    later.next_pull_at = NOON + HOUR
    session.flush()
    assert [found.id for found in queries.find_due(session, NOON)] == [source.id]
