"""Whether posts are still there, and what becomes of what the networks only lend (L-20 to L-25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from ugc.accounts import actions as accounts_actions
from ugc.kit import logs
from ugc.kit.errors import NotFound, Outside
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.runtime import Runtime
from ugc.social import actions, pulling, queries, rules
from ugc.social.models import Post, Source
from ugc.social.networks.base import Network, Throttled, TokenRefused

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
    if not posts or source.state not in queries.PULLED_STATES or is_put_off(source, now):
        return 0
    gone = 0
    try:
        for start in range(0, len(posts), CHECKED_AT_ONCE):
            gone += ask_about(runtime, source, network, posts[start : start + CHECKED_AT_ONCE], now)
    except (SQLAlchemyError, NotFound):
        raise
    except Exception as error:  # a connector may fail on anything, and its words may quote a token (T-38)
        note_stopped(runtime, source, pulling.as_outside(error, network, source_id), now)
    return gone


def is_put_off(source: Source, now: datetime) -> bool:
    """Whether the network asked to be left alone until later."""
    return source.error_code == "throttled" and source.next_pull_at is not None and source.next_pull_at > now


def ask_about(runtime: Runtime, source: Source, network: Network, posts: Sequence[Post], now: datetime) -> int:
    """One question, as far as the day's quota pays for it; how many of the posts are gone."""
    if network.check is None:
        return 0
    pulling.spend(runtime, source.brand_id, network, 1, now)
    ask = pulling.make_ask(runtime, source, actions.unsealed(runtime.key("tokens"), source), now)
    return note_found(runtime, source, posts, network.check(ask, [post.external_id for post in posts]), now)


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


def note_stopped(runtime: Runtime, source: Source, error: Outside, now: datetime) -> None:
    """The network answered no further question: a refused access or a wait is the source's, all else is asked again next time."""
    log.info("check_stopped", source=source.id, network=source.network, code=error.code)
    if isinstance(error, TokenRefused | Throttled):
        pulling.put_off(runtime, source.brand_id, source.id, error, now)


def end_leases(runtime: Runtime, *, now: datetime) -> int:
    """Delete a portion of what networks lent each brand and did not confirm in time (L-25); how many items."""
    with runtime.transaction() as session:
        brand_ids = queries.find_lent_to(session, now)
    return sum(end_brands_leases(runtime, brand_id, now) for brand_id in brand_ids)


def end_brands_leases(runtime: Runtime, brand_id: int, now: datetime) -> int:
    """One brand's, in one transaction with its audit row. Looked for once the brand is held: a grant may just have come."""
    with runtime.transaction() as session:
        library_actions.hold(session, brand_id)
        ids = queries.find_expired(session, brand_id, now, limit=ENDED)
        if ids:
            library_actions.remove_items(runtime, session, brand_id, ids, actor="system", now=now)
            accounts_actions.audit(
                session, brand_id=brand_id, actor="system", action="social.end_leases", subject_type="brand", subject_id=brand_id,
                now=now, items=len(ids), ids=ids,
            )  # fmt: skip
        return len(ids)
