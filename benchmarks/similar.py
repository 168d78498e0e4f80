"""How near is "more like this", and how quickly is it found?

Vectors as research measured other engines with (2,000 centres in 48 dimensions, and noise) stand in the program's own table, beside
those of a second, small brand, and are asked for through the program's own query; the limit is numpy looking at every vector in
the same run. Then photos of clothes: how often the nearest other photo, by our own features, shows the same kind of thing; the
space is fitted without the photos that are asked for. Run: python benchmarks/similar.py [--quick] [--vectors N] [--brief]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training import picture_space
from ugc.kit import db, postgres, schema
from ugc.media.child import descriptor
from ugc.similarity import choosing, queries
from ugc.similarity.encoders.base import unit
from ugc.similarity.models import BUILD, PICTURE

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos"
WIDTH, TOP, ASKED = 512, 10, 200
CENTRES, INNER = 2_000, 48
GOAL_MS, GOAL_RECALL = 30.0, 0.95
SMALL_BRAND = 0.01
"""A second brand's share of all vectors: the graph is walked past the others' to find its own."""
FOLDS = 5
ENCODER = "bench:1"
SHELF = f"shelf = '{PICTURE}-{WIDTH}'"
ITEMS = """
insert into items (brand_id, kind, source, external_id, published_at)
select case when n % :every = 0 then :small else :large end, 'photo', 'bench', n::text, now() from generate_series(1, :count) n
"""


Numbers = numpy.ndarray[Any, Any]


def crowd(count: int) -> Numbers:
    """Clustered vectors of length 1."""
    random = numpy.random.default_rng(7)
    lift = random.standard_normal((INNER, WIDTH), dtype=numpy.float32) / numpy.sqrt(INNER)
    centres = random.standard_normal((CENTRES, INNER), dtype=numpy.float32)
    made = numpy.empty((count, WIDTH), dtype=numpy.float32)
    for start in range(0, count, 50_000):
        rows = min(50_000, count - start)
        inner = centres[random.integers(0, CENTRES, rows)] + 0.35 * random.standard_normal((rows, INNER), dtype=numpy.float32)
        part = inner @ lift + 0.05 * random.standard_normal((rows, WIDTH), dtype=numpy.float32)
        made[start : start + rows] = part / numpy.linalg.norm(part, axis=1, keepdims=True)
    return made


@contextmanager
def database(folder: Path) -> Iterator[Engine]:
    """An embedded database with the program's schema, for as long as the block runs."""
    engine = db.make_engine(postgres.ensure(folder), statement_timeout_ms=0)
    schema.migrate(engine)
    try:
        yield engine
    finally:
        engine.dispose()


@dataclass(frozen=True)
class Bench:
    """The encoder whose vectors stand in the table."""

    name: str = "bench"
    version: str = "1"
    can: frozenset[str] = frozenset()


def fill(engine: Engine, vectors: Numbers) -> tuple[int, int, float]:
    """Items and their vectors of two brands, then the graph; the brands' ids and the seconds that building the graph took."""
    every = round(1 / SMALL_BRAND)
    with engine.begin() as connection:
        large, small = (
            connection.scalar(text("insert into brands (slug, name) values (:slug, :slug) returning id"), {"slug": slug})
            for slug in ("large", "small")
        )
        connection.execute(text(ITEMS), {"every": every, "small": small, "large": large, "count": len(vectors)})
        connection.execute(text(f"drop index ix_item_vectors_picture_{WIDTH}"))
        now = connection.scalar(text("select now()"))
        driver = connection.connection.driver_connection
        assert driver is not None
        columns = "item_id, space, encoder, brand_id, shelf, vector, made_of, made_at"
        with driver.cursor().copy(f"copy item_vectors ({columns}) from stdin (format binary)") as copy:
            copy.set_types(["int8", "text", "text", "int8", "text", "bytea", "text", "timestamptz"])
            for number, vector in enumerate(vectors, start=1):
                brand = small if number % every == 0 else large
                stored = WIDTH.to_bytes(2, "big") + b"\0\0" + vector.astype(">f2").tobytes()
                copy.write_row((number, PICTURE, ENCODER, brand, f"{PICTURE}-{WIDTH}", stored, "", now))
    began = time.perf_counter()
    with engine.begin() as connection:
        connection.execute(text("set local maintenance_work_mem = '1500MB'; set local max_parallel_maintenance_workers = 1"))
        graph = f"using hnsw ((vector::halfvec({WIDTH})) halfvec_ip_ops)"
        graph += f" with (m = {BUILD['m']}, ef_construction = {BUILD['ef_construction']})"
        connection.execute(text(f"create index ix_item_vectors_picture_{WIDTH} on item_vectors {graph} where {SHELF}"))
    took = time.perf_counter() - began
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("analyze item_vectors"))
    return int(large or 0), int(small or 0), took


def asked_of(vectors: Numbers) -> Numbers:
    """Places asked for: near vectors of the crowd, as a new photo lies near others."""
    random = numpy.random.default_rng(11)
    chosen = vectors[random.integers(0, len(vectors), ASKED)]
    moved = chosen + 0.3 / numpy.sqrt(WIDTH) * random.standard_normal(chosen.shape, dtype=numpy.float32)
    return moved / numpy.linalg.norm(moved, axis=1, keepdims=True)


def exact(vectors: Numbers, asked: Numbers, ids: Numbers) -> tuple[list[set[int]], float]:
    """The true nearest by looking at every vector, and milliseconds for one look (median)."""
    found, took = [], []
    for vector in asked:
        began = time.perf_counter()
        near = vectors @ vector
        top = numpy.argpartition(near, -TOP)[-TOP:]
        took.append(time.perf_counter() - began)
        found.append({int(ids[place]) for place in top})
    return found, statistics.median(took) * 1000


def ask(engine: Engine, brand: int, asked: Numbers, truth: list[set[int]]) -> tuple[float, float, float]:
    """Recall of ten, and milliseconds of one look by the program's query: median and 95th percentile."""
    took, hits = [], 0
    with Session(engine) as session:
        for warm in asked[:20]:
            queries.find_near(session, brand, warm, PICTURE, limit=TOP)
        for vector, true in zip(asked, truth, strict=True):
            began = time.perf_counter()
            found = queries.find_near(session, brand, vector, PICTURE, limit=TOP)
            took.append((time.perf_counter() - began) * 1000)
            hits += len({id for id, _ in found} & true)
    return hits / (TOP * len(asked)), statistics.median(took), float(numpy.percentile(took, 95))


def measure_nearness(count: int, folder: Path, brief: bool) -> dict[str, Any]:
    """The table of widths of search, and the small brand beside."""
    vectors = crowd(count)
    asked = asked_of(vectors)
    numbers = numpy.arange(1, count + 1)
    is_small = numbers % round(1 / SMALL_BRAND) == 0
    truth, limit = exact(vectors[~is_small], asked, numbers[~is_small])
    truth_small, limit_small = exact(vectors[is_small], asked, numbers[is_small])
    choosing.WAYS[:] = [lambda session, brand, space: Bench()]  # type: ignore[list-item, return-value]
    with database(folder) as engine:
        large, small, built = fill(engine, vectors)
        with engine.connect() as connection:
            index = connection.scalar(text(f"select pg_relation_size('ix_item_vectors_picture_{WIDTH}')")) or 0
        print(f"{count:,} × {WIDTH}: graph built in {built:.0f} s, {index / 1e6:,.0f} MB; numpy looks at all in {limit:.1f} ms")
        print(f"{'looked at':>10}{'recall@10':>12}{'p50 ms':>9}{'p95 ms':>9}")
        chosen = queries.SEARCHED
        for width in [chosen] if brief else [40, 100, 200, 400]:
            queries.SEARCHED = width
            row = ask(engine, large, asked, truth)
            print(f"{width:>10}{row[0]:>12.3f}{row[1]:>9.1f}{row[2]:>9.1f}")
            if width == chosen:
                recall, median, late = row
        queries.SEARCHED = chosen
        few = ask(engine, small, asked, truth_small)
        print(f"{'a brand of':>10} {is_small.sum():,} beside them: recall@10 {few[0]:.3f}, p50 {few[1]:.1f}, p95 {few[2]:.1f} ms")
    choosing.WAYS[:] = []
    return {
        "vectors": {"value": count, "unit": "rows"},
        "p95": {"value": round(late, 2), "unit": "ms", "limit": round(limit, 2), "ratio": round(late / limit, 3),
                "goal": GOAL_MS, "ok": late <= GOAL_MS},
        "p50": {"value": round(median, 2), "unit": "ms"},
        "recall@10": {"value": round(recall, 4), "unit": "", "limit": 1.0, "goal": GOAL_RECALL, "ok": recall >= GOAL_RECALL},
        "small brand p95": {"value": round(few[2], 2), "unit": "ms", "limit": round(limit_small, 2), "ok": few[2] <= GOAL_MS},
        "small brand recall@10": {"value": round(few[0], 4), "unit": "", "ok": few[0] >= GOAL_RECALL},
        "build": {"value": round(built, 1), "unit": "s"},
        "index": {"value": round(index / 1e6), "unit": "MB"},
    }  # fmt: skip


Place = Callable[[Numbers], Numbers]


def agreement(rows: Numbers, kinds: Numbers, fit: Callable[[Numbers], Place]) -> Any:
    """Share of photos whose nearest of the other folds is of their kind, and mean share of the five nearest."""
    fold = numpy.random.default_rng(0).permutation(len(rows)) % FOLDS
    first, five = [], []
    for number in range(FOLDS):
        out = fold == number
        place = fit(rows[~out])
        near = numpy.argsort(-(place(rows[out]) @ place(rows[~out]).T), axis=1)[:, :5]
        same = kinds[~out][near] == kinds[out][:, None]
        first += list(same[:, 0])
        five += list(same.mean(axis=1))
    return float(numpy.mean(first)), float(numpy.mean(five))


def spaced(extra: Numbers, kept: int) -> Callable[[Numbers], Place]:
    """A fit as the one that ships, of so many components."""

    def fit(rows: Numbers) -> Place:
        space = picture_space.fit(numpy.concatenate([rows, extra]), kept)
        projection, mean = space.arrays["projection"].astype(numpy.float32), space.arrays["mean"]
        return lambda given: numpy.stack([unit(each) for each in (given - mean) @ projection])  # type: ignore[misc]

    return fit


def only(name: str) -> Callable[[Numbers], Place]:
    """One part of the descriptor by itself."""
    start = sum(block.length for block in descriptor.BLOCKS[: [block.name for block in descriptor.BLOCKS].index(name)])
    length = next(block.length for block in descriptor.BLOCKS if block.name == name)

    def fit(rows: Numbers) -> Place:
        mean = rows[:, start : start + length].mean(axis=0)

        def place(given: Numbers) -> Numbers:
            centred = given[:, start : start + length] - mean
            return centred / numpy.maximum(numpy.linalg.norm(centred, axis=1, keepdims=True), 1e-9)

        return place

    return fit


def measure_classes() -> dict[str, Any]:
    """Class agreement of nearest neighbours, and what describing a picture costs."""
    paths = picture_space.photos([PHOTOS / "clothing"])
    kinds = numpy.array([path.parent.name for path in paths])
    rows, extra = picture_space.describe_all(paths), picture_space.describe_all(picture_space.photos([PHOTOS / "flowers_ccby"]))
    chance = max((kinds == kind).mean() for kind in set(kinds))
    print(f"\n{len(paths)} photos of {len(set(kinds))} kinds of clothes, {FOLDS} folds; always the commonest kind: {chance:.3f}")
    print(f"{'features':<24}{'precision@1':>13}{'@5':>8}")
    for block in descriptor.BLOCKS:
        one = agreement(rows, kinds, only(block.name))
        print(f"{block.name:<24}{one[0]:>13.3f}{one[1]:>8.3f}")
    measured = {}
    for kept in (16, 32, 64, 128):
        measured[kept] = agreement(rows, kinds, spaced(extra, kept))
        print(f"{f'all, {kept} components':<24}{measured[kept][0]:>13.3f}{measured[kept][1]:>8.3f}")
    cost = cpu_of(paths[:40])
    print(f"describing a picture: {cost:.1f} ms of a processor")
    first, five = measured[picture_space.KEPT]
    return {
        "precision@1": {"value": round(first, 4), "unit": "", "limit": round(float(chance), 4)},
        "precision@5": {"value": round(five, 4), "unit": ""},
        "descriptor": {"value": round(cost, 2), "unit": "ms CPU", "goal": 10, "ok": cost <= 10},
    }


def cpu_of(paths: list[Path]) -> float:
    """Median processor milliseconds of a descriptor, decoding left out."""
    took = []
    for path in paths:
        picture = picture_space.normal(path)
        began = time.process_time()
        descriptor.describe(picture)
        took.append((time.process_time() - began) * 1000)
    return statistics.median(took)


def main() -> None:
    """Print tables and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="50,000 vectors")
    parser.add_argument("--vectors", type=int, default=0)
    parser.add_argument("--brief", action="store_true", help="only the width of search that is in use")
    options = parser.parse_args()
    count = options.vectors or (50_000 if options.quick else 1_000_000)
    with tempfile.TemporaryDirectory(prefix="ugc-similar-") as folder:
        os.chmod(folder, 0o755)  # the embedded database runs as a user of its own
        metrics = measure_nearness(count, Path(folder), options.brief or options.quick)
    if PHOTOS.is_dir():
        metrics |= measure_classes()
    else:
        print(f"photos are not at {PHOTOS}: class agreement was not measured")
    print(json.dumps({"benchmark": "similar", "metrics": metrics}))


if __name__ == "__main__":
    main()
