"""`ugc storage` and what `ugc check` says of a bucket, run as commands on a real S3 server."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.conftest import ROOT
from tests.processes import environment_of
from tests.s3_server import BUCKET, KEY, SECRET, S3Server
from ugc.cli import checking
from ugc.kit.storage.local import LocalStorage
from ugc.kit.storage.s3 import S3Storage
from ugc.runtime import Runtime

ABORT = {"ID": "abort", "Status": "Enabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}


def ugc(runtime: Runtime, server: S3Server, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    keys = {"UGC_S3_ENDPOINT_URL": server.endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    environment = environment_of(runtime) | keys | more
    command = [sys.executable, "-m", "ugc.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_files_move_into_a_bucket_and_the_service_finds_them_there(live: Runtime, s3: S3Server) -> None:
    place = s3.place()
    live.storage.put("originals/1/aa/x", b"one")
    done = ugc(live, s3, "storage", "move", "--to", place.address)
    assert done.returncode == 0, done.stderr
    assert "1 copied" in done.stdout
    assert f"set UGC_STORAGE={place.address}" in done.stdout
    bucket = S3Storage(s3.shared, place, LocalStorage(live.settings.data_dir / "desk"))
    assert bucket.read("originals/1/aa/x") == b"one"
    last = ugc(live, s3, "storage", "move", "--from", "local", "--to", place.address, UGC_STORAGE=place.address)
    assert last.returncode == 0, last.stderr
    same = ugc(live, s3, "storage", "move", "--to", "local")
    assert (same.returncode, "name where they lay before" in same.stderr) == (2, True)


def test_the_sweep_counts(live: Runtime, s3: S3Server) -> None:
    live.storage.put("originals/1/aa/x", b"young")
    done = ugc(live, s3, "storage", "sweep", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "0 would be removed\n")


@pytest.mark.parametrize(("rules", "words"), [([ABORT], "files can be written"), ([], "no rule ends uploads")])
def test_f23_the_check_looks_at_the_buckets_rules(live: Runtime, s3: S3Server, rules: list[object], words: str) -> None:
    client = s3.shared
    if rules:
        client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [ABORT]})  # type: ignore[list-item]
    try:
        done = ugc(live, s3, "check", UGC_STORAGE=s3.place().address)
    finally:
        client.delete_bucket_lifecycle(Bucket=BUCKET)
    [line] = [line for line in done.stdout.splitlines() if " storage " in line]
    assert words in line
    assert line.startswith("ok" if rules else "FAULT")


def test_the_check_says_where_it_could_not_look(live: Runtime) -> None:
    """A server that knows no rules answers as a folder does."""
    found = checking.storage(replace(live, settings=replace(live.settings, storage="s3://a-bucket")))
    assert (found.ok, found.text) == (True, "local: files can be written; its rules can't be asked for")
