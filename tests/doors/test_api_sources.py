"""Sources over the API: tokens go in and never come out; each brand has its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.social.network import FakeNetwork, fake_network
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import KeyKind
from ugc.runtime import Runtime
from ugc.social import actions
from ugc.social.models import Source, SourceState

NEW = {
    "network": "fake",
    "mode": "cached",
    "name": "Linen",
    "options": {"tag": "linen", "key": "key_SECRET"},
    "token": "tok_SECRET",
}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNetwork]:
    with fake_network(monkeypatch) as network:
        yield network


class Program:
    """Somebody with a secret key."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Status and JSON of a request."""
        answer = self.client.open(f"/api/v1{path}", method=method, json=body, headers=self.headers)
        assert "SECRET" not in answer.text
        return answer.status_code, answer.get_json(silent=True)


@pytest.fixture
def programs(app: OpenAPI, runtime: Runtime) -> tuple[Program, Program]:
    """One of each of two brands."""
    made = []
    with runtime.transaction() as session:
        for _ in range(2):
            _, token = accounts_actions.add_key(session, make.brand(session), KeyKind.SECRET, seal_key=b"")
            made.append(Program(app.test_client(), token))
    return made[0], made[1]


def test_a_source_is_added_changed_paused_pulled_and_removed(
    runtime: Runtime, session: Session, programs: tuple[Program, Program], fake: FakeNetwork
) -> None:
    program, stranger = programs
    status, made = program.ask("POST", "/sources", NEW)
    assert (status, made["state"], made["options"], made["error"]) == (201, "active", {"tag": "linen"}, "")
    at = f"/sources/{made['id']}"
    [row] = session.scalars(select(Source))
    assert actions.unsealed(runtime.key("tokens"), row).fields == {"key": "key_SECRET"}
    assert program.ask("PATCH", at, {"name": "Coats", "tags": ["Coat"], "interval_minutes": 15})[1]["tags"] == ["coat"]
    assert program.ask("PATCH", at, {"state": "paused"})[1]["state"] == "paused"
    assert program.ask("POST", f"{at}/pull")[0] == 422
    assert program.ask("PATCH", at, {"state": "active"})[1]["next_pull_at"] is not None
    assert program.ask("POST", f"{at}/pull")[0] == 202
    for method, path in (("GET", at), ("PATCH", at), ("DELETE", at), ("POST", f"{at}/pull")):
        assert stranger.ask(method, path, {"name": "Mine"} if method == "PATCH" else None)[0] == 404
    assert (len(program.ask("GET", "/sources")[1]["items"]), stranger.ask("GET", "/sources")[1]["items"]) == (1, [])
    assert program.ask("DELETE", at)[0] == 204
    assert program.ask("GET", at)[0] == 404


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"network": "nowhere"}, 404, "unknown_network"),
        ({"mode": "nothing"}, 404, "unknown_network"),
        ({"options": {}}, 422, "bad_source"),
        ({"options": {"tag": "x", "other": "y"}}, 400, "invalid"),
        ({"tags": ["!"]}, 422, "bad_tag"),
    ],
)
def test_a_source_that_can_t_be_is_refused(
    programs: tuple[Program, Program], fake: FakeNetwork, changes: dict[str, Any], status: int, code: str
) -> None:
    got, problem = programs[0].ask("POST", "/sources", NEW | changes)
    assert (got, problem["code"]) == (status, code)


def test_a_source_without_access_waits_to_be_connected(programs: tuple[Program, Program], fake: FakeNetwork) -> None:
    program, _ = programs
    made = program.ask("POST", "/sources", NEW | {"token": ""})[1]
    assert made["state"] == SourceState.NEEDS_CONNECT
    assert program.ask("PATCH", f"/sources/{made['id']}", {"state": "active"})[0] == 422
    assert program.ask("PATCH", f"/sources/{made['id']}", {"token": "tok_SECRET"})[1]["state"] == "active"
