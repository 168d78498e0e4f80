"""How many review rows a second are imported, beside COPY of the same rows; does memory stay flat? (docs/performance.md)

Each size runs in a process of its own, so that its peak memory is its own: the import from the CSV with products created,
every row with its rights in the ledger, then the same rows by one COPY into a copy of the items table with its indexes.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ugc.accounts import actions as accounts_actions
from ugc.app import AFTER_COMMIT
from ugc.ingest import reviewing
from ugc.kit import schema
from ugc.runtime import open_runtime
from ugc.settings import Settings

GOAL = 5_000
# Peak memory may grow by this much from the smallest size to the largest and still count as flat.
FLAT_MB = 40
SIZES = {True: (2_000, 10_000), False: (10_000, 100_000, 1_000_000)}
PRODUCTS = 1_000
WORDS = [
    "love",
    "this",
    "dress",
    "fits",
    "well",
    "and",
    "the",
    "colour",
    "is",
    "nicer",
    "than",
    "picture",
    "but",
    "sleeves",
    "are",
    "long",
]

COLUMNS = (
    "brand_id, kind, title, body, language, rating, helpful_count, extra, source, external_id, published_at, search_language, state"
)


def write_reviews(path: Path, count: int) -> None:
    """A review table as shops export it; the same numbers give the same rows."""
    dice = random.Random(7)
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["review_id", "product_id", "title", "review", "rating", "author", "date", "helpful", "verified_purchase"])
        for number in range(count):
            text = " ".join(dice.choices(WORDS, k=dice.randint(10, 90)))
            day = f"2026-{1 + number % 9:02d}-{13 + number % 15:02d}"
            out.writerow(
                [
                    f"r{number}",
                    f"P{number % PRODUCTS}",
                    text[:30],
                    text,
                    1 + number % 5,
                    f"Ada {number % 5_000}",
                    day,
                    number % 7,
                    "yes",
                ]
            )


def measure(data_dir: Path, path: Path) -> dict[str, float]:
    """One import and one COPY of the same rows, in this process."""
    runtime = open_runtime(Settings(data_dir=data_dir), after_commit=AFTER_COMMIT, statement_timeout_ms=600_000)
    schema.migrate(runtime.engine)
    with runtime.transaction() as session:
        brand = accounts_actions.add_brand(session, path.stem, path.stem)
    started = time.perf_counter()
    report = reviewing.import_reviews(runtime, brand, path, create_products=True, actor="system")
    seconds = time.perf_counter() - started
    assert report.added == report.read, report.as_json()
    copied = copy(runtime.database_url, brand.id)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    runtime.close()
    return {"rows": report.read, "seconds": seconds, "copy_seconds": copied, "peak_mb": peak}


def copy(url: str, brand_id: int) -> float:
    """Seconds that COPY takes for the same rows into a table with the same columns and indexes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop table if exists copied")
        connection.execute("create table copied (like items including all)")
        exported = f"copy (select {COLUMNS} from items where brand_id = {int(brand_id)}) to stdout (format binary)"
        with tempfile.TemporaryFile() as file:
            with connection.cursor().copy(exported) as out:
                for piece in out:
                    file.write(piece)
            file.seek(0)
            started = time.perf_counter()
            with connection.cursor().copy(f"copy copied ({COLUMNS}) from stdin (format binary)") as into:
                while piece := file.read(1 << 16):
                    into.write(piece)
            return time.perf_counter() - started


def main() -> None:
    """Print a table and, last, one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--one", nargs=2, metavar=("DATA_DIR", "CSV"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(measure(Path(chosen.one[0]), Path(chosen.one[1]))))
        return
    folder = Path(tempfile.mkdtemp(prefix="ugc-bench-"))
    try:
        results = [run(folder, size) for size in SIZES[chosen.quick]]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report(results)


def run(folder: Path, size: int) -> dict[str, float]:
    """One size in a process of its own."""
    path = folder / f"reviews-{size}.csv"
    write_reviews(path, size)
    done = subprocess.run(
        [sys.executable, __file__, "--one", str(folder / "data"), str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    path.unlink()
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def report(results: list[dict[str, float]]) -> None:
    """The table and the line of JSON."""
    print(f"{'rows':>10} {'rows/s':>10} {'COPY rows/s':>12} {'ratio':>7} {'peak MB':>9}")
    for each in results:
        speed, limit = each["rows"] / each["seconds"], each["rows"] / each["copy_seconds"]
        print(f"{each['rows']:>10.0f} {speed:>10.0f} {limit:>12.0f} {speed / limit:>7.3f} {each['peak_mb']:>9.0f}")
    last = results[-1]
    speed, limit = last["rows"] / last["seconds"], last["rows"] / last["copy_seconds"]
    growth = last["peak_mb"] - results[0]["peak_mb"]
    metrics = {
        "rows": {
            "value": round(speed), "unit": "rows/s", "limit": round(limit), "ratio": round(speed / limit, 4), "goal": GOAL,
            "ok": speed >= GOAL,
        },
        "memory_growth": {
            "value": round(growth, 1), "unit": "MB", "limit": None, "ratio": None, "goal": FLAT_MB, "ok": growth <= FLAT_MB,
        },
    }  # fmt: skip
    print(json.dumps({"benchmark": "imports", "metrics": metrics}))


if __name__ == "__main__":
    main()
