"""Jobs about many things at once: what waits and differs only in what it is about is done together, what fails together apart.

A job that is registered with `gathers="item_ids"` takes that list; whoever enqueues it may say `item_id` instead. The waiting
ones are taken into the row of the one that runs, so that a worker that dies leaves all of it to the next (decision 0180).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ugc.kit import jobs
from ugc.kit.jobs import Job

MOST = 500
"""Things of one gathered job: a transaction or a few of work, so that its neighbours don't wait long."""
SCANNED = 1_000
"""Waiting jobs that are looked at; a longer queue is gathered in several goes."""

TAKE = text("""
with waiting as (
  select id, args from procrastinate_jobs
  where task_name = :name and status = 'todo' and attempts = 0 and lock is null and queueing_lock is null and scheduled_at is null
    and queue_name = :queue and priority = :priority
    and args - cast(:keys as text[]) = cast(:same as jsonb)
  order by id limit :scanned for update skip locked
), counted as (
  select id, sum(case when args ? :many then jsonb_array_length(args -> :many) else 1 end) over (order by id) as so_far
  from waiting
)
delete from procrastinate_jobs j using counted where j.id = counted.id and so_far <= :room
returning j.id, j.args
""")


def one_of(many: str) -> str:
    """The name under which one thing is handed over: `item_id` for `item_ids`."""
    return many.removesuffix("s")


def things_of(job: Job, arguments: dict[str, Any]) -> list[int]:
    """What a job is about, each once and in its first order."""
    single = arguments.get(one_of(job.gathers))
    return list(dict.fromkeys([*arguments.get(job.gathers, ()), *([] if single is None else [single])]))


def same_of(job: Job, arguments: dict[str, Any]) -> dict[str, Any]:
    """What must be equal for two jobs to be done together."""
    return {name: value for name, value in arguments.items() if name not in (job.gathers, one_of(job.gathers))}


def gather(
    session: Session, job: Job, job_id: int, arguments: dict[str, Any], *, queue: str, priority: int, alone: bool
) -> dict[str, Any]:  # fmt: skip
    """The arguments of a job that begins, with those of others that wait unless it is to be done `alone`; they are its own row's
    from then on.
    """
    same, things = same_of(job, arguments), things_of(job, arguments)
    if not alone and len(things) < MOST:
        rows = session.execute(
            TAKE,
            {
                "name": job.name, "queue": queue, "priority": priority, "many": job.gathers, "room": MOST - len(things),
                "keys": [job.gathers, one_of(job.gathers)], "same": json.dumps(same), "scanned": SCANNED,
            },
        ).all()  # fmt: skip
        for row in sorted(rows, key=lambda row: row.id):
            things += things_of(job, row.args)
        things = list(dict.fromkeys(things))
        if rows:
            keep(session, job_id, {**same, job.gathers: things})
    return {**same, job.gathers: things}


def keep(session: Session, job_id: int, arguments: dict[str, Any]) -> None:
    """Let a job's row say what it does now."""
    changed = text("update procrastinate_jobs set args = cast(:args as jsonb) where id = :id")
    session.execute(changed, {"id": job_id, "args": json.dumps(arguments)})


def part(session: Session, job: Job, arguments: dict[str, Any], *, queue: str, priority: int, lock: str | None) -> None:
    """A job about each thing by itself in the place of one about many. Having a time, they are not gathered again."""
    same = same_of(job, arguments)
    for thing in things_of(job, arguments):
        one: dict[str, Any] = {**same, job.gathers: [thing]}
        jobs.enqueue(session, job.name, queue=queue, priority=priority, lock=lock, after=timedelta(0), **one)


def gathered_by(followers: Sequence[Job]) -> str:
    """What an event can be gathered by: what all that follows it is."""
    names = {follower.gathers for follower in followers}
    return names.pop() if len(names) == 1 else ""
