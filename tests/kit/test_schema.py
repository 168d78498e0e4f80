"""Which database servers are good enough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest
from sqlalchemy import Engine, create_engine

from ugc.kit import schema
from ugc.kit.errors import Unavailable


class Server:
    """A database server that says its version number and can do nothing else."""

    def __init__(self, number: int) -> None:
        self.number = number

    @contextmanager
    def connect(self) -> Iterator[Server]:
        yield self

    def scalar(self, query: object) -> str:
        assert str(query) == "show server_version_num"
        return str(self.number)


@pytest.mark.parametrize("number", [90624, 150099, 159999])
def test_an_older_server_is_refused_in_words_before_anything_is_changed(number: int) -> None:
    server = cast(Engine, Server(number))
    for refuse in (schema.migrate, schema.check):
        with pytest.raises(schema.WrongServer, match=f"is PostgreSQL {number // 10_000}; this needs 16 or newer"):
            refuse(server)


@pytest.mark.parametrize("number", [160000, 180004])
def test_a_new_enough_server_is_taken(number: int) -> None:
    schema.check_server(cast(Engine, Server(number)))


def test_a_server_that_does_not_answer_is_said_so() -> None:
    engine = create_engine("postgresql+psycopg://ugc:pa55word@/none?host=/nowhere")
    with pytest.raises(Unavailable, match="the database does not answer") as silent:
        schema.check_server(engine)
    assert "pa55word" not in silent.value.detail
