"""The database out of reach, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import event

from ugc.runtime import Runtime


@contextmanager
def without_database(runtime: Runtime) -> Iterator[None]:
    """Cut the runtime's connections and refuse new ones, as a stopped server does."""

    def refuse(*_: object) -> None:
        raise psycopg.OperationalError("connection refused")

    runtime.engine.dispose()
    event.listen(runtime.engine, "do_connect", refuse)
    try:
        yield
    finally:
        event.remove(runtime.engine, "do_connect", refuse)
