"""Warm gallery over HTTP against a bare WSGI answer of the same bytes on the same server, in one run.

`--quick` measures 3 s each. The load comes from `wrk` where it is installed, else from this process's own threads.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

GOAL = 0.5
ROUNDS = 3


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(target: str, folder: Path, environment: dict[str, str], path: str) -> tuple[subprocess.Popen[bytes], int]:
    """Granian with one worker on a WSGI callable, started and answering."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "8", "--no-log", target]
    process = subprocess.Popen(command, cwd=folder, env=os.environ | environment, start_new_session=True)
    for _ in range(300):
        try:
            if fetch(port, path)[0] == 200:
                return process, port
        except OSError:
            pass
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    raise SystemExit(f"{target} does not answer")


def fetch(port: int, path: str) -> tuple[int, bytes]:
    """One answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def load(port: int, path: str, seconds: int) -> float:
    """Answers a second."""
    if shutil.which("wrk"):
        command = ["wrk", "-t1", "-c32", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in output:
            raise SystemExit(output)
        return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])  # type: ignore[index]  # wrk always prints it
    return load_by_threads(port, path, seconds)


def load_by_threads(port: int, path: str, seconds: int) -> float:
    """The same from Python, far slower; the ratio then says less."""
    counts = [0] * 8
    end = time.monotonic() + seconds

    def run(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        while time.monotonic() < end:
            connection.request("GET", path)
            connection.getresponse().read()
            counts[place] += 1

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(counts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def prepare(folder: Path) -> bytes:
    """A stored answer of about 8 kB in a data folder of its own; its bytes."""
    item = {
        "id": 1,
        "kind": "photo",
        "caption": "x" * 180,
        "media": [{"renditions": [{"url": "https://ugc.example/media/" + "a" * 60}] * 4}],
    }
    body = json.dumps({"valid_until": None, "gallery": "home", "items": [item] * 13, "next": None}, separators=(",", ":")).encode()
    place = folder / "data" / "files" / "snapshots" / "bench"
    place.mkdir(parents=True)
    (place / "home.json").write_bytes(body)
    (folder / "bare.py").write_text(
        f"body = {body!r}\nheaders = [('Content-Type', 'application/json'), ('Content-Length', str(len(body)))]\n"
        "def app(environ, start):\n    start('200 OK', headers)\n    return [body]\n"
    )
    (folder / "whole.py").write_text("from ugc.app import open_app\napp = open_app()\n")
    return body


def main() -> None:
    """Measure both in turn, print a table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    seconds = 3 if parser.parse_args().quick else 10
    path = "/galleries/bench/home.json"
    with tempfile.TemporaryDirectory(prefix="ugc-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        body = prepare(folder)
        environment = {
            "UGC_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": f"{folder}:{Path(__file__).parents[1]}",
            "UGC_LOG_LEVEL": "error",
        }
        servers = [serve(target, folder, environment, path) for target in ("bare:app", "whole:app")]
        try:
            assert all(fetch(port, path)[1] == body for _, port in servers)
            rounds = [[load(port, path, seconds) for _, port in servers] for _ in range(ROUNDS)]
        finally:
            for process, _ in servers:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
            stop_database(folder / "data")
    limit, value = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(whole / bare for bare, whole in rounds)
    print(f"answer of {len(body)} bytes, one worker, {seconds} s a round, medians of {ROUNDS}")
    print(f"{'bare WSGI':<24}{limit:>10.0f}/s\n{'warm gallery':<24}{value:>10.0f}/s\n{'ratio':<24}{ratio:>12.2f}")
    metric = {
        "value": round(value),
        "unit": "1/s",
        "limit": round(limit),
        "ratio": round(ratio, 3),
        "goal": GOAL,
        "ok": ratio >= GOAL,
    }
    print(json.dumps({"benchmark": "gallery", "metrics": {"warm": metric}}))


def stop_database(folder: Path) -> None:
    """End the embedded server that the application started for this folder."""
    from ugc.kit import postgres

    postgres.stop(folder)


if __name__ == "__main__":
    main()
