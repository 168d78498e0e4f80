"""`GET /media/…`: a rendition with a type of our own and headers that keep it a picture; never an original (T-17, T-18)."""

from __future__ import annotations

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import make
from tests.media import vectors
from ugc.media.models import File
from ugc.runtime import Runtime


@pytest.fixture
def file(runtime: Runtime, session: Session) -> File:
    """A file whose original and one rendition lie in the storage."""
    made = make.file(session, make.brand(session))
    runtime.storage.put(f"renditions/{made.public_name}/320.webp", vectors.encoded(vectors.photo(320, 240), "WEBP"))
    runtime.storage.put(f"renditions/{made.public_name}/320.jpg", vectors.jpeg(320, 240))
    runtime.storage.put(made.storage_key, vectors.talkative_jpeg())
    session.commit()
    return made


def get(app: OpenAPI, path: str, **headers: str) -> TestResponse:
    """The answer to a stranger."""
    return app.test_client().get(path, buffered=True, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(("name", "kind"), [("320.webp", "image/webp"), ("320.jpg", "image/jpeg")])
def test_a_rendition_is_a_picture_and_nothing_else(app: OpenAPI, file: File, name: str, kind: str) -> None:
    path = f"/media/{file.public_name}/{name}"
    whole = get(app, path)
    answers = {200: whole, 206: get(app, path, Range="bytes=0-9"), 304: get(app, path, If_None_Match=whole.headers["ETag"])}
    for status, answer in answers.items():
        assert answer.status_code == status
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        if status != 304:
            assert answer.headers["Content-Type"] == kind
    assert len(answers[206].data) == 10


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
