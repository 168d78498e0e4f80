"""Sources are pulled, posts confirmed and leases ended by the worker; each source by a job of its own."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from ugc.kit import clock, jobs
from ugc.kit.errors import NotFound
from ugc.runtime import Runtime
from ugc.social import actions, checking, connecting, forgetting, listening, pulling, queries, rules
from ugc.social.models import Post

PORTIONS = 100
"""Of ended leases in one run; what is left waits for the next."""


@jobs.job("social.pull")
def pull(runtime: Runtime, *, brand_id: int, source_id: int) -> None:
    """Pull one source; how it went stands in its row. One that was removed meanwhile is nobody's."""
    now = clock.now()
    with suppress(NotFound):
        if connecting.renew_if_ended(runtime, brand_id, source_id, now=now):
            pulling.pull_source(runtime, brand_id, source_id, now=now)


@jobs.job("social.pull_due")
def pull_due(runtime: Runtime) -> None:
    """Have the sources pulled whose time has come."""
    now = clock.now()
    with runtime.transaction() as session:
        for source in queries.find_due(session, now):
            # Pushed on at once, so that a source is not enqueued anew each minute while its pull waits for a worker.
            source.next_pull_at = now + timedelta(minutes=source.interval_minutes)
            actions.pull_soon(session, source)


@jobs.job("social.check_upstream")
def check_upstream(runtime: Runtime) -> None:
    """Have the networks asked which posts are still there, a job for each source that has some to ask about."""
    now = clock.now()
    with runtime.transaction() as session:
        for source in queries.find_to_check(session, now - rules.CHECKED_SOONEST):
            network = rules.NETWORKS.get(source.network)
            if network is not None and network.check is not None:
                once = f"check:{source.id}"
                jobs.enqueue(session, "social.check_source", once=once, brand_id=source.brand_id, source_id=source.id)


@jobs.job("social.check_source")
def check_source(runtime: Runtime, *, brand_id: int, source_id: int) -> None:
    """Ask a network which posts of one source are still there."""
    with suppress(NotFound):
        checking.check_source(runtime, brand_id, source_id, now=clock.now())


@jobs.job("social.end_leases")
def end_leases(runtime: Runtime) -> None:
    """Delete what networks lent and did not confirm in time."""
    with runtime.transaction() as session:
        listening.end_leases(session, now=clock.now())
    for _ in range(PORTIONS):
        if not checking.end_leases(runtime, now=clock.now()):
            return


@jobs.job("social.renew_tokens")
def renew_tokens(runtime: Runtime) -> None:
    """Have tokens renewed before they end, each by a job of its own."""
    with runtime.transaction() as session:
        for brand_id, source_id in connecting.find_ending(session, clock.now()):
            jobs.enqueue(session, "social.renew_token", once=f"token:{source_id}", brand_id=brand_id, source_id=source_id)


@jobs.job("social.renew_token")
def renew_token(runtime: Runtime, *, brand_id: int, source_id: int) -> None:
    """Renew the token of one source."""
    with suppress(NotFound):
        connecting.renew(runtime, brand_id, source_id, now=clock.now())


@jobs.job("social.forget")
def forget(runtime: Runtime, *, brand_id: int, request_id: int) -> None:
    """Delete what a network asked us to forget of a person."""
    forgetting.forget(runtime, brand_id, request_id, now=clock.now())


@jobs.job("social.settle_policy")
def settle_policy(runtime: Runtime, *, brand_id: int, item_id: int) -> None:
    """After a change of an item: a right that was granted lets its files be fetched."""
    settle_policies(runtime, brand_id=brand_id, item_ids=[item_id])


@jobs.job("social.settle_policies", gathers="item_ids")
def settle_policies(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """The same for many items."""
    with runtime.transaction() as session:
        actions.settle_policies(runtime, session, brand_id, item_ids, max_age_of, now=clock.now())


def max_age_of(post: Post) -> timedelta | None:
    """How long the network's terms let a post be kept: the longest that any of its modes allows."""
    network = rules.NETWORKS.get(post.network)
    ages = [mode.max_age for mode in network.modes if mode.max_age is not None] if network else []
    return max(ages, default=None)
