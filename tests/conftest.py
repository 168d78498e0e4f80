"""Database, session, app, client, clock, storage; nothing more. Objects come from tests/make.py."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from tests import make, outbound
from tests.fakes import FakeFetcher
from tests.s3_server import S3Server, s3_server
from ugc.app import AFTER_COMMIT, create_app
from ugc.kit import db, postgres, schema
from ugc.kit.storage.local import LocalStorage
from ugc.runtime import Runtime
from ugc.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SECRET = "a secret that only the tests know, and it is long enough"


def pytest_configure() -> None:
    """No code of ours connects past the fetcher. Property tests draw the same few examples in every run; `make test-long`
    draws many, and others each time.
    """
    from hypothesis import HealthCheck
    from hypothesis import settings as examples

    outbound.install()
    calm = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    examples.register_profile("short", derandomize=True, max_examples=50, deadline=None, database=None, suppress_health_check=calm)
    examples.register_profile("long", max_examples=2_000, deadline=None, print_blob=True, suppress_health_check=calm)
    examples.load_profile("short")


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
        # A client that stopped half way through signing in would hold up every `drop database` for a minute.
        connection.execute("alter system set authentication_timeout = '10s'")
        connection.execute("select pg_reload_conf()")
        if not connection.execute("select 1 from pg_database where datname = %s", [template]).fetchone():
            connection.execute(f"drop database if exists {template}_new")
            connection.execute(f"create database {template}_new")
            engine = db.make_engine(at(url, f"{template}_new"))
            schema.migrate(engine)
            engine.dispose()
            connection.execute(f"alter database {template}_new rename to {template}")
        drop_left_over(connection)
    return at(url, template)


def at(url: str, database: str) -> str:
    """The same server, another database."""
    before, after = url.split("@/", 1)
    return f"{before}@/{database}?{after.split('?', 1)[1]}"


def name_of(url: str) -> str:
    """The database that an address names."""
    return url.split("@/", 1)[1].split("?", 1)[0]


def clone(cluster: str, kind: str) -> str:
    """A new database made from the template; its name says which process must drop it."""
    name = f"{kind}_{os.getpid()}_{next(make.numbers)}"
    with psycopg.connect(at(cluster, "postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {name_of(cluster)}")
    return at(cluster, name)


@contextmanager
def fresh_database(cluster: str, kind: str) -> Iterator[str]:
    """A database of its own for as long as the block runs."""
    url = clone(cluster, kind)
    try:
        yield url
    finally:
        with psycopg.connect(at(cluster, "postgres"), autocommit=True) as connection:
            connection.execute(f"drop database {name_of(url)} with (force)")


def drop_left_over(connection: psycopg.Connection) -> None:
    """Remove the databases of test processes that were killed."""
    for (name,) in connection.execute(r"select datname from pg_database where datname ~ '^(test|live|house)_\d+'").fetchall():
        if not Path(f"/proc/{name.split('_')[1]}").exists():
            connection.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def engine(cluster: str) -> Iterator[Engine]:
    """One engine a test process, on a database of its own."""
    with fresh_database(cluster, "test") as url:
        made = db.make_engine(url)
        yield made
        made.dispose()


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
            fetcher=FakeFetcher(),
            after_commit=AFTER_COMMIT,
        )
        outer.rollback()


@dataclass(frozen=True)
class Spare:
    """A migrated, empty database for one test at a time, with real commits."""

    url: str
    shape: tuple[object, ...]
    tables: tuple[str, ...]
    """What may be emptied: every table that has no rows from the migrations."""


@pytest.fixture(scope="session")
def spares(cluster: str) -> Iterator[list[Spare]]:
    """Databases that tests gave back; emptying one costs a tenth of making one."""
    kept: list[Spare] = []
    yield kept
    with psycopg.connect(at(cluster, "postgres"), autocommit=True) as connection:
        for spare in kept:
            connection.execute(f"drop database {name_of(spare.url)} with (force)")


def make_spare(cluster: str) -> Spare:
    """A database of its own, made from the template."""
    url = clone(cluster, "live")
    with psycopg.connect(url, autocommit=True) as connection:
        names = [name for (name,) in connection.execute(TABLES).fetchall()]
        empty = [name for name in names if not connection.execute(f"select 1 from {name} limit 1").fetchone()]
        return Spare(url, shape_of(connection), tuple(empty))


TABLES = """
    select quote_ident(relname) from pg_class
    where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace
"""


def shape_of(connection: psycopg.Connection) -> tuple[object, ...]:
    """What differs when a test changed more than rows."""
    row = connection.execute("""
        select (select string_agg(version_num, '') from alembic_version), (select count(*) from pg_class),
            (select count(*) from pg_attribute), (select count(*) from pg_trigger), (select count(*) from pg_proc)
    """).fetchone()
    return tuple(row or ())


def give_back(spares: list[Spare], spare: Spare) -> None:
    """End what is still connected, take back rows and counted ids; where a test changed more, the database is dropped."""
    with psycopg.connect(spare.url, autocommit=True) as connection:
        connection.execute("""
            select pg_terminate_backend(pid, 10000) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        """)
        if whole := shape_of(connection) == spare.shape:
            connection.execute("set session_replication_role = replica")  # rows in any order: no foreign key is asked
            filled = " union all ".join(f"select '{name}' where exists (select from {name})" for name in spare.tables)
            for (name,) in connection.execute(filled).fetchall():
                connection.execute(f"delete from {name}")
            connection.execute("select setval(oid::regclass, 1, false) from pg_class where relkind = 'S'")
            spares.append(spare)
    if not whole:
        with psycopg.connect(at(spare.url, "postgres"), autocommit=True) as connection:
            connection.execute(f"drop database {name_of(spare.url)} with (force)")


@contextmanager
def live_runtime(cluster: str, spares: list[Spare], settings: Settings) -> Iterator[Runtime]:
    """A runtime on a database of its own, where commits are real."""
    settings.data_dir.mkdir()
    spare = spares.pop() if spares else make_spare(cluster)
    made = db.make_engine(spare.url)
    try:
        yield Runtime(
            settings=replace(settings, database_url=spare.url),
            secret=SECRET,
            database_url=spare.url,
            engine=made,
            sessions=db.make_sessions(made),
            storage=LocalStorage(settings.data_dir / "files"),
            fetcher=FakeFetcher(),
            after_commit=AFTER_COMMIT,
        )
    finally:
        made.dispose()
        give_back(spares, spare)


@pytest.fixture
def live(cluster: str, spares: list[Spare], settings: Settings) -> Iterator[Runtime]:
    """A runtime with real commits: for threads, workers and other processes."""
    with live_runtime(cluster, spares, settings) as runtime:
        yield runtime


@pytest.fixture
def session(runtime: Runtime) -> Iterator[Session]:
    """A session that is rolled back."""
    with runtime.sessions() as opened:
        yield opened


@pytest.fixture
def app(runtime: Runtime) -> OpenAPI:
    """The web application."""
    return create_app(runtime)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A real S3 server, one a test process, started by the first test that needs it."""
    with s3_server() as server:
        yield server


@pytest.fixture
def data() -> Path:
    """The folder of real data; the test is skipped, saying so, where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"real data is not at {DATA}")
    return DATA


__all__ = ["make"]
