"""Posts from files: our own lines, and saved answers of networks."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.social.network import FakeNetwork, post
from ugc.accounts.models import Brand
from ugc.ingest.models import WantedFile
from ugc.kit.reports import Report
from ugc.library.models import Item, Kind, RightsState, State
from ugc.runtime import Runtime
from ugc.social import importing
from ugc.social.importing import NotPosts
from ugc.social.networks.base import Pulled, Skipped

LINE: dict[str, Any] = {
    "network": "Instagram", "external_id": "17", "caption": "A day in linen", "url": "https://www.instagram.com/p/17/",
    "creator": {"name": "Ada", "handle": "@ada"}, "published_at": "2026-11-20T10:00:00Z",
    "media": ["https://cdn.test/a.jpg", {"url": "https://cdn.test/b.mp4", "kind": "video", "alt": "b"}], "like_count": 7,
    "hashtags": ["#Linen"],
}  # fmt: skip


@pytest.fixture
def brand(session: Session) -> Brand:
    made = make.brand(session)
    session.commit()
    return made


def lines(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "posts.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def bring(runtime: Runtime, brand: Brand, path: Path, **options: Any) -> Report:
    return importing.import_posts(runtime, brand, path, actor="system", **options)


def test_a_line_becomes_an_item_whose_files_are_fetched(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    report = bring(runtime, brand, lines(tmp_path, LINE, "", {"url": "https://x.test/1", "text": "Only words"}))
    assert (report.read, report.added, report.rejected) == (2, 2, 0)
    first, second = session.scalars(select(Item).order_by(Item.id)).all()
    assert (first.source, first.external_id, first.kind) == ("instagram", "17", Kind.PHOTO)
    assert (first.body, first.like_count) == ("A day in linen", 7)
    assert first.creator is not None
    assert (first.creator.handle, first.waiting_media, first.source_policy) == ("ada", 2, "own")
    assert (second.source, second.external_id, second.kind) == ("import", "https://x.test/1", Kind.POST)
    again = bring(runtime, brand, lines(tmp_path, LINE))
    assert (again.added, again.duplicate) == (0, 1)
    assert session.scalar(select(func.count()).select_from(WantedFile)) == 2


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("{", "not_json"), ("[1]", "not_an_object"), ({"text": "x"}, "no_id"), ({"external_id": "1"}, "no_content"),
        (LINE | {"like_count": "many"}, "bad_field"), (LINE | {"kind": "poem"}, "bad_field"), (LINE | {"media": [{}]}, "bad_field"),
        (LINE | {"media": "x"}, "bad_field"), (LINE | {"published_at": "yesterday"}, "bad_date"),
        (LINE | {"text": ["x"]}, "bad_field"),
        (LINE | {"media": [{"url": "https://x.test", "kind": "smell"}]}, "bad_field"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_post_is_refused_with_its_number(
    runtime: Runtime, brand: Brand, tmp_path: Path, row: object, code: str
) -> None:
    report = bring(runtime, brand, lines(tmp_path, LINE, row))
    assert [(line.line, line.code) for line in report.lines] == [(2, code)]
    assert (report.added, report.exit_code) == (1, 1)


def test_a_dry_run_says_what_would_happen_and_stores_nothing(
    runtime: Runtime, session: Session, brand: Brand, tmp_path: Path
) -> None:
    report = bring(runtime, brand, lines(tmp_path, LINE), dry_run=True)
    assert (report.added, report.dry_run) == (1, True)
    assert session.scalar(select(func.count()).select_from(Item)) == 0


def test_rights_and_state_are_as_the_import_says(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    bring(runtime, brand, lines(tmp_path, LINE), state="approved", rights="granted", evidence="contract 7")
    [item] = session.scalars(select(Item))
    assert (item.state, item.rights_state) == (State.APPROVED, RightsState.GRANTED)


def test_saved_answers_of_a_network_are_read_as_a_pull_reads_them(
    runtime: Runtime, session: Session, brand: Brand, tmp_path: Path, fake: FakeNetwork
) -> None:
    fake.pages = [Pulled((post(1), post(2)), (Skipped("p3", "media_url", "is missing"),))]
    path = tmp_path / "answer.json"
    path.write_bytes(b"{}")
    report = bring(runtime, brand, path, network="fake", mode="cached")
    assert (report.added, report.rejected, report.format) == (2, 1, "fake")
    assert "media_url is missing" in report.lines[0].reason
    assert fake.asked[0].fetcher.fetch("https://anything.test").body == b"{}"
    [item, _] = session.scalars(select(Item).order_by(Item.id)).all()
    assert (item.source, item.source_policy) == ("fake", "api_cached")


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"data": 5}', b"\xff\xfe"])
@pytest.mark.parametrize(
    ("network", "mode"), [("mastodon", "hashtag"), ("youtube", "channel"), ("bluesky", "search"), ("reddit", "search")]
)
def test_a_file_that_is_no_answer_is_refused_as_a_whole(
    runtime: Runtime, brand: Brand, tmp_path: Path, network: str, mode: str, body: bytes
) -> None:
    path = tmp_path / "answer.json"
    path.write_bytes(body)
    try:
        report = bring(runtime, brand, path, network=network, mode=mode)
    except NotPosts:
        return
    assert report.added == 0


def test_one_endless_line_is_refused(runtime: Runtime, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"x" * (importing.MAX_LINE + 2))
    with pytest.raises(NotPosts):
        bring(runtime, brand, path)


REAL = (
    ("mastodon", "hashtag", "mastodon", 100),
    ("youtube", "search", "youtube_data_api", 20),
    ("instagram", "own", "instagram_graph_api", 20),
)


@pytest.mark.parametrize(("network", "mode", "folder", "least"), REAL, ids=[row[0] for row in REAL])
def test_real_saved_answers_come_in_once(
    runtime: Runtime, session: Session, brand: Brand, data: Path, network: str, mode: str, folder: str, least: int
) -> None:
    files = sorted(path for path in (data / "social" / folder).rglob("*.json") if path.is_file())
    added = []
    for _ in range(2):
        counts = 0
        for path in files:
            with suppress(NotPosts):
                counts += bring(runtime, brand, path, network=network, mode=mode).added
        added.append(counts)
    assert added[0] >= least
    assert added[1] == 0
    assert session.scalar(select(func.count()).select_from(Item)) == added[0]
