"""How often something may happen: sliding windows in this process's memory, or in Redis for several web nodes."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from ugc.kit import logs
from ugc.kit.errors import TooMany

log = logs.get("ugc.limiting")


class Limiter:
    """Counts against named limits; while Redis is away each process counts for itself."""

    def __init__(self, redis_url: str = "") -> None:
        self.spare = SlidingWindowCounterRateLimiter(MemoryStorage())
        self.main = SlidingWindowCounterRateLimiter(storage_of(redis_url)) if redis_url else self.spare

    def take(self, limit: str, *whom: str, cost: int = 1) -> None:
        """Count one (or `cost`) against `"10/hour"` for somebody; raises TooMany with the seconds to wait."""
        item = parse(limit)
        for strategy in (self.main, self.spare):
            try:
                if strategy.hit(item, *whom, cost=cost):
                    return
                reset = strategy.get_window_stats(item, *whom).reset_time
            except Exception as cause:
                if strategy is self.spare:
                    raise
                log.warning("redis_unavailable", error=str(cause)[:200])
                continue
            raise TooMany(retry_after=seconds_until(reset, item))


def storage_of(redis_url: str) -> Storage:
    """The shared counters behind `redis://…`."""
    made: Storage = storage_from_string(redis_url)  # type: ignore[assignment]  # of an address without async+ it is a plain one
    return made


def seconds_until(reset: float, item: RateLimitItem) -> int:
    """Whole seconds from now, at least one and at most the limit's window."""
    return max(1, min(math.ceil(reset - time.time()), item.get_expiry()))
