"""Every kind of storage: a folder, a real S3 server, and the same behind a proxy that misbehaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.s3_server import S3Server
from ugc.kit.storage.base import Storage
from ugc.kit.storage.local import LocalStorage
from ugc.kit.storage.s3 import S3Storage


@pytest.fixture
def desk(tmp_path: Path) -> LocalStorage:
    """Where a bucket's files lie while they are written."""
    return LocalStorage(tmp_path / "desk")


@pytest.fixture
def bucket(s3: S3Server, desk: LocalStorage) -> S3Storage:
    """A storage in a part of a bucket of the test's own."""
    return S3Storage(s3.shared, s3.place(), desk)


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """A storage of each kind."""
    if request.param == "local":
        return LocalStorage(tmp_path / "files")
    made: S3Storage = request.getfixturevalue("bucket")
    return made
