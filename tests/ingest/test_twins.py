from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests import make
from ugc.ingest import reviewing, twins
from ugc.runtime import Runtime


def written(folder: Path, *rows: str) -> Path:
    """A table of reviews with ids of their own."""
    path = folder / "r.csv"
    path.write_text("id,author,body,rating\n" + "".join(f"{row}\n" for row in rows))
    return path


def test_a_filter_that_suspects_everything_drops_no_different_review(
    runtime: Runtime, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suspicions are settled by the database."""
    monkeypatch.setattr(twins.Twins, "may_know", lambda self, print: True)
    brand = make.brand(session)
    session.commit()
    rows = [f"{number},Ada {number % 7},Words {number},5" for number in range(1_500)]
    report = reviewing.import_reviews(runtime, brand, written(tmp_path, *rows, "x,Ada 0,Words 0,5"), actor="system")
    assert (report.added, report.duplicate) == (1_500, 1)


@pytest.mark.parametrize("dry_run", [False, True])
def test_other_stars_make_another_review(runtime: Runtime, session: Session, tmp_path: Path, dry_run: bool) -> None:
    brand = make.brand(session)
    session.commit()
    reviewing.import_reviews(runtime, brand, written(tmp_path, "1,Ada,Good,5"), actor="system")
    path = written(tmp_path, "2,Ada,Good,5", "3,Ada,Good,4", "4,Ada,Good,", "5,Ada,Good,4")
    report = reviewing.import_reviews(runtime, brand, path, dry_run=dry_run, actor="system")
    assert (report.added, report.duplicate) == (2, 2)


def test_a_name_that_hundreds_share_is_nobodys(runtime: Runtime, session: Session, tmp_path: Path) -> None:
    brand = make.brand(session)
    session.commit()
    rows = [f"{number},Maria,Words {number},5" for number in range(twins.MOST_OF_ONE)]
    reviewing.import_reviews(runtime, brand, written(tmp_path, *rows), actor="system")
    known = reviewing.import_reviews(runtime, brand, written(tmp_path, "a,Maria,Words 1,5", "b,Maria,New,5"), actor="system")
    assert (known.added, known.duplicate) == (1, 1)
    unknown = reviewing.import_reviews(runtime, brand, written(tmp_path, "c,Maria,Words 1,5"), actor="system")
    assert (unknown.added, unknown.duplicate) == (1, 0)
