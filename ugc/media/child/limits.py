"""How a process gives up what it does not need: network, files, user, memory, time. Each step once, in `enter`."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import resource
import struct
import tempfile
from dataclasses import asdict, dataclass

from ugc.media.child import seccomp

MEMORY_BYTES = 1024**3
CPU_SECONDS = 10
FILE_BYTES = 64 * 1024**2
OPEN_FILES = 32
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_PDEATHSIG = 1
SIGKILL = 9
# The first of a range that no system hands out by itself (Debian: 60000–64999 is for people to allot, 65534 is `nobody`,
# which may be the database's user).
FIRST_USER, LAST_USER = 64_200, 64_299


@dataclass(frozen=True, slots=True)
class Isolation:
    """What keeps a limited process in."""

    network: str
    """`namespace` (no interface is there), `seccomp` (no socket can be made) or `none`."""
    filtered: bool
    """Whether the system call filter is on."""
    user: int
    """Under whose number it runs."""
    dropped: bool
    """Whether that is an unlisted user of its own, not the service's."""
    rootless: bool
    """Whether its root folder is an empty, deleted one."""

    def __str__(self) -> str:
        """The line that `ugc check` shows."""
        shut = {"namespace": "no network (namespace)", "seccomp": "no network (system call filter)", "none": "THE NETWORK IS OPEN"}
        calls = "filter on" if self.filtered else "no filter for this machine"
        user = f"user {self.user} of its own" if self.dropped else f"the service's user {self.user}"
        return f"{shut[self.network]}, {calls}, {user}, {'empty root' if self.rootless else 'own root'}"

    def as_dict(self) -> dict[str, object]:
        """For the answer to the caller."""
        return asdict(self)


def leave_network() -> bool:
    """Move to a network namespace without interfaces; as a plain user by way of a user namespace. False where not allowed."""
    for flags in (CLONE_NEWNET,) if os.geteuid() == 0 else (CLONE_NEWUSER | CLONE_NEWNET,):
        if seccomp.LIBC.unshare(ctypes.c_int(flags)) == 0:
            return True
    return False


def unlisted_user() -> int:
    """A user number that nobody has."""
    for number in range(FIRST_USER, LAST_USER):
        try:
            pwd.getpwuid(number)
        except KeyError:
            return number
    raise LookupError(f"every user from {FIRST_USER} to {LAST_USER} exists")


def empty_root() -> int | None:
    """An open folder that is deleted already: nothing is in it and nothing can be made in it."""
    try:
        path = tempfile.mkdtemp(prefix="ugc-")
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        os.rmdir(path)
    except OSError:
        return None
    return folder


def enter(
    parent: int, *, namespace: bool, user: int | None, root: int | None, with_filter: bool, cpu_seconds: int = CPU_SECONDS
) -> Isolation:  # fmt: skip
    """Give everything up, for good; 0 is the input, 1 the output, 2 goes nowhere, and nothing else stays open."""
    rootless = root is not None and user is not None and enter_root(root)
    os.closerange(3, 1024)
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    drop_capabilities()
    # A change of user clears it, so it comes after.
    seccomp.control(PR_SET_PDEATHSIG, SIGKILL, 0)
    if os.getppid() != parent:
        raise ChildProcessError("the warm parent is gone already")
    seccomp.forbid_new_privileges()
    set_limits(cpu_seconds)
    runs_as = os.getuid()
    filtered = with_filter and seccomp.install()
    network = "namespace" if namespace else "seccomp" if filtered else "none"
    return Isolation(network, filtered, runs_as, user is not None, rootless)


def drop_capabilities() -> None:
    """Give up what a user namespace of one's own grants; capset(2) with empty sets, version 3 of its header."""
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))
    sets = ctypes.create_string_buffer(24)
    seccomp.LIBC.capset(header, sets)


def enter_root(folder: int) -> bool:
    """Make the open folder the root."""
    with contextlib.suppress(OSError):
        os.fchdir(folder)
        os.chroot(".")
        return True
    return False


def set_limits(cpu_seconds: int) -> None:
    """Memory, processor time, file size, open files, processes; no core dumps, which would hold somebody's picture."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        # The limit counts all processes of the user and is looked at when the next one is started: none may be.
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))
