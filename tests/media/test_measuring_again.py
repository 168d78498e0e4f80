"""Files that an earlier release measured are measured again: in portions, once each, whatever became of them (I6)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from tests import make
from tests.content_credentials import signed
from tests.media import vectors
from tests.media.test_actions import finish, jobs_named, kept
from ugc.media import actions, jobs, queries, rules
from ugc.media.models import File, FileKind, FileState
from ugc.runtime import Runtime


def older(runtime: Runtime, session: Session, seed: int = 1) -> File:
    """A finished file as the first release left it."""
    file = finish(runtime, session, kept(runtime, session, make.brand(session), vectors.jpeg(300, 200 + seed)))
    file.measures_version, file.measures = 1, {"sharpness": 1.0, "hash_quality": 77}
    session.commit()
    return file


def test_a_new_file_has_the_present_measures(runtime: Runtime, session: Session) -> None:
    file = finish(runtime, session, kept(runtime, session, make.brand(session), vectors.jpeg(300, 200)))
    assert file.measures_version == rules.MEASURES_VERSION
    assert queries.count_outdated(session, rules.MEASURES_VERSION) == 0


def test_older_files_are_measured_again_and_their_items_follow(runtime: Runtime, session: Session) -> None:
    file = older(runtime, session)
    with capture_logs() as lines:
        jobs.measure_again(runtime)
    session.refresh(file)
    assert file.measures_version == rules.MEASURES_VERSION
    assert file.measures["sharpness"] != 1.0
    assert file.measures["hash_quality"] == 77
    assert {"noise", "blockiness", "blur_across", "subject_x", "flat_share"} <= set(file.measures)
    assert jobs_named(session, "media.file_measured") == [{"brand_id": file.brand_id, "file_id": file.id}]
    assert [(line["now"], line["left"]) for line in lines if line["event"] == "measuring again"] == [(1, 1)]


def test_a_second_run_measures_nothing_again(runtime: Runtime, session: Session) -> None:
    file = older(runtime, session)
    jobs.measure_again(runtime)
    jobs.measure_again(runtime)
    jobs.measure_file(runtime, brand_id=file.brand_id, file_id=file.id)
    assert len(jobs_named(session, "media.file_measured")) == 1


def test_a_portion_is_followed_by_the_next_until_none_is_left(
    runtime: Runtime, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PORTION", 2)
    files = [older(runtime, session, seed) for seed in range(3)]
    jobs.measure_again(runtime)
    assert queries.count_outdated(session, rules.MEASURES_VERSION) == 1
    (next_one,) = jobs_named(session, "media.measure_again")
    assert next_one == {"after_id": sorted(file.id for file in files)[1]}
    arguments: dict[str, Any] = next_one
    jobs.measure_again(runtime, **arguments)
    assert queries.count_outdated(session, rules.MEASURES_VERSION) == 0


def test_a_lost_original_keeps_what_was_measured_and_is_not_tried_for_ever(runtime: Runtime, session: Session) -> None:
    file = older(runtime, session)
    runtime.storage.delete(file.storage_key)
    with capture_logs() as lines:
        jobs.measure_again(runtime)
    session.refresh(file)
    assert (file.measures, file.measures_version) == ({"sharpness": 1.0, "hash_quality": 77}, rules.MEASURES_VERSION)
    assert [line["file"] for line in lines if line["event"] == "not measured again"] == [file.id]
    assert jobs_named(session, "media.file_measured") == []


def test_videos_wait_in_their_own_queue_and_recordings_not_at_all(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    video, sound = (
        make.file(session, brand, kind=kind, format="mp4", measures_version=1) for kind in (FileKind.VIDEO, FileKind.AUDIO)
    )
    waiting = make.file(session, brand, measures_version=1, state=FileState.PENDING)
    session.commit()
    jobs.measure_again(runtime)
    assert jobs_named(session, "media.measure_file") == [{"brand_id": brand.id, "file_id": video.id}]
    session.expire_all()
    assert {video.measures_version, sound.measures_version, waiting.measures_version} == {1}


def test_another_brands_file_and_a_removed_one_are_left_alone(runtime: Runtime, session: Session) -> None:
    file = older(runtime, session)
    assert not actions.note_measured(session, make.brand(session).id, file.id, None)
    assert not actions.note_measured(session, file.brand_id, 10**9, None)
    jobs.measure_file(runtime, brand_id=file.brand_id, file_id=10**9)


def test_an_older_file_that_bears_a_mark_is_asked_what_it_declares(runtime: Runtime, session: Session) -> None:
    """L-29: what was received before anybody asked is not taken for a camera's."""
    file = finish(runtime, session, kept(runtime, session, make.brand(session), signed("trainedAlgorithmicMedia")))
    plain = older(runtime, session)
    session.execute(text("delete from procrastinate_jobs where task_name = 'media.read_credentials'"))
    file.measures_version = 1
    session.commit()
    jobs.measure_again(runtime)
    [asked] = jobs_named(session, "media.read_credentials")
    assert asked == {"brand_id": file.brand_id, "file_id": file.id}
    jobs.read_credentials(runtime, brand_id=file.brand_id, file_id=file.id)
    session.refresh(file)
    assert (file.provenance["generated"], plain.provenance) == ("wholly", {})
