"""What time takes from the public loses its pictures' addresses too (T-18)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from ugc.galleries import jobs, queries
from ugc.kit import clock
from ugc.library.models import Item, ItemMedia, RightsState, SourcePolicy, State
from ugc.media.models import File
from ugc.runtime import Runtime

MINUTE = timedelta(minutes=1)


def shown(session: Session, **facts: object) -> tuple[Item, File]:
    """An approved item with a picture."""
    brand = make.brand(session)
    item = make.item(session, brand, state=State.APPROVED, rights_state=RightsState.GRANTED, **facts)
    file = make.file(session, brand)
    session.add(ItemMedia(item_id=item.id, file_id=file.id))
    session.commit()
    return item, file


def hidden(session: Session) -> list[int]:
    """The files whose addresses are to die."""
    rows = session.execute(text("select args from procrastinate_jobs where task_name = 'media.hide_file' order by id")).scalars()
    return [each["file_id"] for each in rows]


@pytest.mark.parametrize("end", ["expires_at", "rights_until", "lease_until"])
def test_a_picture_of_an_item_that_ended_gets_another_address(runtime: Runtime, session: Session, end: str) -> None:
    policy = SourcePolicy.API_CACHED if end == "lease_until" else SourcePolicy.OWN
    _, file = shown(session, **{end: clock.now() - MINUTE, "source_policy": policy})
    old = file.public_name
    jobs.hide_expired(runtime)
    session.refresh(file)
    assert file.public_name != old
    assert hidden(session) == [file.id]
    jobs.hide_expired(runtime)
    assert hidden(session) == [file.id], "once is enough"


def test_what_has_not_ended_or_ended_long_ago_keeps_its_address(runtime: Runtime, session: Session) -> None:
    for ends in (clock.now() + MINUTE, clock.now() - timedelta(days=3), None):
        shown(session, expires_at=ends)
    jobs.hide_expired(runtime)
    assert hidden(session) == []


def test_a_picture_that_another_item_still_shows_keeps_its_address(runtime: Runtime, session: Session) -> None:
    item, file = shown(session, expires_at=clock.now() - MINUTE)
    other = Item(
        brand_id=item.brand_id, kind=item.kind, source="upload", external_id="other", published_at=make.NOON,
        state=State.APPROVED, rights_state=RightsState.GRANTED,
    )  # fmt: skip
    session.add(other)
    session.flush()
    session.add(ItemMedia(item_id=other.id, file_id=file.id))
    session.commit()
    jobs.hide_expired(runtime)
    assert hidden(session) == []


def test_a_run_that_was_missed_is_made_up_for(runtime: Runtime, session: Session) -> None:
    ago = clock.now() - timedelta(days=5)
    runtime.storage.put(jobs.MARK, ago.isoformat().encode())
    _, file = shown(session, expires_at=clock.now() - timedelta(days=4))
    jobs.hide_expired(runtime)
    assert hidden(session) == [file.id]


def test_the_look_reads_what_ended_and_not_every_item(session: Session) -> None:
    session.execute(
        text(
            "insert into items (brand_id, kind, source, external_id, published_at, state, expires_at)"
            " select :brand, 'photo', 'upload', 'n' || n, now(), 'approved',"
            " case when n % 100 = 0 then now() + n * interval '1 h' end"
            " from generate_series(1, 5000) n"
        ),
        {"brand": make.brand(session).id},
    )
    session.execute(text("analyze items"))
    query = queries.ended_between(make.NOON, make.NOON + timedelta(minutes=5))
    words = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    plan = "\n".join(session.execute(text(f"explain {words}")).scalars())
    assert "Seq Scan" not in plan, plan
