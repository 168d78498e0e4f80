"""How a command opens what it works on: settings, logs, the database with the right schema."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ugc import tables
from ugc.galleries.actions import drop_changed
from ugc.kit import logs, schema
from ugc.runtime import Runtime, open_runtime
from ugc.settings import Settings, read_settings

# Commands move whole catalogues; a statement of theirs may take longer than a visitor would wait (F-16).
STATEMENT_TIMEOUT_MS = 60_000


@contextmanager
def open_for_command(
    settings: Settings | None = None, *, any_schema: bool = False, pool_size: int = 5, application: str = "ugc-command"
) -> Iterator[Runtime]:  # fmt: skip
    """The command's runtime, given back at the end; raises WrongSchema unless the database is at this version's schema."""
    assert tables.metadata.tables  # every room's tables are mapped before the first query
    settings = settings or read_settings()
    logs.set_up(settings.log_level, readable=sys.stderr.isatty())
    runtime = open_runtime(
        settings,
        after_commit=drop_changed,
        pool_size=pool_size,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
        application=application,
    )
    try:
        if not any_schema:
            schema.check(runtime.engine)
        yield runtime
    finally:
        runtime.close()


def actor() -> str:
    """Who a command acts as in the audit log: the operating system's user."""
    return f"command:{os.environ.get('SUDO_USER') or os.environ.get('USER') or os.geteuid()}"
