"""Every kind of storage: a folder, a real S3 server, and the same behind a proxy that misbehaves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.s3_server import S3Server
from ugc.kit.storage.base import Storage
from ugc.kit.storage.local import LocalStorage
from ugc.kit.storage.s3 import S3Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def client(s3: S3Server) -> S3Client:
    """Making a client takes longer than most tests."""
    return s3.client()


@pytest.fixture
def desk(tmp_path: Path) -> LocalStorage:
    """Where a bucket's files lie while they are written."""
    return LocalStorage(tmp_path / "desk")


@pytest.fixture
def bucket(s3: S3Server, client: S3Client, desk: LocalStorage) -> S3Storage:
    """A storage in a part of a bucket of the test's own."""
    return S3Storage(client, s3.place(), desk)


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """A storage of each kind."""
    if request.param == "local":
        return LocalStorage(tmp_path / "files")
    made: S3Storage = request.getfixturevalue("bucket")
    return made
