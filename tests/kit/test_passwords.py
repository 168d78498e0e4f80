"""Password hashes: dear enough, and as slow for nobody as for somebody."""

from __future__ import annotations

import statistics
import time

from argon2 import extract_parameters

from ugc.kit import passwords


def test_the_cost_is_owasps_first_choice_or_more() -> None:
    """T-94"""
    made = extract_parameters(passwords.hash_password("a password"))
    assert made.type.name == "ID"
    assert (made.memory_cost, made.time_cost, made.parallelism) >= (19 * 1024, 2, 1)


def test_only_the_right_password_fits() -> None:
    stored = passwords.hash_password("a password")
    assert passwords.verify(stored, "a password")
    assert not passwords.verify(stored, "a passwore")
    assert not passwords.verify(None, "a password")
    assert not passwords.verify("not a hash", "a password")


def test_two_hashes_of_one_password_differ() -> None:
    cheap = passwords.Cost(8, 1, 1)
    assert passwords.hash_password("x", cheap) != passwords.hash_password("x", cheap)


def test_nobody_takes_as_long_as_somebody() -> None:
    """T-94, in this thread's own processor time, which a busy machine does not lengthen."""
    stored = passwords.hash_password("a password")
    passwords.verify(None, "warm up")
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(7):
        for known in (True, False):
            started = time.thread_time()
            passwords.verify(stored if known else None, "wrong")
            times[known].append(time.thread_time() - started)
    assert 0.5 < statistics.median(times[True]) / statistics.median(times[False]) < 2


def test_a_hash_made_at_another_cost_is_outdated() -> None:
    assert passwords.is_outdated(passwords.hash_password("x", passwords.Cost(8, 1, 1)))
    assert not passwords.is_outdated(passwords.hash_password("x"))
