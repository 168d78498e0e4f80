"""A pull that dies or meets another: nothing is lost, nothing doubled; the next one begins where the stored one ended."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select

from tests import make
from tests.make import NOON
from tests.processes import until
from tests.social.network import FakeNetwork, connect, fake_network, post
from ugc.ingest.models import WantedFile
from ugc.kit import db
from ugc.library.models import Item
from ugc.runtime import Runtime
from ugc.social import pulling, queries
from ugc.social.models import Source
from ugc.social.networks.base import Ask, Pulled

PAGES = 6
EACH = 5


class ByCursor(FakeNetwork):
    """Pages by the cursor that is asked with, as a network keeps them; stops the process that asks for one of them."""

    dies_at = -1

    def pull(self, ask: Ask) -> Pulled:
        place = int(ask.cursor.get("page", 0))
        if place == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        posts = tuple(post(place * EACH + number) for number in range(EACH))
        return Pulled(posts, cursor={"page": place + 1}, more=place + 1 < PAGES)


def connected(live: Runtime) -> tuple[int, int]:
    with live.transaction() as session:
        source = connect(live, session, make.brand(session))
        return source.brand_id, source.id


def counted(live: Runtime) -> tuple[int, int]:
    with live.transaction() as session:
        items = session.scalar(select(func.count()).select_from(Item)) or 0
        return items, session.scalar(select(func.count()).select_from(WantedFile)) or 0


@pytest.mark.parametrize("page", range(PAGES))
def test_a_pull_killed_at_any_page_is_finished_by_the_next(live: Runtime, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    """The process dies under SIGKILL while it asks for a page; its lock dies with it."""
    network = ByCursor()
    with fake_network(monkeypatch, network=network):
        brand_id, source_id = connected(live)
        live.engine.dispose()
        if (child := os.fork()) == 0:
            network.dies_at = page
            engine = db.make_engine(live.database_url)
            pulling.pull_source(own(live, engine), brand_id, source_id, now=NOON)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        assert counted(live)[0] == page * EACH
        until(lambda: pulling.pull_source(live, brand_id, source_id, now=NOON) is not None)
        assert counted(live) == (PAGES * EACH, PAGES * EACH)
        with live.transaction() as session:
            source = queries.get_source(session, brand_id, source_id)
            assert (source.new_count, source.cursor) == (PAGES * EACH, {"page": PAGES})


def own(live: Runtime, engine: Engine) -> Runtime:
    """The runtime with connections of this process's own."""
    return replace(live, engine=engine, sessions=db.make_sessions(engine))


def test_of_eight_pulls_at_once_one_asks(live: Runtime, fake: FakeNetwork) -> None:
    brand_id, source_id = connected(live)
    gate, results = threading.Barrier(8), []
    fake.paged([post(1), post(2)])

    def run() -> None:
        gate.wait()
        results.append(pulling.pull_source(live, brand_id, source_id, now=NOON))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert counted(live) == (2, 2)
    with live.transaction() as session:
        assert session.get_one(Source, source_id).new_count == 2
