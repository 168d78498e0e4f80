"""The element in Chromium with a slowed processor: layout shift, long tasks, requests before it comes near, bytes sent.

Both pages are measured in one run; the limit is the page without the element.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

FILES = Path(__file__).parents[1] / "static" / "widget" / "v1"
SLOWDOWN = 4
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><rect width="4" height="3" fill="#369"/></svg>'
OBSERVE = """window.seen = {shift: 0, long: 0};
const watch = (type, add) => new PerformanceObserver(l => l.getEntries().forEach(add)).observe({type, buffered: true});
watch('layout-shift', entry => { seen.shift += entry.value });
watch('longtask', () => { seen.long += 1 });"""


def answer() -> dict[str, Any]:
    """Thirty items with four sizes each."""
    sizes = [{"width": width, "height": width * 3 // 4, "type": "image/webp", "url": ""} for width in (160, 320, 640, 1280)]
    media = [{"type": "image", "width": 1280, "height": 960, "alt": "", "colour": "#336699", "renditions": sizes}]
    item = {
        "kind": "photo",
        "caption": "A day at the beach",
        "alt": "A day at the beach",
        "creator": {"name": "Ada"},
        "media": media,
    }
    return {
        "gallery": "home",
        "layout": "grid",
        "key": "pk_x",
        "next": None,
        "items": [item | {"id": number} for number in range(1, 31)],
    }


class Site(BaseHTTPRequestHandler):
    """Pages, published files, one answer, one picture."""

    asked: list[str] = []

    def do_GET(self) -> None:
        """Whatever the path asks for."""
        path = self.path.split("?")[0]
        self.asked.append(path)
        name = path.rsplit("/", 1)[-1]
        if path.startswith("/widget/"):
            self.give((FILES / name).read_bytes(), "text/css" if name.endswith("css") else "text/javascript")
        elif path.startswith("/galleries/"):
            address = f"http://{self.headers['Host']}/media/x.svg"
            body = json.dumps(answer()).replace('"url": ""', f'"url": "{address}"')
            self.give(body.encode(), "application/json")
        elif path.startswith("/media/"):
            self.give(SVG, "image/svg+xml")
        else:
            self.give(page(path).encode(), "text/html")

    def do_POST(self) -> None:
        """Take events."""
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.give(b"{}", "application/json", 202)

    def give(self, body: bytes, kind: str, status: int = 200) -> None:
        """One answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def page(path: str) -> str:
    """`/plain` without the element, `/near` with it at the top, `/far` with it three windows below."""
    head = '<link rel="stylesheet" href="/widget/v1/gallery.css"><script type="module" src="/widget/v1/gallery.js"></script>'
    element = '<ugc-gallery brand="b" gallery="home"></ugc-gallery>'
    space = '<div style="height:3000px"></div>' if path == "/far" else ""
    middle = "" if path == "/plain" else space + element
    return f"<!doctype html><title>x</title>{'' if path == '/plain' else head}<h1>Shop</h1>{middle}{'<p>Below</p>' * 9}"


@contextmanager
def serving() -> Iterator[str]:
    """The site's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def visit(browser: Browser, address: str) -> tuple[float, int, list[str]]:
    """One cold visit: layout shift, long tasks, paths asked for."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    tab.add_init_script(OBSERVE)
    context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    Site.asked.clear()
    tab.goto(address)
    tab.wait_for_load_state("networkidle")
    tab.wait_for_timeout(500)
    seen = tab.evaluate("seen")
    context.close()
    return seen["shift"], seen["long"], [path for path in Site.asked if "favicon" not in path]


def main() -> None:
    """Measure, print a table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    rounds = 3 if parser.parse_args().quick else 10
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with serving() as address, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=flags)
        plain, near, far = ([visit(browser, address + path) for _ in range(rounds)] for path in ("/plain", "/near", "/far"))
        browser.close()
    sizes = {name: len(gzip.compress((FILES / name).read_bytes(), 9)) for name in ("gallery.js", "track.js", "lightbox.js")}
    early = max(len([path for path in each[2] if path.startswith(("/galleries/", "/media/"))]) for each in far)
    figures = {
        "layout_shift": (max(each[0] for each in near), "score", max(each[0] for each in plain), 0),
        "long_tasks": (statistics.median(each[1] for each in near), "tasks", statistics.median(each[1] for each in plain), 0),
        "requests_before_near": (early, "requests", 0, 0),
        "gallery_and_track": (sizes["gallery.js"] + sizes["track.js"], "bytes gz", 0, 8_000),
        "lightbox": (sizes["lightbox.js"], "bytes gz", 0, 6_000),
    }
    metrics = {}
    for name, (value, unit, limit, goal) in figures.items():
        print(f"{name:<24}{value:>10} {unit:<10} without it {limit}, goal {goal}")
        metrics[name] = {"value": value, "unit": unit, "limit": limit, "ratio": None, "goal": goal, "ok": value <= max(goal, limit)}
    print(json.dumps({"benchmark": "widget", "metrics": metrics}))


if __name__ == "__main__":
    main()
