"""T-38: a network's token is in no log, job, page, answer, report or plain column, whatever goes wrong with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from tests.doors.studio import caller
from tests.make import NOON
from tests.social.network import FakeNetwork, connect, post
from ugc.accounts.models import Role
from ugc.kit import logs
from ugc.kit.errors import Outside
from ugc.kit.http.errors import NotJson, TooSlow, Unreachable
from ugc.runtime import Runtime
from ugc.social import actions, checking, jobs, pulling
from ugc.social.networks.base import Ask, BadShape, Pulled, SourceGone, Throttled, TokenRefused

TOKEN = "tok_SECRET_x"
KEY = "key_SECRET/y&z"


def quoting(ask: Ask) -> str:
    """What a careless connector puts into its errors."""
    return f"GET https://fake.test/v1?access_token={ask.token}&key={ask.options['key']} failed"


STEPS: dict[str, Callable[[Ask], Exception]] = {
    "unreachable": lambda ask: Unreachable(quoting(ask)),
    "too slow": lambda ask: TooSlow(quoting(ask)),
    "not json": lambda ask: NotJson(quoting(ask)),
    "throttled": lambda ask: Throttled(timedelta(minutes=5)),
    "refused": lambda ask: TokenRefused(quoting(ask)),
    "gone": lambda ask: SourceGone(quoting(ask)),
    "shape": lambda ask: BadShape(f"data[{quoting(ask)}]"),
    "outside": lambda ask: Outside(quoting(ask), permanent=True),
    "a bug": lambda ask: KeyError(quoting(ask)),
    "a bug of a library": lambda ask: RuntimeError(quoting(ask)),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_token_shows_nowhere_whatever_fails(
    app: OpenAPI, runtime: Runtime, session: Session, fake: FakeNetwork, capfd: pytest.CaptureFixture[str], step: str
) -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    logs.set_up("debug")
    try:
        brand = make.brand(session)
        source = connect(runtime, session, brand, token=TOKEN, options={"tag": "linen", "key": KEY})
        session.commit()
        fake.paged([post(1)])
        pulling.pull_source(runtime, brand.id, source.id, now=NOON)
        failing(fake, STEPS[step])
        jobs.pull(runtime, brand_id=brand.id, source_id=source.id)
        checking.check_source(runtime, brand.id, source.id, now=NOON)
        person = caller(app, runtime, brand.id, Role.OWNER)
        form = {"network": "fake", "mode": "cached", "field-tag": "linen", "field-key": KEY, "token": TOKEN}
        shown = [
            person.get("/studio/sources").text,
            person.get(f"/studio/sources/{source.id}").text,
            person.post("/studio/sources/try", form, script=False).text,
            person.get("/studio/settings/audit").text,
            person.get("/studio/jobs").text,
        ]
    finally:
        captured = capfd.readouterr()
        logging.getLogger().handlers[:], logging.getLogger().level = before
    stored = [str(session.execute(text(f"select * from {table}")).all()) for table in STORED]
    for place in [*shown, *stored, captured.out, captured.err]:
        assert "SECRET" not in place, place
    assert actions.unsealed(runtime.key("tokens"), source).token == TOKEN


STORED = ("sources", "source_pulls", "skipped_posts", "procrastinate_jobs", "job_failures", "audit_entries", "network_posts")


def failing(fake: FakeNetwork, error: Callable[[Ask], Exception]) -> None:
    """From now on the network fails with words that quote the question."""

    class Quoting(list[Pulled | Exception]):
        def __getitem__(self, place: object) -> Exception:  # type: ignore[override]
            return error(fake.asked[-1])

    fake.pages = Quoting([TokenRefused()])
