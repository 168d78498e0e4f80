"""Password hashes by Argon2id, and a check that takes as long for an unknown account as for a known one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError


@dataclass(frozen=True, slots=True)
class Cost:
    """How dear one guess is."""

    memory_kib: int
    passes: int
    lanes: int


# OWASP's first choice for Argon2id, 19 MiB, 2 passes, 1 lane: about 25 ms here, eight at a time fit 160 MB (T-94).
COST = Cost(memory_kib=19 * 1024, passes=2, lanes=1)


def hasher(cost: Cost = COST) -> PasswordHasher:
    """Argon2id at a cost."""
    return PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes, type=Type.ID)


def hash_password(password: str, cost: Cost = COST) -> str:
    """The password's hash with its salt and cost, as the table keeps it."""
    return hasher(cost).hash(password)


def verify(stored: str | None, password: str, cost: Cost = COST) -> bool:
    """Whether the password belongs to the hash; without one (nobody has this address) it works as long and says no."""
    try:
        return hasher(cost).verify(stored or nobodys_hash(cost), password) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(stored: str, cost: Cost = COST) -> bool:
    """Whether the hash was made at another cost and should be made again at the next sign-in."""
    return hasher(cost).check_needs_rehash(stored)


@lru_cache(maxsize=4)
def nobodys_hash(cost: Cost) -> str:
    """A hash that no password fits, made once a process."""
    return hash_password(secrets.token_urlsafe(32), cost)


def make_password() -> str:
    """A one-time password of 99 bits in five groups that can be read aloud: no letter looks like another."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))
