"""How new is it? Half its value after half a year: fashion and homes change with the season."""

from __future__ import annotations

from ugc.scoring.signals.base import Facts, Measured, Signal, counted

HALF_LIFE_DAYS = 180


def measure(facts: Facts) -> Measured:
    """2^(−days / 180)."""
    if facts.published_at is None:
        return Measured(None, "Date unknown")
    days = max(0.0, (facts.now - facts.published_at).total_seconds() / 86_400)
    months = int(days // 30.44)
    age = counted(int(days), "day") if days < 61 else counted(months, "month") if months < 24 else counted(months // 12, "year")
    return Measured(2.0 ** (-days / HALF_LIFE_DAYS), f"{age} old" if days >= 1 else "New today")


SIGNAL = Signal("freshness", "Freshness", 5, measure)
