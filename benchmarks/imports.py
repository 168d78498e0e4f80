"""How many review rows a second are imported, beside COPY of the same rows; does memory stay flat? (docs/performance.md)

Each size runs in a process of its own, so that its peak memory is its own: the import from the CSV with products created,
every row with its rights in the ledger, then the same rows by one COPY into a copy of the items table with its indexes. Beside
the clock stands the processor time that a row took in the importing process and in the database, which a busy machine changes
less. An import ends at `--seconds` and counts what was in by then; its memory is noted on the way.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import random
import resource
import shutil
import statistics
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
from ugc.ingest.importing import Stopped
from ugc.kit import schema
from ugc.library import languages
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


def measure(data_dir: Path, path: Path, most_seconds: float) -> dict[str, float]:
    """One import and one COPY of the same rows, in this process."""
    runtime = open_runtime(Settings(data_dir=data_dir), after_commit=AFTER_COMMIT, statement_timeout_ms=600_000)
    schema.migrate(runtime.engine)
    with runtime.transaction() as session:
        brand = accounts_actions.add_brand(session, path.stem, path.stem)
    languages.detect("the detector is loaded once a process, not once an import")
    server = server_of(runtime.database_url)
    started, own, database = time.perf_counter(), time.process_time(), database_seconds(server)
    memory: list[float] = []

    def watch(_: int) -> None:
        memory.append(resident_mb())
        if time.perf_counter() - started > most_seconds:
            raise Stopped

    report = reviewing.import_reviews(runtime, brand, path, create_products=True, actor="system", progress=watch)
    seconds, own, database = time.perf_counter() - started, time.process_time() - own, database_seconds(server) - database
    assert report.added == report.read, report.as_json()
    copied = copy(runtime.database_url, brand.id)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    runtime.close()
    early, late = memory[: len(memory) // 2] or memory, memory[len(memory) // 2 :]
    return {
        "rows": report.read, "seconds": seconds, "copy_seconds": copied, "peak_mb": peak, "own_us": own * 1e6 / report.read,
        "database_us": database * 1e6 / report.read, "grew_mb": statistics.median(late) - statistics.median(early),
    }  # fmt: skip


def resident_mb() -> float:
    """Memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def server_of(url: str) -> int:
    """The process id of the embedded server: the parent of whoever answers."""
    with psycopg.connect(url) as connection:
        (answering,) = connection.execute("select pg_backend_pid()").fetchone() or (0,)
        return int(Path(f"/proc/{answering}/stat").read_text().rsplit(")", 1)[1].split()[1])


def database_seconds(server: int) -> float:
    """Processor time that the server's processes used so far, those that ended included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            if int(stat.parent.name) == server:
                ticks += sum(map(int, fields[11:15]))
            elif int(fields[1]) == server:
                ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


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
    options.add_argument("--sizes", nargs="+", type=int, help="rows, smallest first")
    options.add_argument("--seconds", type=float, default=1_200, help="the longest that one import may take")
    options.add_argument("--one", nargs=3, metavar=("DATA_DIR", "CSV", "SECONDS"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(measure(Path(chosen.one[0]), Path(chosen.one[1]), float(chosen.one[2]))))
        return
    folder = Path(tempfile.mkdtemp(prefix="ugc-bench-"))
    try:
        results = [run(folder, size, chosen.seconds) for size in chosen.sizes or SIZES[chosen.quick]]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report(results)


def run(folder: Path, size: int, seconds: float) -> dict[str, float]:
    """One size in a process of its own."""
    path = folder / f"reviews-{size}.csv"
    write_reviews(path, size)
    done = subprocess.run(
        [sys.executable, __file__, "--one", str(folder / "data"), str(path), str(seconds)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    path.unlink()
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def report(results: list[dict[str, float]]) -> None:
    """The table and the line of JSON."""
    print(f"{'rows':>10} {'rows/s':>8} {'COPY rows/s':>12} {'ratio':>6} {'own µs':>7} {'db µs':>6} {'peak MB':>8} {'grew MB':>8}")
    for each in results:
        speed, limit = each["rows"] / each["seconds"], each["rows"] / each["copy_seconds"]
        print(
            f"{each['rows']:>10.0f} {speed:>8.0f} {limit:>12.0f} {speed / limit:>6.2f} {each['own_us']:>7.0f} "
            f"{each['database_us']:>6.0f} {each['peak_mb']:>8.0f} {each['grew_mb']:>8.1f}"
        )
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
