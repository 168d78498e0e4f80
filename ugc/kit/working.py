"""One worker process: takes jobs from the queues, keeps errors, takes over what dead workers left, ends gently.

Knows no job by itself; ugc/worker.py hands over what is registered, what follows what, and what runs when.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import procrastinate
import structlog
from procrastinate.jobs import Job as TakenJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.worker import Worker
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ugc.kit import gathering, jobs, logs
from ugc.kit.errors import Invalid, NotFound, Unprocessable

log = logs.get("ugc.worker")

# A job of a withdrawal waits for nothing: it has a slot of its own beside the others'.
UNPUBLISH_SLOTS = 1
FILM_SLOTS = 1
EX_SOFTWARE = 70

# An attempt is ended only by the worker that still holds it: whoever took the job over raised its number (F-05).
HELD = """(
    select id from procrastinate_jobs where id = %(job_id)s and status = 'doing' and attempts = %(attempts)s
        and worker_id is not distinct from %(worker_id)s for update
) held"""
FINISH = f"select procrastinate_finish_job_v1(id, %(status)s, false) from {HELD}"  # noqa: S608  # constants
RETRY = f"select procrastinate_retry_job_v2(id, %(retry_at)s, null, null, null) from {HELD}"  # noqa: S608
EXPLAIN = """
    insert into job_failures (job_id, error, at) values (%(job_id)s, %(error)s, now()) on conflict (job_id) do nothing
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """How quickly a worker notices things, in seconds. Tests make them short."""

    heartbeat: float = 2.0
    stalled: float = 12.0
    """A worker silent for this long is dead. Six heartbeats, so that a busy machine buries nobody alive."""
    watch: float = 2.0
    poll: float = 2.0
    grace: float = 30.0
    """What a running job gets to finish when the worker is asked to stop (F-34)."""
    backoff: float = 4.0
    """The wait before the second attempt; each further one waits four times longer: 4, 16, 64, 256 s."""


class Held(Protocol):
    """What a worker needs of a runtime."""

    @property
    def database_url(self) -> str:
        """Where the queue lies."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A session that commits at the end of the block."""


@dataclass(frozen=True)
class Plan:
    """Everything that a worker can do."""

    registered: Mapping[str, jobs.Job]
    after: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Event → the jobs that follow it, each with the same arguments."""
    every: Sequence[tuple[str, str]] = ()
    """Job and cron expression (UTC)."""


class Backoff(procrastinate.BaseRetryStrategy):
    """Try again ever later, with some chance in it so that a crowd does not come back at once; then let the job die."""

    def __init__(self, max_attempts: int, first: float) -> None:
        self.max_attempts = max_attempts
        self.first = first

    def get_retry_decision(self, *, exception: BaseException, job: TakenJob) -> procrastinate.RetryDecision | None:
        """Nothing more for an error that will not change, or after the last attempt."""
        if is_permanent(exception) or job.attempts + 1 >= self.max_attempts:
            return None
        wait = self.first * 4**job.attempts * random.uniform(0.8, 1.2)  # noqa: S311  # spreads load, guards nothing
        return procrastinate.RetryDecision(retry_in={"milliseconds": round(wait * 1000)})


def is_permanent(error: BaseException) -> bool:
    """Whether trying again is useless: the input itself is at fault, or what it is about is gone."""
    return bool(getattr(error, "permanent", False)) or isinstance(error, Invalid | Unprocessable | NotFound)


class OwnJobs(JobManager):
    """Procrastinate's job manager, which ends only attempts that are still ours and leaves a reason beside each dead job."""

    async def finish_job(self, job: TakenJob, status: Status, delete_job: bool) -> None:
        """The attempt's end; a dead job that could not say why itself gets a reason here."""
        if await self.end(FINISH, job, status=status.value) and status == Status.FAILED:
            await self.connector.execute_query_async(EXPLAIN, job_id=job.id, error=f"{job.task_name} is unknown or could not begin")

    async def retry_job(
        self, job: TakenJob, retry_at: datetime | None = None, priority: int | None = None, queue: str | None = None,
        lock: str | None = None,
    ) -> None:  # fmt: skip
        """The attempt's end, and the moment of the next one; our Backoff names nothing else."""
        await self.end(RETRY, job, retry_at=retry_at)

    async def end(self, query: str, job: TakenJob, **arguments: Any) -> bool:
        """Whether the attempt was ours to end; a result that comes too late is dropped."""
        rows = await self.connector.execute_query_all_async(
            query, job_id=job.id, attempts=job.attempts, worker_id=job.worker_id, **arguments
        )
        if not rows:
            log.error("lease_lost", job=job.task_name, job_id=job.id, attempt=job.attempts + 1)
        return bool(rows)


def build_app(held: Held, plan: Plan, pace: Pace) -> procrastinate.App:
    """Procrastinate's app over the plan."""
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=held.database_url, min_size=1, max_size=6, kwargs={"application_name": "ugc-queue", "connect_timeout": 3}
        )
    )
    app.job_manager = OwnJobs(app.connector)
    for job in plan.registered.values():
        add_task(app, held, job, pace)
    for event, followers in plan.after.items():
        known = [plan.registered[name] for name in followers]
        add_task(app, held, jobs.Job(event, fan_out(followers), jobs.MAX_ATTEMPTS, gathering.gathered_by(known)), pace)
    for name, cron in plan.every:
        task = app.tasks[name]
        # One waiting at a time: a worker that was away for an hour does the work once, not sixty times.
        app.periodic(cron=cron, periodic_id=name, queueing_lock=name)(task)
    return app


def fan_out(followers: Sequence[str]) -> Callable[..., None]:
    """The job of an event: enqueue all that follows it, in one transaction."""

    def run(held: Held, **arguments: Any) -> None:
        with held.transaction() as session:
            for name in followers:
                jobs.enqueue(session, name, **arguments)

    return run


def add_task(app: procrastinate.App, held: Held, job: jobs.Job, pace: Pace) -> None:
    """Make one registered job known to Procrastinate."""

    def perform(context: procrastinate.JobContext, /, timestamp: int | None = None, **arguments: Any) -> None:
        # `timestamp` comes with periodic jobs; ours take the time from the clock.
        run_one(held, job, context.job, arguments)

    app.task(name=job.name, retry=Backoff(job.max_attempts, pace.backoff), pass_context=True, queue=jobs.queue_of(job.name))(
        perform
    )


def run_one(held: Held, job: jobs.Job, taken: TakenJob, arguments: dict[str, Any]) -> None:
    """One attempt: its facts in every log line, its error kept for the jobs page."""
    assert taken.id is not None
    with structlog.contextvars.bound_contextvars(job=job.name, job_id=taken.id, attempt=taken.attempts + 1):
        started = time.perf_counter()
        try:
            if taken.queueing_lock is not None:
                with held.transaction() as session:
                    jobs.free_key(session, taken.id)
            if job.gathers:
                arguments = gather(held, job, taken, arguments)
            if taken.lock == jobs.SUSPECTS and part(held, job, taken, arguments):
                return
            job.run(held, **arguments)
        except Exception as error:
            log.warning("job_failed", seconds=round(time.perf_counter() - started, 3), error=describe(error), exc_info=error)
            if (taken.attempts or is_permanent(error)) and part(held, job, taken, arguments):
                return
            with held.transaction() as session:
                jobs.remember_failure(session, taken.id, describe(error))
            raise
        log.info("job_done", seconds=round(time.perf_counter() - started, 3))


def gather(held: Held, job: jobs.Job, taken: TakenJob, arguments: dict[str, Any]) -> dict[str, Any]:
    """The job's arguments with those of its kind that wait; one that was tried before takes nobody with it."""
    assert taken.id is not None
    alone = bool(taken.attempts or taken.lock or taken.scheduled_at)
    with held.transaction() as session:
        return gathering.gather(session, job, taken.id, arguments, queue=taken.queue, priority=taken.priority, alone=alone)


def part(held: Held, job: jobs.Job, taken: TakenJob, arguments: dict[str, Any]) -> bool:
    """Whether a job about many things was given up for one about each, so that what is at fault fails alone."""
    if not job.gathers or len(gathering.things_of(job, arguments)) < 2:
        return False
    with held.transaction() as session:
        gathering.part(session, job, arguments, queue=taken.queue, priority=taken.priority, lock=taken.lock)
    log.warning("job_parted", things=len(gathering.things_of(job, arguments)))
    return True


def describe(error: BaseException) -> str:
    """The error in one line for people: its own words, else its kind."""
    text = str(error).strip() or type(error).__name__
    return text if type(error).__module__.startswith("ugc.") else f"{type(error).__name__}: {text}"


async def work(
    held: Held, plan: Plan, *, concurrency: int = 4, pace: Pace | None = None, done: Callable[[], bool] | None = None
) -> bool:  # fmt: skip
    """Work until asked to stop (SIGTERM, SIGINT), or until `done` says so. False when the queue failed under us."""
    pace = pace or Pace()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(concurrency + UNPUBLISH_SLOTS + FILM_SLOTS + 4, thread_name_prefix="job"))
    app = build_app(held, plan, pace)
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    async with app.open_async():
        workers = [
            make_worker(app, "all", list(jobs.QUEUES), concurrency, pace),
            make_worker(app, "unpublish", [jobs.UNPUBLISH], UNPUBLISH_SLOTS, pace),
            make_worker(app, "films", [jobs.FILMS], FILM_SLOTS, pace),
        ]
        running = [asyncio.create_task(worker.run()) for worker in workers]  # type: ignore[no-untyped-call]
        watching = asyncio.create_task(watch(held, workers, pace, done, asked))
        ended = await until_end(running, watching, asked)
        if not ended:
            with contextlib.suppress(SQLAlchemyError):  # the database may be what failed
                await keep_lease(held, workers)
        asked.set()
        for worker in workers:
            worker.stop()  # type: ignore[no-untyped-call]
        await finish(held, workers, running, pace, code=0 if ended else 1)
        watching.cancel()
    return ended


def make_worker(app: procrastinate.App, name: str, queues: Sequence[str], concurrency: int, pace: Pace) -> Worker:
    """One of the process's workers; they share its loop, its threads and its fate."""
    return Worker(
        app,
        queues=queues,
        name=name,
        concurrency=concurrency,
        fetch_job_polling_interval=pace.poll,
        install_signal_handlers=False,
        update_heartbeat_interval=pace.heartbeat,
        # Rows of dead workers are removed by take_over(), together with looking after their jobs.
        stalled_worker_timeout=10 * pace.stalled,
    )


async def until_end(running: Sequence[asyncio.Task[None]], watching: asyncio.Task[None], asked: asyncio.Event) -> bool:
    """Wait for a wish to stop; False when a worker or the watch ended by itself, which means that the database went away."""
    wish = asyncio.create_task(asked.wait())
    await asyncio.wait([*running, watching, wish], return_when=asyncio.FIRST_COMPLETED)
    if wish.done():
        return True
    wish.cancel()
    for task in (*running, watching):
        if task.done() and not task.cancelled() and task.exception() is not None:
            log.error("worker_failed", exc_info=task.exception())
    return False


async def finish(held: Held, workers: Sequence[Worker], running: Sequence[asyncio.Task[None]], pace: Pace, *, code: int) -> None:
    """Let running jobs end; what does not in time goes back to the queue, and the process ends without its threads."""
    _, late = await asyncio.wait(running, timeout=pace.grace)
    if not late:
        return
    log.warning("stopped_with_jobs_running")
    try:
        await asyncio.to_thread(give_back, held, ids_of(workers))
    except SQLAlchemyError as error:  # then they are taken over as a dead worker's
        log.warning("jobs_not_given_back", error=describe(error))
    os._exit(code)


def give_back(held: Held, workers: Sequence[int]) -> None:
    """Put the jobs of these workers back, unblamed."""
    with held.transaction() as session:
        jobs.give_back(session, workers)


async def watch(
    held: Held, workers: Sequence[Worker], pace: Pace, done: Callable[[], bool] | None, asked: asyncio.Event
) -> None:  # fmt: skip
    """Now and then: show that we live, take over what dead workers left, see whether all is done. Goes on while jobs end."""
    parent = os.getppid()
    while True:
        if asked.is_set():
            await asyncio.to_thread(beat, held, ids_of(workers))  # a stopped worker does not beat itself any more
        else:
            await keep_lease(held, workers)
            await asyncio.to_thread(take_over, held, pace)
            if (done is not None and await asyncio.to_thread(done)) or os.getppid() != parent:
                asked.set()
        await asyncio.sleep(pace.watch)


def ids_of(workers: Sequence[Worker]) -> list[int]:
    """The rows of those that are registered now."""
    return [worker.worker_id for worker in workers if worker.worker_id is not None]


async def keep_lease(held: Held, workers: Sequence[Worker]) -> None:
    """Show that we live. Frozen for so long that others hold us for dead and do our jobs again, we end: they are theirs (F-05)."""
    ids = ids_of(workers)
    if await asyncio.to_thread(beat, held, ids) < len(ids):
        log.error("lease_lost")
        os._exit(EX_SOFTWARE)


def beat(held: Held, workers: Sequence[int]) -> int:
    """Renew the lease of those whose rows are still there; how many these are."""
    with held.transaction() as session:
        return jobs.beat(session, workers)


def take_over(held: Held, pace: Pace) -> None:
    """Look after the jobs of dead workers."""
    with held.transaction() as session:
        for job_id, kills in jobs.take_over(session, pace.stalled):
            log.warning("job_taken_over", job_id=job_id, kills=kills, dead=kills >= jobs.MAX_KILLS)
