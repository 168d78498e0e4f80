"""One item and all that follows: read, scored, encoded, flagged, suggested, foretold; and that what follows comes to an end."""

from __future__ import annotations

import contextlib
import io
from inspect import signature

from sqlalchemy import func, select, text

from tests import make
from tests.content_credentials import signed
from ugc import worker
from ugc.authenticity import queries as authenticity_queries
from ugc.kit import jobs
from ugc.kit.errors import NotFound
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, Kind, RightsState, State
from ugc.library.rules import CreatorData, ItemData
from ugc.media import actions as media_actions
from ugc.runtime import Runtime
from ugc.scoring.models import ItemScore
from ugc.similarity.models import ItemVector
from ugc.suggestions import queries as suggestions_queries
from ugc.suggestions.models import What
from ugc.tables import metadata
from ugc.texts import queries as texts_queries

CAPTION = "My new linen dress at the lake, so happy with it #linendress. Write me: ada@example.org"
REVIEW = "The linen dress fits well and the fabric stays cool, although the delivery took two weeks and the box was torn open."
# Twice what one pass takes: a chain of jobs that feeds itself goes far beyond it before anybody notices.
MOST_JOBS = 60


def jobs_of(runtime: Runtime) -> int:
    with runtime.transaction() as session:
        return session.scalar(select(func.count()).select_from(text("procrastinate_jobs"))) or 0


def what_follows() -> list[str]:
    """The tables in which something may stand of an item: what was made of it and must go with it."""
    return [table.name for table in metadata.sorted_tables if "item_id" in table.columns]


def test_an_item_is_understood_and_the_work_comes_to_an_end(live: Runtime) -> None:
    with live.transaction() as session:
        brand = make.brand(session)
        make.product(session, brand, sku="D-1", title="Linen dress")
        make.product(session, brand, sku="C-1", title="Carafe")
        with media_actions.receive(live, io.BytesIO(signed("trainedAlgorithmicMedia")), "made.jpg") as received:
            file, _ = media_actions.keep(live, session, brand.id, received)
        photo, _ = library_actions.add_item(
            session, brand.id, ItemData(Kind.PHOTO, CAPTION, creator=CreatorData("Ada")), files=[file], actor="test", now=make.NOON
        )  # fmt: skip
        review, _ = library_actions.add_item(
            session, brand.id, ItemData(Kind.REVIEW, REVIEW, rating=4, external_id="r1"), actor="test", now=make.NOON
        )
        ids = [photo.id, review.id]
    assert worker.run_brand(live, brand.id, wait=True)
    first = jobs_of(live)
    assert first <= MOST_JOBS
    with live.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ItemScore)) == len(ids)
        readings = texts_queries.map_readings(session, brand.id, ids)
        assert {finding.label for finding in readings[photo.id].personal_data} == {"email"}
        assert {"delivery", "fit"} <= {finding.label for finding in readings[review.id].topics}
        assert set(session.scalars(select(ItemVector.space).where(ItemVector.item_id == photo.id))) == {"picture", "text"}
        assert [flag.kind for flag in authenticity_queries.map_flags(session, brand.id, ids)[photo.id]] == ["generated"]
        offered = suggestions_queries.map_open(session, brand.id, ids, What.PRODUCT)
        assert [one.name for one in offered[photo.id]][:1] == ["D-1"]
        assert session.get_one(Item, photo.id).flags == ["generated"]
        library_actions.remove_items(live, session, brand.id, ids, actor="test", now=make.NOON)
    with live.transaction() as session:
        assert {name for name in what_follows() if session.scalar(text(f"select count(*) from {name}"))} == set()


def test_a_decision_and_an_edit_are_followed_once(live: Runtime) -> None:
    with live.transaction() as session:
        brand = make.brand(session)
        items = [make.item(session, brand, body=f"{REVIEW} {place}", kind="review") for place in range(3)]
        ids = [item.id for item in items]
        library_actions.approve(session, brand.id, ids, actor="person:1", now=make.NOON)
        library_actions.add_tags(session, brand.id, ids, ["linen"], actor="person:1", now=make.NOON)
        library_actions.set_rights_many(session, brand.id, ids, RightsState.OWNED, None, None)
    assert worker.run_brand(live, brand.id, wait=True)
    assert jobs_of(live) <= MOST_JOBS
    with live.transaction() as session:
        states = {item.state for item in library_queries.map_items(session, brand.id, ids).values()}
    assert states == {State.APPROVED}


ASKED = {"item_ids", "item_id", "file_id", "file_ids"}


def jobs_of_items() -> list[str]:
    """The jobs that take a brand and what may be another's."""
    taken = {name: set(signature(job.run).parameters) - {"runtime", "brand_id"} for name, job in sorted(jobs.REGISTERED.items())}
    return [name for name, others in taken.items() if len(others) == 1 and others <= ASKED]


def test_a_job_with_the_ids_of_another_brand_touches_nothing_of_it(live: Runtime) -> None:
    with live.transaction() as session:
        mine, other = make.brand(session), make.brand(session)
        make.product(session, mine, sku="D-1", title="Linen dress")
        with media_actions.receive(live, io.BytesIO(signed("trainedAlgorithmicMedia")), "made.jpg") as received:
            file, _ = media_actions.keep(live, session, other.id, received)
        item, _ = library_actions.add_item(
            session, other.id, ItemData(Kind.REVIEW, REVIEW, rating=4), files=[file], actor="test", now=make.NOON
        )
        session.execute(text("delete from procrastinate_jobs"))
        given = {"item_ids": [item.id], "item_id": item.id, "file_id": file.id, "file_ids": [file.id]}
        before = session.execute(text("select i::text, f::text from items i, files f")).one()
    names = jobs_of_items()
    assert len(names) > 20
    for name in names:
        [argument] = set(signature(jobs.REGISTERED[name].run).parameters) & ASKED
        with contextlib.suppress(NotFound):
            jobs.REGISTERED[name].run(live, brand_id=mine.id, **{argument: given[argument]})
    with live.transaction() as session:
        assert session.execute(text("select i::text, f::text from items i, files f")).one() == before
        kept = {name for name in what_follows() if session.scalar(text(f"select count(*) from {name}"))}
        assert kept == {"item_media"}
