"""How many orders a second are attributed, and does it stay flat as the event log grows? (docs/performance.md)

Each order is decided anew from its visitor's touches, its credits are replaced and its items' days summed, in one commit:
singly, as a webhook's job does it, and in batches of 50, as a re-attribution of many orders does it.
The log is filled beforehand with other visitors' events and touches.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ugc import tables
from ugc.accounts.models import Brand
from ugc.catalog.models import Product
from ugc.insights import actions
from ugc.kit import db, postgres, schema
from ugc.library.models import Item, ItemProduct, Kind
from ugc.orders import actions as orders
from ugc.orders.rules import LineData, OrderData
from ugc.tracking import actions as tracking

ITEMS = 1_000
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOAL = 1_000
BATCH = 50

FILL_EVENTS = text("""
insert into events (id, brand_id, at, received_at, type, visitor, session, item_id)
select gen_random_uuid(), :brand, at, at, 'item_impression', 'crowd-' || n / 20, 's', :first + n % :items
from generate_series(cast(:begin as int), cast(:end as int)) n,
  lateral (select cast(:now as timestamptz) - interval '20 days' * (n % 10000) / 10000 as at) t
""")
FILL_TOUCHES = text("""
insert into touches (brand_id, event_id, visitor, at, kind, item_id)
select :brand, gen_random_uuid(), 'crowd-' || n / 20, cast(:now as timestamptz) - interval '20 days' * (n % 10000) / 10000, 'view',
  :first + n % :items
from generate_series(cast(:begin as int), cast(:end as int), 4) n
""")
OWN_TOUCHES = text("""
insert into touches (brand_id, event_id, visitor, at, kind, item_id)
select :brand, gen_random_uuid(), :visitor, cast(:now as timestamptz) - interval '1 minute' * n,
  case when n % 4 = 0 then 'click' else 'view' end,
  :first + (:start + n) % :items
from generate_series(1, cast(:touches as int)) n
""")


def set_up(engine: Engine, sessions: sessionmaker[Session]) -> tuple[int, int]:
    """A brand with items that each show one product; returns the brand and the first item."""
    assert tables.metadata
    schema.migrate(engine)
    with db.transaction(sessions) as session:
        brand = Brand(slug="bench", name="Bench")
        session.add(brand)
        session.flush()
        products = [Product(brand_id=brand.id, sku=f"P{n}", title=f"P{n}", family=f"F{n // 2}") for n in range(ITEMS)]
        items = [
            Item(brand_id=brand.id, kind=Kind.PHOTO, source="bench", external_id=str(n), published_at=NOW) for n in range(ITEMS)
        ]
        session.add_all([*products, *items])
        session.flush()
        session.add_all(ItemProduct(item_id=item.id, product_id=product.id) for item, product in zip(items, products, strict=True))
        tracking.make_partitions(session, now=NOW - timedelta(days=31))
        return brand.id, items[0].id


def fill(sessions: sessionmaker[Session], brand: int, first: int, begin: int, end: int) -> None:
    """More events of other visitors, one in four a touch."""
    facts = {"brand": brand, "first": first, "items": ITEMS, "now": NOW}
    for start in range(begin, end, 100_000):
        with db.transaction(sessions) as session:
            session.execute(text("set local statement_timeout = 0"))
            bounds = {"begin": start, "end": min(start + 100_000, end) - 1}
            session.execute(FILL_EVENTS, facts | bounds)
            session.execute(FILL_TOUCHES, facts | bounds)
    with db.transaction(sessions) as session:
        session.execute(text("set local statement_timeout = 0"))
        session.execute(text("analyze"))


def place_orders(sessions: sessionmaker[Session], brand: int, first: int, touches: int, number: int, round: int) -> list[int]:
    """Orders of two lines, each with a visitor of so many touches, the last of them on what was bought."""
    made = []
    with db.transaction(sessions) as session:
        for n in range(number):
            visitor, start = f"buyer-{round}-{touches}-{n}", n * 7
            lines = tuple(LineData(str(k), f"P{(start + 1 + k) % ITEMS}", 1, Decimal("20.00")) for k in range(2))
            data = OrderData(f"{round}-{touches}-{n}", NOW, NOW, "paid", "EUR", Decimal("40.00"), visitor=visitor, lines=lines)
            facts = {
                "brand": brand,
                "visitor": visitor,
                "now": NOW,
                "first": first,
                "items": ITEMS,
                "start": start,
                "touches": touches,
            }
            session.execute(OWN_TOUCHES, facts)
            order_id = orders.put_order(session, brand, "bench", data, now=NOW).order_id
            assert order_id
            made.append(order_id)
    return made


def measure(sessions: sessionmaker[Session], brand: int, made: list[int], batch: int) -> float:
    """Orders a second in one thread, by the median batch."""
    seconds = []
    for start in range(0, len(made), batch):
        chosen = made[start : start + batch]
        started = time.perf_counter()
        with db.transaction(sessions) as session:
            credits = actions.attribute_orders(session, brand, chosen)
        seconds.append((time.perf_counter() - started) / len(chosen))
        assert all(credits[order_id] for order_id in chosen)
    return 1 / statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 200,000 stored events instead of 10,000,000")
    options = parser.parse_args()
    sizes = [10_000, 200_000] if options.quick else [1_000_000, 10_000_000]
    number = 200 if options.quick else 500
    folder = Path(tempfile.mkdtemp(prefix="ugc-attribution-"))
    try:
        engine = db.make_engine(postgres.ensure(folder))
        sessions = db.make_sessions(engine)
        brand, first = set_up(engine, sessions)
        rates: dict[tuple[int, int], float] = {}
        stored = 0
        print(f"{'stored events':>14}{'touches':>10}{'orders/s singly':>18}{'in batches':>18}")
        for round, size in enumerate(sizes):
            fill(sessions, brand, first, stored, size)
            stored = size
            for touches in (1, 10, 100):
                made = place_orders(sessions, brand, first, touches, number, round)
                single = measure(sessions, brand, made[: number // 5], 1)
                rates[size, touches] = measure(sessions, brand, made, BATCH)
                print(f"{size:>14,}{touches:>10}{single:>18.0f}{rates[size, touches]:>18.0f}")
        report(rates, sizes)
        engine.dispose()
    finally:
        postgres.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def report(rates: dict[tuple[int, int], float], sizes: list[int]) -> None:
    """The JSON line: the rate at 10 touches, and how it changed with the log."""
    least, most = sizes
    rate, flat = rates[most, 10], rates[most, 10] / rates[least, 10]
    metrics: dict[str, dict[str, object]] = {
        "orders_per_second_at_10_touches": {
            "value": round(rate), "unit": "1/s", "limit": None, "ratio": None, "goal": GOAL, "ok": rate >= GOAL,
        },
        "rate_with_a_grown_log": {
            "value": round(flat, 2), "unit": f"× the rate at {least:,} events", "limit": None, "ratio": round(flat, 2), "goal": 0.8,
            "ok": flat >= 0.8,
        },
    }  # fmt: skip
    for (size, touches), value in rates.items():
        metrics[f"orders_per_second_{touches}_touches_{size}_events"] = {
            "value": round(value), "unit": "1/s", "limit": None, "ratio": None, "goal": None, "ok": True,
        }  # fmt: skip
    print(json.dumps({"benchmark": "attribution", "metrics": metrics}))


if __name__ == "__main__":
    main()
