"""Brings the database to the newest schema, one process at a time, and says which schema it has."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from ugc.kit import shipped
from ugc.kit.db import sqlalchemy_url
from ugc.kit.errors import UgcError, Unavailable

# One number of our own for pg_advisory_lock: two instances that start together migrate one after the other (F-32).
MIGRATION_LOCK = 7_243_001


# What the queries and the migrations were written for; older ones lack parts of both.
LEAST_SERVER = 16


class WrongServer(UgcError):
    """The database server is older than PostgreSQL 16."""

    status = 503


class WrongSchema(UgcError):
    """The database's schema is not the one of this version; run `ugc migrate`."""

    status = 503


class NoVectors(UgcError):
    """The database server lacks pgvector; install it there (Debian: postgresql-18-pgvector), then run `ugc migrate` again."""

    status = 503


def configuration(url: str) -> Config:
    """Alembic's settings for our folder of migrations."""
    settings = Config()
    settings.set_main_option("script_location", str(shipped.folder("migrations")))
    settings.set_main_option("path_separator", "os")
    settings.attributes["url"] = sqlalchemy_url(url)
    return settings


def migrate(engine: Engine) -> None:
    """Upgrade to the newest schema under a lock; does nothing when it is there already."""
    check_server(engine)
    check_vectors(engine)
    settings = configuration(engine.url.render_as_string(hide_password=False))
    with engine.connect() as connection:
        connection.execute(text("set statement_timeout = 0"))
        connection.execute(text("set lock_timeout = 0"))
        connection.execute(text("select pg_advisory_lock(:number)"), {"number": MIGRATION_LOCK})
        connection.commit()
        try:
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
        finally:
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(:number)"), {"number": MIGRATION_LOCK})
            connection.commit()
            connection.invalidate()  # its timeouts were lifted; the pool must not hand it out


def check_server(engine: Engine) -> None:
    """Raise WrongServer for a server that is too old, or Unavailable where none answers."""
    try:
        with engine.connect() as connection:
            number = int(connection.scalar(text("show server_version_num")) or 0)
    except OperationalError as cause:
        raise Unavailable(f"the database does not answer: {str(cause.orig).strip().splitlines()[0]}") from cause
    if number // 10_000 < LEAST_SERVER:
        raise WrongServer(f"the database server is PostgreSQL {number // 10_000}; this needs {LEAST_SERVER} or newer")


def check_vectors(engine: Engine) -> None:
    """Raise NoVectors where the extension that compares vectors is not on the server."""
    with engine.connect() as connection:
        if not connection.scalar(text("select 1 from pg_available_extensions where name = 'vector'")):
            raise NoVectors()


def versions(engine: Engine) -> tuple[str | None, str]:
    """The database's revision and the newest one that this program knows."""
    newest = ScriptDirectory(str(shipped.folder("migrations"))).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), str(newest)


def check(engine: Engine) -> None:
    """Raise WrongSchema unless the database has exactly this version's schema (F-33)."""
    check_server(engine)
    have, want = versions(engine)
    if have != want:
        raise WrongSchema(f"the database has schema {have}, this version needs {want}; run `ugc migrate`")
