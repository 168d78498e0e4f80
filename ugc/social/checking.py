"""Whether posts are still there, and what becomes of what the networks only lend (L-20 to L-25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from ugc.accounts import actions as accounts_actions
from ugc.kit import logs
from ugc.kit.errors import Outside
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.runtime import Runtime
from ugc.social import actions, pulling, queries, rules
from ugc.social.models import Post, Source, SourceState
from ugc.social.networks.base import TokenRefused

CHECKED_AT_ONCE = 50
CHECKED = 2_000
"""Posts of a source in one run; the next run goes on where this one ended."""
ENDED = 500

log = logs.get("ugc.social")


def check_source(runtime: Runtime, brand_id: int, source_id: int, *, now: datetime) -> int:
    """Ask the network about the posts that it has not shown for a day; how many are gone. It stops where the network does."""
    with runtime.transaction() as session:
        source = queries.get_source(session, brand_id, source_id)
        due = now - rules.checked_after(actions.terms_of(source, now).max_age)
        posts = queries.find_unchecked(session, source, due, limit=CHECKED)
    network = rules.get_network(source.network)
    if network.check is None or not posts or source.state not in queries.PULLED_STATES:
        return 0
    ask = pulling.make_ask(runtime, source, actions.unsealed(runtime.key("tokens"), source), now)
    gone = 0
    try:
        for start in range(0, len(posts), CHECKED_AT_ONCE):
            portion = posts[start : start + CHECKED_AT_ONCE]
            gone += note_found(runtime, source, portion, network.check(ask, [post.external_id for post in portion]), now)
    except TokenRefused:
        refuse(runtime, source, now)
    except Outside as stopped:
        log.info("check_stopped", source=source_id, network=source.network, code=stopped.code)
    return gone


def note_found(runtime: Runtime, source: Source, posts: Sequence[Post], found: Mapping[str, bool], now: datetime) -> int:
    """What the network said of some posts; how many of them it has no longer. What it can't tell stays as it is."""
    there = [post.item_id for post in posts if found.get(post.external_id) is True]
    gone = [post.item_id for post in posts if found.get(post.external_id) is False]
    with runtime.transaction() as session:
        library_actions.hold(session, source.brand_id)
        items = library_queries.map_items(session, source.brand_id, [*there, *gone])
        for id in items.keys() & set(gone):
            library_actions.note_gone(session, items[id], now)
        for id in items.keys() & set(there):
            if items[id].gone_at is not None:
                library_actions.note_gone(session, items[id], None)
        actions.confirm(session, source.brand_id, there, actions.terms_of(source, now))
        actions.note_asked(session, source.brand_id, [post.item_id for post in posts], now)
        pulling.use_quota(queries.get_source(session, source.brand_id, source.id, lock=True), 1, now)
    return len(gone)


def refuse(runtime: Runtime, source: Source, now: datetime) -> None:
    """The network does not take the access any more."""
    with runtime.transaction() as session:
        row = queries.get_source(session, source.brand_id, source.id, lock=True)
        row.state, row.next_pull_at = SourceState.NEEDS_CONNECT, None
        row.error_code, row.error, row.error_at = "token_refused", TokenRefused.message(), now


def end_leases(runtime: Runtime, *, now: datetime) -> int:
    """Delete what a network lent and did not confirm in time, each brand's in one transaction with its audit row (L-25)."""
    with runtime.transaction() as session:
        expired = queries.find_expired(session, now, limit=ENDED)
    for brand_id, rows in groupby(expired, key=lambda row: row[0]):
        ids = [id for _, id in rows]
        with runtime.transaction() as session:
            library_actions.remove_items(runtime, session, brand_id, ids, actor="system", now=now)
            accounts_actions.audit(
                session, brand_id=brand_id, actor="system", action="social.end_leases", subject_type="brand", subject_id=brand_id,
                now=now, items=len(ids), ids=ids,
            )  # fmt: skip
    return len(expired)
