"""Limits that end, per person, with and without a shared counter."""

from __future__ import annotations

import pytest

from ugc.kit.errors import TooMany
from ugc.kit.limiting import Limiter


def test_after_so_many_one_waits_and_others_do_not() -> None:
    limiter = Limiter()
    for _ in range(3):
        limiter.take("3/hour", "page", "one")
    with pytest.raises(TooMany) as refused:
        limiter.take("3/hour", "page", "one")
    assert 1 <= refused.value.facts["retry_after"] <= 3600
    limiter.take("3/hour", "page", "another")
    limiter.take("3/hour", "form", "one")


def test_a_large_thing_counts_as_many() -> None:
    limiter = Limiter()
    limiter.take("10/day", "megabytes", "one", cost=9)
    with pytest.raises(TooMany):
        limiter.take("10/day", "megabytes", "one", cost=2)
    limiter.take("10/day", "megabytes", "one", cost=1)


def test_without_its_redis_each_process_counts_for_itself() -> None:
    """F-38: nothing is refused because the counter is away, and the limit still holds."""
    limiter = Limiter("redis://127.0.0.1:1")
    for _ in range(2):
        limiter.take("2/hour", "page", "one")
    with pytest.raises(TooMany):
        limiter.take("2/hour", "page", "one")
