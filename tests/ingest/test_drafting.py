"""Files sent through the browser: kept, described, tried, brought in, thrown away."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import picture
from tests.ingest.test_archives import packed
from ugc.accounts.models import Brand
from ugc.ingest import drafting, queries
from ugc.ingest.drafting import BadDraft, Choices, ImportTooLarge, NotADraft, Pacer
from ugc.ingest.importing import Stopped
from ugc.ingest.models import Import, ImportState
from ugc.kit import clock, jobs
from ugc.library.models import Item
from ugc.runtime import Runtime

REVIEWS = b"Meinung;Sterne\nPasst gut;5\nZu klein;2\nFalsch;9\n"
BY: dict[str, Any] = {"actor": "person:1", "now": make.NOON}
SAID = Choices("reviews", mapping={"body": "Meinung", "rating": "Sterne"})


@pytest.fixture
def brand(session: Session) -> Brand:
    made = make.brand(session)
    session.commit()
    return made


def send(runtime: Runtime, session: Session, brand: Brand, content: bytes, name: str) -> Import:
    draft = drafting.keep_file(runtime, session, brand.id, io.BytesIO(content), name, actor="person:1")
    session.commit()
    return draft


def work(runtime: Runtime, session: Session, brand: Brand, draft: Import, *, dry_run: bool) -> Import:
    drafting.start(session, brand.id, draft.id, dry_run=dry_run, **BY)
    session.commit()
    drafting.run(runtime, brand.id, draft.id)
    session.expire_all()
    return queries.get_import(session, brand.id, draft.id)


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Item)) or 0


def test_a_file_is_tried_and_then_brought_in(runtime: Runtime, session: Session, brand: Brand) -> None:
    draft = send(runtime, session, brand, REVIEWS, "../meine\u202eReviews.csv")
    assert (draft.kind, draft.name, draft.state) == ("reviews", "meineReviews.csv", ImportState.DRAFT)
    drafting.choose(session, brand.id, draft.id, SAID)
    tried = work(runtime, session, brand, draft, dry_run=True)
    assert (tried.state, tried.report["added"], tried.report["rejected"], count(session)) == (ImportState.DRAFT, 2, 1, 0)
    done = work(runtime, session, brand, draft, dry_run=False)
    assert (done.state, done.report["added"], done.done, count(session)) == (ImportState.FINISHED, 2, 3, 2)
    assert done.storage_key == ""


def test_what_can_not_be_read_waits_for_a_better_mapping(runtime: Runtime, session: Session, brand: Brand) -> None:
    draft = send(runtime, session, brand, b"Farbe;Form\nrot;rund\n", "r.csv")
    drafting.choose(session, brand.id, draft.id, Choices("reviews"))
    done = work(runtime, session, brand, draft, dry_run=False)
    assert done.state is ImportState.DRAFT
    assert "Farbe" in done.error or "review" in done.error
    assert runtime.storage.exists(done.storage_key)


def test_a_killed_run_is_begun_anew_and_counts_what_it_had_brought(runtime: Runtime, session: Session, brand: Brand) -> None:
    draft = send(runtime, session, brand, REVIEWS, "r.csv")
    drafting.choose(session, brand.id, draft.id, SAID)
    key = draft.storage_key
    work(runtime, session, brand, draft, dry_run=False)
    kept = queries.get_import(session, brand.id, draft.id)
    kept.state, kept.storage_key = ImportState.RUNNING, key  # as a worker leaves it that was killed before its last commit
    session.commit()
    drafting.run(runtime, brand.id, draft.id)
    session.expire_all()
    again = queries.get_import(session, brand.id, draft.id)
    assert (again.state, again.report["added"], again.report["duplicate"], count(session)) == (ImportState.FINISHED, 2, 0, 2)


def test_an_archive_is_a_batch_of_pictures(
    runtime: Runtime, session: Session, brand: Brand, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = packed(tmp_path_factory.mktemp("zip") / "p.zip", ("a.jpg", picture("teal")), ("b.jpg", b"no picture"))
    draft = send(runtime, session, brand, path.read_bytes(), "photos.zip")
    assert (draft.kind, draft.options["rights"]) == ("media", "none")
    done = work(runtime, session, brand, draft, dry_run=False)
    assert (done.report["added"], done.report["rejected"], done.total) == (1, 1, 2)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"id,title,price,image_link\n1,Hat,9 EUR,https://x.test/a.jpg\n", "p.csv", "catalog"),
        (b"review,rating\nNice,5\n", "p.csv", "reviews"),
        (b'{"id": "1"}\n', "o.jsonl", "orders"),
    ],
)
def test_the_kind_of_a_file_is_guessed(
    runtime: Runtime, session: Session, brand: Brand, content: bytes, name: str, kind: str
) -> None:
    assert send(runtime, session, brand, content, name).kind == kind


def test_t_12_a_file_over_the_limit_leaves_nothing(runtime: Runtime, session: Session, brand: Brand) -> None:
    small = replace(runtime, settings=replace(runtime.settings, max_import_mb=1))
    with pytest.raises(ImportTooLarge):
        drafting.keep_file(small, session, brand.id, io.BytesIO(bytes(1024**2 + 1)), "r.csv", actor="person:1")
    with pytest.raises(BadDraft):
        drafting.keep_file(small, session, brand.id, io.BytesIO(b""), "r.csv", actor="person:1")
    assert list(runtime.storage.keys("imports/")) == []
    assert [each for each in (runtime.settings.data_dir / "files").rglob("*") if each.is_file()] == []


def test_a_draft_is_started_once_and_thrown_away_only_before(runtime: Runtime, session: Session, brand: Brand) -> None:
    draft = send(runtime, session, brand, REVIEWS, "r.csv")
    drafting.start(session, brand.id, draft.id, dry_run=False, **BY)
    for late in (
        lambda: drafting.start(session, brand.id, draft.id, dry_run=True, **BY),
        lambda: drafting.discard(session, brand.id, draft.id, **BY),
    ):
        with pytest.raises(NotADraft):
            late()
    other = send(runtime, session, brand, REVIEWS, "r.csv")
    drafting.discard(session, brand.id, other.id, **BY)
    session.commit()
    assert jobs.count_jobs(session, brand_id=brand.id)["todo"] == 2, "the first one's run and the second one's file"
    assert [each.id for each in queries.find_imports(session, brand.id)] == [draft.id]


def test_an_import_is_stopped_between_batches(
    runtime: Runtime, session: Session, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = send(runtime, session, brand, REVIEWS, "r.csv")
    drafting.choose(session, brand.id, draft.id, SAID)
    pacer = Pacer(runtime, brand.id, draft.id)
    monkeypatch.setattr(drafting, "PACE", timedelta(0))
    draft.state = ImportState.RUNNING
    session.commit()
    pacer(1)
    drafting.stop(session, brand.id, draft.id, **BY)
    session.commit()
    with pytest.raises(Stopped):
        pacer(1)


def test_old_drafts_are_forgotten_with_their_files(runtime: Runtime, session: Session, brand: Brand) -> None:
    send(runtime, session, brand, REVIEWS, "r.csv")
    assert drafting.forget_drafts(session, now=clock.now()) == 0
    assert drafting.forget_drafts(session, now=clock.now() + timedelta(days=8)) == 1
    assert queries.find_imports(session, brand.id) == []
