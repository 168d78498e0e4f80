"""A real S3 server process of the tests' own, on free ports, its files in a temporary folder."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ugc.kit.storage.places import Place
from ugc.kit.storage.s3 import make_client
from ugc.kit.supervisor import end_with_parent

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY, SECRET, BUCKET = "test-key", "test-secret", "tests"
# The server itself is ready in three seconds on a quiet machine.
PATIENCE = 90


@dataclass(frozen=True)
class S3Server:
    """A running server."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def shared(self) -> S3Client:
        """Making a client takes longer than most tests."""
        return self.client(self.port)

    def client(self, port: int, **facts: str) -> S3Client:
        """A client of ours, through a proxy where another port is given."""
        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET} | facts
        return make_client(f"http://127.0.0.1:{port}", **keys)

    def place(self) -> Place:
        """A part of the bucket that nobody else uses: a bucket of its own costs the server a second and seven volumes."""
        return Place(BUCKET, f"part-{secrets.token_hex(6)}/")


def program() -> str:
    """The server's program, beside this Python or on the path."""
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    assert found, "the S3 server for tests is missing: make setup"
    return found


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """SeaweedFS for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="ugc-s3-", dir="/tmp") as folder:
        identity = {"name": "tests", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
        Path(folder, "s3.json").write_text(json.dumps({"identities": [identity]}))
        from tests.processes import free_port  # knows the settings of conftest, which knows this module

        ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
        command = [program(), "server", "-dir", folder, "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1", "-filer", "-s3"]
        command += [f"-{name}.port={port}" for name, port in ports.items()]
        command += [f"-{name}.port.grpc={free_port()}" for name in ports]
        command += [
            "-s3.autoCreateBucket=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.config",
            f"{folder}/s3.json",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=30",
        ]
        with (
            open(f"{folder}/log", "wb") as log,
            subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, preexec_fn=end_with_parent) as process,
        ):
            try:
                server = S3Server(ports["s3"])
                wait_for(server, process, Path(folder, "log"))
                yield server
            finally:
                process.kill()


def wait_for(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the first file can be stored."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(ClientError, BotoCoreError):
            server.shared.create_bucket(Bucket=BUCKET)
        with suppress(ClientError, BotoCoreError):
            server.shared.put_object(Bucket=BUCKET, Key="ready", Body=b"1")
            return
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
        time.sleep(0.1)
