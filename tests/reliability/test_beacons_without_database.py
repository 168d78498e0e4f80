"""Beacons and orders while the database is really stopped: refused within seconds, taken when it is back."""

from __future__ import annotations

import time

from tests.conftest import SECRET
from tests.processes import reachable_folder
from tests.tracking import sent
from ugc.app import AFTER_COMMIT, WEB_POOL, create_app
from ugc.kit import clock, postgres, schema
from ugc.runtime import Runtime, open_runtime
from ugc.settings import Settings
from ugc.tracking import queries

AGENT = {"User-Agent": sent.CHROME}


def test_nothing_is_acknowledged_without_the_database_and_a_resend_is_stored_once() -> None:
    with reachable_folder() as folder:
        settings = Settings(data_dir=folder / "own", secret_key=SECRET, base_url="http://ugc.test")
        runtime = open_runtime(settings, after_commit=AFTER_COMMIT, pool_size=WEB_POOL)
        try:
            schema.migrate(runtime.engine)
            go_through_an_outage(runtime)
        finally:
            runtime.close()
            postgres.stop(settings.data_dir)


def go_through_an_outage(runtime: Runtime) -> None:
    """Stop the server under open connections, send, start it again, send the same."""
    with runtime.transaction() as session:
        shop = sent.shop(session, runtime)
    client = create_app(runtime).test_client()
    body = sent.as_bytes(sent.beacon(shop.key, sent.event("item_view", clock.now(), item=shop.item.id)))
    order = sent.as_bytes(sent.order())
    paid = f"/orders/{shop.brand.slug}/generic"
    signed = sent.signed(shop.secret, order, clock.now())
    assert client.post("/events", data=body, headers=AGENT, base_url="http://ugc.test").status_code == 202
    postgres.stop(runtime.settings.data_dir)
    for path, data, headers in (("/events", body, AGENT), ("/events", body, AGENT), (paid, order, signed)):
        started = time.monotonic()
        answer = client.post(path, data=data, headers=headers, base_url="http://ugc.test")
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
        assert time.monotonic() - started < 30, "a visitor's request hangs"  # quiet: the 2 s of the pool's limit
    postgres.ensure(runtime.settings.data_dir)
    answer = client.post("/events", data=body, headers=AGENT, base_url="http://ugc.test")
    assert (answer.status_code, answer.get_json()["duplicates"]) == (202, 1)
    assert client.post(paid, data=order, headers=signed, base_url="http://ugc.test").get_json() == {"outcome": "stored"}
    with runtime.transaction() as session:
        assert queries.count_events(session, shop.brand.id) == {"": 1}
