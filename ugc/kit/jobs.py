"""Jobs by name on Procrastinate: a job commits with its cause, because it is enqueued on the session's own connection.

A room registers what it can do (`@jobs.job("media.make_renditions")`); anyone enqueues by that name, so that a lower
room can ask for work above it without importing it. Jobs are at-least-once and must be idempotent (decision 0002).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import procrastinate
from procrastinate import exceptions
from sqlalchemy import BigInteger, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from ugc.kit.db import Base
from ugc.kit.errors import Conflict, NotFound

# Unpublishing has a queue and a worker slot of its own: a withdrawal never waits behind renditions.
UNPUBLISH = "unpublish"
QUEUES = ("default", "events", "media", "scoring", "ingest", "tracking", "insights")
MAX_ATTEMPTS = 5
# A job whose process died under it this many times is dead: the next one would die too (F-06).
MAX_KILLS = 3


class NotRetryable(Conflict):
    """Only a dead job can be retried."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the worker needs to know of one kind of job."""

    name: str
    run: Callable[..., None]
    max_attempts: int


class JobFailure(Base):
    """The last error of a job's failed attempt; Procrastinate itself keeps only the count."""

    __tablename__ = "job_failures"

    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    error: Mapped[str]
    at: Mapped[datetime]


REGISTERED: dict[str, Job] = {}

_app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def job(name: str, *, max_attempts: int = MAX_ATTEMPTS) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register `run(runtime, **arguments)` under `room.verb_noun`; it opens its own transactions with `runtime.transaction()`."""

    def register(run: Callable[..., None]) -> Callable[..., None]:
        assert name not in REGISTERED or REGISTERED[name].run.__qualname__ == run.__qualname__, name
        REGISTERED[name] = Job(name, run, max_attempts)
        return run

    return register


def queue_of(name: str) -> str:
    """A job runs in its room's queue, where the room has one."""
    room = name.split(".", 1)[0]
    return room if room in QUEUES else "default"


def enqueue(
    session: Session, name: str, *, queue: str | None = None, once: str | None = None, lock: str | None = None,
    after: timedelta | None = None, priority: int = 0, **arguments: Any,
) -> None:  # fmt: skip
    """Enqueue a job that exists when the session commits.

    `once`: at most one waiting job with this key (a second enqueue does nothing). `lock`: jobs with the same lock run
    one after the other.
    """
    session.flush()
    options: dict[str, Any] = {"queue": queue or queue_of(name), "priority": priority, "lock": lock}
    if once is not None:
        options["queueing_lock"] = once
    if after is not None:
        options["schedule_in"] = {"seconds": int(after.total_seconds())}

    def defer() -> None:
        _app.configure_task(name, allow_unknown=True, connection=driver_connection(session), **options).defer(**arguments)

    if once is None:
        defer()
        return
    try:
        with session.begin_nested():  # a taken key aborts the statement; without a savepoint it would abort the caller's work
            defer()
    except exceptions.AlreadyEnqueued:
        return


def enqueue_many(session: Session, name: str, rows: Iterable[dict[str, Any]], *, queue: str | None = None) -> None:
    """Enqueue one job per row of arguments, in one statement."""
    session.flush()
    arguments = list(rows)
    if arguments:
        _app.configure_task(
            name, allow_unknown=True, connection=driver_connection(session), queue=queue or queue_of(name)
        ).batch_defer(*arguments)


def announce(session: Session, event: str, **arguments: Any) -> None:
    """Say that something happened; the worker's AFTER list decides what follows."""
    enqueue(session, event, queue="events", **arguments)


def driver_connection(session: Session) -> Any:
    """The psycopg connection under the session's transaction."""
    return session.connection().connection.driver_connection


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the jobs page shows it."""

    id: int
    name: str
    queue: str
    status: str
    attempts: int
    arguments: dict[str, Any]
    error: str


def count_jobs(session: Session) -> dict[str, int]:
    """How many jobs there are by status: `todo`, `doing`, `succeeded`, `failed` (= dead)."""
    rows = session.execute(text("select status::text, count(*) from procrastinate_jobs group by 1"))
    return {row[0]: row[1] for row in rows}


def find_jobs(session: Session, status: str, *, brand_id: int | None = None, limit: int = 100) -> list[JobRow]:
    """The newest jobs in a status, of one brand where given, with the last error."""
    rows = session.execute(
        text("""
            select j.id, j.task_name, j.queue_name, j.status::text, j.attempts, j.args, coalesce(f.error, '')
            from procrastinate_jobs j left join job_failures f on f.job_id = j.id
            where j.status = cast(:status as procrastinate_job_status)
              and (cast(:brand as bigint) is null or (j.args ->> 'brand_id')::bigint = :brand)
            order by j.id desc limit :limit
        """),
        {"status": status, "brand": brand_id, "limit": limit},
    )
    return [JobRow(*row) for row in rows]


def retry_dead(session: Session, job_id: int, *, brand_id: int | None = None) -> None:
    """Put a dead job back in its queue with fresh attempts; raises NotFound or NotRetryable."""
    row = session.execute(
        text("select status::text, args ->> 'brand_id' from procrastinate_jobs where id = :id for update"), {"id": job_id}
    ).one_or_none()
    if row is None or (brand_id is not None and row[1] != str(brand_id)):
        raise NotFound("no such job")
    if row[0] != "failed":
        raise NotRetryable()
    session.execute(text("delete from job_failures where job_id = :id"), {"id": job_id})
    session.execute(
        text("update procrastinate_jobs set status = 'todo', attempts = 0, scheduled_at = null, worker_id = null where id = :id"),
        {"id": job_id},
    )


def remember_failure(session: Session, job_id: int, error: str) -> None:
    """Keep a failed attempt's error, so that the jobs page can say why."""
    session.execute(
        text("""
            insert into job_failures (job_id, error, at) values (:id, :error, now())
            on conflict (job_id) do update set error = excluded.error, at = excluded.at
        """),
        {"id": job_id, "error": error[:4000]},
    )
