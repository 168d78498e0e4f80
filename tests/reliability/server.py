"""A real `ugc serve` on the test's own database and folder, and a small client that speaks to it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.conftest import ROOT
from tests.processes import environment_of, free_port, until
from ugc.kit.supervisor import end_with_parent
from ugc.runtime import Runtime


@contextmanager
def serving(runtime: Runtime, workers: int = 1) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The server process and its port; ended at the end."""
    port = free_port()
    environment = environment_of(runtime) | {"UGC_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "ugc.cli", "serve", "--port", str(port), "--workers", str(workers)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent
    ) as process:
        try:
            until(lambda: process.poll() is not None or get(port, "/readyz") == 200)
            yield process, port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            finally:
                os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None


def get(port: int, path: str) -> int:
    """The status of a GET, 0 when nobody answers."""
    try:
        return ask(port, "GET", path)[0]
    except (OSError, http.client.HTTPException):
        return 0


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:  # fmt: skip
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def upload(port: int, token: str, picture: bytes, key: str) -> tuple[int, bytes]:
    """POST /api/v1/items with one picture."""
    mark = uuid4().hex
    lines = [
        f'--{mark}\r\nContent-Disposition: form-data; name="kind"\r\n\r\nphoto\r\n'.encode(),
        f'--{mark}\r\nContent-Disposition: form-data; name="external_id"\r\n\r\n{key}\r\n'.encode(),
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode(),
        picture,
        f"\r\n--{mark}--\r\n".encode(),
    ]
    headers = {
        "Authorization": f"Bearer {token}", "Idempotency-Key": key, "Content-Type": f"multipart/form-data; boundary={mark}",
    }  # fmt: skip
    return ask(port, "POST", "/api/v1/items", b"".join(lines), headers)


def web_processes(group: int) -> list[int]:
    """The server's processes that answer requests."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                facts = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                command = (folder / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(facts[2]) == group and b"spawn_main" in command:
                found.append(int(folder.name))
    return sorted(found)
