"""Runs migrations on the connection that ugc.kit.schema hands over."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Enum, create_engine

from ugc.kit.schema import configuration  # noqa: F401  # the way in; running alembic by hand needs its attributes
from ugc.tables import metadata


def include_name(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
    """Leave out what others own: Procrastinate's tables and the partitions of the event log."""
    table = name if kind == "table" else parents.get("table_name")
    return not (table or "").startswith(("procrastinate_", "events_"))


def render_item(kind: str, item: Any, autogen: Any) -> str | bool:
    """Write enums by their texts, so that a migration never imports our classes."""
    if kind == "type" and isinstance(item, Enum):
        texts = ", ".join(repr(text) for text in item.enums)
        return f"sa.Enum({texts}, name={item.name!r}, native_enum=False, create_constraint=True, length={item.length})"
    return False


def run(connection: Any) -> None:
    """One transaction per migration."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=include_name,
        render_item=render_item,
        transaction_per_migration=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.config.attributes["url"]).connect() as fresh:
        run(fresh)
