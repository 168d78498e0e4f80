"""The web server as it runs: workers that die come back, running answers are finished, slow senders hold up nobody."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack

from tests.conftest import ROOT, SECRET
from tests.reliability.server import ask, get, serving, web_processes
from tests.test_worker import until
from ugc.runtime import Runtime


def test_a_killed_web_process_is_replaced(live: Runtime) -> None:
    with serving(live) as (server, port):
        [killed] = web_processes(server.pid)
        os.kill(killed, signal.SIGKILL)
        until(lambda: web_processes(server.pid) not in ([], [killed]) and get(port, "/readyz") == 200, 60)
        assert server.poll() is None


def test_all_web_processes_count_together_and_slow_senders_hold_up_nobody(live: Runtime) -> None:
    """T-12 (d), with fewer sockets than the server has threads: the first bytes of a body, and then nothing."""
    with serving(live, workers=2) as (_, port), ExitStack() as stack:
        for _ in range(6):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        assert [get(port, "/healthz") for _ in range(20)] == [200] * 20
        status, text = ask(port, "GET", "/metrics")
        assert status == 200
        [line] = [line for line in text.decode().splitlines() if "_count" in line and 'route="/healthz"' in line]
        assert float(line.rsplit(" ", 1)[1]) == 20


def test_headers_that_never_end_are_given_up_and_a_smuggled_request_is_refused(live: Runtime) -> None:
    """T-100"""
    with serving(live) as (_, port):
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
    environment = os.environ | {
        "UGC_DATABASE_URL": live.database_url,
        "UGC_DATA_DIR": str(live.settings.data_dir),
        "UGC_SECRET_KEY": SECRET,
    }
    for command in (["serve", "--port", "1"], ["worker", "--alone"], ["brand", "add", "acme", "--name", "Acme"]):
        done = subprocess.run(
            [sys.executable, "-m", "ugc.cli", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert "run `ugc migrate`" in done.stderr
        assert "Traceback" not in done.stderr
