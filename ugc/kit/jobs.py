"""Jobs by name on Procrastinate: a job commits with its cause, because it is enqueued on the session's own connection.

A room registers what it can do (`@jobs.job("media.make_renditions")`); anyone enqueues by that name, so that a lower
room can ask for work above it without importing it. Jobs are at-least-once and must be idempotent (decision 0002).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
# So have videos, for the opposite reason: minutes of work each, behind which no picture waits.
FILMS = "films"
QUEUES = ("default", "events", "media", "scoring", "ingest", "tracking", "insights")
MAX_ATTEMPTS = 5
# A job whose process died under it this many times is dead: the next one would die too (F-06).
MAX_KILLS = 3
# Jobs under which a process died run one after the other from then on, so that one of them does not get its neighbours killed
# three times as well.
SUSPECTS = "suspects"


class NotRetryable(Conflict):
    """Only a dead job can be retried."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the worker needs to know of one kind of job."""

    name: str
    run: Callable[..., None]
    max_attempts: int
    gathers: str = ""
    """The list by which waiting jobs that differ in nothing else are done together."""


class JobFailure(Base):
    """The last error of a job's failed attempt; Procrastinate itself keeps only the count."""

    __tablename__ = "job_failures"

    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    error: Mapped[str]
    kills: Mapped[int] = mapped_column(server_default="0")
    """How many processes died while they did this job."""
    at: Mapped[datetime]


REGISTERED: dict[str, Job] = {}

_app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def job(
    name: str, *, max_attempts: int = MAX_ATTEMPTS, gathers: str = ""
) -> Callable[[Callable[..., None]], Callable[..., None]]:  # fmt: skip
    """Register `run(runtime, **arguments)` under `room.verb_noun`; it opens its own transactions with `runtime.transaction()`."""

    def register(run: Callable[..., None]) -> Callable[..., None]:
        assert name not in REGISTERED or REGISTERED[name].run.__qualname__ == run.__qualname__, name
        REGISTERED[name] = Job(name, run, max_attempts, gathers)
        return run

    return register


def queue_of(name: str) -> str:
    """A job runs in its room's queue, where the room has one; the galleries' jobs take answers back."""
    room = name.split(".", 1)[0]
    return UNPUBLISH if room == "galleries" else room if room in QUEUES else "default"


def enqueue(
    session: Session, name: str, /, *, queue: str | None = None, once: str | None = None, lock: str | None = None,
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
    enqueued = False
    while not enqueued:
        try:
            with session.begin_nested():  # a taken key aborts the statement; without a savepoint it would abort the caller's work
                defer()
            enqueued = True
        except exceptions.AlreadyEnqueued:
            enqueued = hold_waiting(session, once)


def hold_waiting(session: Session, once: str) -> bool:
    """Keep the waiting job with this key from starting before the caller commits; False when it has started meanwhile.

    Without it the job could start in between, not see what the caller wrote, and nobody would come back for that.
    """
    found = session.execute(
        text("select 1 from procrastinate_jobs where queueing_lock = :once and status = 'todo' for share"), {"once": once}
    )
    return found.first() is not None


def enqueue_many(session: Session, name: str, rows: Iterable[dict[str, Any]], *, queue: str | None = None) -> None:
    """Enqueue one job per row of arguments, in one statement."""
    session.flush()
    arguments = list(rows)
    if arguments:
        _app.configure_task(
            name, allow_unknown=True, connection=driver_connection(session), queue=queue or queue_of(name)
        ).batch_defer(*arguments)


def take_along(session: Session, name: str, brand_id: int, *, most: int) -> list[dict[str, Any]]:
    """Take a brand's other waiting jobs of this name out of the queue, to do them together; their arguments, oldest first.

    They are gone exactly when the session commits: what fails or dies leaves them waiting. Only untried ones, so that a
    job that failed before can't take its neighbours down.
    """
    rows = session.execute(
        text("""
            delete from procrastinate_jobs where id in (
              select id from procrastinate_jobs
              where task_name = :name and status = 'todo' and attempts = 0 and lock is null and scheduled_at is null
                and args ->> 'brand_id' = :brand
              order by id limit :most for update skip locked)
            returning id, args
        """),
        {"name": name, "brand": str(brand_id), "most": most},
    )
    return [row.args for row in sorted(rows, key=lambda row: row.id)]


def announce(session: Session, event: str, /, **arguments: Any) -> None:
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


def count_jobs(session: Session, *, brand_id: int | None = None) -> dict[str, int]:
    """How many jobs there are, of one brand where given, by status: `todo`, `doing`, `succeeded`, `failed` (= dead)."""
    rows = session.execute(
        text("""
            select status::text, count(*) from procrastinate_jobs
            where cast(:brand as bigint) is null or (args ->> 'brand_id')::bigint = :brand group by 1
        """),
        {"brand": brand_id},
    )
    return {row[0]: row[1] for row in rows}


def oldest_wait(session: Session) -> timedelta:
    """How long the oldest job that could run now has waited for a worker."""
    waited = session.scalar(
        text("""
            select now() - greatest(max(e.at), max(j.scheduled_at))
            from (select id, scheduled_at from procrastinate_jobs
                  where status = 'todo' and coalesce(scheduled_at, now()) <= now() order by id limit 1) j
            join procrastinate_events e on e.job_id = j.id
        """)
    )
    return max(timedelta(0), waited or timedelta(0))


def count_unfinished(session: Session, brand_id: int, *, retries: bool) -> int:
    """A brand's jobs that run or could run now; with `retries` also those that wait for another attempt.

    Jobs below the usual priority are there to be done when nothing else is, so that nobody waits for them.
    """
    count = session.scalar(
        text("""
            select count(*) from procrastinate_jobs
            where status in ('todo', 'doing') and args ->> 'brand_id' = :brand and priority >= 0
              and (status = 'doing' or coalesce(scheduled_at, now()) <= now() or (:retries and attempts > 0))
        """),
        {"brand": str(brand_id), "retries": retries},
    )
    return int(count or 0)


def find_unfinished(session: Session, name: str) -> list[dict[str, Any]]:
    """The arguments of all jobs of a name that wait or run."""
    query = text("select args from procrastinate_jobs where task_name = :name and status in ('todo', 'doing')")
    return list(session.scalars(query, {"name": name}))


def hasten(session: Session, brand_id: int) -> None:
    """Let a brand's failed attempts be tried again now instead of later."""
    session.execute(
        text("""
            update procrastinate_jobs set scheduled_at = null
            where status = 'todo' and attempts > 0 and scheduled_at > now() and args ->> 'brand_id' = :brand
        """),
        {"brand": str(brand_id)},
    )


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
        text("""
            update procrastinate_jobs set status = 'todo', attempts = 0, scheduled_at = null, worker_id = null,
                queueing_lock = null, lock = nullif(lock, :suspects)
            where id = :id
        """),
        {"id": job_id, "suspects": SUSPECTS},
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


def free_key(session: Session, job_id: int) -> None:
    """A job that runs no longer waits: the same may be enqueued again, and a retry of this one can't collide with it."""
    session.execute(text("update procrastinate_jobs set queueing_lock = null where id = :id"), {"id": job_id})


def take_over(session: Session, stalled_seconds: float) -> list[tuple[int, int]]:
    """Give the jobs of silent workers back to the queue, or bury them after MAX_KILLS; the ids with how many processes each
    killed. Judged by the database's clock (F-31).
    """
    left = find_left_jobs(session, stalled_seconds)
    taken = []
    for job_id in left:
        kills = count_kill(session, job_id)
        bury(session, job_id, kills) if kills >= MAX_KILLS else suspect(session, job_id)
        taken.append((job_id, kills))
    session.execute(
        text("delete from procrastinate_workers where last_heartbeat < now() - make_interval(secs => :seconds)"),
        {"seconds": stalled_seconds},
    )
    return taken


def find_left_jobs(session: Session, stalled_seconds: float) -> list[int]:
    """Running jobs whose worker is gone or silent, locked against another process that looks at the same moment."""
    rows = session.execute(
        text("""
            select j.id from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id
            where j.status = 'doing' and (w.id is null or w.last_heartbeat < now() - make_interval(secs => :seconds))
            order by j.id for update of j skip locked
        """),
        {"seconds": stalled_seconds},
    )
    return [row[0] for row in rows]


def count_kill(session: Session, job_id: int) -> int:
    """Note that a process died under the job; how many did so far."""
    kills = session.scalar(
        text("""
            insert into job_failures (job_id, error, kills, at) values (:id, 'its process died', 1, now())
            on conflict (job_id) do update set error = excluded.error, kills = job_failures.kills + 1, at = excluded.at
            returning kills
        """),
        {"id": job_id},
    )
    return int(kills or 0)


def bury(session: Session, job_id: int, kills: int) -> None:
    """The job is dead; its reason stands beside it."""
    session.execute(
        text("update procrastinate_jobs set status = 'failed', attempts = attempts + 1 where id = :id and status = 'doing'"),
        {"id": job_id},
    )
    remember_failure(session, job_id, f"its process died {kills} times")


def suspect(session: Session, job_id: int) -> None:
    """Back in the queue, behind the one lock of all suspects unless it has a lock already."""
    session.execute(
        text("""
            update procrastinate_jobs set status = 'todo', attempts = attempts + 1, scheduled_at = null, queueing_lock = null,
                lock = coalesce(lock, :suspects), worker_id = null
            where id = :id and status = 'doing'
        """),
        {"id": job_id, "suspects": SUSPECTS},
    )


def beat(session: Session, workers: Sequence[int]) -> int:
    """Note that these workers live; how many of them still have a row. The others were held for dead and removed."""
    rows = session.execute(
        text("update procrastinate_workers set last_heartbeat = now() where id = any(:workers) returning id"),
        {"workers": list(workers)},
    )
    return len(rows.all())


def give_back(session: Session, workers: Sequence[int]) -> None:
    """Put these workers' running jobs back in the queue; nobody died, so nothing is counted."""
    session.execute(
        text("""
            update procrastinate_jobs set status = 'todo', scheduled_at = null, queueing_lock = null, worker_id = null
            where status = 'doing' and worker_id = any(:workers)
        """),
        {"workers": list(workers)},
    )


def delete_old(session: Session, *, hours: int = 24) -> int:
    """Forget jobs that succeeded this long ago, and errors of jobs that are gone; how many jobs went."""
    gone = session.execute(
        text("""
            delete from procrastinate_jobs j using procrastinate_events e
            where e.job_id = j.id and e.type = 'succeeded' and e.at < now() - make_interval(hours => :hours)
              and j.status = 'succeeded'
              and not exists (select 1 from procrastinate_periodic_defers d where d.job_id = j.id)
            returning j.id
        """),
        {"hours": hours},
    ).all()
    session.execute(text("delete from job_failures f where not exists (select 1 from procrastinate_jobs j where j.id = f.job_id)"))
    return len(gone)
