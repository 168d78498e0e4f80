"""Files in pieces while web processes are killed and connections cut: no acknowledged byte is lost, none comes twice."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import threading
import time

import pytest

from tests.processes import until
from tests.reliability.server import get, serving, web_processes
from tests.reliability.test_killed import SEED
from tests.submissions import sent
from ugc.embed.uploads import PIECE
from ugc.kit import signing
from ugc.runtime import Runtime
from ugc.submissions import uploads

TUS = {"Tus-Resumable": "1.0.0"}
STEP = 64 * 1024


def ask(port: int, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> http.client.HTTPResponse | None:
    """The answer's head, or None when no answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body or None, TUS | headers)
        answer = connection.getresponse()
        answer.read()
        return answer
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def begin(port: int, length: int) -> str:
    """The path of a new upload."""
    answer = ask(port, "POST", "/uploads/acme", {"Upload-Length": str(length)})
    assert answer is not None
    assert answer.status == 201
    return "/uploads/" + str(answer.headers["Location"]).partition("/uploads/")[2]


def look(port: int, path: str) -> int | None:
    """How much the service says to have."""
    answer = ask(port, "HEAD", path, {})
    return int(answer.headers["Upload-Offset"]) if answer is not None and answer.status == 200 else None


def stored(runtime: Runtime, path: str) -> bytes:
    """What lies on the disk."""
    return uploads.parts(runtime).path(signing.fingerprint(path.rpartition("/")[2])).read_bytes()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [pytest.param(3, id="sample"), pytest.param(150, id="full", marks=pytest.mark.long)])
def test_no_acknowledged_piece_is_lost_or_doubled_when_the_web_process_is_killed(live: Runtime, kills: int) -> None:
    """F-01, F-03: after each kill the service says a place between what it acknowledged and what it was sent."""
    sent.brand(live)
    chance = random.Random(SEED)
    whole = chance.randbytes(24 * 1024**2)
    acknowledged = 0
    stop, faults = threading.Event(), list[str]()

    def send() -> None:
        """Pieces one after the other; where no answer comes, the service is asked how far it is."""
        nonlocal acknowledged
        tried = 0
        while not stop.is_set() and acknowledged < len(whole):
            tried = max(tried, acknowledged + STEP)
            headers = {"Upload-Offset": str(acknowledged), "Content-Type": PIECE}
            answer = ask(port, "PATCH", path, headers, whole[acknowledged : acknowledged + STEP])
            if answer is not None and answer.status == 204:
                acknowledged = int(answer.headers["Upload-Offset"])
                continue
            until(lambda: look(port, path) is not None)
            said = look(port, path) or 0
            if not acknowledged <= said <= tried:
                faults.append(f"{said} is not between {acknowledged} and {tried}")
            acknowledged = said

    with serving(live) as (server, port):
        path = begin(port, len(whole))
        sender = threading.Thread(target=send)
        sender.start()
        try:
            for _ in range(kills):
                before = acknowledged
                until(lambda before=before: not sender.is_alive() or (acknowledged > before and web_processes(server.pid) != []))  # type: ignore[misc]
                time.sleep(chance.uniform(0, 0.05))  # the moment of the kill, not a wait for something
                os.kill(web_processes(server.pid)[0], signal.SIGKILL)
                until(lambda: get(port, "/readyz") == 200)
        finally:
            stop.set()
            sender.join()
        assert faults == []
        reached = look(port, path)
        assert reached == acknowledged
        assert stored(live, path)[:acknowledged] == whole[:acknowledged]
        rest = ask(port, "PATCH", path, {"Upload-Offset": str(acknowledged), "Content-Type": PIECE}, whole[acknowledged:][:STEP])
        assert rest is not None
        assert rest.status == 204
        done = look(port, path) or 0
        assert stored(live, path) == whole[:done]


@pytest.mark.timeout(300)
def test_a_piece_that_breaks_off_counts_as_far_as_it_came_or_not_at_all(live: Runtime) -> None:
    """F-02: the connection ends at any place of the body; the next piece follows where the service says."""
    sent.brand(live)
    chance = random.Random(SEED)
    whole = chance.randbytes(400_000)
    with serving(live) as (_, port):
        path = begin(port, len(whole))
        for share in (0.1, 0.5, 0.99):
            offset = look(port, path) or 0
            piece = whole[offset : offset + 100_000]
            head = f"PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\n"
            head += f"Content-Type: {PIECE}\r\nContent-Length: {len(piece)}\r\n\r\n"
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(head.encode() + piece[: int(len(piece) * share)])
            answer = None
            while answer is None or answer.status == 423:
                now = look(port, path)
                assert now is not None
                assert offset <= now <= offset + len(piece)
                answer = ask(port, "PATCH", path, {"Upload-Offset": str(now), "Content-Type": PIECE}, whole[now : now + 50_000])
                answer = None if answer is not None and answer.status == 409 else answer
            assert answer.status == 204
        done = look(port, path) or 0
        assert stored(live, path) == whole[:done]
