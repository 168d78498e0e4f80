"""Jobs about many things at once: waiting ones are done together, what fails together is done apart."""

from __future__ import annotations

from typing import Any

from procrastinate.jobs import Job as TakenJob
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.test_worker import counts, enqueue, work_off
from tests.worker_process import marks
from ugc.kit import gathering, jobs, working
from ugc.runtime import Runtime

NAME = "tests.do_all"


def waiting(session: Session) -> list[dict[str, Any]]:
    """The arguments of what waits, oldest first."""
    return list(session.scalars(text("select args from procrastinate_jobs where status = 'todo' order by id")))


def begin(session: Session, *, alone: bool = False) -> dict[str, Any]:
    """What the oldest waiting job is to do, as if it began now."""
    row = session.execute(text("select id, args, queue_name from procrastinate_jobs order by id limit 1")).one()
    session.execute(text("update procrastinate_jobs set status = 'doing' where id = :id"), {"id": row.id})
    return gathering.gather(session, jobs.REGISTERED[NAME], row.id, row.args, queue=row.queue_name, priority=0, alone=alone)


def test_what_waits_for_the_same_brand_is_done_together_each_once(session: Session) -> None:
    for item_id in (1, 2, 1):
        jobs.enqueue(session, NAME, brand_id=1, item_id=item_id)
    jobs.enqueue(session, NAME, brand_id=1, item_ids=[3, 4])
    jobs.enqueue(session, NAME, brand_id=2, item_ids=[5])
    jobs.enqueue(session, "tests.mark", brand_id=1, name="x")
    assert begin(session) == {"brand_id": 1, "item_ids": [1, 2, 3, 4]}
    assert waiting(session) == [{"brand_id": 2, "item_ids": [5]}, {"brand_id": 1, "name": "x"}]
    kept = session.scalar(text("select args from procrastinate_jobs where status = 'doing'"))
    assert kept == {"brand_id": 1, "item_ids": [1, 2, 3, 4]}, "a worker that takes over a dead one's job does all of it"


def test_only_as_many_are_gathered_as_one_job_is_good_for(session: Session) -> None:
    jobs.enqueue_many(session, NAME, [{"brand_id": 1, "item_ids": list(range(n, n + 200))} for n in (0, 200, 400)])
    jobs.enqueue(session, NAME, brand_id=1, item_ids=[1000])
    assert begin(session)["item_ids"] == list(range(400))
    assert [len(each["item_ids"]) for each in waiting(session)] == [200, 1]


def test_what_waits_for_a_time_behind_a_lock_or_at_another_priority_stays(session: Session) -> None:
    jobs.enqueue(session, NAME, brand_id=1, item_id=1)
    jobs.enqueue(session, NAME, lock="one by one", brand_id=1, item_id=2)
    jobs.enqueue(session, NAME, priority=-5, brand_id=1, item_id=3)
    jobs.enqueue(session, NAME, once="once", brand_id=1, item_id=4)
    gathering.part(session, jobs.REGISTERED[NAME], {"brand_id": 1, "item_ids": [5, 6]}, queue="default", priority=0, lock=None)
    assert begin(session) == {"brand_id": 1, "item_ids": [1]}
    assert len(waiting(session)) == 5


def test_one_that_was_tried_before_takes_nobody_with_it(session: Session) -> None:
    jobs.enqueue(session, NAME, brand_id=1, item_id=1)
    jobs.enqueue(session, NAME, brand_id=1, item_id=2)
    assert begin(session, alone=True) == {"brand_id": 1, "item_ids": [1]}


def test_an_event_is_gathered_where_all_that_follows_it_is(live: Runtime) -> None:
    with live.transaction() as session:
        for item_id in range(20, 40):
            jobs.announce(session, "tests.item_came", brand_id=1, item_id=item_id)
    work_off(live)
    assert sorted(marks(live)) == sorted(f"1:{item_id}" for item_id in range(20, 40))
    assert counts(live)["succeeded"] < 20
    assert gathering.gathered_by([jobs.REGISTERED[NAME], jobs.REGISTERED["tests.mark"]]) == ""


def test_the_one_that_is_at_fault_fails_alone(live: Runtime) -> None:
    enqueue(live, NAME, item_ids=[11, 12, 13, 14])
    work_off(live)
    assert sorted(marks(live)) == ["1:11", "1:12", "1:14"]
    with live.transaction() as session:
        [dead] = jobs.find_jobs(session, "failed")
        assert (dead.arguments, dead.error) == ({"brand_id": 1, "item_ids": [13]}, "RuntimeError: 13 is broken")


def test_a_job_under_which_a_process_died_is_parted_before_it_is_tried_again(live: Runtime) -> None:
    arguments: Any = {"brand_id": 1, "item_ids": [1, 2]}
    taken = TakenJob(id=1, queue="default", lock=jobs.SUSPECTS, queueing_lock=None, task_name=NAME, task_kwargs=arguments)
    working.run_one(live, jobs.REGISTERED[NAME], taken, arguments)
    assert marks(live) == []
    with live.transaction() as session:
        rows = session.execute(text("select args, lock from procrastinate_jobs order by id")).all()
    assert [tuple(row) for row in rows] == [({"brand_id": 1, "item_ids": [n]}, jobs.SUSPECTS) for n in (1, 2)]
