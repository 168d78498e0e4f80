"""How long after a withdrawal can its picture still be had? The API call to gone from JSON, HTML, product page and file.

A real `ugc serve` and `ugc worker` on a database of their own. Each round warms the addresses, withdraws one item by
`POST /api/v1/rights/{item}` and asks all addresses again until none shows it. `--quick` does 50 rounds.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

GOAL_P95, GOAL_MAX = 2.0, 5.0
PATIENCE = 60.0
SKU = "MUG"


class Ugc:
    """The program on a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        own = {name: value for name, value in os.environ.items() if not name.startswith("UGC_")}
        base = f"http://127.0.0.1:{port}"
        self.environment = own | {"UGC_DATA_DIR": str(folder / "data"), "UGC_BASE_URL": base, "UGC_LOG_LEVEL": "error"}

    def run(self, *words: str) -> str:
        """A command to its end; what it printed."""
        command = [sys.executable, "-m", "ugc.cli", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    @contextmanager
    def running(self, *words: str) -> Iterator[None]:
        """A command that goes on until the block ends."""
        process = subprocess.Popen([sys.executable, "-m", "ugc.cli", *words], env=self.environment, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def ask(self, method: str, path: str, key: str = "", body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        """One request on a connection of its own, as a visitor who comes anew."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        status, data = answer.status, answer.read()
        connection.close()
        return status, data


def prepare(ugc: Ugc, folder: Path, count: int) -> str:
    """A brand with that many approved photos of one product and a gallery; its secret key."""
    ugc.run("brand", "add", "bench", "--name", "Bench")
    photos = folder / "photos"
    photos.mkdir()
    with open(photos / "items.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "caption", "sku"])
        for number in range(count):
            Image.effect_noise((480, 360), 20 + number % 60).convert("RGB").save(photos / f"{number}.jpg", quality=60)
            table.writerow([f"{number}.jpg", f"Photo {number}", SKU])
    options = ("--brand", "bench", "--state", "approved", "--rights", "owned", "--create-products")
    ugc.run("import", "media", str(photos), *options)
    ugc.run("process", "--brand", "bench", "--wait")
    return next(word for word in ugc.run("key", "add", "--brand", "bench", "--kind", "secret").split() if word.startswith("sk_"))


def wait_until_served(ugc: Ugc) -> None:
    """Until the server answers."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if ugc.ask("GET", "/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server does not answer")


PAGES = ("/galleries/bench/all.json", "/galleries/bench/all.html", f"/galleries/bench/all/{SKU}.json")


def withdraw_one(ugc: Ugc, key: str) -> dict[str, float]:
    """One round: address → seconds from the call until it shows the item no more."""
    for page in PAGES:
        ugc.ask("GET", page)
    item = json.loads(ugc.ask("GET", PAGES[0])[1])["items"][0]
    picture = "/" + item["media"][0]["renditions"][0]["url"].split("/", 3)[3]
    name = picture.split("/")[2].encode()
    assert ugc.ask("GET", picture)[0] == 200
    assert all(name in ugc.ask("GET", page)[1] for page in PAGES), "a page does not show the item before its withdrawal"
    begun = time.monotonic()
    status, text = ugc.ask("POST", f"/api/v1/rights/{item['id']}", key, {"state": "revoked", "text": "asked to"})
    assert status == 201, text
    took = {"call": time.monotonic() - begun}
    left = [*PAGES, picture]
    while left and time.monotonic() - begun < PATIENCE:
        for address in list(left):
            status, text = ugc.ask("GET", address)
            if status == 404 if address == picture else name not in text:
                took["file" if address == picture else address.rsplit("/", 1)[1]] = time.monotonic() - begun
                left.remove(address)
        time.sleep(0.005)
    assert not left, f"still there after {PATIENCE:.0f} s: {left}"
    return took


def main() -> None:
    """Measure, print a table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--port", type=int, default=8479)
    options = parser.parse_args()
    count = 50 if options.quick else 300
    with tempfile.TemporaryDirectory(prefix="ugc-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        ugc = Ugc(folder, options.port)
        ugc.run("migrate")
        with ugc.running("worker"):
            key = prepare(ugc, folder, count + 10)
            with ugc.running("serve", "--port", str(options.port)):
                wait_until_served(ugc)
                assert ugc.ask("POST", "/api/v1/galleries", key, {"slug": "all", "name": "All", "rule": {}})[0] == 201
                rounds = [withdraw_one(ugc, key) for _ in range(count)]
    report(rounds)


def report(rounds: list[dict[str, float]]) -> None:
    """The table, and the JSON line of the round's slowest address."""
    print(f"{len(rounds)} withdrawals, seconds from the call")
    print(f"{'gone from':<12}{'p50':>8}{'p95':>8}{'max':>8}")
    for place in rounds[0]:
        values = [each[place] for each in rounds]
        print(f"{place:<12}{statistics.median(values):>8.3f}{p95_of(values):>8.3f}{max(values):>8.3f}")
    whole = [max(each.values()) for each in rounds]
    metrics = {
        name: {"value": round(value, 3), "unit": "s", "limit": None, "ratio": None, "goal": goal, "ok": value <= goal}
        for name, value, goal in (("p95", p95_of(whole), GOAL_P95), ("max", max(whole), GOAL_MAX))
    }
    print(json.dumps({"benchmark": "takedown", "metrics": metrics}))


def p95_of(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


if __name__ == "__main__":
    main()
