"""How many events a second does the collect door take, each acknowledged only when committed? (docs/performance.md)

Starts the production server on a database of its own and sends beacons of 10 events over kept-alive connections from this
process, so that the load shares the processors. Beside it: raw COPY of the same rows into the same table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ugc import tables
from ugc.accounts import actions as accounts
from ugc.accounts import queries as accounts_queries
from ugc.kit import db, postgres, schema
from ugc.library.models import Item, Kind
from ugc.tracking import actions as tracking

ITEMS = 100
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
TYPES = ["gallery_view"] + ["item_impression"] * 4 + ["item_view"] * 3 + ["item_open", "product_click"]


@dataclass
class Tally:
    """What one connection saw."""

    sent: int = 0
    accepted: int = 0
    seconds: list[float] = field(default_factory=list)
    refused: int = 0


def set_up(url: str) -> tuple[str, list[int]]:
    """Schema, brand, items and this month's partition; returns the publishable key and the items."""
    assert tables.metadata
    engine = db.make_engine(url)
    schema.migrate(engine)
    sessions = db.make_sessions(engine)
    with db.transaction(sessions) as session:
        brand = accounts.add_brand(session, "bench", "Bench")
        now = datetime.now(UTC)
        items = [
            Item(brand_id=brand.id, kind=Kind.PHOTO, source="bench", external_id=str(n), published_at=now) for n in range(ITEMS)
        ]
        session.add_all(items)
        session.execute(text("insert into galleries (brand_id, slug, name) values (:brand, 'home', 'Home')"), {"brand": brand.id})
        session.flush()
        key = accounts_queries.get_publishable_key(session, brand.id)
        tracking.make_partitions(session, now=now)
        ids = [item.id for item in items]
    engine.dispose()
    return key, ids


@contextmanager
def serving(folder: Path, port: int, workers: int) -> Iterator[None]:
    """`ugc serve` on the folder, ready."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UGC_")}
    environment |= {"UGC_DATA_DIR": str(folder), "UGC_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "ugc.cli", "serve", "--port", str(port), "--workers", str(workers)]
    with open(folder / "serve.log", "w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait_for(port, process, folder / "serve.log")
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until /readyz says 200, a minute at most."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if b" 200 " in connection.recv(200):
                    return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"the server did not start:\n{log.read_text()[-2000:]}")


def beacon(key: str, items: list[int], number: int, connection: int) -> bytes:
    """A whole HTTP request: ten events of one visitor, who sends five beacons in his stay."""
    visitor = f"visitor-{connection}-{number // 5}"
    at = datetime.now(UTC).isoformat()
    events = []
    for place, kind in enumerate(TYPES):
        event: dict[str, object] = {"id": str(uuid4()), "type": kind, "at": at, "gallery": "home"}
        if kind != "gallery_view":
            event["item"] = items[(number * 3 + place) % len(items)]
        events.append(event)
    page = {"url": "https://shop.test/products/summer-dress", "referrer": "https://www.instagram.com/", "title": "Summer dress"}
    body = json.dumps(
        {"key": key, "visitor": visitor, "session": f"s-{visitor}", "consent": True, "page": page, "events": events}
    ).encode()
    head = f"POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {AGENT}\r\nContent-Type: text/plain\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def drive(port: int, key: str, items: list[int], connection: int, until: float, tally: Tally) -> None:
    """Send one beacon after the other until the time is up."""
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < until:
            request = beacon(key, items, tally.sent, connection)
            started = time.monotonic()
            wire.sendall(request)
            answer = receive(wire)
            tally.seconds.append(time.monotonic() - started)
            tally.sent += 1
            if b" 202 " in answer[:20]:
                tally.accepted += json.loads(answer.split(b"\r\n\r\n", 1)[1])["accepted"]
            else:
                tally.refused += 1


def receive(wire: socket.socket) -> bytes:
    """One answer."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += wire.recv(4096)
    head, body = answer.split(b"\r\n\r\n", 1)
    length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")).split(b":")[1])
    while len(body) < length:
        body += wire.recv(4096)
    return head + b"\r\n\r\n" + body


def load(port: int, key: str, items: list[int], connections: int, seconds: float) -> tuple[Tally, float]:
    """All connections at once; returns their sum and the time that it took."""
    tallies = [Tally() for _ in range(connections)]
    started = time.monotonic()
    threads = [
        threading.Thread(target=drive, args=(port, key, items, number, started + seconds, tally))
        for number, tally in enumerate(tallies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    whole = Tally(
        sum(t.sent for t in tallies),
        sum(t.accepted for t in tallies),
        [s for t in tallies for s in t.seconds],
        sum(t.refused for t in tallies),
    )
    return whole, took


def copy_limit(url: str) -> float:
    """Rows a second of a raw COPY of the stored rows into a table of the same shape and indexes."""
    with psycopg.connect(url) as connection:
        connection.execute("create table again (like events including all)")
        rows = connection.execute("select count(*) from events").fetchone()
        with connection.cursor().copy("copy (select * from events) to stdout") as source:
            data = b"".join(bytes(part) for part in source)
        started = time.monotonic()
        with connection.cursor().copy("copy again from stdin") as sink:
            sink.write(data)
        connection.commit()
        return (rows[0] if rows else 0) / (time.monotonic() - started)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="6 seconds instead of 30")
    parser.add_argument("--port", type=int, default=8160)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ugc-collect-"))
    try:
        url = postgres.ensure(folder)
        key, items = set_up(url)
        with serving(folder, options.port, options.workers):
            load(options.port, key, items, 2, 1)
            with psycopg.connect(url) as connection:
                before = connection.execute("select count(*) from events").fetchone()
            tally, took = load(options.port, key, items, options.connections, 6 if options.quick else 30)
            with psycopg.connect(url) as connection:
                after = connection.execute("select count(*) from events").fetchone()
        assert before
        assert after
        report(tally, took, after[0] - before[0], copy_limit(url))
    finally:
        postgres.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def report(tally: Tally, took: float, stored: int, limit: float) -> None:
    """The table and the JSON line."""
    rate = stored / took
    latency = sorted(tally.seconds)
    p50, p99 = (latency[min(len(latency) - 1, int(len(latency) * share))] * 1000 for share in (0.5, 0.99))
    lost = tally.accepted - stored
    print(f"{'beacons':<24}{tally.sent:>12}   refused {tally.refused}, acknowledged but not stored {lost}")
    print(f"{'events a second':<24}{rate:>12.0f}   raw COPY {limit:.0f}")
    print(f"{'answer p50 / p99':<24}{p50:>8.1f} ms {p99:>8.1f} ms")
    metrics = {
        "events_per_second": {
            "value": round(rate),
            "unit": "1/s",
            "limit": round(limit),
            "ratio": round(rate / limit, 3),
            "goal": 10_000,
            "ok": rate >= 10_000,
        },
        "p50": {"value": round(p50, 1), "unit": "ms", "limit": None, "ratio": None, "goal": None, "ok": True},
        "p99": {"value": round(p99, 1), "unit": "ms", "limit": None, "ratio": None, "goal": 50, "ok": p99 < 50},
        "lost": {"value": lost, "unit": "events", "limit": None, "ratio": None, "goal": 0, "ok": lost == 0},
    }
    print(json.dumps({"benchmark": "collect", "metrics": metrics}))


if __name__ == "__main__":
    main()
