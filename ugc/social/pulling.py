"""One pull of one source: ask page by page, store each page with the cursor behind it, and say how it ended.

The network is asked outside any transaction. A kill between two pages loses nothing and doubles nothing: what is stored
and where the next question begins are one commit.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ugc.kit import logs
from ugc.kit.errors import Outside, UgcError
from ugc.kit.signing import SealBroken
from ugc.runtime import Runtime
from ugc.social import actions, listening, queries, rules
from ugc.social.actions import Secrets, Taken
from ugc.social.models import PullOutcome, Source, SourcePull, SourceState
from ugc.social.networks.base import MOST_POSTS, Ask, BadShape, Mode, Network, Pulled, SourceGone, Throttled, TokenRefused

PULLS_KEPT = 50
ASKED_AT_ONCE = 100
"""Posts in one question; every network gives fewer or as many."""
PREVIEWED = 6

log = logs.get("ugc.social")


class ConnectorFailed(Outside):
    """The network's answer could not be read; this is a fault of ours, or of an answer that nobody foresaw."""


class QuotaUsed(Outside):
    """Today's quota of the network is used up."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A pull on its way: what is asked, with what, and what it has taken so far."""

    brand_id: int
    source_id: int
    pull_id: int
    network: Network
    mode: Mode
    ask: Ask
    secrets: Secrets
    options: Mapping[str, Any]
    """As the source stood when the pull began."""
    sealed: str
    """Its secrets as they were stored then: tells whether somebody gave it others meanwhile."""
    taken: int = 0
    pages: int = 0
    cost: int = 1
    """Of the last question: the next one will hardly be cheaper."""


def pull_source(runtime: Runtime, brand_id: int, source_id: int, *, now: datetime) -> SourcePull | None:
    """Pull a source once; None where it is being pulled already, is paused or gone. Failures are its row's, not the job's."""
    with alone(runtime, source_id) as is_mine:
        asking = begin(runtime, brand_id, source_id, now) if is_mine else None
        if asking is None:
            return None
        try:
            stopped = ask_all(runtime, asking)
        except SQLAlchemyError:
            raise
        except Exception as error:
            return fail(runtime, asking, as_outside(error, asking.network, source_id))
        return finish(runtime, asking, stopped)


@contextlib.contextmanager
def alone(runtime: Runtime, source_id: int) -> Iterator[bool]:
    """Whether this process may pull the source now: a lock that dies with its connection, so that nobody waits for the dead."""
    name = {"name": f"ugc.source:{source_id}"}
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_mine = bool(connection.scalar(text("select pg_try_advisory_lock(hashtextextended(:name, 0))"), name))
        try:
            yield is_mine
        finally:
            if is_mine:
                with contextlib.suppress(SQLAlchemyError):  # a lost connection has let go of it already
                    connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), name)


def begin(runtime: Runtime, brand_id: int, source_id: int, now: datetime) -> Asking | None:
    """Open the pull's row; None where the source is not to be pulled."""
    with runtime.transaction() as session:
        source = queries.get_source(session, brand_id, source_id, lock=True)
        if source.state in {SourceState.PAUSED, SourceState.NEEDS_CONNECT}:
            return None
        source.next_pull_at = now + timedelta(minutes=source.interval_minutes)
        close_killed(session, source, now)
        pull = SourcePull(brand_id=brand_id, source_id=source_id, started_at=now)
        session.add(pull)
        session.flush()
        try:
            secrets = actions.unsealed(runtime.key("tokens"), source)
        except SealBroken as broken:
            actions.take_token(source, "The stored access can't be opened any more; connect the source again.", now=now)
            end(session, pull, PullOutcome.FAILED, now, error_code=broken.code, error=broken.detail)
            return None
        network = rules.get_network(source.network)
        mode = rules.get_mode(network, source.mode)
        ask = make_ask(runtime, source, secrets, now)
        return Asking(brand_id, source_id, pull.id, network, mode, ask, secrets, dict(source.options), source.secrets)


def close_killed(session: Session, source: Source, now: datetime) -> None:
    """Pulls that still run by their rows were killed, since this one holds the source's lock; their pages are stored."""
    killed = update(SourcePull).where(SourcePull.source_id == source.id, SourcePull.outcome == PullOutcome.RUNNING)
    ended = {"outcome": PullOutcome.FAILED, "finished_at": now, "error_code": "interrupted", "error": "The pull was interrupted."}
    session.execute(killed.values(ended), execution_options=actions.NO_SYNC)


def make_ask(runtime: Runtime, source: Source, secrets: Secrets, now: datetime) -> Ask:
    """The question as the network's file takes it."""
    options = {**source.options, **(secrets.fields or {})}
    allowed = search_counter(runtime, source.brand_id, source.network, now)
    return Ask(runtime.fetcher, options, secrets.token, source.cursor, ASKED_AT_ONCE, now, allowed)


def search_counter(runtime: Runtime, brand_id: int, network: str, now: datetime) -> Callable[[str], bool]:
    """Counts a hashtag before it is searched, in a transaction of its own: the network counts it whatever comes of the search."""

    def allowed(term: str) -> bool:
        with runtime.transaction() as session:
            return actions.count_search(session, brand_id, network, term, now=now)

    return allowed


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a pull stopped before the network had no more, in words; `goes_on`: the rest is there to be asked for."""

    note: str = ""
    goes_on: bool = False


def ask_all(runtime: Runtime, asking: Asking) -> Stopped:
    """Ask until the network has no more or a cap is reached."""
    while True:
        spend(runtime, asking.brand_id, asking.network, asking.cost, asking.ask.now)
        pulled = asking.mode.pull(asking.ask)
        check(pulled)
        room = MOST_POSTS - asking.taken
        kept = replace(pulled, posts=pulled.posts[:room], skipped=pulled.skipped[:MOST_POSTS])
        if not store(runtime, asking, kept):
            return Stopped("somebody changed the source meanwhile")
        if len(pulled.posts) > room:
            return Stopped(f"the network sent more than {room} posts at once; the first {room} were taken", goes_on=pulled.more)
        if not pulled.more:
            return Stopped()
        if pulled.cursor == asking.ask.cursor:
            return Stopped("the network sends the same page again and again")
        asking = further(asking, pulled)
        if asking.taken >= MOST_POSTS:
            return Stopped(f"there is more; a pull takes at most {MOST_POSTS} posts", goes_on=True)
        if asking.pages >= rules.MAX_PAGES:
            return Stopped(f"there is more; a pull asks at most {rules.MAX_PAGES} times", goes_on=True)


def further(asking: Asking, pulled: Pulled) -> Asking:
    """The pull after one more page."""
    taken = asking.taken + len(pulled.posts)
    ask = replace(asking.ask, cursor=pulled.cursor, limit=min(ASKED_AT_ONCE, max(1, MOST_POSTS - taken)))
    return replace(asking, ask=ask, taken=taken, pages=asking.pages + 1, cost=max(1, pulled.cost))


def check(pulled: Pulled) -> None:
    """Raise BadShape for a cursor that can't be kept."""
    try:
        size = len(json.dumps(dict(pulled.cursor)).encode())
    except (TypeError, ValueError, RecursionError) as cause:
        raise BadShape("a cursor that can be stored") from cause
    if size > rules.MAX_CURSOR_BYTES:
        raise BadShape("a cursor of bearable size")


def spend(runtime: Runtime, brand_id: int, network: Network, cost: int, now: datetime) -> None:
    """Raise QuotaUsed where the day's quota does not pay for one more question of this cost."""
    if network.daily_quota:
        with runtime.transaction() as session:
            used = queries.quota_used(session, brand_id, network.kind, now)
        if used + cost > network.daily_quota:
            raise QuotaUsed()


def store(runtime: Runtime, asking: Asking, pulled: Pulled) -> bool:
    """A page and the cursor behind it in one commit; False where the source was changed since it was asked."""
    now = asking.ask.now
    with runtime.transaction() as session:
        source = queries.get_source(session, asking.brand_id, asking.source_id, lock=True)
        if is_another(source, asking) or source.cursor != dict(asking.ask.cursor):
            return False
        taken = take(session, source, pulled, now)
        actions.note_skipped(session, source, pulled.skipped, now=now)
        source.cursor = dict(pulled.cursor)
        use_quota(source, pulled.cost, now)
        pull = session.get_one(SourcePull, asking.pull_id)
        for counted in (source, pull):
            counted.new_count += taken.new
            counted.changed_count += taken.changed
            counted.skipped_count += len(pulled.skipped)
        pull.same_count += taken.same
        pull.pages += 1
    return True


def is_another(source: Source, asking: Asking) -> bool:
    """Whether somebody paused the source, cut it off or set it to something else since the pull began."""
    return source.state not in queries.PULLED_STATES or source.options != asking.options


def take(session: Session, source: Source, pulled: Pulled, now: datetime) -> Taken:
    """Posts become items, or, where the source listens for words, mentions."""
    if source.listening_id is not None:
        return listening.take_mentions(session, source, pulled.posts, now)
    return actions.take_posts(session, source.brand_id, pulled.posts, actions.terms_of(source, now), actor=f"source:{source.id}")


def use_quota(source: Source, cost: int, now: datetime) -> None:
    """Count units of the network's day."""
    today = rules.quota_day(now)
    source.quota_used = (source.quota_used if source.quota_day == today else 0) + max(0, cost)
    source.quota_day = today


def finish(runtime: Runtime, asking: Asking, stopped: Stopped) -> SourcePull:
    """The pull went well; what was stopped at a cap goes on soon, and what the source was set to meanwhile is its own next pull."""
    now = asking.ask.now
    with runtime.transaction() as session:
        source = queries.get_source(session, asking.brand_id, asking.source_id, lock=True)
        if not is_another(source, asking):
            source.failures, source.error_code, source.error, source.error_at = 0, "", "", None
            source.last_success_at, source.state = now, SourceState.ACTIVE
            wait = rules.CONTINUED_AFTER if stopped.goes_on else timedelta(minutes=source.interval_minutes)
            source.next_pull_at = now + wait
        pull = session.get_one(SourcePull, asking.pull_id)
        end(session, pull, PullOutcome.DONE, now, note=stopped.note)
        return pull


def end(
    session: Session, pull: SourcePull, outcome: PullOutcome, now: datetime, *, note: str = "", error_code: str = "",
    error: str = "",
) -> None:  # fmt: skip
    """Close the pull's row and forget the oldest of its source."""
    pull.outcome, pull.finished_at, pull.note, pull.error_code, pull.error = outcome, now, note, error_code, error
    session.flush()
    newest = select(SourcePull.id).where(SourcePull.source_id == pull.source_id).order_by(SourcePull.id.desc()).limit(PULLS_KEPT)
    old = delete(SourcePull).where(SourcePull.source_id == pull.source_id, SourcePull.id.not_in(newest))
    session.execute(old, execution_options=actions.NO_SYNC)


def as_outside(error: Exception, network: Network, source_id: int) -> Outside:
    """The error as the source shows it. What nobody foresaw is told by its kind and place: its text may quote a token (T-38)."""
    if isinstance(error, Outside):
        return error
    if isinstance(error, UgcError):
        return Outside(error.detail)
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place else ""
    log.error("connector_failed", network=network.kind, source=source_id, error=type(error).__name__, where=where)
    return ConnectorFailed(f"The answer of {network.label} could not be read ({type(error).__name__}).")


def fail(runtime: Runtime, asking: Asking, error: Outside) -> SourcePull:
    """The pull ended early: what that means for the source, which others never notice."""
    now = asking.ask.now
    words = rules.scrubbed(error.detail, asking.secrets.all)[:500]
    with runtime.transaction() as session:
        source = queries.get_source(session, asking.brand_id, asking.source_id, lock=True)
        outcome = PullOutcome.FAILED
        if not is_another(source, asking) and source.secrets == asking.sealed:
            source.error_code, source.error, source.error_at = error.code, words, now
            outcome = settle_failure(source, error, now)
        use_quota(source, asking.cost if asking.network.daily_quota else 0, now)
        pull = session.get_one(SourcePull, asking.pull_id)
        end(session, pull, outcome, now, error_code=error.code, error=words)
    log.warning("pull_failed", source=asking.source_id, network=asking.network.kind, code=error.code, failures=source.failures)
    return pull


def put_off(runtime: Runtime, brand_id: int, source_id: int, error: Outside, now: datetime) -> None:
    """What stopped a source before, or beside, a pull: kept as its last error, and it is asked again accordingly."""
    with runtime.transaction() as session:
        source = queries.get_source(session, brand_id, source_id, lock=True)
        if source.state in queries.PULLED_STATES:
            source.error_code, source.error, source.error_at = error.code, error.detail[:500], now
            settle_failure(source, error, now)


def settle_failure(source: Source, error: Outside, now: datetime) -> PullOutcome:
    """When the source is asked again: as the network says, after a growing wait, rarely, or not before a person did something."""
    match error:
        case Throttled():
            source.next_pull_at = now + rules.wait_asked(error.retry_after)
            return PullOutcome.THROTTLED
        case QuotaUsed():
            source.next_pull_at = rules.next_quota(now)
            return PullOutcome.THROTTLED
        case TokenRefused():
            # The sealed token stays: a network that was down may have refused it wrongly, and a person decides.
            source.state, source.next_pull_at = SourceState.NEEDS_CONNECT, None
            return PullOutcome.FAILED
    given_up = error.permanent or isinstance(error, SourceGone)
    source.failures = max(source.failures + 1, rules.DEGRADED_AFTER if given_up else 0)
    if source.state is SourceState.ACTIVE and source.failures >= rules.DEGRADED_AFTER:
        source.state = SourceState.DEGRADED
    chance = random.random()  # noqa: S311  # spreads load, guards nothing
    source.next_pull_at = now + rules.wait_after(source.failures, chance)
    return PullOutcome.FAILED


def preview(
    runtime: Runtime, brand_id: int, kind: str, mode_name: str, options: dict[str, str], token: str, *, now: datetime
) -> Pulled:
    """The first posts of a source that is not connected yet; nothing is stored. Raises what the network's refusal means."""
    network = rules.get_network(kind)
    mode = rules.get_mode(network, mode_name)
    plain, secret = rules.read_fields(mode.fields, options)
    secrets = Secrets(token.strip(), fields=secret)
    source = Source(brand_id=brand_id, network=kind, mode=mode_name, name="", options=plain, cursor={})
    ask = replace(make_ask(runtime, source, secrets, now), limit=PREVIEWED)
    spend(runtime, brand_id, network, 1, now)
    try:
        pulled = mode.pull(ask)
    except UgcError as error:
        error.detail = rules.scrubbed(error.detail, secrets.all)
        raise
    except Exception as error:
        raise as_outside(error, network, 0) from None
    return replace(pulled, posts=pulled.posts[:PREVIEWED])
