"""The web server as it runs: workers that die come back, running answers are finished, slow senders hold up nobody."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from click.testing import CliRunner

from tests.conftest import ROOT, SECRET, Spare, live_runtime
from tests.processes import environment_of, until
from tests.reliability.server import ask, get, serving, web_processes
from ugc.cli import main
from ugc.runtime import Runtime
from ugc.settings import Settings

Served = tuple["subprocess.Popen[bytes]", int]


@pytest.fixture(scope="module")
def shared(cluster: str, spares: list[Spare], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server with two web processes for the tests that leave it running."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("served") / "data", secret_key=SECRET)
    with live_runtime(cluster, spares, settings) as runtime, serving(runtime, workers=2) as served:
        yield served


def test_a_killed_web_process_is_replaced(shared: Served) -> None:
    server, port = shared
    until(lambda: len(web_processes(server.pid)) == 2)
    killed, other = web_processes(server.pid)
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(set(web_processes(server.pid)) - {killed, other}) == 1 and get(port, "/readyz") == 200)
    assert server.poll() is None


def test_all_web_processes_count_together_and_slow_senders_hold_up_nobody(shared: Served) -> None:
    """T-12 (d), with fewer sockets than the server has threads: the first bytes of a body, and then nothing."""
    _, port = shared
    with ExitStack() as stack:
        for _ in range(6):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        before = healthy_answers(port)
        assert [get(port, "/healthz") for _ in range(20)] == [200] * 20
        assert healthy_answers(port) == before + 20


def healthy_answers(port: int) -> float:
    """How many GETs of /healthz the server has counted."""
    status, text = ask(port, "GET", "/metrics")
    assert status == 200
    counted = [line for line in text.decode().splitlines() if "_count" in line and 'route="/healthz"' in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in counted)


def test_headers_that_never_end_are_given_up_and_a_smuggled_request_is_refused(shared: Served) -> None:
    """T-100"""
    _, port = shared
    for raw in (
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(raw)
            assert connection.recv(4096).startswith(b"HTTP/1.1 400"), raw


def test_a_server_that_is_asked_to_stop_finishes_what_it_answers(live: Runtime) -> None:
    """F-34: the body is half sent when SIGTERM comes; the rest is still read and answered."""
    with serving(live) as (server, port), socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nnot ")
        until(lambda: get(port, "/healthz") == 200)
        server.send_signal(signal.SIGTERM)
        threading.Timer(0.5, lambda: connection.sendall(b"json")).start()
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")
        assert server.wait(40) == 0


def test_a_server_does_not_start_on_another_schema(live: Runtime) -> None:
    """F-33"""
    with live.engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = 'older'")
    environment = environment_of(live)
    done = subprocess.run(
        [sys.executable, "-m", "ugc.cli", "serve", "--port", "1"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "run `ugc migrate`" in done.stderr
    for command in (["worker", "--alone"], ["brand", "add", "acme", "--name", "Acme"]):
        result = CliRunner(env=environment).invoke(main, command)
        assert (result.exit_code, "run `ugc migrate`" in result.stderr) == (2, True), command
