"""`GET /media/…`: a rendition with a type of our own and headers that keep it a picture; never an original (T-17, T-18)."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import make
from tests.media import vectors
from ugc import worker
from ugc.app import create_app
from ugc.ingest import picturing
from ugc.kit import jobs, working
from ugc.library import actions as library_actions
from ugc.library.models import Item, Reason, State
from ugc.media.models import File
from ugc.media.rules import rendition_urls
from ugc.runtime import Runtime


@pytest.fixture
def file(runtime: Runtime, session: Session) -> File:
    """A file whose original and one rendition lie in the storage."""
    made = make.file(session, make.brand(session))
    runtime.storage.put(f"renditions/{made.public_name}/320.webp", vectors.encoded(vectors.photo(320, 240), "WEBP"))
    runtime.storage.put(f"renditions/{made.public_name}/320.jpg", vectors.jpeg(320, 240))
    runtime.storage.put(f"renditions/{made.public_name}/320.avif", vectors.encoded(vectors.photo(320, 240), "AVIF"))
    runtime.storage.put(f"renditions/{made.public_name}/loop-320.webp", vectors.encoded(vectors.photo(320, 240), "WEBP"))
    runtime.storage.put(made.storage_key, vectors.talkative_jpeg())
    session.commit()
    return made


def get(app: OpenAPI, path: str, **headers: str) -> TestResponse:
    """The answer to a stranger."""
    return app.test_client().get(path, buffered=True, headers={name.replace("_", "-"): value for name, value in headers.items()})


COPIES = {"320.webp": "image/webp", "320.jpg": "image/jpeg", "320.avif": "image/avif", "loop-320.webp": "image/webp"}


@pytest.mark.parametrize(("name", "kind"), COPIES.items())
def test_a_rendition_is_a_picture_and_nothing_else(app: OpenAPI, file: File, name: str, kind: str) -> None:
    path = f"/media/{file.public_name}/{name}"
    whole = get(app, path)
    answers = {
        200: whole, 206: get(app, path, Range="bytes=0-9"), 304: get(app, path, If_None_Match=whole.headers["ETag"]),
        416: get(app, path, Range="bytes=900000-"),
    }  # fmt: skip
    assert_alone(answers, kind)
    assert len(answers[206].data) == 10


def assert_alone(answers: dict[int, TestResponse], kind: str) -> None:
    """T-17: each of these answers says its type, forbids to guess another and to run anything, and sets no cookie."""
    for status, answer in answers.items():
        assert answer.status_code == status
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        if status in {200, 206}:
            assert answer.headers["Content-Type"] == kind


@pytest.mark.parametrize("name", ["320.webp", "video.mp4", "captions-de.vtt"])
def test_T_17_an_address_that_shows_nothing_is_as_harmless(app: OpenAPI, name: str) -> None:
    answer = get(app, f"/media/{'0' * 32}/{name}", Range="bytes=0-1")
    assert answer.status_code == 404
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not answer.headers["Content-Type"].startswith(("image", "video", "audio", "text/vtt"))
    assert "Set-Cookie" not in answer.headers


def test_what_is_no_rendition_is_not_found(app: OpenAPI, file: File) -> None:
    for path in (
        f"/media/{file.public_name}/640.webp", f"/media/{file.public_name}/320.html", f"/media/{file.public_name}/..%2f320.webp",
        f"/media/{'0' * 32}/320.webp", f"/media/../{file.storage_key}", f"/media/{file.storage_key}", f"/{file.storage_key}",
        f"/media/originals/{file.sha256}",
    ):  # fmt: skip
        answer = get(app, path)
        assert answer.status_code == 404, path
        assert "image" not in answer.headers["Content-Type"]
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("state", [State.REJECTED, State.TRASH, State.SPAM, State.INBOX])
def test_a_picture_that_leaves_the_public_leaves_its_address(live: Runtime, tmp_path: Path, state: State) -> None:
    (tmp_path / "photo.jpg").write_bytes(vectors.jpeg(320, 240))
    with live.transaction() as session:
        brand = make.brand(session)
    picturing.import_media(live, brand, tmp_path, state="approved", rights="owned", actor="system")
    before = addresses_after_work(live, brand.id)
    assert statuses(live, before) == {200}
    with live.transaction() as session:
        ids = list(session.scalars(select(Item.id)))
        if state is State.REJECTED:
            library_actions.reject(session, brand.id, ids, Reason.OTHER, actor="person:1", now=make.NOON)
        else:
            library_actions.move(session, brand.id, ids, state, actor="person:1", now=make.NOON)
    after = addresses_after_work(live, brand.id)
    assert statuses(live, before) == {404}
    assert after.isdisjoint(before)
    with live.transaction() as session:
        library_actions.approve(session, brand.id, ids, actor="person:1", now=make.NOON)
    assert statuses(live, addresses_after_work(live, brand.id)) == {200}
    assert statuses(live, before) == {404}


def addresses_after_work(runtime: Runtime, brand_id: int) -> set[str]:
    """Every address of the one picture, once all jobs are done."""
    assert worker.run_brand(runtime, brand_id, wait=True, pace=working.Pace(heartbeat=0.3, watch=0.05, poll=0.05))
    with runtime.transaction() as session:
        assert jobs.find_jobs(session, "failed") == []
        file = session.scalars(select(File)).one()
        return {str(each["url"]) for each in rendition_urls(file, "")}


def statuses(runtime: Runtime, paths: set[str]) -> set[int]:
    """How these addresses answer a stranger."""
    client = create_app(runtime).test_client()
    assert paths
    return {client.get(path, buffered=True).status_code for path in paths}


PLAYED = {
    "video.mp4": "video/mp4",
    "preview.mp4": "video/mp4",
    "audio.m4a": "audio/mp4",
    "captions-pt-BR.vtt": "text/vtt; charset=utf-8",
}


@pytest.mark.parametrize(("name", "kind"), PLAYED.items())
def test_T_17_what_plays_is_served_whole_and_in_parts(app: OpenAPI, runtime: Runtime, file: File, name: str, kind: str) -> None:
    path = f"/media/{file.public_name}/{name}"
    assert get(app, path).status_code == 404
    runtime.storage.put(f"renditions/{file.public_name}/{name}", bytes(range(256)) * 8)
    whole = get(app, path)
    assert (len(whole.data), whole.headers["Accept-Ranges"]) == (2048, "bytes")
    parts = {"bytes=0-1": (0, 2), "bytes=256-": (256, 2048), "bytes=-48": (2000, 2048), "bytes=2000-9999": (2000, 2048)}
    answers = {200: whole, 304: get(app, path, If_None_Match=whole.headers["ETag"])}
    for wanted, (start, end) in parts.items():
        answers[206] = get(app, path, Range=wanted)
        assert answers[206].data == (bytes(range(256)) * 8)[start:end]
        assert answers[206].headers["Content-Range"] == f"bytes {start}-{end - 1}/2048"
    answers[416] = get(app, path, Range="bytes=4000-")
    assert answers[416].headers["Content-Range"] == "bytes */2048"
    assert_alone(answers, kind)


@pytest.mark.parametrize("name", ["320.webp", "video.mp4"])
def test_ranges_that_can_not_be_answered_get_the_whole(app: OpenAPI, runtime: Runtime, file: File, name: str) -> None:
    runtime.storage.put(f"renditions/{file.public_name}/video.mp4", bytes(range(256)) * 8)
    path = f"/media/{file.public_name}/{name}"
    whole = get(app, path)
    for headers in (
        {"Range": "bytes=0-1,5-6"}, {"Range": "lines=0-1"}, {"Range": "bytes=x"}, {"Range": "bytes=5-2"},
        {"Range": "bytes=0-1", "If_Range": '"another"'}, {"Range": "bytes=0-1", "If_Range": "Sat, 21 Nov 2026 10:00:00 GMT"},
    ):  # fmt: skip
        answer = get(app, path, **headers)
        assert (answer.status_code, answer.data) == (200, whole.data), headers
    tag = whole.headers["ETag"]
    assert get(app, path, Range="bytes=0-1", If_Range=tag).status_code == 206
    assert get(app, path, Range="bytes=0-1", If_None_Match=tag).status_code == 304
    head = app.test_client().head(path)
    assert (head.status_code, head.content_length, head.data) == (200, len(whole.data), b"")


def test_a_video_is_sent_in_pieces_and_ends_where_it_is_removed_meanwhile(app: OpenAPI, runtime: Runtime, file: File) -> None:
    key = f"renditions/{file.public_name}/video.mp4"
    runtime.storage.put(key, bytes(1_000_000))
    answer = app.test_client().get(f"/media/{file.public_name}/video.mp4")
    pieces = iter(answer.response)
    assert len(next(pieces)) < 300_000
    runtime.storage.delete(key)
    assert list(pieces) == []


def test_captions_put_right_are_seen_soon(app: OpenAPI, runtime: Runtime, file: File) -> None:
    key, path = f"renditions/{file.public_name}/captions-de.vtt", f"/media/{file.public_name}/captions-de.vtt"
    tags = set()
    for word in (b"Hallo", b"Servu"):
        runtime.storage.put(key, b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + word)
        answer = get(app, path)
        assert "immutable" not in answer.headers["Cache-Control"]
        tags.add(answer.headers["ETag"])
    assert len(tags) == 2


@pytest.mark.parametrize(
    "name", ["video.mov", "video.mp4.html", "captions-.vtt", "captions-EN.vtt", "original.mp4", "captions-en.vtt%00"]
)
def test_no_other_name_plays(app: OpenAPI, runtime: Runtime, file: File, name: str) -> None:
    assert get(app, f"/media/{file.public_name}/{name}").status_code == 404
