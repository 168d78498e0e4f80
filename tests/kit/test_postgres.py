"""The embedded database: shared by processes, stopped by the last, back after a crash, closed to everybody else."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROOT, at
from tests.processes import reachable_folder, until
from ugc.kit import postgres
from ugc.kit.errors import UgcError

HOLD = """
import sys
from pathlib import Path
from ugc.kit import postgres
print(postgres.ensure(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short folder that the database's user can reach; its server is stopped at the end."""
    with reachable_folder() as path:
        yield path
        if (path / postgres.START_LOCK).exists():
            shut_down(path)


def shut_down(path: Path) -> None:
    postgres.stop(path)
    held = postgres._held.pop(postgres.find_place(path.resolve()).home, None)
    if held is not None:
        held.close()


@contextmanager
def user_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the database until its input is closed."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0


def postmaster(folder: Path) -> int:
    return int((postgres.find_place(folder).cluster / "postmaster.pid").read_text().split()[0])


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_processes_share_one_server_and_the_last_one_stops_it(folder: Path) -> None:
    with user_process(folder) as first, user_process(folder) as second:
        assert address(first) == address(second)
        url, pid = postgres.url_of(postgres.find_place(folder)), postmaster(folder)
        leave(first)
        assert ask(url, "select 1") == 1
        assert postmaster(folder) == pid
        leave(second)
    assert not (postgres.find_place(folder).cluster / "postmaster.pid").exists()


def test_a_killed_process_does_not_take_the_server_with_it(folder: Path) -> None:
    with user_process(folder) as killed:
        url = address(killed)
        with user_process(folder) as other:
            address(other)
            killed.kill()
            killed.wait()
            assert ask(url, "select 1") == 1
            leave(other)
    assert not (postgres.find_place(folder).cluster / "postmaster.pid").exists()


def test_a_killed_server_comes_back_with_every_committed_row(folder: Path) -> None:
    url = postgres.ensure(folder)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept select generate_series(1, 1000)")
        os.kill(postmaster(folder), signal.SIGKILL)
    assert postgres.ensure(folder) == url
    assert ask(url, "select count(*) from kept") == 1000


def test_a_left_over_pid_file_that_names_another_program_is_no_obstacle(folder: Path) -> None:
    url = postgres.ensure(folder)
    place = postgres.find_place(folder)
    text = (place.cluster / "postmaster.pid").read_text()
    postgres.stop(folder)
    with subprocess.Popen(["sleep", "60"], user=place.user) as other:
        pid_file = place.cluster / "postmaster.pid"
        pid_file.write_text(text.replace(text.split()[0], str(other.pid), 1))
        if place.user:
            shutil.chown(pid_file, place.user)
        try:
            assert postgres.ensure(folder) == url
            assert ask(url, "select 1") == 1
        finally:
            other.kill()


def test_nothing_of_it_is_open_to_other_users(folder: Path) -> None:
    before = stat.S_IMODE(folder.stat().st_mode)
    url = postgres.ensure(folder)
    place = postgres.find_place(folder)
    for path in (place.home, place.cluster, place.socket_folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    assert stat.S_IMODE((place.home / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == before
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(postgres.secrets_of(place.home), "wrong"))
    assert ask(url, "show listen_addresses") == ""
    assert str(ask(at(url, "postgres"), "select rolpassword from pg_authid where rolname = 'ugc'")).startswith("SCRAM-SHA-256")
    # It brings pgvector and is new enough; asked here, since each cluster of its own costs seconds.
    assert int(str(ask(url, "show server_version_num"))) >= 160000
    assert ask(url, "select count(*) from pg_available_extensions where name = 'vector'") == 1


def test_a_first_start_that_was_killed_leaves_nothing_half_done(folder: Path) -> None:
    place = postgres.find_place(folder)
    (place.home / "cluster.new").mkdir()
    (place.home / "cluster.new" / "PG_VERSION").write_text("18\n")
    assert ask(postgres.ensure(folder), "select 1") == 1


def test_a_deep_folder_gets_a_short_socket() -> None:
    with reachable_folder() as made:
        deep = made / ("a" * 60) / ("b" * 60)
        url = postgres.ensure(deep)
        place = postgres.find_place(deep)
        assert place.socket_folder.parent == Path("/tmp")
        assert stat.S_IMODE(place.socket_folder.stat().st_mode) == 0o700
        assert ask(url, "select 1") == 1
        shut_down(deep)
        place.socket_folder.rmdir()


def test_a_link_in_place_of_a_lock_is_refused(folder: Path) -> None:
    target = folder / "precious"
    target.write_text("keep me")
    (folder / postgres.START_LOCK).symlink_to(target)
    with pytest.raises(OSError, match=postgres.START_LOCK):
        postgres.ensure(folder)
    assert target.read_text() == "keep me"
    (folder / postgres.START_LOCK).unlink()


@as_root
def test_a_folder_that_the_databases_user_can_not_reach_gets_a_pointer(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    url = postgres.ensure(closed / "data")
    home = Path((closed / "data" / "postgres.location").read_text().strip())
    try:
        assert home.parent == postgres.SHARED_PLACE
        assert ask(url, "select 1") == 1
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert postgres.ensure(closed / "data") == url
    finally:
        shut_down(closed / "data")
        shutil.rmtree(home)
    with pytest.raises(postgres.NoEngine, match="which is not there"):
        postgres.ensure(closed / "data")


@as_root
def test_it_runs_for_an_ordinary_user_too(folder: Path) -> None:
    """A user without rights, by the first Python that this user may run."""
    python = next((path for path in (sys.executable, "/usr/bin/python3") if may_run(path)), None)
    if python is None:
        pytest.skip("no Python here that another user may run")
    account = pwd.getpwnam("nobody")
    home = folder / "of-nobody"
    home.mkdir(mode=0o700)
    os.chown(home, account.pw_uid, account.pw_gid)
    script = "import sys; from pathlib import Path; import psycopg; from ugc.kit import postgres\n"
    script += "print(psycopg.connect(postgres.ensure(Path(sys.argv[1]))).execute('select current_user').fetchone()[0])"
    done = run_as(account, python, script, str(home))
    assert (done.stdout.strip(), done.returncode) == ("ugc", 0), done.stderr
    assert (home / "postgres" / "cluster").stat().st_uid == account.pw_uid
    assert not (home / "postgres" / "cluster" / "postmaster.pid").exists()


def run_as(account: pwd.struct_passwd, python: str, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python script in the project's environment, as another user."""
    paths = os.pathsep.join([str(ROOT), *(path for path in sys.path if "site-packages" in path)])
    return subprocess.run(
        [python, "-B", "-c", script, *arguments], user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/",
        env={"PYTHONPATH": paths, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def may_run(python: str) -> bool:
    """Whether `nobody` can start this interpreter, of our own version, and read the project."""
    script = f"import sys, psycopg; assert sys.version_info[:2] == {tuple(sys.version_info[:2])}"
    try:
        return run_as(pwd.getpwnam("nobody"), python, script).returncode == 0
    except OSError:
        return False


@as_root
def test_another_users_database_is_refused_in_words(folder: Path) -> None:
    postgres.ensure(folder)
    account = pwd.getpwnam("daemon")
    python = next((path for path in (sys.executable, "/usr/bin/python3") if may_run(path)), None)
    if python is None:
        pytest.skip("no Python here that another user may run")
    script = "import sys; from pathlib import Path; from ugc.kit import postgres\npostgres.ensure(Path(sys.argv[1]))"
    done = run_as(account, python, script, str(folder))
    assert "belongs to another user" in done.stderr


def test_stopping_ends_it_whoever_uses_it(folder: Path) -> None:
    url = postgres.ensure(folder)
    with user_process(folder) as other:
        address(other)
        postgres.stop(folder)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url, connect_timeout=2)
    until(lambda: not (postgres.find_place(folder).cluster / "postmaster.pid").exists())


def test_its_error_is_one_of_ours() -> None:
    assert issubclass(postgres.NoEngine, UgcError)
