"""Database, session, app, client, clock, storage; nothing more. Objects come from tests/make.py."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import make
from ugc.app import AFTER_COMMIT, create_app
from ugc.kit import db, postgres, schema
from ugc.kit.storage import LocalStorage
from ugc.runtime import Runtime
from ugc.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SECRET = "a secret that only the tests know, and it is long enough"


def cluster_folder() -> Path:
    """One embedded cluster for all test processes of this checkout; short, since a socket's path has 107 bytes."""
    return Path("/tmp") / f"ugc-tests-{os.geteuid()}-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"


@pytest.fixture(scope="session")
def cluster() -> str:
    """The address of the tests' own server, with a migrated template database."""
    folder = cluster_folder()
    url = postgres.ensure(folder)
    steps = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    template = "template_" + hashlib.sha256(b"".join(step.read_bytes() for step in steps)).hexdigest()[:12]
    with open(folder / "template.lock", "w") as lock, psycopg.connect(url, autocommit=True) as connection:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # The tests' data need not survive a power cut; the reliability tests run a cluster of their own.
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
        if not connection.execute("select 1 from pg_database where datname = %s", [template]).fetchone():
            connection.execute(f"drop database if exists {template}_new")
            connection.execute(f"create database {template}_new")
            engine = db.make_engine(at(url, f"{template}_new"))
            schema.migrate(engine)
            engine.dispose()
            connection.execute(f"alter database {template}_new rename to {template}")
    return at(url, template)


def at(url: str, database: str) -> str:
    """The same server, another database."""
    before, after = url.split("@/", 1)
    return f"{before}@/{database}?{after.split('?', 1)[1]}"


def clone(cluster: str, name: str) -> str:
    """A fresh database made from the template."""
    template = cluster.split("@/", 1)[1].split("?", 1)[0]
    with psycopg.connect(at(cluster, "postgres"), autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name} template {template}")
    return at(cluster, name)


@pytest.fixture(scope="session")
def engine(cluster: str) -> Iterator[Engine]:
    """One engine a test process, on a database of its own."""
    made = db.make_engine(clone(cluster, f"test_{os.getpid()}"))
    yield made
    made.dispose()
    with psycopg.connect(at(cluster, "postgres"), autocommit=True) as connection:
        connection.execute(f"drop database if exists test_{os.getpid()} with (force)")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings over a folder of the test's own."""
    return Settings(data_dir=tmp_path / "data", secret_key=SECRET, base_url="http://ugc.test")


@pytest.fixture
def runtime(engine: Engine, settings: Settings) -> Iterator[Runtime]:
    """A runtime whose every commit is a savepoint, rolled back at the end of the test. One thread only."""
    settings.data_dir.mkdir()
    with engine.connect() as connection:
        outer = connection.begin()
        yield Runtime(
            settings=settings,
            secret=SECRET,
            database_url=db.plain_url(engine.url.render_as_string(hide_password=False)),
            engine=engine,
            sessions=sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint"),
            storage=LocalStorage(settings.data_dir / "files"),
            after_commit=AFTER_COMMIT,
        )
        outer.rollback()


@pytest.fixture
def live(cluster: str, settings: Settings) -> Iterator[Runtime]:
    """A runtime on a database of its own, where commits are real: for threads, workers and other processes."""
    settings.data_dir.mkdir()
    name = f"live_{os.getpid()}"
    url = clone(cluster, name)
    made = db.make_engine(url)
    yield Runtime(
        settings=replace(settings, database_url=url),
        secret=SECRET,
        database_url=url,
        engine=made,
        sessions=db.make_sessions(made),
        storage=LocalStorage(settings.data_dir / "files"),
        after_commit=AFTER_COMMIT,
    )
    made.dispose()
    with psycopg.connect(at(cluster, "postgres"), autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def session(runtime: Runtime) -> Iterator[Session]:
    """A session that is rolled back."""
    with runtime.sessions() as opened:
        yield opened


@pytest.fixture
def app(runtime: Runtime) -> OpenAPI:
    """The web application."""
    return create_app(runtime)


@pytest.fixture
def data() -> Path:
    """The folder of real data; the test is skipped, saying so, where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"real data is not at {DATA}")
    return DATA


__all__ = ["make"]
