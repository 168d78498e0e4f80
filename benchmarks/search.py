"""How fast is a search of the library: a word, two facets chosen, two facets counted, the total, the first page.

    .venv/bin/python benchmarks/search.py [--quick] [--items 1000000] [--data-dir DIR]

The items are made up: bodies of 25 words drawn from 20,000 by Zipf's law, so that the commonest words are in most items.
A data folder that holds the items already is used again.
"""

from __future__ import annotations

import argparse
import json
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
from ugc.kit import db, postgres, schema
from ugc.library import queries
from ugc.library.queries import ItemFilter

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = b"k" * 32
WORDS, PRODUCTS, TAGS, BODY = 20_000, 2_000, 200, 25
PORTION = 50_000
GOAL_MS = 50.0
RANKS = {"commonest": (0, 5), "common": (20, 200), "middling": (500, 2_000), "rare": (5_000, WORDS)}


MAKE_PRODUCTS = text("""
    insert into products (brand_id, sku, title, line, type)
    select :brand, 'SKU-' || n, 'Product ' || n, 'Line ' || n % 20, 'Type ' || n % 50 from generate_series(1, :count) n
""")
MAKE_TAGS = text("insert into tags (brand_id, name) select :brand, 'tag ' || n from generate_series(1, :count) n")
LINK_PRODUCTS = text("""
    insert into item_products (item_id, product_id) select i.id, p.id
    from (select id, row_number() over (order by id) n from items) i
    join (select id, row_number() over (order by id) m from products) p on p.m = i.n * 31 % :count + 1
""")
LINK_TAGS = text("""
    insert into item_tags (item_id, tag_id) select i.id, t.id
    from (select id, row_number() over (order by id) n from items) i
    join (select id, row_number() over (order by id) m from tags) t on t.m = i.n * 17 % :count + 1
""")


def word(number: int) -> str:
    """A made-up word: syllables that no stemmer shortens to another's stem."""
    made = ""
    for _ in range(4):
        number, rest = divmod(number, 60)
        made += "bdfgklmnprtv"[rest % 12] + "aeiou"[rest // 12]
    return made + "x"


def vocabulary() -> list[str]:
    """The words, the commonest first."""
    return [word(number * 7919 % 12_960_000) for number in range(WORDS)]


def fill(engine: Engine, items: int) -> int:
    """A brand with so many items, indexed after they are in; its id."""
    rng = numpy.random.default_rng(7)
    words = numpy.array(vocabulary())
    odds = 1 / numpy.arange(1, WORDS + 1)
    odds /= odds.sum()
    with engine.begin() as connection:
        brand_id = int(
            connection.execute(text("insert into brands (slug, name) values ('bench', 'Bench') returning id")).scalar_one()
        )
        connection.execute(MAKE_PRODUCTS, {"brand": brand_id, "count": PRODUCTS})
        connection.execute(MAKE_TAGS, {"brand": brand_id, "count": TAGS})
        connection.execute(text("drop index ix_items_search"))
    for start in range(0, items, PORTION):
        count = min(PORTION, items - start)
        texts = words[rng.choice(WORDS, size=(count, BODY), p=odds)]
        with engine.begin() as connection:
            driver: Any = connection.connection.driver_connection
            copy_items(driver, brand_id, start, texts, rng)
    with engine.begin() as connection:
        connection.execute(text("set local maintenance_work_mem = '512MB'"))
        connection.execute(text("set local lock_timeout = 0"))  # autovacuum lets go of the table when it sees who waits
        connection.execute(text("create index ix_items_search on items using gin (search)"))
        connection.execute(LINK_PRODUCTS, {"count": PRODUCTS})
        connection.execute(LINK_TAGS, {"count": TAGS})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    return brand_id


def copy_items(driver: Any, brand_id: int, start: int, texts: Any, rng: numpy.random.Generator) -> None:
    """A portion of items through COPY."""
    kinds = rng.choice(["review", "photo", "video", "post"], size=len(texts), p=[0.6, 0.3, 0.05, 0.05])
    states = rng.choice(["approved", "inbox", "rejected"], size=len(texts), p=[0.7, 0.2, 0.1])
    ratings = rng.integers(1, 6, size=len(texts))
    scores = rng.integers(0, 101, size=len(texts))
    columns = (
        "brand_id, kind, state, body, rating, score, source, external_id, published_at, rights_state, language, search_language"
    )
    with driver.cursor().copy(f"copy items ({columns}) from stdin") as copy:
        for place, row in enumerate(texts):
            number = start + place
            at = f"2026-{1 + number % 11:02}-{1 + number % 28:02} {number % 24:02}:00:00+00"
            copy.write_row((brand_id, kinds[place], states[place], " ".join(row), int(ratings[place]), int(scores[place]),
                            "import", str(number), at, "owned", "en", "english"))  # fmt: skip


def search(session: Session, brand_id: int, q: str) -> None:
    """What the library page asks for one search."""
    chosen = ItemFilter(q=q, state=("approved",), kind=("review",))
    queries.find_items(session, brand_id, chosen, sort="newest", limit=30, key=KEY, now=NOW)
    queries.count_all(session, brand_id, chosen, ("rating", "line"), now=NOW)


def timed(work: Callable[[], None]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1_000


def measure(engine: Engine, brand_id: int, repeats: int) -> dict[str, tuple[float, float]]:
    """p50 and p95 by how common the word is, and over all of them together."""
    words, rng = vocabulary(), numpy.random.default_rng(11)
    every: list[float] = []
    found = {}
    with Session(engine) as session:
        for name, (low, high) in RANKS.items():
            picked = [words[int(rank)] for rank in rng.integers(low, high, size=repeats)]
            times = [timed(lambda q=q: search(session, brand_id, q)) for q in picked]  # type: ignore[misc]
            found[name] = (statistics.median(times), p95(times))
            every += times
    return found | {"all": (statistics.median(every), p95(every))}


def p95(times: list[float]) -> float:
    """The time that 95 of 100 calls stay below."""
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def main() -> None:
    """Fill, measure, print a table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--items", type=int)
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args()
    items = options.items or (50_000 if options.quick else 1_000_000)
    with tempfile.TemporaryDirectory() as scratch:
        engine = db.make_engine(postgres.ensure(options.data_dir or Path(scratch)), statement_timeout_ms=900_000)
        schema.migrate(engine)
        with Session(engine) as session:
            brand_id = session.query(Brand.id).filter_by(slug="bench").scalar()
        start = time.perf_counter()
        brand_id = brand_id or fill(engine, items)
        print(f"{items:,} items, made in {time.perf_counter() - start:.0f} s")
        found = measure(engine, brand_id, 10 if options.quick else 50)
        engine.dispose()
    print(f"{'word':<12}{'p50 ms':>10}{'p95 ms':>10}")
    for name, (middle, high) in found.items():
        print(f"{name:<12}{middle:>10.1f}{high:>10.1f}")
    metrics = {
        f"{name} p95": {
            "value": round(high, 1),
            "unit": "ms",
            "limit": None,
            "ratio": None,
            "goal": f"<= {GOAL_MS}",
            "ok": high <= GOAL_MS,
        }
        for name, (_, high) in found.items()
    }
    print(json.dumps({"benchmark": "search", "metrics": metrics}))


if __name__ == "__main__":
    main()
