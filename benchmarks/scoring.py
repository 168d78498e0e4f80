"""How fast are scores: items measured and scored a second, all of a brand scored anew after a change of weights, a preview of one.

    .venv/bin/python benchmarks/scoring.py [--quick] [--items 100000] [--data-dir DIR]

Made-up items with captions, pictures that were measured, a product each. The limit of scoring anew is one statement that writes
another score on each item and nothing else: what PostgreSQL needs for the rows and their indexes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ugc.accounts.models import Brand
from ugc.galleries import reordering
from ugc.galleries.models import Gallery
from ugc.kit import db, postgres, schema
from ugc.scoring import actions, presets, previewing, queries, rescoring, rules, weighing
from ugc.scoring.models import RunState, ScoringRun
from ugc.scoring.signals import technical
from ugc.worker import plan

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WORDS = "the my new hat dress beach summer day sun soft red blue fits lovely wool linen garden morning light bag".split()  # noqa: SIM905
GOAL_CORE, GOAL_RESCORE, GOAL_PREVIEW = 1_500, 60.0, 200.0
PORTION = 20_000

ITEMS = "brand_id, kind, state, body, score, source, external_id, published_at, rights_state, language, search_language, like_count"
MAKE_FILES = text("""
    insert into files (brand_id, sha256, size, format, width, height, state, storage_key, public_name, measures, kind)
    select :brand, md5(n::text) || md5(n::text), 1000, 'jpeg', 1600, 1200, 'ready', 'o/' || n, md5('p' || n),
      cast(:measures as jsonb) || jsonb_build_object('sharpness', 50 + n * 37 % 2500, 'brightness', n * 13 % 255,
        'contrast', n * 7 % 90, 'colourfulness', n * 11 % 80, 'clipped_dark', 0.0, 'clipped_light', 0.02), 'picture'
    from generate_series(1, :count) n
""")
LINK_FILES = text("""
    insert into item_media (item_id, file_id)
    select i.id, f.id from (select id, row_number() over (order by id) n from items where brand_id = :brand) i
    join (select id, row_number() over (order by id) n from files where brand_id = :brand) f using (n)
""")
MAKE_PRODUCT = text("insert into products (brand_id, sku, title) values (:brand, 'HAT', 'Straw hat') returning id")
LINK_PRODUCT = text("insert into item_products (item_id, product_id) select id, :product from items where brand_id = :brand")
# Whatever the model of technical quality asks for, so that it is asked.
MEASURES = json.dumps(dict.fromkeys(technical.NEEDED, 0.5))
COPY_SCORES = text("update items i set score = v.score from item_values v where v.item_id = i.id and i.brand_id = :brand")
BARE = text("update items set score = 100 - score where brand_id = :brand")


def fill(engine: Engine, items: int, measured: int) -> int:
    """A brand with so many items, the first of them with pictures; its id."""
    rng = numpy.random.default_rng(7)
    words = numpy.array(WORDS)
    with engine.begin() as connection:
        made = connection.execute(text("insert into brands (slug, name) values ('bench', 'Bench') returning id"))
        brand_id = int(made.scalar_one())
    for start in range(0, items, PORTION):
        count = min(PORTION, items - start)
        bodies = words[rng.integers(0, len(words), size=(count, 15))]
        with engine.begin() as connection:
            driver: Any = connection.connection.driver_connection
            with driver.cursor().copy(f"copy items ({ITEMS}) from stdin") as copy:
                for place, row in enumerate(bodies):
                    number = start + place
                    kind, state = ("review", "photo", "photo")[number % 3], ("approved", "approved", "inbox")[number % 3]
                    copy.write_row((brand_id, kind, state, " ".join(row), 0, "import", str(number), f"2026-{1 + number % 11:02}-01",
                                    "owned", "en", "english", number % 90))  # fmt: skip
    with engine.begin() as connection:
        connection.execute(MAKE_FILES, {"brand": brand_id, "count": measured, "measures": MEASURES})
        connection.execute(LINK_FILES, {"brand": brand_id})
        product = connection.execute(MAKE_PRODUCT, {"brand": brand_id}).scalar_one()
        connection.execute(LINK_PRODUCT, {"brand": brand_id, "product": product})
    with Session(engine) as session:
        for number in range(5):
            session.add(Gallery(brand_id=brand_id, slug=f"g{number}", name=f"Gallery {number}", rule={}, page_size=12 + 6 * number))
        session.commit()
    return brand_id


def store_values(engine: Engine, brand_id: int) -> None:
    """Values for every item that has none, as if it had been measured, and its score on the item."""
    rng = numpy.random.default_rng(9)
    with Session(engine) as session:
        weights = queries.get_weights(session, brand_id)
        key = actions.keep_weights(session, brand_id, weights, NOW)
        missing = text(
            "select id, kind from items i where brand_id = :brand and not exists (select from item_values where item_id = i.id)"
        )
        rows = session.execute(missing, {"brand": brand_id}).all()
        table = numpy.clip(rng.normal(5_500, 2_300, size=(len(rows), len(rules.SIGNALS))), 0, 10_000).astype("<i2")
        table[rng.random(table.shape) < 0.25] = -1
        scores = weighing.weigh(table, weights).tolist()
        driver: Any = session.connection().connection.driver_connection
        columns = "item_id, brand_id, kind, signals, weights, score, measured"
        with driver.cursor().copy(f"copy item_values ({columns}) from stdin") as copy:
            for (item_id, kind), score, row in zip(rows, scores, table, strict=True):
                copy.write_row((item_id, brand_id, kind, rules.fingerprint(), key, score, row.tobytes()))
        session.execute(COPY_SCORES, {"brand": brand_id})
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def score_some(engine: Engine, brand_id: int, count: int) -> tuple[float, float]:
    """Items a second from their rows through facts and parts to stored scores, 500 in a transaction as the job does; and a second
    of processor, ours and the database's: what one free core would do.
    """
    with Session(engine) as session:
        ids = queries.find_ids(session, brand_id, after=0, limit=count)
        server = session.execute(text("select pg_backend_pid()")).scalar_one()
        busy, start = processor(server), time.perf_counter()
        for place in range(0, len(ids), 500):
            actions.score_items(session, brand_id, ids[place : place + 500], now=NOW)
            session.commit()
        return len(ids) / (time.perf_counter() - start), len(ids) / (processor(server) - busy)


def processor(server: int) -> float:
    """Seconds of processor that we and the database's process for us have used (Linux, a server on this machine)."""
    used = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[11:13]
    return time.process_time() + sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def rescore(engine: Engine, brand_id: int, weights: dict[str, float]) -> tuple[float, ScoringRun]:
    """Seconds from the change of weights to the end of its run, portion by portion as the job does; the run."""
    start = time.perf_counter()
    with Session(engine, expire_on_commit=False) as session:
        made = actions.set_weights(session, brand_id, weights, actor="system", now=NOW)
        session.commit()
    assert made is not None
    run = made
    while run.state is RunState.RUNNING:
        with Session(engine, expire_on_commit=False) as session:
            going = rescoring.go_on(session, brand_id, made.id)
            assert going is not None
            rescoring.weigh_portion(session, going, now=NOW)
            session.commit()
            run = going
    return time.perf_counter() - start, run


def preview(engine: Engine, brand_id: int, draft: dict[str, float]) -> tuple[float, float]:
    """Milliseconds of what the page asks for when a slider moves, without its pictures; and of the galleries behind it."""
    with Session(engine) as session:
        start = time.perf_counter()
        found = previewing.preview(session, brand_id, draft)
        middle = time.perf_counter()
        reordering.find_reordered(session, brand_id, found, NOW)
        return (middle - start) * 1_000, (time.perf_counter() - middle) * 1_000


def timed(work: Callable[[], None]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare(engine: Engine, brand_id: int) -> None:
    """Another score on every item, and nothing else."""
    with engine.begin() as connection:
        connection.execute(BARE, {"brand": brand_id})


def main() -> None:
    """Fill, measure, print a table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--items", type=int)
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args()
    plan()  # so that every table is known
    items, measured = options.items or (10_000 if options.quick else 100_000), 1_000 if options.quick else 5_000
    with tempfile.TemporaryDirectory() as scratch:
        engine = db.make_engine(postgres.ensure(options.data_dir or Path(scratch)), statement_timeout_ms=900_000)
        schema.migrate(engine)
        with Session(engine) as session:
            brand_id = session.query(Brand.id).filter_by(slug="bench").scalar()
        start = time.perf_counter()
        brand_id = brand_id or fill(engine, items, measured)
        print(f"{items:,} items, made in {time.perf_counter() - start:.0f} s")
        a_second, a_core = score_some(engine, brand_id, measured)
        store_values(engine, brand_id)
        draft = presets.PRESETS[1].weights
        both = [preview(engine, brand_id, draft) for _ in range(5 if options.quick else 20)]
        seconds, run = rescore(engine, brand_id, draft)
        limit = timed(lambda: bare(engine, brand_id))
        engine.dispose()
    times, compared = [one for one, _ in both], statistics.median(other for _, other in both)
    latency, high = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
    print(f"{'scored from their rows':<34}{a_second:>10,.0f} items/s; {a_core:,.0f} a second of processor, ours and the database's")
    print(f"{'scored anew after new weights':<34}{seconds:>10.1f} s   {run.changed:,} of {run.done:,} changed; bare {limit:.1f} s")
    print(f"{'preview':<34}{latency:>10.0f} ms  p95 {high:.0f} ms; galleries {compared:.0f} ms")
    goal = GOAL_RESCORE * items / 100_000
    metrics = {
        "scored": {
            "value": round(a_second), "unit": "items/s", "limit": None, "ratio": None, "goal": None, "ok": True,
        },
        "scored by a core": {
            "value": round(a_core), "unit": "items/s of processor", "limit": None, "ratio": None, "goal": f">= {GOAL_CORE}",
            "ok": a_core >= GOAL_CORE,
        },
        "scored anew": {
            "value": round(seconds, 2), "unit": "s", "limit": round(limit, 2), "ratio": round(seconds / limit, 2),
            "goal": f"<= {goal:g}", "ok": seconds <= goal,
        },
        "preview": {
            "value": round(latency), "unit": "ms", "limit": None, "ratio": None, "goal": f"<= {GOAL_PREVIEW:g}",
            "ok": latency <= GOAL_PREVIEW,
        },
    }  # fmt: skip
    print(json.dumps({"benchmark": "scoring", "metrics": metrics}))


if __name__ == "__main__":
    main()
