"""The worker: jobs commit with their cause, survive killed processes, die visibly, and never hold up a withdrawal."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from procrastinate.jobs import Job as TakenJob
from procrastinate.jobs import Status
from sqlalchemy import select, text

from tests.conftest import at
from tests.processes import until, worker_process
from tests.worker_process import PLAN, QUICK, marks
from ugc import worker
from ugc.insights.models import ItemDay
from ugc.kit import jobs, working
from ugc.kit.errors import NotFound, Outside
from ugc.runtime import Runtime
from ugc.tracking.models import PendingCounts

# In this process: a worker that is late at its end would end the tests with it.
HERE = replace(QUICK, grace=60)


def enqueue(runtime: Runtime, job: str, /, brand_id: int = 1, **arguments: Any) -> None:
    with runtime.transaction() as session:
        jobs.enqueue(session, job, brand_id=brand_id, **arguments)


def counts(runtime: Runtime) -> dict[str, int]:
    with runtime.transaction() as session:
        return jobs.count_jobs(session)


def work_off(runtime: Runtime, plan: working.Plan = PLAN) -> None:
    """Work in this process until nothing is waiting or running."""

    def done() -> bool:
        return not {"todo", "doing"} & counts(runtime).keys()

    assert asyncio.run(working.work(runtime, plan, concurrency=3, pace=HERE, done=done))


def runs(runtime: Runtime, name: str) -> bool:
    return (runtime.settings.data_dir / f"{name}.runs").exists()


def let_go(runtime: Runtime, name: str) -> None:
    (runtime.settings.data_dir / f"{name}.go").touch()


def test_a_job_exists_when_its_cause_commits_and_not_before(live: Runtime) -> None:
    with live.sessions() as session:
        jobs.enqueue(session, "tests.mark", brand_id=1, name="a")
        assert counts(live) == {}
        session.commit()
    assert counts(live) == {"todo": 1}


def test_a_job_is_gone_when_its_cause_is_rolled_back(live: Runtime) -> None:
    with live.sessions() as session:
        jobs.enqueue(session, "tests.mark", brand_id=1, name="a")
        jobs.enqueue_many(session, "tests.mark", [{"brand_id": 1, "name": "b"}])
        session.rollback()
    assert counts(live) == {}


def test_jobs_run_once_each(live: Runtime) -> None:
    for name in "abcde":
        enqueue(live, "tests.mark", name=name)
    work_off(live)
    assert sorted(marks(live)) == list("abcde")
    assert counts(live) == {"succeeded": 5}


def test_one_key_waits_once_and_is_free_again_when_the_job_runs(live: Runtime) -> None:
    with live.transaction() as session:
        for _ in range(3):
            jobs.enqueue(session, "tests.mark", once="the-key", brand_id=1, name="a")
    assert counts(live) == {"todo": 1}
    work_off(live)
    with live.transaction() as session:
        jobs.enqueue(session, "tests.mark", once="the-key", brand_id=1, name="b")
    assert counts(live) == {"succeeded": 1, "todo": 1}


def test_a_failing_job_with_a_key_can_be_retried_while_its_twin_waits(live: Runtime) -> None:
    with live.transaction() as session:
        jobs.enqueue(session, "tests.fail", once="k", brand_id=1)
    enqueue(live, "tests.mark", name="x")
    work_off(live)
    with live.transaction() as session:
        jobs.enqueue(session, "tests.fail", once="k", brand_id=1)
        [dead] = jobs.find_jobs(session, "failed")
        jobs.retry_dead(session, dead.id)
    (live.settings.data_dir / "fixed").touch()
    work_off(live)
    assert counts(live) == {"succeeded": 3}


def test_all_that_follows_an_event_is_enqueued(live: Runtime) -> None:
    with live.transaction() as session:
        jobs.announce(session, "tests.happened", brand_id=1, name="seen")
    work_off(live)
    assert marks(live) == ["seen", "seen"]


def test_a_failing_job_is_tried_again_then_dead_with_its_error_and_can_be_retried(live: Runtime) -> None:
    enqueue(live, "tests.fail", brand_id=7)
    work_off(live)
    assert marks(live) == ["tried"] * 3
    with live.transaction() as session:
        [dead] = jobs.find_jobs(session, "failed", brand_id=7)
        assert dead.error == "RuntimeError: it is broken"
        assert jobs.find_jobs(session, "failed", brand_id=8) == []
        with pytest.raises(NotFound):
            jobs.retry_dead(session, dead.id, brand_id=8)
        jobs.retry_dead(session, dead.id, brand_id=7)
        with pytest.raises(jobs.NotRetryable):
            jobs.retry_dead(session, dead.id, brand_id=7)
    (live.settings.data_dir / "fixed").touch()
    work_off(live)
    assert counts(live) == {"succeeded": 1}


def test_the_wait_before_another_attempt_grows() -> None:
    strategy = working.Backoff(max_attempts=5, first=4.0)
    waits = []
    for attempts in range(4):
        job = taken(attempts)
        decision = strategy.get_retry_decision(exception=RuntimeError(), job=job)
        assert decision is not None
        assert decision.retry_at is not None
        waits.append(decision.retry_at.timestamp() - time.time())
    for wait, expected in zip(waits, (4, 16, 64, 256), strict=True):
        assert expected * 0.75 < wait < expected * 1.25
    assert strategy.get_retry_decision(exception=RuntimeError(), job=taken(4)) is None


@pytest.mark.parametrize("error", [Outside("no", permanent=True), NotFound()])
def test_an_error_that_will_not_change_is_not_tried_again(error: Exception) -> None:
    assert working.Backoff(5, 4.0).get_retry_decision(exception=error, job=taken(0)) is None


def taken(attempts: int) -> TakenJob:
    return TakenJob(id=1, queue="default", lock=None, queueing_lock=None, task_name="tests.mark", attempts=attempts)


def test_a_job_whose_worker_is_killed_runs_again_in_another(live: Runtime) -> None:
    """F-04"""
    enqueue(live, "tests.wait", name="one")
    with worker_process(live) as first:
        until(lambda: runs(live, "one"))
        first.kill()
        first.wait()
    assert counts(live) == {"doing": 1}
    let_go(live, "one")
    with worker_process(live):
        until(lambda: counts(live) == {"succeeded": 1})
    assert marks(live) == ["one"]


def test_work_that_kills_its_process_three_times_is_dead_and_the_queue_goes_on(live: Runtime) -> None:
    """F-06"""
    enqueue(live, "tests.die")
    for number in range(20):
        enqueue(live, "tests.mark", name=f"good-{number}")
    for _ in range(jobs.MAX_KILLS):
        with worker_process(live) as process:
            until(lambda: process.poll() is not None)
    work_off(live)
    assert marks(live).count("died") == jobs.MAX_KILLS
    assert {f"good-{number}" for number in range(20)} <= set(marks(live))
    with live.transaction() as session:
        [dead] = jobs.find_jobs(session, "failed")
    assert dead.name == "tests.die"
    assert dead.error == "its process died 3 times"
    assert counts(live) == {"failed": 1, "succeeded": 20}


def test_suspects_run_one_after_the_other_behind_their_own_locks(live: Runtime) -> None:
    with live.transaction() as session:
        jobs.enqueue(session, "tests.mark", brand_id=1, name="a")
        jobs.enqueue(session, "tests.mark", lock="mine", brand_id=1, name="b")
        session.execute(text("update procrastinate_jobs set status = 'doing'"))
    with live.transaction() as session:
        assert [kills for _, kills in jobs.take_over(session, 1)] == [1, 1]
        locks = session.execute(text("select lock, status::text from procrastinate_jobs order by id")).all()
    assert [tuple(row) for row in locks] == [(jobs.SUSPECTS, "todo"), ("mine", "todo")]


def test_a_withdrawal_does_not_wait_behind_a_busy_queue(live: Runtime) -> None:
    for number in range(4):
        enqueue(live, "tests.wait", name=f"busy-{number}")
    with worker_process(live):
        until(lambda: all(runs(live, f"busy-{number}") for number in range(3)))
        with live.transaction() as session:
            jobs.enqueue(session, "tests.mark", queue=jobs.UNPUBLISH, brand_id=1, name="withdrawn")
        until(lambda: marks(live) == ["withdrawn"])
        assert counts(live) == {"doing": 3, "todo": 1, "succeeded": 1}


def test_a_stopped_worker_lets_its_job_finish(live: Runtime) -> None:
    """F-34"""
    enqueue(live, "tests.wait", name="last")
    with worker_process(live) as process:
        until(lambda: runs(live, "last"))
        process.send_signal(signal.SIGTERM)
        let_go(live, "last")
        assert process.wait(20) == 0
    assert counts(live) == {"succeeded": 1}


def test_a_job_that_outlasts_the_grace_goes_back_to_the_queue_unblamed(live: Runtime) -> None:
    enqueue(live, "tests.wait", name="long")
    with worker_process(live) as process:
        until(lambda: runs(live, "long"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert counts(live) == {"todo": 1}
    with live.transaction() as session:
        assert session.scalar(text("select count(*) from job_failures")) == 0


def test_a_job_that_stands_for_a_second_cause_does_not_start_before_that_cause_commits(live: Runtime) -> None:
    with live.transaction() as session:
        jobs.enqueue(session, "tests.mark", once="shared", brand_id=1, name="shared")
    with live.sessions() as second:
        jobs.enqueue(second, "tests.mark", once="shared", brand_id=1, name="shared")
        assert startable(live) == 0
        second.commit()
    assert startable(live) == 1


def startable(live: Runtime) -> int:
    """How many jobs a worker could take right now: the waiting ones that nobody holds."""
    with live.sessions() as session:
        found = session.execute(text("select id from procrastinate_jobs where status = 'todo' for update skip locked"))
        return len(found.all())


def test_a_worker_frozen_past_its_lease_ends_itself_and_the_job_is_done_once(live: Runtime) -> None:
    """F-05"""
    enqueue(live, "tests.wait", name="cold")
    with worker_process(live) as frozen:
        until(lambda: runs(live, "cold"))
        os.kill(frozen.pid, signal.SIGSTOP)
        (live.settings.data_dir / "cold.runs").unlink()
        with worker_process(live):
            until(lambda: runs(live, "cold"))
            os.kill(frozen.pid, signal.SIGCONT)
            assert frozen.wait(20) == working.EX_SOFTWARE
            let_go(live, "cold")
            until(lambda: counts(live) == {"succeeded": 1})
    assert marks(live) == ["cold"]


def test_what_a_stale_worker_ends_after_the_job_was_taken_over_is_dropped(live: Runtime) -> None:
    """F-05: the attempt's number and its worker fence the last update, whether the stale attempt succeeded or failed."""

    async def end_late() -> None:
        app = working.build_app(live, PLAN, QUICK)
        async with app.open_async():
            stale = await app.job_manager.fetch_job(queues=None, worker_id=await app.job_manager.register_worker())
            assert stale is not None
            with live.transaction() as session:
                jobs.take_over(session, 0)
            newer = await app.job_manager.fetch_job(queues=None, worker_id=await app.job_manager.register_worker())
            assert newer is not None
            await app.job_manager.finish_job(stale, Status.SUCCEEDED, False)
            await app.job_manager.finish_job(stale, Status.FAILED, False)
            await app.job_manager.retry_job(stale, datetime.now(UTC))
            assert await asyncio.to_thread(counts, live) == {"doing": 1}
            await app.job_manager.finish_job(newer, Status.SUCCEEDED, False)

    enqueue(live, "tests.mark", name="a")
    asyncio.run(end_late())
    assert counts(live) == {"succeeded": 1}


def test_a_stopping_worker_keeps_its_jobs_while_they_end(live: Runtime) -> None:
    """F-34: the grace is longer than the silence after which a worker is held for dead."""
    pace = working.Pace(heartbeat=0.1, stalled=1.0, watch=0.1, poll=0.1, grace=30)
    taken: list[tuple[int, int]] = []

    def look() -> None:
        """What another worker would take over, for twice as long as a dead one is left in peace."""
        until(lambda: runs(live, "slow"))
        deadline = time.monotonic() + 2 * pace.stalled
        while time.monotonic() < deadline and not taken:
            with live.transaction() as session:
                taken.extend(jobs.take_over(session, pace.stalled))
        let_go(live, "slow")

    enqueue(live, "tests.wait", name="slow")
    other = threading.Thread(target=look)
    other.start()
    assert asyncio.run(working.work(live, PLAN, pace=pace, done=lambda: runs(live, "slow")))
    other.join()
    assert taken == []
    assert counts(live) == {"succeeded": 1}


def test_a_worker_that_lost_its_database_ends_with_a_fault_so_that_it_is_started_again(live: Runtime) -> None:
    enqueue(live, "tests.wait", name="held")
    with worker_process(live) as process:
        until(lambda: runs(live, "held"))
        name = live.engine.url.database
        with psycopg.connect(at(live.database_url, "postgres"), autocommit=True) as connection:
            connection.execute(f"alter database {name} allow_connections false")
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        assert process.wait(30) == 1
        with psycopg.connect(at(live.database_url, "postgres"), autocommit=True) as connection:
            connection.execute(f"alter database {name} allow_connections true")


def test_a_job_that_nobody_knows_is_dead_with_a_reason(live: Runtime) -> None:
    enqueue(live, "tests.unheard_of")
    work_off(live)
    with live.transaction() as session:
        [dead] = jobs.find_jobs(session, "failed", brand_id=1)
    assert dead.error == "tests.unheard_of is unknown or could not begin"


def test_periodic_jobs_come_from_one_list_and_two_workers_enqueue_each_once(live: Runtime) -> None:
    """F-42"""
    plan = working.Plan(jobs.REGISTERED, {}, [("worker.delete_old_jobs", "* * * * *")])

    def done() -> bool:
        return "succeeded" in counts(live) and not {"todo", "doing"} & counts(live).keys()

    for _ in range(2):
        assert asyncio.run(working.work(live, plan, pace=HERE, done=done))
    with live.transaction() as session:
        stamps = session.scalars(text("select args ->> 'timestamp' from procrastinate_jobs")).all()
    assert stamps
    assert len(stamps) == len(set(stamps))


def test_every_periodic_job_and_every_follower_is_registered() -> None:
    plan = worker.plan()
    assert {name for name, _ in plan.every} <= plan.registered.keys()
    assert {name for names in plan.after.values() for name in names} <= plan.registered.keys()
    working.build_app(Unopened(), plan, QUICK)  # reads each cron expression


class Unopened:
    """What an app is built over when it is never opened."""

    database_url = "postgresql://nowhere"

    def transaction(self):  # type: ignore[no-untyped-def]
        raise AssertionError


def test_old_finished_jobs_are_forgotten_and_dead_ones_stay(live: Runtime) -> None:
    enqueue(live, "tests.mark", name="a")
    enqueue(live, "tests.fail")
    work_off(live)
    with live.transaction() as session:
        assert jobs.delete_old(session) == 0
        session.execute(text("update procrastinate_events set at = at - interval '25 hours'"))
        assert jobs.delete_old(session) == 1
        assert jobs.find_jobs(session, "failed")[0].error
    assert counts(live) == {"failed": 1}


def test_a_brand_is_processed_to_its_end_including_failed_attempts(live: Runtime) -> None:
    enqueue(live, "tests.mark", brand_id=1, name="a")
    enqueue(live, "tests.fail", brand_id=1)
    with live.transaction() as session:
        jobs.announce(session, "library.item_added", brand_id=1, item_id=10**9)
    assert worker.run_brand(live, 1, wait=True, pace=working.Pace(heartbeat=0.3, watch=0.1, poll=0.1))
    with live.transaction() as session:
        assert jobs.count_unfinished(session, 1, retries=True) == 0
    assert marks(live).count("tried") == 3


def test_nobody_waits_for_what_is_done_when_nothing_else_is(live: Runtime) -> None:
    enqueue(live, "tests.mark", brand_id=1, name="a")
    with live.transaction() as session:
        jobs.enqueue(session, "tests.mark", priority=-10, brand_id=1, name="idle")
        assert jobs.count_unfinished(session, 1, retries=True) == 1
        assert jobs.count_jobs(session, brand_id=1)["todo"] == 2


def test_a_brand_processed_to_its_end_has_what_its_visitors_did_in_its_reports(live: Runtime) -> None:
    with live.transaction() as session:
        session.add(PendingCounts(brand_id=1, counts=[["2026-11-21", 7, "home", "views"]]))
    assert worker.run_brand(live, 1, wait=True)
    with live.transaction() as session:
        assert session.scalars(select(ItemDay.views)).all() == [1]
        assert session.scalars(select(PendingCounts.id)).all() == []


def test_the_oldest_wait_is_told(live: Runtime) -> None:
    with live.transaction() as session:
        assert jobs.oldest_wait(session).total_seconds() == 0
    enqueue(live, "tests.mark", name="a")
    with live.transaction() as session:
        session.execute(text("update procrastinate_events set at = at - interval '20 minutes'"))
        assert 1190 < jobs.oldest_wait(session).total_seconds() < 1230
