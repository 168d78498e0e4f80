"""Declarative base, column facts and sessions over PostgreSQL. The only clever file about the database.

Models read as lists of facts: `name: Mapped[str]`, `brand_id: Mapped[brand_fk]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Engine,
    Enum,
    ForeignKey,
    Identity,
    MetaData,
    Numeric,
    Text,
    any_,
    cast,
    create_engine,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, mapped_column, sessionmaker

Result = TypeVar("Result")


def enum_values(kind: type[StrEnum]) -> list[str]:
    """The texts that an enum's members stand for, as the table stores them."""
    return [member.value for member in kind]


class Base(DeclarativeBase):
    """Every room's tables share one naming convention and one map from Python types to column types."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        }
    )
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        Decimal: Numeric(14, 2),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: JSONB,
        dict[str, float]: JSONB,
        # SQLAlchemy stores member *names* by default; the texts are what outside programs read.
        StrEnum: Enum(StrEnum, native_enum=False, create_constraint=True, values_callable=enum_values, length=32),
    }


pk = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
stamped = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]


def named_enum(kind: type[StrEnum], name: str) -> Enum:
    """An enum column's type whose check has a name of its own, for a table with two columns of one kind."""
    return Enum(kind, name=name, native_enum=False, create_constraint=True, values_callable=enum_values, length=32)


def fk(target: str, *, ondelete: str = "CASCADE", index: bool = True, **options: Any) -> Any:
    """A foreign key column to `table.id`, indexed so that cascades and joins stay cheap."""
    return mapped_column(ForeignKey(target, ondelete=ondelete), index=index, **options)


def among(column: InstrumentedAttribute[Result], values: Iterable[Result]) -> ColumnElement[bool]:
    """`column in (…)` with all values in one parameter: a thousand of their own cost more to write and read than to look up."""
    return column == any_(cast(list(values), ARRAY(column.type)))


def make_engine(url: str, *, pool_size: int = 5, statement_timeout_ms: int = 5_000, application: str = "ugc") -> Engine:
    """An engine on psycopg 3 with time limits on statements and locks, checked before use (F-12, F-16)."""
    limits = {"statement_timeout": statement_timeout_ms, "lock_timeout": 2_000, "idle_in_transaction_session_timeout": 60_000}
    options = " ".join(f"-c {name}={value}" for name, value in (limits | {"timezone": "UTC"}).items())
    return create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=2,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text goes into logs; the values may be a customer's or a token (T-38, T-64)
        connect_args={"options": options, "application_name": application, "connect_timeout": 3},
    )


def sqlalchemy_url(url: str) -> str:
    """The address with the driver's name: `postgresql://…` → `postgresql+psycopg://…`."""
    scheme, rest = url.split("://", 1)
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def plain_url(url: str) -> str:
    """The address without the driver's name, as psycopg and the PostgreSQL tools take it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions that keep loaded rows readable after commit, so that an answer can be rendered from them."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """A session that commits when the block ends well and rolls back when it raises."""
    with sessions() as session, session.begin():
        yield session


def record(sessions: sessionmaker[Session], write: Callable[[Session], Result]) -> Result:
    """Write what must survive a refusal in its own short transaction; each use is listed in docs/architecture.md."""
    with transaction(sessions) as session:
        return write(session)


def is_ready(engine: Engine) -> bool:
    """Whether the database answers at all."""
    try:
        with engine.connect() as connection:
            connection.execute(text("select 1"))
    except Exception:
        return False
    return True
