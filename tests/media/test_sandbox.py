"""The limited child keeps a taken-over decoder in, and nothing that it does harms its parent or the caller (T-16, F-07)."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.media import vectors
from ugc.kit.postgres import SERVICE_USERS
from ugc.media import rules, sandbox
from ugc.media.child import seccomp
from ugc.media.sandbox import Sandbox

ATTACKS = Path(__file__).with_name("attacks.py")
KINDS = {"both": (), "namespace alone": ("--no-filter",), "filter alone": ("--no-namespace",)}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to another user")


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """One of the ways in which a child is kept in; skipped, saying so, where the kernel refuses it."""
    kept = str(request.param)
    with opened(ATTACKS, KINDS[kept]) as made:
        if sandbox.isolation(made).network == "none":
            pytest.skip(f"not allowed here: {kept}")
    return kept


@pytest.fixture(scope="module")
def hostile(kind: str) -> Iterator[Sandbox]:
    """A sandbox whose tasks are attacks, with a short clock."""
    with opened(ATTACKS, KINDS[kind]) as made:
        yield made


class opened:
    """A sandbox for a block."""

    def __init__(self, program: Path, arguments: tuple[str, ...] = (), **options: Any) -> None:
        self.made = Sandbox(program=program, arguments=arguments, **({"seconds": 3.0} | options))

    def __enter__(self) -> Sandbox:
        return self.made

    def __exit__(self, *error: object) -> None:
        self.made.close()


def attempt(made: Sandbox, attack: str, **options: Any) -> dict[str, Any]:
    """What came of one attack."""
    with open(os.devnull, "rb") as nothing:
        facts, _ = sandbox.read_answer(made.run("attempt", nothing, attack=attack, **options))
    return facts


def ask(made: Sandbox, task: str) -> None:
    """Run a task for its refusal."""
    with open(os.devnull, "rb") as nothing:
        sandbox.read_answer(made.run(task, nothing))


def assert_still_works(made: Sandbox) -> None:
    """The same warm parent takes the next file."""
    with open(ATTACKS, "rb") as file:
        facts, _ = sandbox.read_answer(made.run("echo", file))
    assert facts["read"] == ATTACKS.read_text()


def test_no_connection_to_this_machine_is_made(hostile: Sandbox, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        assert attempt(hostile, "connect", port=server.getsockname()[1])["failed"]
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_attack_succeeds_where_nothing_stands_in_its_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, opened(ATTACKS, ("--no-filter", "--no-namespace")) as made:
        assert sandbox.isolation(made).network == "none"
        assert attempt(made, "connect", port=server.getsockname()[1])["outcome"] == "connected"


def test_no_datagram_leaves(hostile: Sandbox) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        assert attempt(hostile, "send_datagram", port=server.getsockname()[1])["failed"]
        with pytest.raises(BlockingIOError):
            server.recv(10)


def test_no_server_is_reached_by_its_socket_file(hostile: Sandbox, tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        os.chmod(path, 0o777)
        assert attempt(hostile, "knock", path=path)["failed"]


@pytest.mark.parametrize("path", ["/etc/shadow", "/proc/1/environ", "/proc/self/mem"])
def test_no_file_is_read(hostile: Sandbox, path: str) -> None:
    assert attempt(hostile, "read", path=path)["failed"]


def test_no_file_is_left_behind(hostile: Sandbox, tmp_path: Path) -> None:
    assert attempt(hostile, "write", path=str(tmp_path / "left"))["failed"]
    assert not (tmp_path / "left").exists()


def test_no_parents_environment_is_read(hostile: Sandbox) -> None:
    assert attempt(hostile, "read_parents", pid=os.getpid())["failed"]


@pytest.mark.parametrize("attack", ["fork_bomb", "become_root", "gain", "allocate", "list_descriptors", "look_around"])
def test_the_child_can_not(hostile: Sandbox, attack: str) -> None:
    facts = attempt(hostile, attack)
    assert facts["failed"], facts["outcome"]


def test_no_other_process_is_killed(hostile: Sandbox) -> None:
    with subprocess.Popen(["sleep", "30"]) as victim:
        assert attempt(hostile, "kill_parent", pid=victim.pid)["failed"]
        assert victim.poll() is None
        victim.kill()


@as_root
def test_the_child_is_a_user_that_nobody_is(hostile: Sandbox) -> None:
    kept = sandbox.isolation(hostile)
    assert kept.dropped
    assert kept.rootless
    assert kept.user not in {0, os.getuid()}
    with pytest.raises(KeyError):
        pwd.getpwuid(kept.user)
    assert kept.user not in {
        pwd.getpwnam(name).pw_uid for name in SERVICE_USERS if name in {each.pw_name for each in pwd.getpwall()}
    }


def test_it_says_how_the_network_is_kept_out(kind: str, hostile: Sandbox) -> None:
    kept = sandbox.isolation(hostile)
    assert kept.network == ("seccomp" if kind == "filter alone" else "namespace")
    assert kept.filtered == (kind != "namespace alone")
    assert ("system call filter" if kind == "filter alone" else "namespace") in str(kept)


PLAIN_PYTHON = "/usr/bin/python3"
PLAIN_USER = 65_534


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as a plain user then")
@pytest.mark.parametrize("arguments", KINDS.values(), ids=KINDS)
def test_a_plain_users_child_is_kept_in_too(arguments: tuple[str, ...]) -> None:
    command = [PLAIN_PYTHON, "-I", str(ATTACKS), *arguments]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, ours, contextlib.ExitStack() as ending:
        can_read = subprocess.run(
            [PLAIN_PYTHON, "-c", "import sys; open(sys.argv[1])", str(ATTACKS)], user=PLAIN_USER, capture_output=True, check=False
        )
        if can_read.returncode:
            pytest.skip(f"another user can't read {ATTACKS} with {PLAIN_PYTHON}")
        process = subprocess.Popen(
            command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=sandbox.ENVIRONMENT, cwd="/",
            user=PLAIN_USER, group=PLAIN_USER, extra_groups=[],
        )  # fmt: skip
        made = Sandbox(program=ATTACKS, seconds=3.0, _warm=sandbox.Warm(process, ours))
        ending.callback(made.close)
        kept = sandbox.isolation(made)
        if kept.network == "none":
            pytest.skip("neither a user namespace nor a filter is allowed here")
        assert (kept.user, kept.dropped) == (PLAIN_USER, False)
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert attempt(made, "connect", port=server.getsockname()[1])["failed"]
        for attack, options in (
            ("read", {"path": "/etc/shadow"}), ("read_parents", {"pid": process.pid}), ("fork_bomb", {}), ("become_root", {}),
            ("gain", {}), ("allocate", {}), ("list_descriptors", {}), ("look_around", {}),
        ):  # fmt: skip
            assert attempt(made, attack, **options)["failed"], attack


@pytest.mark.parametrize("machine", seccomp.ALLOWED)
def test_the_filter_decides_as_its_list_says(machine: str) -> None:
    allowed = set(seccomp.ALLOWED[machine].values())
    for number in range(512):
        expected = seccomp.RETURN_ALLOW if number in allowed else seccomp.RETURN_EPERM
        assert run_filter(machine, number, seccomp.ARCHITECTURES[machine]) == expected, number
    assert run_filter(machine, 0 | seccomp.X32_BIT, seccomp.ARCHITECTURES[machine]) == seccomp.RETURN_EPERM
    assert run_filter(machine, 0, 0x40000003) == seccomp.RETURN_KILL  # the 32-bit ABI has other numbers


def run_filter(machine: str, number: int, architecture: int) -> int:
    """What a kernel would make of the filter, for the four instructions that it uses."""
    code = seccomp.program(machine)
    place, held = 0, 0
    while True:
        instruction, if_true, if_false, value = struct.unpack_from("=HBBI", code, place)
        place += 8
        if instruction == seccomp.RETURN:
            return int(value)
        if instruction == seccomp.LOAD_WORD:
            held = number if value == seccomp.NUMBER_AT else architecture
        else:
            holds = held == value if instruction == seccomp.JUMP_EQUAL else held >= value
            place += 8 * (if_true if holds else if_false)


@pytest.fixture(scope="module")
def patient() -> Iterator[Sandbox]:
    """A sandbox of attacks with a clock of a second."""
    with opened(ATTACKS, seconds=1.0) as made:
        yield made


class TestWhatAChildDoesToItself:
    """Each ends as a refusal, and the next file is taken by the same warm parent."""

    @pytest.mark.parametrize(
        ("task", "refusal"),
        [
            ("spin", rules.TooCostly),
            ("sleep", rules.Refusal),  # without the right to sleep it fails at once; with it the clock ends it
            ("swell", rules.TooCostly),
            ("crash", rules.DecoderCrashed),
            ("raise_error", rules.DecoderCrashed),
            ("flood", rules.DecoderCrashed),
        ],
    )
    def test_its_end_is_a_refusal(self, patient: Sandbox, task: str, refusal: type[rules.Refusal]) -> None:
        parent = patient.process_id
        with pytest.raises(refusal):
            ask(patient, task)
        assert_still_works(patient)
        assert patient.process_id == parent

    @pytest.mark.parametrize("task", ["lie", "leak"])
    def test_an_answer_that_is_none_is_not_believed(self, patient: Sandbox, task: str, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"x")
        with pytest.raises(rules.DecoderCrashed):
            sandbox.ask(task, tmp_path / "x", patient)

    def test_a_hanging_child_does_not_hold_up_the_others(self, patient: Sandbox) -> None:
        with ThreadPoolExecutor(2) as pool:
            hanging = pool.submit(ask, patient, "spin")
            assert_still_works(patient)
            assert not hanging.done()
            with pytest.raises(rules.TooCostly):
                hanging.result(timeout=10)


def test_a_dead_warm_parent_is_started_again() -> None:
    with opened(ATTACKS) as made:
        first = made.process_id
        os.kill(first, signal.SIGKILL)
        assert_still_works(made)
        assert made.process_id != first


def test_a_warm_parent_without_work_ends_and_the_next_file_starts_another() -> None:
    with opened(ATTACKS, ("--idle=400",)) as made:
        first = made.process_id
        watched = os.pidfd_open(first)
        with pytest.raises(rules.TooCostly):
            ask(made, "spin")  # a child that works for longer keeps it
        assert made.process_id == first
        wait_for_end(watched)
        assert_still_works(made)
        assert made.process_id != first


def test_a_warm_parent_that_dies_under_a_file_is_replaced_and_the_file_tried_again() -> None:
    with opened(ATTACKS, seconds=2.0) as made:
        first = made.process_id
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ask, made, "spin")
            wait_for_children_of(first)
            os.kill(first, signal.SIGKILL)
            with pytest.raises(rules.TooCostly):
                waiting.result(timeout=15)
        assert made.process_id != first


def test_a_child_ends_with_its_warm_parent() -> None:
    with opened(ATTACKS, seconds=30.0) as made:
        first = made.process_id
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ask, made, "spin")
            child = wait_for_children_of(first)[0]
            watched = os.pidfd_open(child)
            os.kill(first, signal.SIGKILL)
            wait_for_end(watched)
            second = made.process_id
            wait_for_children_of(second)  # the second try runs there; killed earlier, it would run in a third
            os.kill(second, signal.SIGKILL)
            with pytest.raises(sandbox.SandboxUnavailable):
                waiting.result(timeout=10)


def wait_for_children_of(pid: int) -> list[int]:
    """The children of a process, as soon as it has one."""
    for _ in range(2000):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return [int(child) for child in children]
        threading.Event().wait(0.005)
    raise AssertionError("no child came")


def wait_for_end(watched: int) -> None:
    """Until the process behind the descriptor is gone."""
    poller = select.poll()
    poller.register(watched, select.POLLIN)
    assert poller.poll(5000), "the process lives on"
    os.close(watched)


def test_no_more_children_run_at_once_than_allowed() -> None:
    with opened(ATTACKS, at_once=2, seconds=1.0) as made:
        parent = made.process_id
        with ThreadPoolExecutor(5) as pool:
            waiting = [pool.submit(ask, made, "spin") for _ in range(4)]
            most = 0
            while not all(each.done() for each in waiting):
                most = max(most, len(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))
                threading.Event().wait(0.02)
        assert most == 2


def test_the_warm_parent_knows_no_settings_no_database_and_no_secret(tmp_path: Path) -> None:
    code = (
        "import sys; from ugc.media.child import tasks\n"
        "import json; print(json.dumps(sorted(sys.modules)))"
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, env={})
    ours = {name for name in json.loads(done.stdout) if name.split(".")[0] == "ugc"}
    assert {name for name in ours if not name.startswith(("ugc.media.child", "ugc.media.measures"))} == {"ugc", "ugc.media"}
    outside = {"sqlalchemy", "psycopg", "flask", "procrastinate", "cryptography", "ssl", "requests", "pydantic"}
    assert not outside & {name.split(".")[0] for name in json.loads(done.stdout)}


def test_the_warm_parent_has_one_thread_and_no_environment() -> None:
    pid = sandbox.SHARED.process_id
    sandbox.isolation()
    assert len(os.listdir(f"/proc/{pid}/task")) == 1
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    names = {line.split(b"=")[0].decode() for line in environment if line}
    # The C library splits its own variable where it lies.
    assert {name for name in names if not name.startswith("glibc.malloc.")} == set(sandbox.ENVIRONMENT)


def test_a_picture_comes_out_the_same_with_and_without_the_filter(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(vectors.talkative_jpeg(6))
    with opened(sandbox.PROGRAM, ("--no-filter", "--no-namespace")) as free:
        loose, kept = sandbox.ask("render", path, free), sandbox.render(path)
    assert loose.renditions == kept.renditions
    assert loose.perceptual_hash == kept.perceptual_hash


def test_a_forked_process_has_a_sandbox_of_its_own() -> None:
    ours = sandbox.SHARED.process_id
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writing, str(sandbox.SHARED.process_id).encode())
            sandbox.SHARED.close()
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as answers:
        assert answers.read() not in {"", str(ours)}
    assert sandbox.SHARED.process_id == ours
