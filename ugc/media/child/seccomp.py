"""A system call filter by hand: what a decoder needs is allowed, everything else (sockets, files, processes) answers EPERM.

Classic BPF over `struct seccomp_data {int nr; u32 arch; …}`; see seccomp(2). Written out here because the one binding of
libseccomp for Python is not on the package index.
"""

from __future__ import annotations

import ctypes
import os
import struct

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

RETURN_ALLOW = 0x7FFF0000
RETURN_EPERM = 0x00050000 | 1
RETURN_KILL = 0x80000000
LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_AT, ARCHITECTURE_AT = 0, 4
# Calls of the 32-bit ABI on a 64-bit kernel carry this bit and other numbers.
X32_BIT = 0x40000000

# Memory, time, signals and threads' locks, and reading and writing what is open already. No open, socket, clone, execve,
# kill or ptrace; memory can't be shared with others since there is nobody to share it with.
ALLOWED = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
        "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17, "readv": 19, "writev": 20, "sched_yield": 24,
        "mremap": 25, "madvise": 28, "getpid": 39, "exit": 60, "gettimeofday": 96, "getrusage": 98, "sigaltstack": 131,
        "gettid": 186, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228, "exit_group": 231,
        "newfstatat": 262, "getrandom": 318, "membarrier": 324,
    },
    "aarch64": {
        "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "mmap": 222, "mprotect": 226, "munmap": 215, "brk": 214,
        "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "pread64": 67, "readv": 65, "writev": 66,
        "sched_yield": 124, "mremap": 216, "madvise": 233, "getpid": 172, "exit": 93, "gettimeofday": 169, "getrusage": 165,
        "sigaltstack": 132, "gettid": 178, "futex": 98, "sched_getaffinity": 123, "restart_syscall": 128, "clock_gettime": 113,
        "exit_group": 94, "newfstatat": 79, "getrandom": 278, "membarrier": 283,
    },
}  # fmt: skip
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def program(machine: str) -> bytes:
    """The filter's instructions for one machine: `(code, jump if true, jump if false, constant)` each."""
    numbers = sorted(ALLOWED[machine].values())
    lines = [
        (LOAD_WORD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, RETURN_KILL),
        (LOAD_WORD, 0, 0, NUMBER_AT),
        (JUMP_AT_LEAST, len(numbers), 0, X32_BIT),
    ]
    # Jumps are relative and one byte wide: each match steps over the rest of the list and the refusal.
    lines += [(JUMP_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    lines += [(RETURN, 0, 0, RETURN_EPERM), (RETURN, 0, 0, RETURN_ALLOW)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def is_supported() -> bool:
    """Whether there is a filter for this machine."""
    return os.uname().machine in ALLOWED


def forbid_new_privileges() -> None:
    """Nothing that this process starts may gain rights; the kernel asks for it before a filter."""
    control(PR_SET_NO_NEW_PRIVS, 1, 0)


def install() -> bool:
    """Filter this process's calls from here on; False where machine or kernel can't."""
    if not is_supported():
        return False
    code = program(os.uname().machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog { unsigned short len; struct sock_filter *filter; }
    fprog = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer)))
    try:
        control(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(fprog))
    except OSError:
        return False
    return True


LIBC = ctypes.CDLL(None, use_errno=True)


def control(option: int, first: int, second: int) -> int:
    """prctl(2); raises OSError."""
    result: int = LIBC.prctl(option, ctypes.c_ulong(first), ctypes.c_ulong(second), ctypes.c_ulong(0), ctypes.c_ulong(0))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
